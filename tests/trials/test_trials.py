from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from tests.trials import __main__ as runner
from tests.trials.line_kills import spread
from tests.trials.registry import TRIALS, Outcome, Trial, discover, trial
from tests.trials.results import BEGIN, END, Ledger, Tally, row, tally, with_rows


def kept_by_all(n: int, *, start: int) -> Iterator[Outcome]:
    return (Outcome(kept=True, control_broke=number % 2 == 0) for number in range(start, n))


EXAMPLE = Trial("example", "nothing", full=40, ci=10, needs=("postgres",), run=kept_by_all)
GOOD, BAD = Outcome(kept=True, control_broke=True), Outcome(kept=False, control_broke=True)


def as_parameter(trial: Trial) -> object:
    marks = (*trial.needs, *(["serial"] if trial.alone else []))
    return pytest.param(trial, id=trial.name, marks=[getattr(pytest.mark, mark) for mark in marks])


@pytest.mark.trials
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trial", [as_parameter(trial) for trial in (EXAMPLE, *discover().values())])
def test_trial_holds_at_its_size_for_ci(trial: Trial) -> None:
    seen = tally(trial.run(trial.ci, start=0))
    assert (seen.trials, seen.failures) == (trial.ci, 0)
    assert seen.holds(trial.control), f"{seen.controls_broke} of {seen.controls} controls broke"


@pytest.mark.parametrize(
    ("seen", "control", "holds"),
    [
        (Tally(trials=10, failures=0, controls=10, controls_broke=1), 0.0, True),
        (Tally(trials=10, failures=0, controls=0, controls_broke=0), 0.0, True),
        (Tally(trials=10, failures=1, controls=10, controls_broke=10), 0.0, False),
        (Tally(trials=10, failures=0, controls=10, controls_broke=0), 0.0, False),
        (Tally(trials=0, failures=0, controls=0, controls_broke=0), 0.0, False),
        (Tally(trials=200, failures=0, controls=20, controls_broke=19), 0.95, True),
        (Tally(trials=200, failures=0, controls=20, controls_broke=18), 0.95, False),
    ],
)
def test_a_promise_holds_only_beside_controls_that_break(seen: Tally, control: float, holds: bool) -> None:
    assert seen.holds(control) is holds


def test_a_name_stands_for_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("races-walk-ins", "races-bookings", "raceshorses", "kills-lines")
    found = {name: Trial(name, "nothing", 1, 1, (), kept_by_all) for name in names}
    monkeypatch.setattr(runner, "discover", lambda: found)

    assert [trial.name for trial in runner.chosen(["races"])] == ["races-bookings", "races-walk-ins"]
    assert [trial.name for trial in runner.chosen(["kills-lines"])] == ["kills-lines"]
    assert len(runner.chosen([])) == 4
    with pytest.raises(SystemExit, match="No such trial: race"):
        runner.chosen(["race"])


def test_ledger_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "trials" / "example.jsonl"
    Ledger(path, code="a").add(GOOD)
    Ledger(path, code="a").add(BAD)
    assert Ledger(path, code="a").outcomes == [GOOD, BAD]


def test_ledger_forgets_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "example.jsonl"
    Ledger(path, code="a").add(GOOD)
    with path.open("a") as file:
        file.write('{"kept": fal')
    Ledger(path, code="a").add(BAD)
    assert Ledger(path, code="a").outcomes == [GOOD, BAD]


def test_ledger_forgets_what_other_code_has_shown(tmp_path: Path) -> None:
    path = tmp_path / "example.jsonl"
    Ledger(path, code="a").add(GOOD)
    assert Ledger(path, code="b").outcomes == []


def test_a_stopped_trial_runs_only_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(tmp_path / "example.jsonl", code="a")
    for _ in range(39):
        ledger.add(GOOD)
    seen = runner.perform(EXAMPLE, ledger)
    assert (seen.trials, seen.controls_broke) == (40, 39)
    assert capsys.readouterr().out == "example: 40 of 40, 0 failures, 0 s\n"


def test_a_trial_that_is_ended_sooner_goes_on_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(tmp_path / "example.jsonl", code="a")
    counts = [runner.perform(EXAMPLE, ledger, at_most=at_most).trials for at_most in (2, 2, 3, None)]
    assert counts == [2, 2, 3, 40]
    assert capsys.readouterr().out.splitlines()[:2] == [f"example: {n} of 2, 0 failures, 0 s" for n in (1, 2)]


@pytest.mark.parametrize(
    ("seen", "cells"),
    [
        (Tally(2000, 0, 2000, 1900), "2,000 | 0 | 95.0% | < 0.15%"),
        (Tally(2000, 1, 0, 0), "2,000 | 1 | none | not shown"),
    ],
)
def test_row_gives_the_bound_of_the_rule_of_three(seen: Tally, cells: str) -> None:
    assert row(EXAMPLE, seen, on=date(2026, 11, 23)) == f"| example | nothing | {cells} | 2026-11-23 |"


def test_trial_of_all_points_asks_how_many_there_are(tmp_path: Path) -> None:
    every = replace(EXAMPLE, full=lambda: 7)
    ledger = Ledger(tmp_path / "example.jsonl", code="a")
    assert runner.perform(every, ledger, at_most=5).trials == 5
    assert runner.perform(every, ledger).trials == 7


@pytest.mark.parametrize("count", [1, 2, 3, 10, 562, 831, 1106, 2048, 5025])
def test_points_are_all_walked_once_and_no_beginning_leaves_a_wide_gap(count: int) -> None:
    order = list(spread(count))
    assert sorted(order) == list(range(count))
    for walked in (10, 100):
        some = sorted(order[:walked])
        wide = max(after - before for before, after in pairwise([0, *some, count]))
        assert wide <= max(3 * count / walked, 2)


def test_table_keeps_the_rows_of_trials_that_were_not_run() -> None:
    once = with_rows("# Reliability\n\nWhy.\n", {"b": "| b | old |", "c": "| c | old |"})
    twice = with_rows(once + "After.\n", {"a": "| a | new |", "b": "| b | new |"})
    lines = twice.splitlines()
    assert lines[:4] == ["# Reliability", "", "Why.", ""]
    assert lines[lines.index(BEGIN) + 3 : lines.index(END)] == ["| a | new |", "| b | new |", "| c | old |"]
    assert lines[-1] == "After."


def test_two_trials_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRIALS, "example", EXAMPLE)
    with pytest.raises(ValueError, match="two trials named example"):
        trial("example", full=1, ci=1, claim="nothing")(kept_by_all)
