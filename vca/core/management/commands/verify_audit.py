"""Say whether the audit trail is as it was written, and name the first altered row."""

import sys
from itertools import islice

from django.core.management.base import BaseCommand

from vca.core.services import trail
from vca.domain.wording import counted

NAMED_AT_MOST = 20


class Command(BaseCommand):
    """./run manage verify_audit: ends with 1 when anything was altered"""

    help = __doc__

    def handle(self, **_: object) -> None:
        """Name what was altered, the first row first; then the tail that no seal holds yet."""
        found = list(islice(trail.altered(), NAMED_AT_MOST))
        for one in found:
            self.stdout.write(f"ALTERED: {one}")
        if len(found) == NAMED_AT_MOST:
            self.stdout.write("There may be more.")
        for remark in islice(trail.remarks(), NAMED_AT_MOST):
            self.stdout.write(remark)
        rest = trail.tail()
        ids = f", {rest.first} to {rest.last}" if rest.events else ""
        self.stdout.write(f"Not sealed yet: {counted(rest.events, 'event')}{ids}.")
        if found:
            sys.exit(1)
        self.stdout.write("Everything that is sealed is as it was written.")
