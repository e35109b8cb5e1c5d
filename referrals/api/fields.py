"""Kinds of field in what is sent: each cleans as the forms of the pages do."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from rest_framework import serializers

from referrals.domain.notice import FIRST_DAY, LAST_DAY, HoldReason, is_name, is_plain
from referrals.forms.refusals import in_words_of
from vca.domain.identifiers import procedure_code
from vca.domain.identifiers.exceptions import ValidationError

MOST_LINES = 50  # 837P loop 2400; no SEOC comes near it


def checked(validate: Any, value: str) -> str:
    """Return the clean value, or the ground floor's sentence as an input error; blank stays blank."""
    if not value:
        return value
    try:
        return str(validate(value))
    except ValidationError as fault:
        raise serializers.ValidationError(fault.advice) from fault


class PlainField(serializers.CharField):
    """Text whose every sign can be shown; empty unless it is asked for."""

    def __init__(self, *, max_length: int, required: bool = False) -> None:
        more: dict[str, Any] = {} if required else {"default": "", "allow_blank": True}
        super().__init__(max_length=max_length, required=required, **more)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what nobody could see."""
        text: str = super().to_internal_value(data)
        if not is_plain(text):
            raise serializers.ValidationError("It has a sign that cannot be shown, such as a line break. Remove it.")
        return text


def limited(rows: list[Any]) -> list[Any]:
    """Refuse more rows than a claim has lines."""
    if len(rows) > MOST_LINES:
        raise serializers.ValidationError(f"There are at most {MOST_LINES}.")
    return rows


class CheckedField(PlainField):
    """Text of a known kind, such as an NPI; empty unless it is asked for."""

    def __init__(self, validate: Callable[[str], str], *, max_length: int) -> None:
        super().__init__(max_length=max_length)
        self.of_its_kind = validate

    def to_internal_value(self, data: Any) -> str:
        """Return it clean."""
        return checked(self.of_its_kind, super().to_internal_value(data))


def ten_digits(text: str) -> str:
    """Return the digits of a phone number. Raises ValidationError."""
    digits = re.sub(r"\D", "", text)
    if len(digits) != 10:
        raise serializers.ValidationError("A phone number has ten digits.")
    return digits


class DayField(serializers.DateField):
    """A day on which an authorization can begin or end."""

    def to_internal_value(self, value: Any) -> date:
        """Refuse a day that no authorization has."""
        day: date = super().to_internal_value(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise serializers.ValidationError(in_words_of(HoldReason.FAR))
        return day


class NameField(PlainField):
    """A part of a person's name."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse what has no letter, and remarks in brackets."""
        name = super().to_internal_value(data)
        if name and not is_name(name):
            raise serializers.ValidationError(in_words_of(HoldReason.NAME))
        return name


class CodesField(serializers.ListField):
    """CPT or HCPCS codes."""

    child = serializers.CharField(max_length=5)

    def to_internal_value(self, data: Any) -> list[str]:
        """Real shapes only."""
        return [checked(procedure_code.validate, code) for code in super().to_internal_value(data)]
