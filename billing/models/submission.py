"""What went out and how, and the numbers that are never used again."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.domain.answers import Source, Verdict
from billing.domain.channels import Channel
from billing.models.claim import Claim
from vca.core.db import MoneyField, StateField, one_of
from vca.core.models import Document, Job, Practice

_NUMBERS = ("batch_number", "interchange_control_number", "group_control_number")
_NUMBERED = Q(channel="FILE", document__isnull=False, **{f"{name}__isnull": False for name in _NUMBERS})
_UNNUMBERED = ~Q(channel="FILE") & Q(**{f"{name}__isnull": True for name in _NUMBERS})


class ControlNumbers(models.Model):
    """The last numbers taken by a practice; taken in the transaction that stores what carries them."""

    practice = models.OneToOneField(Practice, models.PROTECT, primary_key=True, related_name="control_numbers")
    interchange = models.PositiveIntegerField(default=0)
    group = models.PositiveIntegerField(default=0)
    batch = models.PositiveIntegerField(default=0)
    claim = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"control numbers of practice {self.practice_id}"


class Submission(models.Model):
    """Claims that went out together: as one 837P file, or by hand, with what shows it.

    A file has its numbers and its bytes (``document``); what was sent by hand has a receipt or tracking number or a
    ``proof``, and on paper the CMS-1500 as it was printed (``document``). ``sent_at`` starts the clocks.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="submissions")
    channel = StateField(Channel, default=Channel.FILE)
    batch_number = models.PositiveIntegerField(null=True)
    interchange_control_number = models.PositiveIntegerField(null=True)
    group_control_number = models.PositiveIntegerField(null=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="submissions")
    proof = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    receipt = models.CharField(max_length=60, blank=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="submission")
    claim_count = models.PositiveIntegerField()
    total_charge = MoneyField()
    usage = models.CharField(max_length=1, blank=True)
    receiver_id = models.CharField(max_length=15, blank=True)
    sent_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "batch_number"], name="batch_number_once"),
            models.UniqueConstraint(
                fields=["practice", "interchange_control_number"], name="interchange_control_number_once"
            ),
            models.UniqueConstraint(fields=["practice", "group_control_number"], name="group_control_number_once"),
            models.UniqueConstraint(fields=["document"], condition=Q(channel="FILE"), name="claim_file_stored_once"),
            one_of("channel", Channel, model="submission"),
            models.CheckConstraint(condition=_NUMBERED | _UNNUMBERED, name="submission_has_numbers_if_a_file"),
            models.CheckConstraint(
                condition=Q(channel="FILE") | ~Q(receipt="") | Q(proof__isnull=False),
                name="submission_by_hand_is_shown",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__lte=F("created_at")), name="submission_sent_before_it_was_recorded"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | (~Q(channel="FILE") & ~Q(withdrawn_reason="")),
                name="submission_withdrawn_by_hand_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}"


class SubmittedClaim(models.Model):
    """Which claim went out in which submission.

    ``is_live`` ends when the submission is taken back, or when the payer's answer means that it is sent anew.
    ``answer`` is what stands of its acknowledgments, kept here to be counted; empty while none came.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="submitted")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="submitted")
    is_live = models.BooleanField(default=True)
    answer = StateField(Verdict, blank=True)

    class Meta:
        constraints = [
            one_of("answer", Verdict, model="submitted_claim", blank=True),
            models.CheckConstraint(
                condition=Q(is_live=False) | ~Q(answer="REJECTED"), name="submitted_claim_rejected_is_over"
            ),
            models.UniqueConstraint(fields=["submission", "claim"], name="claim_once_in_a_file"),
            models.UniqueConstraint(fields=["claim"], condition=Q(is_live=True), name="claim_in_one_live_submission"),
        ]

    def __str__(self) -> str:
        return f"submitted claim {self.pk}"


class Acknowledgment(models.Model):
    """What the payer, or the clearinghouse before it, answered for a claim of a submission, in its own words.

    An answer that was recorded by mistake is withdrawn with a reason, never deleted.
    """

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    submitted = models.ForeignKey(SubmittedClaim, models.PROTECT, related_name="acknowledgments")
    verdict = StateField(Verdict)
    source = StateField(Source)
    answered_on = models.DateField()
    words = models.TextField(blank=True)
    payer_claim_number = models.CharField(max_length=50, blank=True)
    reference = models.CharField(max_length=60, blank=True)
    proof = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            one_of("verdict", Verdict, model="acknowledgment"),
            one_of("source", Source, model="acknowledgment"),
            models.UniqueConstraint(
                fields=["submitted", "verdict", "source"],
                condition=Q(withdrawn_at__isnull=True),
                name="acknowledgment_stands_once",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="REJECTED") | ~Q(words=""), name="acknowledgment_rejection_has_words"
            ),
            models.CheckConstraint(
                condition=~Q(payer_claim_number="") | ~Q(reference="") | Q(proof__isnull=False),
                name="acknowledgment_is_shown",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_reason=""),
                name="acknowledgment_withdrawn_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"acknowledgment {self.pk}"


class PrintedClaim(models.Model):
    """Which claim, as it stood at which revision, is printed in which CMS-1500 document, and when it first was."""

    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    claim = models.ForeignKey(Claim, models.PROTECT, related_name="printed")
    revision = models.PositiveIntegerField()
    printed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "claim", "revision"], name="printed_claim_once_in_a_document")
        ]

    def __str__(self) -> str:
        return f"printed claim {self.pk}"
