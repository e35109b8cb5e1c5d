"""What a referral authorizes: versions of its terms, its service lines, and the ledger of visits.

``visits_held`` and ``visits_used`` are drawn by one conditional UPDATE and stand behind a CHECK; the ledger holds an
entry for every change, so that the counters can be recounted at any time.
"""

from enum import StrEnum
from typing import cast

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from referrals.domain.caps import Caps
from referrals.domain.drawdown import LineCount
from referrals.domain.states import EntryKind, LimitKind
from referrals.models.referral import Referral
from referrals.models.seoc import SeocVersion
from referrals.models.veteran import Veteran
from vca.core.db import StateField, one_of
from vca.core.models import OfVeteran, Practice, ServiceLocation
from vca.domain.periods import Period


class ThroughSource(StrEnum):
    """Where the last day comes from: printed by VA, computed here, or entered by a person."""

    PRINTED = "PRINTED"
    DERIVED = "DERIVED"
    ENTERED = "ENTERED"


class Authorization(OfVeteran):
    """The authorization of one referral. ``current`` is the newest version of its terms.

    ``runs_out_on`` is when cover ends as far as can be foretold (referrals.services.forecasts).
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="authorizations")
    referral = models.OneToOneField(Referral, models.PROTECT, related_name="authorization")
    veteran = models.ForeignKey(Veteran, models.PROTECT, related_name="authorizations")
    home_location = models.ForeignKey(ServiceLocation, models.PROTECT, null=True, related_name="authorizations")
    current = models.OneToOneField("AuthorizationVersion", models.PROTECT, null=True, related_name="current_of")
    runs_out_on = models.DateField(null=True)

    class Meta:
        # A list comes from the terms, and goes on to the referral and the Veteran.
        indexes = [
            models.Index(
                fields=["current", "id"],
                include=["referral", "veteran", "home_location"],
                name="authorization_by_terms",
            ),
            models.Index(fields=["practice", "runs_out_on", "current"], name="authorization_runs_out"),
        ]

    def __str__(self) -> str:
        return f"authorization {self.pk}"

    @property
    def terms(self) -> "AuthorizationVersion":
        """The current version: there is one as soon as the transaction that made the row has ended."""
        return cast("AuthorizationVersion", self.current)


class AuthorizationVersion(models.Model):
    """The terms from one moment on; append-only. A claim keeps the version that it was built from.

    ``lines`` holds the service lines as they stood: number, description, limit_kind, visits, codes.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    authorization = models.ForeignKey(Authorization, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    valid_from = models.DateField(null=True)
    valid_through = models.DateField(null=True)
    through_source = StateField(ThroughSource, default=ThroughSource.PRINTED)
    seoc_version = models.ForeignKey(SeocVersion, models.PROTECT, null=True, related_name="+")
    lines = models.JSONField(default=list)
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authorization", "number"], name="authorization_version_once"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_through__isnull=True)
                | Q(valid_through__gte=F("valid_from")),
                name="authorization_period_runs_forward",
            ),
            one_of("through_source", ThroughSource, model="authorization_version"),
        ]
        indexes = [
            # A list walks it as far as one page reaches, and needs the table for nothing but its own page.
            models.Index(
                fields=["practice", "valid_through", "id"],
                include=["authorization", "valid_from"],
                name="authorization_by_last_day",
            )
        ]

    def __str__(self) -> str:
        return f"authorization version {self.pk}"

    @property
    def period(self) -> Period:
        """The authorized civil days."""
        return Period(self.valid_from, self.valid_through)


class AuthorizedService(models.Model):
    """One service line; its id is stable across versions, so that visits and claims keep pointing at it."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    authorization = models.ForeignKey(Authorization, models.PROTECT, related_name="services")
    number = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    codes = models.JSONField(default=list)
    limit_kind = StateField(LimitKind)
    visits_authorized = models.PositiveIntegerField(null=True)
    visits_before_us = models.PositiveIntegerField(default=0)
    before_us_source = models.CharField(max_length=200, blank=True)
    most_per_day = models.PositiveSmallIntegerField(null=True)
    most_per_week = models.PositiveSmallIntegerField(null=True)
    most_per_month = models.PositiveSmallIntegerField(null=True)
    visits_over = models.PositiveIntegerField(default=0)
    visits_held = models.PositiveIntegerField(default=0)
    visits_used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authorization", "number"], name="authorized_service_number_once"),
            one_of("limit_kind", LimitKind, model="authorized_service"),
            models.CheckConstraint(
                condition=Q(limit_kind="COUNTED", visits_authorized__isnull=False)
                | ~Q(limit_kind="COUNTED") & Q(visits_authorized__isnull=True),
                name="authorized_service_counted_has_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(limit_kind="COUNTED")
                | Q(
                    visits_authorized__gte=F("visits_held")
                    + F("visits_used")
                    + F("visits_before_us")
                    - F("visits_over")
                ),
                name="authorized_service_never_overdrawn",
            ),
            models.CheckConstraint(condition=Q(visits_held__gte=0), name="authorized_service_held_not_negative"),
            models.CheckConstraint(condition=Q(visits_used__gte=0), name="authorized_service_used_not_negative"),
        ]

    def __str__(self) -> str:
        return f"authorized service {self.pk}"

    @property
    def caps(self) -> Caps:
        """The most visits in a day, a week and a month."""
        return Caps(self.most_per_day, self.most_per_week, self.most_per_month)

    @property
    def count(self) -> LineCount:
        """The line's numbers as the rules read them."""
        return LineCount(
            LimitKind(self.limit_kind),
            authorized=self.visits_authorized,
            before_us=self.visits_before_us,
            over=self.visits_over,
            held=self.visits_held,
            used=self.visits_used,
        )


class LedgerEntry(models.Model):
    """One change of one line's counters by one visit; append-only. ``on`` is the day it concerns."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    service = models.ForeignKey(AuthorizedService, models.PROTECT, related_name="entries")
    visit = models.ForeignKey("Visit", models.PROTECT, related_name="entries")
    kind = StateField(EntryKind)
    held_change = models.SmallIntegerField()
    used_change = models.SmallIntegerField()
    on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            one_of("kind", EntryKind, model="ledger_entry"),
            models.CheckConstraint(
                condition=Q(kind="HOLD", held_change=1, used_change=0)
                | Q(kind="USE", held_change__in=[-1, 0], used_change=1)
                | Q(kind="RELEASE", held_change=-1, used_change=0)
                | Q(kind="VOID", held_change__in=[0, 1], used_change=-1),
                name="ledger_entry_changes_what_its_kind_says",
            ),
        ]
        indexes = [models.Index(fields=["service", "on"], name="ledger_by_service_and_day")]

    def __str__(self) -> str:
        return f"ledger entry {self.pk}"
