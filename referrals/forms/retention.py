"""Forms of legal holds and disposals."""

from typing import Any

from django import forms


class HoldForm(forms.Form):
    """Why records are held."""

    matter = forms.CharField(
        label="Matter or reference", max_length=80, help_text="As counsel calls it: a case, a letter, an audit."
    )
    reason = forms.CharField(
        max_length=200, help_text="Who asked for it and what for. It is read by administrators alone."
    )


class DisposalForm(forms.Form):
    """Whose records are disposed of, and how many Veterans they are."""

    veteran = forms.TypedMultipleChoiceField(coerce=int, required=False)
    count = forms.IntegerField(
        label="How many Veterans are ticked",
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Type the number. What is disposed of does not come back.",
    )

    def __init__(self, *args: Any, offered: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["veteran"].choices = [(pk, pk) for pk in offered]  # type: ignore[attr-defined]

    @property
    def ticked(self) -> list[int]:
        """The Veterans that were ticked, to be shown so again."""
        return [int(one) for one in self.data.getlist("veteran") if one.isdecimal()] if self.is_bound else []  # type: ignore[attr-defined]
