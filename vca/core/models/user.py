"""A person who signs in. What they may do hangs on their memberships, never on the person."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac


class UserManager(BaseUserManager["User"]):
    """Create people by e-mail address."""

    def create_user(self, email: str, *, name: str, password: str | None = None) -> "User":
        """Return a new person; without a password they cannot sign in until an invitation is accepted."""
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Addresses are compared without regard to case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """One person, who may work in several practices.

    ``is_demo`` marks the people of the demo, whose password is public. ``sign_out_round`` grows to end every session.
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    sign_out_round = models.PositiveIntegerField(default=0)
    wants_digest = models.BooleanField("E-mail about new alerts", default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_is_one_person"),
            models.CheckConstraint(condition=~Q(email=""), name="user_has_an_email"),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """What Django holds each session against: the password, as usual, and the round."""
        said = f"{self.password} {self.sign_out_round}"
        return salted_hmac("vca.core.user.session", said, secret=secret, algorithm="sha256").hexdigest()
