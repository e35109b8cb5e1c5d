"""Moves of rows between states, by one conditional UPDATE over a table of moves (vca.domain.transitions).

Of two who move a row at once, one finds the state gone and is refused; nobody has to lock the row first.
"""

from typing import Any

from django.db.models import Model, QuerySet

from vca.core import access
from vca.core.access import Actor
from vca.domain.errors import RuleError
from vca.domain.transitions import Moves


def moved(rows: QuerySet[Any], act: str, *, along: Moves[Any], **changes: Any) -> bool:
    """Move those of the rows from whose state the act may start; tell whether there was one."""
    sources, target = along.table[act]
    return bool(rows.filter(state__in=sources).update(state=target, **changes))


def move(row: Model, act: str, *, along: Moves[Any], refusal: type[RuleError], by: Actor, **changes: Any) -> None:
    """Move a row and read it anew; ``changes`` are set in the same UPDATE.

    Raises the refusal, with the state in which the row is, when the act may not start there, and DoesNotExist for a
    row of another practice.
    """
    mine = access.scope(type(row)._default_manager.all(), by)
    found = moved(mine.filter(pk=row.pk), act, along=along, **changes)
    row.refresh_from_db(from_queryset=mine)
    if not found:
        state = row.get_state_display().lower()  # type: ignore[attr-defined]  # every row that moves has a StateField
        raise refusal(f"the {row._meta.verbose_name} is {state}")
