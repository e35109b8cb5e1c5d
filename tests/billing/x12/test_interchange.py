from dataclasses import replace

import pytest

from billing.domain.claim import Envelope, Usage
from billing.x12.interchange import TransactionKind, interchange
from billing.x12.segments import Segment
from tests.billing import claims
from tests.billing.x12.reading import named, segments_of

KIND = TransactionKind("HC", "837", "005010X222A1")
BODY = (("BHT", "0019", "00"), ("NM1", "41", "2"))


def written(*bodies: tuple[Segment, ...], envelope: Envelope | None = None) -> bytes:
    return interchange(bodies or (BODY,), kind=KIND, envelope=envelope or claims.envelope())


@pytest.mark.parametrize("submitter_id", ["AB", "GULLPT01", "FIFTEEN-LETTERS", "lower01"])
def test_isa_has_106_bytes_whatever_the_length_of_the_ids(submitter_id: str) -> None:
    submitter = replace(claims.envelope().submitter, submitter_id=submitter_id)

    isa = written(envelope=claims.envelope(submitter=submitter)).split(b"\n")[0]

    assert (len(isa), isa[-1:]) == (106, b"~")
    assert isa.split(b"*")[6] == submitter_id.encode().ljust(15)


def test_isa_and_gs_tell_the_local_time_of_the_envelope() -> None:
    isa, gs = segments_of(written())[:2]

    assert (isa[9:11], gs[4:6]) == (["261123", "0930"], ["20261123", "0930"])


@pytest.mark.parametrize(("usage", "letter"), [(Usage.TEST, "T"), (Usage.PRODUCTION, "P")])
def test_isa_carries_the_usage(usage: Usage, letter: str) -> None:
    assert segments_of(written(envelope=claims.envelope(usage=usage)))[0][15] == letter


def test_each_line_ends_with_a_terminator_and_a_newline() -> None:
    assert all(line.endswith("~") for line in written().decode("ascii").splitlines())
    assert written().endswith(b"~\n")


def test_trailers_repeat_the_control_numbers_and_count() -> None:
    file = written(BODY, BODY, BODY)

    assert named(file, "ST") == [["ST", "837", f"000{n}", "005010X222A1"] for n in (1, 2, 3)]
    assert named(file, "SE") == [["SE", "4", f"000{n}"] for n in (1, 2, 3)]
    assert named(file, "GE") == [["GE", "3", "3"]]
    assert named(file, "IEA") == [["IEA", "1", "000000007"]]


@pytest.mark.parametrize("submitter_id", ["", "A", "SIXTEEN-LETTERS-", "A*B", "A~B", "A B ", "ÄÖÜ"])
def test_an_id_that_its_place_cannot_hold_is_refused_and_not_cut(submitter_id: str) -> None:
    submitter = replace(claims.envelope().submitter, submitter_id=submitter_id)

    with pytest.raises(ValueError, match="2 to 15 characters"):
        written(envelope=claims.envelope(submitter=submitter))


@pytest.mark.parametrize("qualifier", ["", "Z", "ZZZ", "Z*", "~Z", "zz"])
def test_a_qualifier_of_another_width_is_refused(qualifier: str) -> None:
    with pytest.raises(ValueError, match="two characters"):
        written(envelope=claims.envelope(receiver_qualifier=qualifier))
