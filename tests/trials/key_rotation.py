"""Keys are rotated over many rows and files while two read and two write, one of them, not restarted, with the old key.

Then the old key is taken out: every row must open and say what was written to it last, every Veteran be found by the
blind index, every file be what was kept. Rows are changed where the rotation is at that moment. The control writes back
what it has read without looking whether somebody has changed it meanwhile, as is often done.
"""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection

from referrals.models import Veteran, VeteranFacts, icn_index
from tests import databases, world
from tests.trials.registry import Outcome, trial
from tests.vca.core.at_once import in_another_thread
from tests.vca.core.keys import NEW, OLD, field_keys
from tests.world import NOW
from vca import environment
from vca.core import documents
from vca.core.crypto import NONCE_BYTES, Sealed
from vca.core.models import Document
from vca.core.services import rotation
from vca.core.services.rotation import Anew, Column
from vca.domain.errors import RuleError

BLOCK = 1000  # rows of one outcome
VERSIONS = 10  # rows of one Veteran
ROWS_OF_A_FILE = 50
PAUSE = 0.01  # seconds between two acts of somebody
COLUMN = VeteranFacts._meta.get_field("ssn")


class Clinic:
    """Rows that say which they are and how often they were changed; ``said`` is what each must say in the end."""

    def __init__(self, rows: int) -> None:
        self.harbor = world.practice()
        self.veterans = [self.veteran(number) for number in range(rows // VERSIONS)]
        self.said: dict[Any, str] = {}
        for begin in range(0, rows, BLOCK):
            made = [self.row(number, f"{number} 0") for number in range(begin, begin + BLOCK)]
            VeteranFacts.objects.bulk_create(made)
            self.said |= {row.pk: f"{number} 0" for number, row in enumerate(made, begin)}
        self.pks = list(self.said)
        self.in_order = sorted(range(rows), key=self.pks.__getitem__)
        self.files = [self.file(number) for number in range(rows // ROWS_OF_A_FILE)]
        self.at, self.over, self.complaints = 0, Event(), list[str]()

    def veteran(self, number: int) -> Veteran:
        return Veteran.objects.create(practice=self.harbor.practice, icn_index=icn_index(f"icn {number}"))

    def row(self, number: int, words: str) -> VeteranFacts:
        veteran = self.veterans[number // VERSIONS % len(self.veterans)]
        sealed = {"icn": f"icn {number // VERSIONS}", "edipi": f"edipi {number}", "ssn": words}
        about = {"practice_id": veteran.practice_id, "veteran": veteran, "recorded_at": NOW}
        return VeteranFacts(last_name="Sample", source="VA", **sealed, **about)

    def file(self, number: int) -> Document:
        words = {"kind": "va_notice", "filename": f"{number}.json", "media_type": "text/json", "by": self.harbor.by}
        return documents.keep(f"file {number}".encode(), **words)

    def told(self, said: str) -> None:
        """Note which row the rotation is at."""
        self.at = int(said.rpartition(": ")[2].replace(",", ""))

    def complain_unless(self, holds: bool, about: str) -> None:
        if not holds:
            self.complaints.append(about)

    def read(self, dice: Random) -> None:
        number = dice.randrange(len(self.pks))
        row = VeteranFacts.objects.get(pk=self.pks[number])
        found = (row.ssn.split()[0], row.edipi, row.icn)
        self.complain_unless(found == expected(number), f"row {number} says {found}")

    def find(self, dice: Random) -> None:
        """Find a Veteran by the blind index, and open a file."""
        number = dice.randrange(len(self.veterans))
        self.complain_unless(self.finds(number), f"Veteran {number} is not found")
        number = dice.randrange(len(self.files))
        self.complain_unless(self.opens(number), f"file {number} is another")

    def finds(self, number: int) -> bool:
        return list(Veteran.objects.filter(icn_index=icn_index(f"icn {number}"))) == [self.veterans[number]]

    def opens(self, number: int) -> bool:
        return documents.read(self.files[number]) == f"file {number}".encode()

    def change(self, dice: Random) -> None:
        """Change a row of the lot that is being rotated."""
        place = self.at + dice.randrange(rotation.AT_ONCE)
        self.change_row(self.in_order[place % len(self.pks)])

    def change_row(self, number: int) -> None:
        row = VeteranFacts.objects.get(pk=self.pks[number])
        row.ssn = f"{number} {int(row.ssn.split()[1]) + 1}"
        row.save(update_fields=["ssn"])
        self.said[row.pk] = row.ssn

    def add_with_old_key(self, dice: Random) -> None:
        """Write as a process that still has the old order of keys."""
        number = len(self.pks)
        row = self.row(number, "")
        nonce = dice.randbytes(NONCE_BYTES)
        key = environment.field_keys(OLD)["old"]
        sealed = AESGCM(key).encrypt(nonce, f"{number} 0".encode(), COLUMN.about(row).encode())
        row.ssn = Sealed("old:" + base64.b64encode(nonce + sealed).decode())
        row.save(force_insert=True)
        self.said[row.pk] = f"{number} 0"

    def lost(self) -> set[int]:
        """Return the numbers of rows that do not say what they must; 0 stands for anything else that is wrong."""
        number = {pk: at for at, pk in enumerate(self.pks)}
        rows = VeteranFacts.objects.iterator(chunk_size=BLOCK)
        seen = {row.pk: says(row, self.said.get(row.pk), number.get(row.pk)) for row in rows}
        wrong = {number.get(pk, 0) for pk in self.said if not seen.get(pk)}
        others = all(map(self.finds, range(len(self.veterans)))) and all(map(self.opens, range(len(self.files))))
        return wrong | ({0} if self.complaints or not others else set())


def expected(number: int) -> tuple[str, str, str]:
    """Return what a row says that was there before."""
    return str(number), f"edipi {number}", f"icn {number // VERSIONS}"


def says(row: VeteranFacts, words: str | None, number: int | None) -> bool:
    """Tell whether a row says what it must; what is not its number was added meanwhile."""
    try:
        found = (row.ssn.split()[0], row.edipi, row.icn)
        return row.ssn == words and (number is None or found == expected(number))
    except RuleError:
        return False


@contextmanager
def serving(clinic: Clinic) -> Iterator[None]:
    """Let people read and write until the end of the block."""

    def work(act: Callable[[Random], None], seed: int) -> None:
        dice = Random(seed)
        try:
            while not clinic.over.is_set():
                act(dice)
                time.sleep(PAUSE)
        except RuleError as refusal:
            clinic.complaints.append(str(refusal))
        finally:
            connection.close()

    acts = (clinic.read, clinic.find, clinic.change, clinic.add_with_old_key)
    threads = [Thread(target=work, args=(act, seed)) for seed, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        clinic.over.set()
        for thread in threads:
            thread.join()


@contextmanager
def emptied() -> Iterator[None]:
    """Begin with an emptied database, and without the files that another key has sealed."""
    databases.empty()
    with TemporaryDirectory() as folder, patch.object(settings, "DOCUMENTS_DIR", Path(folder)):
        yield
    databases.empty()


def lost(rows: int, *, naive: bool = False) -> set[int]:
    """Rotate over so many rows while serving; return the blocks in which something was lost, the first for all else."""
    with ExitStack() as stack:
        stack.enter_context(emptied())
        with field_keys(OLD):
            clinic = Clinic(rows)
        if naive:
            stack.enter_context(patch.object(rotation, "_replace", partial(write_back, clinic)))
        with field_keys(f"{NEW},{OLD}"):
            with serving(clinic):
                rotation.rotate(tell=clinic.told)
            rotation.rotate(tell=clinic.told)  # everybody has the new order by now
        with field_keys(NEW):
            return {number // BLOCK for number in clinic.lost()}


def write_back(clinic: Clinic, column: Column, anew: list[Anew]) -> int:
    """Replace as it is often done: what was read is written, also when somebody has changed it in between."""
    if clinic.pks[-1] in (pk for _, pk, _ in anew):
        in_another_thread(partial(clinic.change_row, len(clinic.pks) - 1))
    rows = column.model._base_manager
    return sum(rows.filter(pk=pk).update(**{column.field.attname: new}) for new, pk, _ in anew)


@trial(
    "key-rotation",
    full=100,
    ci=1,
    claim="keys rotated over all these rows and files at once while four read and write: of 1,000 nothing is lost",
)
def key_rotation(n: int, *, start: int) -> Iterator[Outcome]:
    """All rows are rotated at once; each thousand of them is one outcome. The control rotates one thousand."""
    harmed = lost((n - start) * BLOCK)
    broke = bool(lost(BLOCK, naive=True))
    for number in range(n - start):
        yield Outcome(number not in harmed, broke if number == 0 else None)
