"""The networks: which one a referral means, and what is known of it."""

import pytest

from billing.domain.networks import Directory, Network, pairs

REGIONS = {"1": "Optum", "4": "TriWest"}
DIRECTORY = Directory(REGIONS, {"Optum": "VACCN", "Next": "N1"}, {"TriWest": "PGBA"})


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Optum", Network("Optum", "VACCN", "")),
        ("OPTUM public sector", Network("Optum", "VACCN", "")),
        ("CCN region 4", Network("TriWest", "", "PGBA")),
        ("Region 1, TriWest", Network("TriWest", "", "PGBA")),  # what is named stands above what is numbered
        ("next", Network("Next", "N1", "")),
        ("Region 9", None),
        ("Optumized", None),
        ("4", None),
        ("", None),
    ],
)
def test_referral_means_a_network_by_name_or_region(words: str, found: Network | None) -> None:
    assert DIRECTORY.find(words) == found


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", {}),
        ("1: Optum; 4:TriWest;", {"1": "Optum", "4": "TriWest"}),
        ("TriWest: PO Box 1: Camden", {"TriWest": "PO Box 1: Camden"}),
    ],
)
def test_names_and_values_are_read_as_written(text: str, read: dict[str, str]) -> None:
    assert pairs(text) == read


@pytest.mark.parametrize("text", ["Optum", "Optum:", ": VACCN", "Optum: 1; Optum: 2"])
def test_what_is_no_name_with_a_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        pairs(text)
