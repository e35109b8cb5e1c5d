"""Keys are rotated over many rows while two read, one changes rows, and one that was not restarted uses the old key.

Then the old key is taken out, and every row must open and say what was written to it last. The control writes back
what it has read without looking whether somebody has changed it meanwhile, as is often done.
"""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from random import Random
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, models

from referrals.models import Veteran, VeteranFacts
from tests import databases, world
from tests.trials.registry import Outcome, trial
from tests.vca.core.at_once import in_another_thread
from tests.vca.core.keys import NEW, OLD, field_keys
from tests.world import NOW
from vca import environment
from vca.core.crypto import NONCE_BYTES, Sealed, SealedTextField
from vca.core.services import rotation
from vca.core.services.rotation import Rotation
from vca.domain.errors import RuleError

BLOCK = 1000  # rows of one outcome
COLUMN = VeteranFacts._meta.get_field("ssn")


class Clinic:
    """Rows that say which they are and how often they were changed; ``said`` is what each must say in the end."""

    def __init__(self, rows: int) -> None:
        harbor = world.practice()
        self.veteran = Veteran.objects.create(practice=harbor.practice)
        made = [self.row(f"{number} 0") for number in range(rows)]
        VeteranFacts.objects.bulk_create(made, batch_size=BLOCK)
        self.said: dict[Any, str] = {row.pk: f"{number} 0" for number, row in enumerate(made)}
        self.pks = [row.pk for row in made]
        self.over, self.complaints = Event(), list[str]()

    def row(self, words: str) -> VeteranFacts:
        about = {"practice_id": self.veteran.practice_id, "veteran": self.veteran, "recorded_at": NOW}
        return VeteranFacts(last_name="Sample", source="VA", ssn=words, **about)

    def read(self, dice: Random) -> None:
        number = dice.randrange(len(self.pks))
        found = VeteranFacts.objects.get(pk=self.pks[number]).ssn.split()[0]
        if found != str(number):
            self.complaints.append(f"row {number} says {found}")

    def change(self, dice: Random) -> None:
        self.change_row(dice.randrange(len(self.pks)))

    def change_row(self, number: int) -> None:
        row = VeteranFacts.objects.get(pk=self.pks[number])
        row.ssn = f"{number} {int(row.ssn.split()[1]) + 1}"
        row.save(update_fields=["ssn"])
        self.said[row.pk] = row.ssn

    def add_with_old_key(self, dice: Random) -> None:
        """Write as a process that still has the old order of keys."""
        row = self.row("")
        words = f"{len(self.pks)} 0"
        nonce = dice.randbytes(NONCE_BYTES)
        key = environment.field_keys(OLD)["old"]
        sealed = AESGCM(key).encrypt(nonce, words.encode(), COLUMN.about(row).encode())
        row.ssn = Sealed("old:" + base64.b64encode(nonce + sealed).decode())
        row.save(force_insert=True)
        self.said[row.pk] = words
        time.sleep(0.02)


@contextmanager
def serving(clinic: Clinic) -> Iterator[None]:
    """Let people read and write until the end of the block."""

    def work(act: Callable[[Random], None], seed: int) -> None:
        dice = Random(seed)
        try:
            while not clinic.over.is_set():
                act(dice)
        except RuleError as refusal:
            clinic.complaints.append(str(refusal))
        finally:
            connection.close()

    acts = (clinic.read, clinic.read, clinic.change, clinic.add_with_old_key)
    threads = [Thread(target=work, args=(act, seed)) for seed, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        clinic.over.set()
        for thread in threads:
            thread.join()


def lost(rows: int, *, naive: bool = False) -> set[int]:
    """Rotate over so many rows while serving; return the blocks in which something was lost, the first for all else."""
    databases.empty()
    with field_keys(OLD):
        clinic = Clinic(rows)
    with field_keys(f"{NEW},{OLD}"), ExitStack() as stack:
        if naive:
            stack.enter_context(patch.object(rotation, "_reseal", partial(write_back, clinic)))
        with serving(clinic):
            rotation.rotate(tell=len)
        rotation.rotate(tell=len)  # everybody has the new order by now
    with field_keys(NEW):
        wrong = {pk for pk, words in clinic.said.items() if not says(pk, words)}
    number = {pk: at // BLOCK for at, pk in enumerate(clinic.pks)}
    return {number.get(pk, 0) for pk in wrong} | ({0} if clinic.complaints else set())


def says(pk: Any, words: str) -> bool:
    try:
        return bool(VeteranFacts.objects.get(pk=pk).ssn == words)
    except RuleError:
        return False


def write_back(clinic: Clinic, row: models.Model, column: SealedTextField, _: Rotation) -> int:
    """Seal anew as it is often done: what was read is written, also when somebody has changed it in between."""
    fresh = column.close(column.open(row.__dict__[column.attname], row), row)
    if row.pk == clinic.pks[-1]:
        in_another_thread(partial(clinic.change_row, len(clinic.pks) - 1))
    return type(row)._base_manager.filter(pk=row.pk).update(**{column.attname: fresh})


@trial(
    "key-rotation", full=100, ci=1, claim="keys rotated over 1,000 rows each while four read and write: nothing lost"
)
def key_rotation(n: int, *, start: int) -> Iterator[Outcome]:
    """All rows are rotated at once; each thousand of them is one outcome. The control rotates one thousand."""
    harmed = lost((n - start) * BLOCK)
    broke = bool(lost(BLOCK, naive=True))
    for number in range(n - start):
        yield Outcome(number not in harmed, broke if number == 0 else None)
    databases.empty()
