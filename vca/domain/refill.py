"""Put what somebody had typed back into the form of a page, in HTML, so that every form can do it without JavaScript.

>>> page = '<form action="/a/"><input name="day"><textarea name="note"></textarea></form>'
>>> refilled(page, action="/a/", page="/b/", fields=[("day", "2026-11-02"), ("note", "<b>")])
'<form action="/a/"><input name="day" value="2026-11-02"><textarea name="note">&lt;b&gt;</textarea></form>'
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from itertools import accumulate

Attributes = list[tuple[str, str | None]]
LEFT_ALONE = ("hidden", "password", "file", "submit", "button", "reset", "image")


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the page, from and up to an offset, and what comes into its place."""

    start: int
    end: int
    text: str


class _Form(HTMLParser):
    """Notes the edits for the first form that sends to the action."""

    def __init__(self, text: str, *, action: str, page: str, fields: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.edits: list[Edit] = []
        self._lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._action, self._page = action, page
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name, []).append(value)
        self._inside = self._was_inside = False
        self._select = self._textarea = ""
        self._text_from = 0
        self.feed(text)

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        said = dict(attrs)
        if tag == "form":
            self._inside = not self._was_inside and (said.get("action") or self._page) == self._action
            self._was_inside |= self._inside
        elif self._inside and tag == "input":
            self._input(attrs, said.get("name") or "", said.get("type") or "text")
        elif self._inside and tag == "select":
            self._select = said.get("name") or ""
        elif self._inside and tag == "option" and self._select in self._values:
            self._write(tag, attrs, "selected", said.get("value") in self._values[self._select])
        elif self._inside and tag == "textarea":
            self._textarea = said.get("name") or ""
            self._text_from = self._offset() + len(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and (values := self._values.get(self._textarea)):
            self.edits.append(Edit(self._text_from, self._offset(), escape(values.pop(0))))
            self._textarea = ""

    def _input(self, attrs: Attributes, name: str, kind: str) -> None:
        if kind in ("checkbox", "radio"):
            value = dict(attrs).get("value") or "on"
            self._write("input", attrs, "checked", value in self._values.get(name, []))
        elif kind not in LEFT_ALONE and self._values.get(name):
            self._write("input", attrs, "value", True, self._values[name].pop(0))

    def _write(self, tag: str, attrs: Attributes, name: str, there: bool, value: str | None = None) -> None:
        """Write the tag anew, with or without that attribute."""
        kept = [(known, said) for known, said in attrs if known != name]
        words = [_attribute(*one) for one in [*kept, *([(name, value)] if there else [])]]
        start = self._offset()
        self.edits.append(Edit(start, start + len(self.get_starttag_text() or ""), f"<{' '.join([tag, *words])}>"))


def _attribute(name: str, value: str | None) -> str:
    return name if value is None else f'{name}="{escape(value)}"'


def refilled(text: str, *, action: str, page: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return the page with these values in its first form that sends to the action.

    ``page`` is its own address, where a form without an action sends to. Hidden fields, files and passwords are left.
    """
    pieces, done = [], 0
    for edit in _Form(text, action=action, page=page, fields=fields).edits:
        pieces += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*pieces, text[done:]])
