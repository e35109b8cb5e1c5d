"""What is known of single guards, by file, function and guard.

The table of what no test misses yet only shrinks: a guard leaves it with the test that misses it.
"""

from pathlib import Path

# File and function -> the tests that ask what its guards keep, where no request of the matrix does.
BESIDE_THE_MATRIX: dict[str, tuple[str, ...]] = {
    "vca/core/access.py _answer": (
        "tests/vca/core/test_idempotency.py::test_visit_form_sent_twice_makes_one_visit[book_visit]",
    ),
    "vca/core/api/alerts.py AlertList.get": (
        "tests/vca/core/api/test_views.py::test_alert_is_taken_found_as_mine_and_given_back",
    ),
    "vca/core/api/authentication.py TokenAuthentication.authenticate": (
        "tests/vca/core/api/test_authentication.py::test_other_schemes_are_no_token",
    ),
    "vca/core/idempotency.py earlier_answer": ("tests/vca/core/api/test_requests.py::test_key_is_of_one_practice",),
    "vca/core/jobs.py cancel_all_of": (
        "tests/vca/core/services/test_departures.py::test_work_that_waits_is_cancelled_and_that_of_others_goes_on",
    ),
    "vca/core/services/chores.py give_back": (
        "tests/vca/core/services/test_chores.py::test_task_is_taken_taken_over_and_given_back",
    ),
    "vca/core/services/chores.py take": (
        "tests/vca/core/services/test_chores.py::test_task_is_taken_taken_over_and_given_back",
    ),
    "vca/core/services/chores.py tasks_for": (
        "tests/vca/core/services/test_chores.py::test_task_is_taken_by_those_alone_whose_it_is",
    ),
    "vca/core/services/departures.py colleagues": (
        "tests/vca/core/services/test_departures.py::test_work_is_left_to_no_stranger",
    ),
    "vca/core/services/inbox.py give_back": (
        "tests/vca/core/services/test_inbox.py::test_alert_is_taken_given_back_and_taken_over",
    ),
    "vca/core/services/inbox.py take": (
        "tests/vca/core/services/test_inbox.py::test_alert_is_taken_given_back_and_taken_over",
    ),
    "vca/core/services/leftovers.py old_runs": ("tests/vca/core/services/test_leftovers.py::test_other_runs_stay",),
    "vca/core/services/separation.py _took": (
        "tests/vca/core/services/test_separation.py::test_somebody_else_takes_the_second_step[confirming]",
    ),
    "vca/desk/queries/inbox.py task_page": (
        "tests/vca/core/services/test_chores.py::test_page_of_mine_shows_what_i_have_taken",
    ),
    "vca/desk/views/authorizations.py authorization": (
        "tests/vca/desk/test_field_rules.py::test_role_sees_these_fields_here_and_nowhere_else[FRONT_DESK]",
    ),
    "vca/desk/views/veterans.py veteran": (
        "tests/vca/desk/test_field_rules.py::test_role_sees_these_fields_here_and_nowhere_else[FRONT_DESK]",
    ),
}
SERVICES, SCOPED = "referrals/services", "access.scope"
BEFORE = "authorizations.locked asks before: tests/referrals/services/test_foreign_actors.py"
# What nothing can miss, since something else stands behind it, and why it stays.
DOUBLED = {
    f"{SERVICES}/authorizations.py set_limit {SCOPED}(AuthorizedService.objects.filter(pk=service.pk), by)": BEFORE,
    f"{SERVICES}/authorizations.py set_opening_balance "
    f"{SCOPED}(AuthorizedService.objects.select_for_update(no_key=True), by)": BEFORE,
    f"{SERVICES}/visits.py change_services {SCOPED}(Visit.objects.select_for_update(no_key=True), by)": BEFORE,
    f"{SERVICES}/referrals.py confirm {SCOPED}(Referral.objects.select_for_update(no_key=True), by)": (
        "authorizations.locked asks after it: tests/referrals/services/test_foreign_actors.py"
    ),
    f"{SERVICES}/visits.py undo {SCOPED}(Visit.objects.all(), by)": (
        "states.move asks again: tests/referrals/services/test_foreign_actors.py"
    ),
    f"{SERVICES}/notices.py compared access.own(notice, by)": "the file is asked for too: both are of one practice",
    f"{SERVICES}/notices.py compared access.own(document, by)": "the notice is asked for too: both are of one practice",
    "vca/core/access.py job if row.practice_id is None": (
        "a job of the system has no practice to act for: our own fault, which crashes one way or the other"
    ),
}
# What no test misses yet.
NOT_MISSED_YET = frozenset(Path(__file__).with_name("not_missed_yet.txt").read_text().splitlines())
