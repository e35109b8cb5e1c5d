"""What is known of single guards, by file, function and guard."""

FOREIGN = "tests/vca/core/services/test_practices_foreign.py::test_what_is_another_practices_is_not_recorded"
OFTEN = "tests/vca/core/test_too_often.py::test_after_the_allowed_number_it_is_refused_and_shows_nothing"
# File and function -> the tests that ask what its guards keep, where no request of the matrix does.
BESIDE_THE_MATRIX: dict[str, tuple[str, ...]] = {
    "vca/core/access.py _answer": (
        "tests/vca/core/test_idempotency.py::test_visit_form_sent_twice_makes_one_visit[book_visit]",
    ),
    "vca/core/access.py keep_form": ("tests/vca/core/test_time_limits.py::test_nobody_unknown_keeps_anything",),
    "vca/core/access.py to_sign_in": (
        "tests/vca/core/test_access.py::test_page_sends_the_whole_page_of_a_fragment_to_the_sign_in_page",
        "tests/vca/core/services/test_departures.py::test_every_session_and_token_is_dead_on_the_next_request",
    ),
    "vca/core/middleware.py middleware": (
        "tests/vca/core/test_middleware.py::test_call_without_tls_is_refused_and_not_redirected",
        "tests/vca/core/test_middleware.py::test_request_larger_than_any_of_ours_is_refused_unread",
    ),
    "vca/core/middleware.py _too_large": (
        "tests/vca/core/test_middleware.py::test_call_larger_than_any_of_ours_has_the_shape_of_the_api",
    ),
    "vca/core/middleware.py too_often": (
        "tests/vca/core/test_too_often.py::test_refusal_of_the_api_has_the_shape_of_its_errors",
    ),
    "vca/core/middleware.py Refusals.__call__": (
        "tests/vca/core/test_middleware.py::test_address_that_takes_only_forms_says_so",
    ),
    "vca/core/middleware.py Refusals.process_exception": (
        "tests/vca/core/test_middleware.py::test_refused_form_leads_back_with_rule_and_next_act",
        "tests/vca/core/test_reads.py::test_form_that_cannot_be_recorded_is_not_acted_on",
        f"{OFTEN}[reveal_identifiers-POST-veteran.identifiers_revealed]",
    ),
    "vca/core/middleware.py _shows": ("tests/vca/core/test_reads.py::test_refusal_of_the_api_shows_nobody",),
    "vca/core/middleware.py not_recorded": (
        "tests/vca/core/test_reads.py::test_refusal_of_the_api_has_the_shape_of_its_errors",
    ),
    "vca/core/services/people.py end_role": (
        "tests/vca/core/services/test_people.py::test_role_ends_once_and_in_its_own_practice",
        "tests/vca/core/services/test_people.py::test_last_administrator_stays",
    ),
    "vca/core/services/practices.py agreements_in_force": (
        "tests/vca/core/services/test_practices.py::test_agreement_of_another_practice_is_not_in_force",
    ),
    "vca/core/api/alerts.py AlertList.get": (
        "tests/vca/core/api/test_views.py::test_alert_is_taken_found_as_mine_and_given_back",
    ),
    "vca/core/api/authentication.py TokenAuthentication.authenticate": (
        "tests/vca/core/api/test_authentication.py::test_other_schemes_are_no_token",
    ),
    "vca/core/documents.py unnamed_files": (
        "tests/vca/core/test_documents.py::test_sweep_removes_what_no_row_names[a crash]",
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
    "vca/core/services/practices.py record_location": (f"{FOREIGN}[location]",),
    "vca/core/services/practices.py record_clinician": (f"{FOREIGN}[clinician]",),
    "vca/core/services/practices.py record_agreement": tuple(
        f"{FOREIGN}[agreement{what}]" for what in ("", " for a place", " for a clinician")
    ),
    "vca/core/services/practices.py record_license": (f"{FOREIGN}[license]",),
    "vca/core/services/practices.py record_dea": (f"{FOREIGN}[DEA of a clinician]", f"{FOREIGN}[DEA at a place]"),
    "vca/core/services/tokens.py end_all_of": (
        "tests/vca/core/services/test_tokens.py::test_tokens_of_every_practice_end_and_nobody_elses",
    ),
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
    f"{SERVICES}/amendments.py set_limit {SCOPED}(AuthorizedService.objects.filter(pk=service.pk), by)": BEFORE,
    f"{SERVICES}/amendments.py set_opening_balance "
    f"{SCOPED}(AuthorizedService.objects.select_for_update(no_key=True), by)": BEFORE,
    f"{SERVICES}/visits.py change_services {SCOPED}(Visit.objects.select_for_update(no_key=True), by)": BEFORE,
    f"{SERVICES}/referrals.py confirm {SCOPED}(Referral.objects.select_for_update(no_key=True), by)": (
        "authorizations.locked asks after it: tests/referrals/services/test_foreign_actors.py"
    ),
    f"{SERVICES}/visits.py undo {SCOPED}(Visit.objects.all(), by)": (
        "states.move asks again: tests/referrals/services/test_foreign_actors.py"
    ),
    f"{SERVICES}/forecasts.py _Keeping.__call__ "
    f"{SCOPED}(Authorization.objects.filter(pk=self.authorization_id), self.by)": "keep asks after it",
    f"{SERVICES}/disposals.py dispose {SCOPED}(Veteran.objects.select_for_update(no_key=True), by)": (
        "past_their_time asks after it: tests/referrals/services/test_retention.py"
    ),
    f"{SERVICES}/notices.py compared access.own(notice, by)": "the file is asked for too: both are of one practice",
    f"{SERVICES}/notices.py compared access.own(document, by)": "the notice is asked for too: both are of one practice",
    "vca/core/access.py job if row.practice_id is None": (
        "a job of the system has no practice to act for: our own fault, which crashes one way or the other"
    ),
    "vca/core/alerts.py _unsaid Delivery.objects.filter(practice_id=by.practice_id)": (
        "raise_alert asks again, of recipients of the practice: tests/access/test_neighbors.py"
    ),
    "vca/core/documents.py reseal Document.objects.filter(practice_id=int(practice_id))": (
        "rows are locked, none is read; the file is sealed for its practice: tests/vca/core/services/test_rotation.py"
    ),
    "vca/core/jobs.py _plan_all access.scope(Job.objects.filter(state__in=LIVE), by)": (
        "the key is a place, and the places are those of the practice: tests/access/test_neighbors.py"
    ),
    "vca/core/services/departures.py disable user.memberships.filter(practice_id=by.practice_id)": (
        "people.end_role asks again: tests/vca/core/services/test_people.py"
    ),
    "vca/core/services/departures.py disable ApiToken.objects.filter(practice_id=by.practice_id)": (
        "people.revoke_token asks again: tests/access/test_queries.py"
    ),
    f"{SERVICES}/approvals.py bring_up_to_date {SCOPED}(DeaRegistration.objects.filter(location=location), by)": (
        "only open_alerts of the practice are closed: tests/access/test_queries.py"
    ),
    f"{SERVICES}/watch.py close_gone {SCOPED}(Authorization.objects.filter(home_location=location), by)": (
        "only open_alerts of the practice are closed: tests/access/test_queries.py"
    ),
    f"{SERVICES}/referrals.py move_to_veteran {SCOPED}(Referral.objects.select_for_update(no_key=True), by)": (
        "authorizations.locked asks after it: tests/referrals/services/test_foreign_actors.py"
    ),
    f"billing/services/claims.py make_ready {SCOPED}(Claim.objects.select_for_update(no_key=True), by)": (
        "states.move asks again: tests/billing/services/test_scope.py"
    ),
    f"billing/services/submissions.py _still_ready {SCOPED}(Claim.objects.select_for_update(no_key=True), by)": (
        "queries.whole_claims asks before, which is tried for itself: tests/access/test_named_rows.py"
    ),
    f"{SERVICES}/visits.py move {SCOPED}(Visit.objects.all(), by)": BEFORE,
    f"{SERVICES}/series.py _refuse_twin access.own(plan.authorization, by)": (
        "visits.book asks after it: tests/referrals/services/test_foreign_actors.py"
    ),
    f"{SERVICES}/pencils.py give_up_due access.own(location, by)": (
        "authorizations.locked asks after it: tests/referrals/services/test_foreign_actors.py"
    ),
    f"{SERVICES}/asking.py close_gone {SCOPED}(Authorization.objects.filter(home_location=location), by)": (
        "only open_alerts of the practice are closed: tests/access/test_queries.py"
    ),
    f"{SERVICES}/closing.py close_gone {SCOPED}(OpenDay.objects.filter(location=location), by)": (
        "only open_alerts of the practice are closed: tests/access/test_queries.py"
    ),
}
