"""The JSON list of VA's referral service, both styles of keys."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referrals.domain.notice import HoldReason, Unread, hold_reasons
from referrals.intake import json_reader
from referrals.intake.json_reader import BrokenFile, stated_last_day

CAMEL = {
    "referralNumber": "VA0000000042",
    "lastName": "SAMPLE",
    "firstName": "Robin",
    "dob": "1961-02-03",
    "icn": "1012345678V123456",
    "referralConsultId": "984_111111",
    "categoryOfCare": "MENTAL HEALTH",
    "status": "AP",
    "stationId": "552",
    "seocId": "MH_SAMPLE_1.0.2",
    "seocNumberOfDays": "60",
    "referralDate": "2024-03-28",
    "referralExpirationDate": "2024-05-27",
}
PASCAL = {
    "ReferralNo": "VA0000000042",
    "LastName": "SAMPLE",
    "FirstName": "Robin",
    "DOB": "1961-02-03",
    "UCID": "984_111111",
    "CategoryOfCare": "MENTAL HEALTH",
    "StatusCode": "AP",
    "StationID": "552",
    "SEOCNumberOfDays": "60",
    "StartDate": "2024-03-28",
}


def read(*records: dict[str, Any]) -> tuple[json_reader.Received, ...]:
    return json_reader.read(json.dumps(records).encode())


def test_camel_case_record_is_read() -> None:
    notice = read(CAMEL)[0].notice

    assert (notice.number, notice.last_name, notice.icn) == ("VA0000000042", "SAMPLE", "1012345678V123456")
    assert (notice.referral_date, notice.expiration_date) == (date(2024, 3, 28), date(2024, 5, 27))
    assert (notice.va_status, notice.station, notice.seoc_days) == ("AP", "552", 60)


def test_pascal_case_record_is_read_and_its_last_day_derived() -> None:
    received = read(PASCAL)[0]

    assert (received.notice.number, received.notice.consult_id) == ("VA0000000042", "984_111111")
    assert (received.derived_expiration, stated_last_day(received)) == (True, date(2024, 5, 27))


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, (HoldReason.LIMITS,)),
        ({"referralExpirationDate": ""}, (HoldReason.LIMITS, HoldReason.EXPIRATION)),
        ({"referralExpirationDate": "soon"}, (HoldReason.LIMITS, HoldReason.EXPIRATION, HoldReason.UNREAD)),
        ({"referralExpirationDate": "9999-12-31"}, (HoldReason.LIMITS, HoldReason.FAR)),
        ({"referralDate": "0001-01-01"}, (HoldReason.LIMITS, HoldReason.FAR)),
        ({"referralDate": ""}, (HoldReason.LIMITS, HoldReason.START)),
        ({"referralExpirationDate": "2024-01-01"}, (HoldReason.LIMITS, HoldReason.ORDER)),
        ({"status": "I"}, (HoldReason.LIMITS, HoldReason.STATUS)),
        ({"status": "X"}, (HoldReason.LIMITS, HoldReason.STOPPED)),
        ({"status": "BP"}, (HoldReason.LIMITS,)),
        ({"lastName": ""}, (HoldReason.LIMITS, HoldReason.NAME)),
        ({"dob": None}, (HoldReason.LIMITS, HoldReason.BIRTH)),
        ({"dob": "2024-04-11"}, (HoldReason.LIMITS,)),
        ({"dob": "2024-04-12"}, (HoldReason.LIMITS, HoldReason.AGE)),
        ({"dob": "1894-01-01"}, (HoldReason.LIMITS,)),
        ({"dob": "1893-12-31"}, (HoldReason.LIMITS, HoldReason.AGE)),
    ],
)
def test_record_is_held_for_what_is_not_stated(changes: dict[str, Any], reasons: tuple[HoldReason, ...]) -> None:
    assert hold_reasons(read({**CAMEL, **changes})[0].notice, on=date(2024, 4, 11)) == reasons


def test_unknown_status_is_kept_raw() -> None:
    assert read({**CAMEL, "status": "ZZ-9"})[0].notice.va_status == "ZZ-9"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not json", "the file is not JSON: line 1, column 1: Expecting value"),
        (b"\xff\xfe\x00", "the file is not JSON: it is neither UTF-8 nor UTF-16 text"),
        (b'["\xed\xa0\x80"]', "the file is not JSON: it is neither UTF-8 nor UTF-16 text"),
        (b"[NaN]", "the file is not JSON: it says NaN, which is no number there"),
        (b"[-Infinity]", "the file is not JSON: it says -Infinity, which is no number there"),
        (b"[" * 100_000, "the file is nested too deeply to be a list of referrals"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b" " * (json_reader.LARGEST + 1), "the file is larger than 20 MB; ask for the list in parts"),
        (b"{}", "the file is not a list of referrals"),
        (b"[1]", "record 1 is not an object"),
        (b"[{}]", "record 1: referralNumber is missing"),
    ],
)
def test_broken_file_is_refused_whole(content: bytes, sentence: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        json_reader.read(content)

    assert refusal.value.detail == sentence


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"referralNumber": ""}, "[2].referralNumber", "record 2: referralNumber is missing"),
        (
            {"referralNumber": "VA12"},
            "[2].referralNumber",
            "record 2: referralNumber is malformed: It is too short or too long.",
        ),
        (
            {"referralNumber": "VA0O00000042"},
            "[2].referralNumber",
            "record 2: referralNumber is malformed: It has the letter O where VA prints a zero.",
        ),
        (
            {"lastName": "", "icn": ""},
            "[2].lastName",
            "record 2: the Veteran's identity is missing (lastName with dob, or icn)",
        ),
        (
            {"dob": "", "icn": "12V34"},
            "[2].lastName",
            "record 2: the Veteran's identity is missing (lastName with dob, or icn)",
        ),
        (
            {"referralNumber": ["VA0000000042"]},
            "[2].referralNumber",
            "record 2: referralNumber is malformed: It is not a text.",
        ),
        (
            {"ReferralNo": "VA0000000043"},
            "[2].referralNumber",
            "record 2: referralNumber is stated twice, and differently",
        ),
    ],
)
def test_broken_record_is_named_with_its_field(changes: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        read(CAMEL, {**CAMEL, **changes})

    assert (refusal.value.field, refusal.value.detail) == (field, sentence)


def test_byte_order_mark_and_spaces_are_passed_over() -> None:
    record = {**CAMEL, "referralNumber": " va 0000000042 "}

    assert json_reader.read(b"\xef\xbb\xbf" + json.dumps([record]).encode())[0].notice.number == "VA0000000042"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_text_is_read_in_each_encoding_of_json(encoding: str) -> None:
    assert json_reader.read(json.dumps([CAMEL]).encode(encoding))[0].notice.last_name == "SAMPLE"


UNREAD = (
    ("lastName", "last_name", "S" * 61),
    ("lastName", "last_name", 7),
    ("lastName", "last_name", "SAM\x00PLE"),
    ("lastName", "last_name", "SAM\ud800PLE"),
    ("lastName", "last_name", "(not stated)"),
    ("firstName", "first_name", "R" * 36),
    ("firstName", "first_name", True),
    ("middleName", "middle_name", "M" * 26),
    ("dob", "date_of_birth", "1961-02-30"),
    ("dob", "date_of_birth", -1),
    ("icn", "icn", "12V34"),
    ("icn", "icn", 10123456781234567),
    ("status", "va_status", ["AP"]),
    ("status", "va_status", {"code": "AP", "at": [1, 2.5, None]}),
    ("status", "va_status", False),
    ("status", "va_status", "waiting for the committee"),
    ("stationId", "station", "552 Dayton, Ohio"),
    ("priority", "priority", "P" * 21),
    ("categoryOfCare", "category_of_care", []),
    ("seocId", "seoc", "S" * 161),
    ("seocNumberOfDays", "seoc_days", "sixty"),
    ("seocNumberOfDays", "seoc_days", -60),
    ("seocNumberOfDays", "seoc_days", 60.5),
    ("seocNumberOfDays", "seoc_days", 0),
    ("seocNumberOfDays", "seoc_days", "٦٠"),
    ("referralDate", "referral_date", "28 March 2024"),
    ("referralDate", "referral_date", "2024-03-28 or so"),
    ("referralExpirationDate", "expiration_date", {}),
    ("affiliation", "affiliation", "TriWest"),
)


@pytest.mark.parametrize(("key", "field", "value"), UNREAD)
def test_what_is_not_understood_is_named_and_kept_as_received(key: str, field: str, value: Any) -> None:
    notice = read({**CAMEL, key: value})[0].notice

    printable = isinstance(value, str) and value.isprintable()
    assert notice.unread == (Unread(field, (value if printable else json.dumps(value),)),)


@pytest.mark.parametrize(
    ("key", "value", "field", "meant"),
    [
        ("seocNumberOfDays", 60, "seoc_days", 60),
        ("stationId", 552, "station", "552"),
        ("status", 1, "va_status", "1"),
        ("dob", 19610203, "date_of_birth", date(1961, 2, 3)),
        ("dob", "02/03/1961", "date_of_birth", date(1961, 2, 3)),
        ("referralDate", "2024-03-28T23:59:00-08:00", "referral_date", date(2024, 3, 28)),
        ("lastName", " O'NEILL  -\tSMITH ", "last_name", "O'NEILL - SMITH"),
        ("affiliation", "vca", "affiliation", "VCA"),
    ],
)
def test_value_of_another_kind_is_taken_for_what_it_says(key: str, value: Any, field: str, meant: Any) -> None:
    notice = read({**CAMEL, key: value})[0].notice

    assert (getattr(notice, field), notice.unread) == (meant, ())


@pytest.mark.parametrize("key", [key for key in CAMEL if key != "referralNumber"])
def test_null_is_not_stated(key: str) -> None:
    assert read({**CAMEL, key: None})[0].notice.unread == ()


def twice(key: str, value: str) -> bytes:
    """Return the good record with a key a second time."""
    return f"[{json.dumps(CAMEL)[:-1]}, {json.dumps(key)}: {json.dumps(value)}}}]".encode()


def test_key_that_comes_twice_with_two_values_keeps_both() -> None:
    notice = json_reader.read(twice("status", "X"))[0].notice

    assert (notice.va_status, notice.unread) == ("", (Unread("va_status", ("AP", "X")),))
    assert hold_reasons(notice, on=date(2024, 4, 11)) == (HoldReason.LIMITS, HoldReason.TWICE)


def test_key_that_comes_twice_with_one_value_is_stated_once() -> None:
    assert json_reader.read(twice("status", "AP"))[0].notice.unread == ()


def test_two_stations_are_the_nearer_one() -> None:
    assert read({**CAMEL, "sta6": "984"})[0].notice.station == "552"


def test_last_day_past_the_end_of_the_calendar_is_not_computed() -> None:
    assert stated_last_day(read({**CAMEL, "referralDate": "9999-12-01", "referralExpirationDate": ""})[0]) is None


GOOD = json.dumps([CAMEL, PASCAL | {"ReferralNo": "VA0000000043"}]).encode()


@given(place=st.integers(0, len(GOOD)), gone=st.integers(0, 40), put=st.binary(max_size=8))
def test_any_bytes_in_a_list_are_read_or_refused_in_a_sentence(place: int, gone: int, put: bytes) -> None:
    content = GOOD[:place] + put + GOOD[place + gone :]

    try:
        count = len(json_reader.read(content))
    except BrokenFile as refusal:
        count = -refusal.detail.startswith(("the file ", "record "))

    assert count in (-1, 0, 1, 2)


@pytest.mark.parametrize("depth", [10, 400, 900, 980, 2_000])
def test_nesting_is_kept_or_refused_in_a_sentence(depth: int) -> None:
    status = "[" * depth + "]" * depth
    content = f'[{json.dumps(CAMEL)[:-1]}, "status": {status}}}]'.encode()

    try:
        kept = json_reader.read(content)[0].notice.unread[0].said[-1]
    except BrokenFile as refusal:
        kept = refusal.detail

    assert kept in (status, "the file is nested too deeply to be a list of referrals")
