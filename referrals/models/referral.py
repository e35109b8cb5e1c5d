"""Referrals as VA sent them, and every notice that came about one."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from referrals.domain.notice import RULE_OF, HoldReason
from referrals.domain.states import Affiliation, ReferralState
from referrals.models.veteran import Veteran
from vca.core.db import StateField, one_of
from vca.core.models import Document, OfVeteran, Practice


class Referral(OfVeteran):
    """One VA referral. A new VA number is a new referral that ``continues`` the earlier one."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="referrals")
    veteran = models.ForeignKey(Veteran, models.PROTECT, related_name="referrals")
    number = models.CharField("Referral number", max_length=20)
    state = StateField(ReferralState, default=ReferralState.RECEIVED)
    affiliation = StateField(Affiliation, default=Affiliation.UNKNOWN)
    network = models.CharField(max_length=60, blank=True)
    # VA's own word, read from its notices and never typed; what an unknown one means, a person has asked VA.
    va_status = models.CharField("VA's own status", max_length=20, blank=True)
    va_status_read_at = models.DateTimeField(null=True)
    va_status_meaning = models.CharField("What VA says its status means", max_length=200, blank=True)
    consult_id = models.CharField(max_length=40, blank=True)
    station = models.CharField(max_length=10, blank=True)
    category_of_care = models.CharField(max_length=80, blank=True)
    priority = models.CharField(max_length=20, blank=True)
    provisional_diagnosis = models.CharField("Provisional diagnosis (ICD-10-CM)", max_length=8, blank=True)
    referring_name = models.CharField(max_length=100, blank=True)
    referring_npi = models.CharField("Referring NPI", max_length=10, blank=True)
    continues = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="continued_by")
    received_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "number"], name="referral_number_once_per_practice"),
            one_of("state", ReferralState, model="referral"),
            one_of("affiliation", Affiliation, model="referral"),
            models.CheckConstraint(condition=~Q(number=""), name="referral_has_a_number"),
            models.CheckConstraint(
                condition=~Q(state="ACCEPTED") | Q(confirmed_at__isnull=False), name="referral_accepted_was_confirmed"
            ),
        ]
        indexes = [models.Index(fields=["practice", "state", "received_at"], name="referral_queue")]

    def __str__(self) -> str:
        return f"referral {self.pk}"


class Notice(models.Model):
    """What VA said about a referral at one time. A pending one differs and waits for a person.

    The words themselves lie in the document; here are keyed digests of each field, enough to tell what differs.
    ``reasons`` are names of HoldReason: why a person must see the words, for which the referral alone shows nothing.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="notices")
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    digests = models.JSONField(default=dict)
    differs_in = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    expiration_derived = models.BooleanField(default=False)
    pending = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["referral", "received_at"], name="notice_by_referral"),
            models.Index(fields=["practice", "referral"], condition=Q(pending=True), name="notice_pending"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"

    @property
    def held_for(self) -> tuple[HoldReason, ...]:
        """Why it waits."""
        return tuple(HoldReason[name] for name in self.reasons)

    @property
    def rules(self) -> list[str]:
        """The codes of the rules for which it waits."""
        return sorted({RULE_OF[reason] for reason in self.held_for})
