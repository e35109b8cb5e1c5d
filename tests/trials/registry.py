"""What a trial is, and which there are."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tests import trials

NOT_TRIALS = ("__main__", "registry", "results", "test_")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial: was the promise kept, and did the control break it? The control is the same deed without its guard."""

    kept: bool
    control_broke: bool | None = None  # None when this trial had no control


class Run(Protocol):
    """The trials from number ``start``, counted from 0, up to ``n``; each starts from an emptied database."""

    def __call__(self, n: int, *, start: int) -> Iterator[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """A promise, and how often it is tried: ``full`` times by hand, ``ci`` times with every run of the suite.

    ``full`` may be asked for when the trial begins, where all points that there are shall be tried.
    ``control`` is the share of controls that must break, from 0 to 1; 0 asks for one at least. ``alone`` is for what
    races, kills or seals: it shares the machine with no other test.
    """

    name: str
    claim: str
    full: int | Callable[[], int]
    ci: int
    needs: tuple[str, ...]
    run: Run
    control: float = 0.0
    alone: bool = True

    def count(self) -> int:
        """Return how often it is tried by hand."""
        return self.full if isinstance(self.full, int) else self.full()


TRIALS: dict[str, Trial] = {}


def trial(
    name: str,
    *,
    claim: str,
    full: int | Callable[[], int],
    ci: int,
    needs: tuple[str, ...] = ("postgres",),
    control: float = 0.0,
    alone: bool = True,
) -> Callable[[Run], Run]:
    """Register the function below. ``needs`` are marks: postgres, redis. Raises ValueError for a name that is taken.

    A name begins with that of its group and a hyphen: ``./run trials races`` runs every races-...
    """

    def register(run: Run) -> Run:
        if name in TRIALS:
            raise ValueError(f"there are two trials named {name}")
        TRIALS[name] = Trial(name, claim, full, ci, needs, run, control, alone)
        return run

    return register


def discover() -> dict[str, Trial]:
    """Import every module of this package that may hold trials; return them by name. Django must be set up."""
    for module in pkgutil.iter_modules(trials.__path__):
        if not module.name.startswith(NOT_TRIALS):
            importlib.import_module(f"{trials.__name__}.{module.name}")
    return TRIALS
