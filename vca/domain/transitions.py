"""Moves between states: a table that says which act leads from where to where.

>>> from enum import StrEnum
>>> class Light(StrEnum):
...     RED = "RED"
...     GREEN = "GREEN"
>>> moves = Moves({"go": ((Light.RED,), Light.GREEN)})
>>> moves.target("go", Light.RED)
<Light.GREEN: 'GREEN'>
>>> moves.acts(Light.GREEN)
()
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)


class Moves(Generic[State]):
    """The legal moves of one kind of thing: act -> (states it may start from, state it ends in)."""

    def __init__(self, table: Mapping[str, tuple[tuple[State, ...], State]]) -> None:
        self.table = dict(table)

    def sources(self, act: str) -> tuple[State, ...]:
        """Return the states from which that act may start. Raises KeyError for an act that does not exist."""
        return self.table[act][0]

    def target(self, act: str, state: State) -> State | None:
        """Return the state that the act leads to, or ``None`` when it may not start from this one."""
        sources, end = self.table[act]
        return end if state in sources else None

    def acts(self, state: State) -> tuple[str, ...]:
        """Return the acts that may start from that state, in the order of the table."""
        return tuple(act for act, (sources, _) in self.table.items() if state in sources)
