"""Parameters: the value in force on the date that chooses it, and where it comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet

from vca.core import audit, vocabulary
from vca.core.access import Actor
from vca.core.isolation import within
from vca.core.models import ParameterValue
from vca.core.vocabulary import Parameter
from vca.domain.errors import RuleError

FIRST_YEAR, LAST_YEAR = 2000, 2099


class NotAValue(RuleError):
    """The text is no value of that parameter."""

    code = "PARAM-01"


class NotADay(RuleError):
    """No value of a clinic begins on that day."""

    code = "PARAM-02"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value in force with its source; ``verified_on`` is the day on which the practice verified it."""

    value: str
    source: str
    verified_on: date | None


def in_force(name: str, *, practice_id: int, on: date) -> Setting:
    """Return the practice's own value on that day, else the shipped one. Raises KeyError for an undeclared name."""
    return _setting(vocabulary.parameter(name), _covering(on, practice_id).filter(name=name).last())


def all_in_force(*, practice_id: int, on: date) -> list[tuple[Parameter, Setting]]:
    """Return every declared parameter with its value in force, by name, by one query."""
    own = {row.name: row for row in _covering(on, practice_id)}
    return [(one, _setting(one, own.get(one.name))) for one in vocabulary.parameters()]


def _covering(on: date, practice_id: int) -> QuerySet[ParameterValue]:
    """Return the practice's values that cover the day; of one name the last is in force."""
    begun = ParameterValue.objects.filter(practice_id=practice_id, valid_from__lte=on)
    return begun.filter(Q(valid_through__isnull=True) | Q(valid_through__gte=on)).order_by("valid_from", "pk")


def _setting(shipped: Parameter, row: ParameterValue | None) -> Setting:
    return Setting(row.value, row.source, row.verified_on) if row else Setting(shipped.value, shipped.source, None)


def value(name: str, *, practice_id: int, on: date) -> str:
    """Return only the value in force."""
    return in_force(name, practice_id=practice_id, on=on).value


def values(name: str, *, practice_id: int, days: Iterable[date]) -> dict[date, str]:
    """Return the value in force on each of these days, by one query. Raises KeyError for an undeclared name."""
    shipped = vocabulary.parameter(name)
    rows = ParameterValue.objects.filter(practice_id=practice_id, name=name)
    own = list(rows.order_by("-valid_from"))
    return {day: next((row.value for row in own if _covers(row, day)), shipped.value) for day in days}


def _covers(row: ParameterValue, day: date) -> bool:
    return row.valid_from <= day and (row.valid_through is None or day <= row.valid_through)


def numbers(name: str, *, practice_id: int, on: date) -> tuple[int, ...]:
    """Return a list such as ``45,30,21,7`` as numbers."""
    return vocabulary.whole_numbers(value(name, practice_id=practice_id, on=on))


def least(name: str, *, days: Mapping[int, date]) -> int:
    """Return the smallest value in force in any of these practices, each on its own day; the shipped one without any.

    ``days`` is the civil day by the practice's id.
    """
    found = []
    for one, on in days.items():
        with within(one):
            found.append(int(value(name, practice_id=one, on=on)))
    return min(found, default=int(vocabulary.parameter(name).value))


def set_value(
    *,
    name: str,
    value: str,
    valid_from: date,
    source: str,
    verified_on: date | None,
    by: Actor,
) -> ParameterValue:
    """Set a practice's own value from a day on, in the place of one set from the same day.

    An earlier value is left as it is, its end too: of those that cover a day the one that began last is in force.
    Raises NotAValue, NotADay.
    """
    _refuse_unread(name, value)
    if not FIRST_YEAR <= valid_from.year <= LAST_YEAR:
        raise NotADay(field="valid_from")
    with transaction.atomic():
        row, _ = ParameterValue.objects.update_or_create(
            practice_id=by.practice_id,
            name=name,
            valid_from=valid_from,
            defaults={
                "value": value,
                "source": source,
                "verified_on": verified_on,
                "created_by_id": by.user_id,
            },
        )
        audit.record(
            by=by,
            action="parameter.set",
            subject=row,
            changes={"name": name, "value": value},
        )
    return row


def _refuse_unread(name: str, value: str) -> None:
    try:
        vocabulary.parameter(name).read(value)
    except vocabulary.Expected as fault:
        raise NotAValue(f"this parameter is {fault}", field="value") from None
    except ValueError:
        raise NotAValue("this is not a value of this parameter", field="value") from None
