"""A form is filled with what was typed, and nothing else on its page changes."""

import pytest

from vca.domain.refill import refilled

FORM = '<p>a < b</p>\n<form action="/a/" method="post">{}</form>\n<form action="/other/"><input name="x"></form>'


@pytest.mark.parametrize(
    ("before", "typed", "after"),
    [
        ('<input name="x">', "1", '<input name="x" value="1">'),
        ('<input name="x" value="0" required>', "1", '<input name="x" required value="1">'),
        ('<input type="date" name="x"/>', "1", '<input type="date" name="x" value="1">'),
        ('<input name="x">', '"><script>', '<input name="x" value="&quot;&gt;&lt;script&gt;">'),
        ('<input name="x" placeholder="a &amp; b">', "1", '<input name="x" placeholder="a &amp; b" value="1">'),
        ('<textarea name="x">\nold</textarea>', "</textarea>", '<textarea name="x">&lt;/textarea&gt;</textarea>'),
        (
            '<select name="x"><option value="0" selected>No</option><option value="1">Yes</option></select>',
            "1",
            '<select name="x"><option value="0">No</option><option value="1" selected>Yes</option></select>',
        ),
        ('<input type="checkbox" name="x" value="1">', "1", '<input type="checkbox" name="x" value="1" checked>'),
        ('<input type="radio" name="x" value="2" checked>', "1", '<input type="radio" name="x" value="2">'),
        *((f'<input type="{kind}" name="x">', "1", None) for kind in ("hidden", "password", "file", "submit")),
        ('<input name="y">', "1", None),
        ('<select name="y"><option value="1">Yes</option></select>', "1", None),
    ],
)
def test_field_takes_what_was_typed(before: str, typed: str, after: str | None) -> None:
    page = FORM.format(before)

    assert refilled(page, action="/a/", page="/p/", fields=[("x", typed)]) == FORM.format(after or before)


def test_form_without_an_action_sends_to_its_page() -> None:
    page = '<form><input name="x"></form>'

    assert refilled(page, action="/p/", page="/p/", fields=[("x", "1")]) == '<form><input name="x" value="1"></form>'


def test_first_of_two_equal_forms_is_filled() -> None:
    form = '<form action="/a/"><input name="x"></form>'

    assert refilled(form * 2, action="/a/", page="/p/", fields=[("x", "1")]).count("value") == 1


def test_fields_of_one_name_take_their_values_in_order() -> None:
    page = '<form action="/a/"><input name="x"><input name="x"><input name="x"></form>'

    filled = refilled(page, action="/a/", page="/p/", fields=[("x", "1"), ("x", "2")])

    assert filled == '<form action="/a/"><input name="x" value="1"><input name="x" value="2"><input name="x"></form>'


@pytest.mark.parametrize("between", ["\n", "\r\n", "\u2028", "\x0b", "é\n日本\n"])
def test_places_are_found_whatever_stands_between_the_lines(between: str) -> None:
    page = f'<form action="/a/">{between}<input name="x"></form>'

    filled = refilled(page, action="/a/", page="/p/", fields=[("x", "1")])

    assert filled == f'<form action="/a/">{between}<input name="x" value="1"></form>'
