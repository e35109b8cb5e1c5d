"""The practice, its places, its clinicians and the people who work in it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vca.core.db import StateField, one_of
from vca.core.vocabulary import Role


class Practice(models.Model):
    """A clinic as VA knows it: the billing provider of its claims."""

    code = models.SlugField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    test_data = models.BooleanField(default=False)
    legal_name = models.CharField(max_length=60, blank=True)
    npi = models.CharField("NPI", max_length=10, blank=True)
    taxonomy = models.CharField(max_length=10, blank=True)
    tax_id = models.CharField("Tax number (EIN)", max_length=9, blank=True)
    street = models.CharField(max_length=55, blank=True)
    street_2 = models.CharField("Suite or unit", max_length=55, blank=True)
    city = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip_code = models.CharField("ZIP", max_length=9, blank=True)
    billing_contact = models.CharField(max_length=60, blank=True)
    billing_phone = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"practice {self.code}"


class ServiceLocation(models.Model):
    """A place where visits happen. Its zone decides which civil day a visit belongs to."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="locations")
    name = models.CharField(max_length=60)
    time_zone = models.CharField(max_length=40)
    npi = models.CharField("NPI", max_length=10, blank=True)
    place_of_service = models.CharField(max_length=2, default="11")
    street = models.CharField(max_length=55, blank=True)
    street_2 = models.CharField("Suite or unit", max_length=55, blank=True)
    city = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip_code = models.CharField("ZIP", max_length=9, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "name"], name="location_name_once_per_practice")]

    def __str__(self) -> str:
        return f"location {self.pk}"

    @property
    def zone(self) -> ZoneInfo:
        """The IANA zone of the place."""
        return ZoneInfo(self.time_zone)

    def civil_day(self, at: datetime) -> date:
        """Return the civil day here at that instant."""
        return at.astimezone(self.zone).date()


class Membership(models.Model):
    """One role of one person in one practice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="memberships")
    role = StateField(Role)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "practice", "role"], name="membership_role_once"),
            one_of("role", Role, model="membership"),
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class Invitation(models.Model):
    """A link by which somebody joins a practice or comes back in. Only the hash of its token is kept.

    ``resets`` is the person whose password it sets, or whose second factors it takes away (``drops_factors``); then
    there is no role. Nobody in ``invited_by`` is the operator.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = StateField(Role, blank=True)
    resets = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    drops_factors = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("role", Role, model="invitation", blank=True),
            models.CheckConstraint(
                condition=Q(role="", resets__isnull=False) | ~Q(role="") & Q(resets__isnull=True),
                name="invitation_gives_a_role_or_resets_a_password",
            ),
            models.CheckConstraint(
                condition=Q(drops_factors=False) | Q(resets__isnull=False),
                name="invitation_drops_factors_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class ApiToken(models.Model):
    """A token of one person in one practice. Shown once; only its hash is kept."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token {self.pk}"


class Clinician(models.Model):
    """Somebody who treats. Until VA's approval date is recorded the clinician is pending."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="clinicians")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    last_name = models.CharField(max_length=60)
    first_name = models.CharField(max_length=35)
    credentials = models.CharField(max_length=20, blank=True)
    npi = models.CharField("NPI", max_length=10)
    taxonomy = models.CharField(max_length=10)
    approved_on = models.DateField("VA approval date", null=True, blank=True)
    approval_ended_on = models.DateField("VA approval ended on", null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "npi"], name="clinician_npi_once_per_practice"),
            models.CheckConstraint(
                condition=Q(approval_ended_on__isnull=True) | Q(approval_ended_on__gte=F("approved_on")),
                name="clinician_approval_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"clinician {self.pk}"

    @property
    def display_name(self) -> str:
        """The name as written on a schedule."""
        name = f"{self.first_name} {self.last_name}"
        return f"{name}, {self.credentials}" if self.credentials else name

    @property
    def is_pending(self) -> bool:
        """Whether VA's approval is still awaited."""
        return self.approved_on is None

    def is_approved(self, on: date) -> bool:
        """Whether VA's approval covers that civil day; the day on which it ended still counts."""
        if self.approved_on is None or on < self.approved_on:
            return False
        return self.approval_ended_on is None or on <= self.approval_ended_on


class License(models.Model):
    """A clinician's license in one state."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    clinician = models.ForeignKey(Clinician, models.PROTECT, related_name="licenses")
    state = models.CharField(max_length=2)
    number = models.CharField(max_length=30)
    valid_from = models.DateField()
    valid_through = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_through__gte=F("valid_from")),
                name="license_period_runs_forward",
            ),
            models.UniqueConstraint(
                # A renewed license keeps its number.
                fields=["clinician", "state", "number", "valid_through"],
                name="license_once_per_clinician",
            ),
        ]

    def __str__(self) -> str:
        return f"license {self.pk}"


class DeaRegistration(models.Model):
    """A clinician's DEA registration, which is per place. Source: 21 CFR 1301.12."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    clinician = models.ForeignKey(Clinician, models.PROTECT, related_name="dea_registrations")
    location = models.ForeignKey(ServiceLocation, models.PROTECT, related_name="+")
    number = models.CharField(max_length=9)
    valid_through = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinician", "location", "number", "valid_through"],
                name="dea_once_per_clinician_and_place",
            )
        ]

    def __str__(self) -> str:
        return f"DEA registration {self.pk}"
