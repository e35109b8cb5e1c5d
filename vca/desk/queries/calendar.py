"""Today at each place: civil days differ between zones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from vca.core import access
from vca.core.access import Actor
from vca.core.models import ServiceLocation


@dataclass(frozen=True, slots=True)
class Calendar:
    """Today by location id, since the civil day differs between zones; ``today`` is the latest of places in use.

    ``places`` are the practice's places by name.
    """

    days: Mapping[int, date]
    today: date
    places: Sequence[ServiceLocation] = ()

    @property
    def home(self) -> date:
        """Today at the first place in use, as ``practices.civil_day`` has it."""
        in_use = [place.pk for place in self.places if place.is_active]
        return self.days[min(in_use)] if in_use else self.today

    def day_at(self, location_id: int | None) -> date:
        """Return today at a place; what has none is judged by the practice's."""
        return self.days.get(location_id or 0, self.today)


def today_at(by: Actor, at: datetime) -> Calendar:
    """Return today by place; one that is no longer in use still has the visits that were booked there."""
    places = list(access.scope(ServiceLocation.objects.order_by("name", "pk"), by))
    days = {place.pk: place.civil_day(at) for place in places}
    in_use = [days[place.pk] for place in places if place.is_active]
    return Calendar(days, max(in_use or days.values(), default=at.date()), places)
