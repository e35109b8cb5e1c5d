"""What a benchmark is, and which there are."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import benchmarks


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured. The first column says of what; the others are figures, to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement with the promise that it checks."""

    name: str
    claim: str
    run: Callable[[], Table]


BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str, *, claim: str) -> Callable[[Callable[[], Table]], Callable[[], Table]]:
    """Register the function below. Raises ValueError for a name that is taken."""

    def register(run: Callable[[], Table]) -> Callable[[], Table]:
        if name in BENCHMARKS:
            raise ValueError(f"there are two benchmarks named {name}")
        BENCHMARKS[name] = Benchmark(name, claim, run)
        return run

    return register


def discover() -> dict[str, Benchmark]:
    """Import every module of this package; return the benchmarks by name. Django must be set up."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{benchmarks.__name__}.{module.name}")
    return BENCHMARKS
