"""What signing in leaves: tries that are counted, second factors, forms kept over a sign-out, and the row that makes
second factors a must.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from vca.core.crypto import SealedTextField
from vca.core.models.practice import Practice


class Tries(models.Model):
    """Failed tries in a row for one key: an account, an address, or an account from an address.

    The key is a blind index, so that neither can be read here. Nobody is judged before ``free_at``. ``is_known`` is a
    pair that has signed in: what strangers do to the account or the address does not hold it up.
    """

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    free_at = models.DateTimeField()
    is_known = models.BooleanField(default=False)

    def __str__(self) -> str:
        return "tries"


class AuthenticatorApp(models.Model):
    """The authenticator app of a person (RFC 6238). A code of a step that is not after ``last_step`` was used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="authenticator_app")
    secret = SealedTextField()
    last_step = models.BigIntegerField()
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"authenticator app {self.pk}"


class Passkey(models.Model):
    """A passkey: the public key of a device of somebody (W3C Web Authentication, level 2)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.CharField(max_length=1400, unique=True)
    credential = models.TextField()
    sign_count = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="passkey_name_once_per_person"),
            models.CheckConstraint(condition=~Q(name=""), name="passkey_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"passkey {self.pk}"


class RecoveryCode(models.Model):
    """A code for who has lost the other factors, kept as a keyed hash and used once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class KeptForm(models.Model):
    """What somebody had typed when their sign-in ended. Given back once, to the same person, within the hour."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    path_hash = models.CharField(max_length=64)
    fields = SealedTextField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "user", "path_hash"], name="kept_form_once_per_person_and_page")
        ]
        indexes = [models.Index(fields=["kept_at"], name="kept_form_by_age")]

    def __str__(self) -> str:
        return f"kept form {self.pk}"


class RealData(models.Model):
    """Since when there is a practice of real people. The row is never changed and never goes.

    While it is there nobody acts without a second factor, and the people of the demo cannot sign in.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return "real data"
