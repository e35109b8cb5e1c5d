"""The JSON list of VA's referral service, both styles of keys."""

import json
from datetime import date
from typing import Any

import pytest

from referrals.domain.notice import HoldReason, hold_reasons
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
        ({"referralExpirationDate": "soon"}, (HoldReason.LIMITS, HoldReason.EXPIRATION)),
        ({"referralDate": ""}, (HoldReason.LIMITS, HoldReason.START)),
        ({"referralExpirationDate": "2024-01-01"}, (HoldReason.LIMITS, HoldReason.ORDER)),
        ({"status": "I"}, (HoldReason.LIMITS, HoldReason.STATUS)),
        ({"lastName": ""}, (HoldReason.LIMITS, HoldReason.NAME)),
    ],
)
def test_record_is_held_for_what_is_not_stated(changes: dict[str, str], reasons: tuple[HoldReason, ...]) -> None:
    assert hold_reasons(read({**CAMEL, **changes})[0].notice) == reasons


def test_unknown_status_is_kept_raw() -> None:
    assert read({**CAMEL, "status": "ZZ-9"})[0].notice.va_status == "ZZ-9"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not json", "the file is not JSON: line 1, column 1: Expecting value"),
        (b"\xff\xfe\x00", "the file is not JSON: it is not UTF-8 text"),
        (b"[NaN]", "the file is not JSON: ValueError"),
        (b"[" * 100_000, "the file is not JSON: RecursionError"),
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
        ({}, "[2].referralNumber", "record 2: referralNumber is the same as in record 1"),
    ],
)
def test_broken_record_is_named_with_its_field(changes: dict[str, str], field: str, sentence: str) -> None:
    with pytest.raises(BrokenFile) as refusal:
        read(CAMEL, {**CAMEL, **changes})

    assert (refusal.value.field, refusal.value.detail) == (field, sentence)


def test_byte_order_mark_and_spaces_are_passed_over() -> None:
    record = {**CAMEL, "referralNumber": " va 0000000042 "}

    assert json_reader.read(b"\xef\xbb\xbf" + json.dumps([record]).encode())[0].notice.number == "VA0000000042"
