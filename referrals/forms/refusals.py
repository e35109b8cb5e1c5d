"""What several forms refuse, in the words of the rules behind it."""

from django import forms

from referrals.domain.notice import (
    FIRST_DAY,
    LAST_DAY,
    RULE_OF,
    HoldReason,
    is_name,
    is_plain,
)
from vca.domain.rules import CATALOGUE

NAMES = ("last_name", "first_name", "middle_name")


def refuse_days(form: forms.Form, first: str, last: str) -> None:
    """Days run forward, and lie where the days of an authorization can."""
    begin, end = form.cleaned_data.get(first), form.cleaned_data.get(last)
    for name in [name for name, day in ((first, begin), (last, end)) if day and not FIRST_DAY <= day <= LAST_DAY]:
        form.add_error(name, in_words_of(HoldReason.FAR))
    if begin and end and end < begin:
        form.add_error(last, in_words_of(HoldReason.ORDER))


def refuse_no_names(form: forms.BaseForm) -> None:
    """A name has letters, and nothing that cannot be shown."""
    for name in [name for name in NAMES if form.cleaned_data.get(name)]:
        if not is_plain(form.cleaned_data[name]):
            form.add_error(name, "It has a sign that cannot be shown. Remove it.")
        elif not is_name(form.cleaned_data[name]):
            form.add_error(name, in_words_of(HoldReason.NAME))


def in_words_of(reason: HoldReason) -> str:
    """Return the sentence of the reason's rule and its next act, as the referral's page shows them."""
    rule = CATALOGUE[RULE_OF[reason]]
    return f"{rule.sentence} {rule.next_act} ({rule.code})"
