"""Who may do what, by hand: nothing here is read from the product, so that the product can be wrong.

A row of ROUTES is an address by its name, and what each method asks for; a method that is not there is refused. What a
method asks for is a door or a permission:

    anyone        the door stands open, or is the door itself
    account       somebody signed in, with the second factor where that is a must
    beginner      somebody signed in who may still lack it
    see_claims    somebody whose roles hold that permission in the practice
    a+b           both: the second is asked for when the row is known
    a/own         the row is there for those alone whom SEEN names
    ...*          besides, who has proved within the last five minutes who they are

Sources: 45 CFR 164.312(a)(1), access control; OWASP ASVS 5.0.0, 8.2.1, 8.2.2, 8.4.1 and 7.5.1.
"""

from dataclasses import dataclass

from vca.core.vocabulary import Role

# The whole of what each role may do; nothing else gives anybody anything.
EVERYBODY = {"see_day", "see_alerts", "see_practice", "see_referrals", "see_veterans", "book_visits"}
EVERYBODY |= {"open_in_emergency"}
DESK = {"enter_referrals", "confirm_referrals", "change_limits", "change_veterans", "correct_visits", "void_visits"}
DESK |= {"reveal_identifiers"}
MONEY = {"see_claims", "draft_claims", "send_claims", "set_charges", "open_documents", "export_claims", "issue_tokens"}
PERMISSIONS = {
    Role.FRONT_DESK: EVERYBODY | {"change_veterans", "check_in_visits"},
    Role.NURSE: EVERYBODY | {"check_in_visits"},
    Role.CLINICIAN: EVERYBODY | {"check_in_visits", "complete_visits", "correct_visits"},
    Role.BILLER: EVERYBODY | DESK | MONEY,
    Role.ADMINISTRATOR: EVERYBODY
    | DESK
    | MONEY
    | {"check_in_visits", "complete_visits", "manage_practice", "manage_people", "see_audit", "see_dashboard"}
    | {"keep_records"},
}
# For whom a row of the scene is there, where that is not the whole practice.
SEEN = {
    "here": set(Role),  # a practice is there for who works in it
    "own": {Role.ADMINISTRATOR},  # a passkey is a person's own; so is a token, which an administrator sees too
    "told": {Role.BILLER, Role.ADMINISTRATOR},  # an alert is seen by who is told of its kind
}

ROUTES = """
today                   GET see_day
close_a_day             GET see_day
close_day               GET see_day
authorizations          GET see_referrals
authorization           GET see_referrals
veterans                GET see_veterans            POST see_veterans
veteran                 GET see_veterans
reveal_identifiers                                  POST reveal_identifiers*
who_looked              GET see_audit
export_who_looked                                   POST see_audit*
disclosures             GET see_audit
export_disclosures                                  POST see_audit*
tasks                   GET see_day
alerts                  GET see_alerts
alert                   GET see_alerts/told
dashboard               GET see_dashboard
export_dashboard                                    POST see_dashboard*
not_billed              GET see_claims

referrals               GET see_referrals
new_referral            GET enter_referrals         POST enter_referrals
import_referrals        GET enter_referrals         POST enter_referrals
import_report           GET enter_referrals
referral_details        GET enter_referrals         POST enter_referrals
referral_terms          GET change_limits           POST change_limits
new_line                GET change_limits           POST change_limits
confirm_referral                                    POST confirm_referrals
reject_referral                                     POST confirm_referrals
reopen_referral                                     POST confirm_referrals
suspend_referral                                    POST confirm_referrals
resume_referral                                     POST confirm_referrals
cancel_referral                                     POST confirm_referrals
complete_referral                                   POST confirm_referrals
move_referral           GET confirm_referrals       POST confirm_referrals
notice                  GET enter_referrals
settle_notice                                       POST confirm_referrals
edit_line               GET change_limits           POST change_limits
opening_balance         GET change_limits           POST change_limits
edit_veteran            GET change_veterans         POST change_veterans
hold_veteran            GET keep_records            POST keep_records*
retention               GET keep_records            POST keep_records*
dispose_files                                       POST keep_records*
holds                   GET keep_records            POST keep_records*
lift_hold                                           POST keep_records*

book_visit              GET book_visits             POST book_visits
walk_in                 GET check_in_visits         POST check_in_visits
edit_visit              GET correct_visits          POST correct_visits
check_in                                            POST check_in_visits
complete_visit                                      POST complete_visits
book_series             GET book_visits             POST book_visits
cancel_series                                       POST book_visits
book_penciled                                       POST book_visits
move_visit              GET book_visits             POST book_visits
cancel_visit            GET book_visits             POST book_visits
no_show_visit           GET check_in_visits         POST check_in_visits
unbook_visit                                        POST book_visits
visit_va_told                                       POST book_visits
undo_visit                                          POST book_visits+complete_visits
void_visit                                          POST void_visits*

claims                  GET see_claims              POST see_claims
export_claims                                       POST export_claims*
draft_claims                                        POST draft_claims
make_all_ready                                      POST draft_claims
review_file             GET send_claims
review_paper            GET send_claims
write_file                                          POST send_claims
print_claims                                        POST send_claims
sent_by_hand            GET send_claims             POST send_claims
take_back_submission                                POST send_claims*
submissions             GET see_claims
export_submissions                                  POST export_claims*
submission              GET see_claims
claim                   GET see_claims
claim_ready                                         POST draft_claims
claim_back_to_draft                                 POST draft_claims
rebuild_claim                                       POST draft_claims
take_off_claim                                      POST draft_claims
close_claim                                         POST draft_claims
answer_claim                                        POST send_claims
undo_answer                                         POST send_claims
charges                 GET set_charges             POST set_charges

sign_in                 GET anyone                  POST anyone
second_factor           GET anyone                  POST anyone
passkey_sign_in                                     POST anyone
passkey_challenge                                   POST anyone
sign_out                                            POST anyone
stay                    GET anyone                  POST anyone
keep_form                                           POST anyone
accept_invitation       GET anyone                  POST anyone
prove                   GET beginner                POST beginner
factors                 GET beginner
add_app                 GET beginner*               POST beginner*
add_passkey             GET beginner*               POST beginner*
new_passkey_challenge                               POST beginner*
remove_app                                          POST account*
new_codes                                           POST account*
end_sessions                                        POST account*
rename_passkey                                      POST account/own
remove_passkey                                      POST account/own*
choose_practice         GET account                 POST account/here
change_password         GET account                 POST account
choose_digest                                       POST account

practice                GET see_practice
closed_days             GET manage_practice         POST manage_practice
reopen_days                                         POST manage_practice
absences                GET manage_practice         POST manage_practice
end_absence                                         POST manage_practice
edit_practice           GET manage_practice         POST manage_practice
new_location            GET manage_practice         POST manage_practice
edit_location           GET manage_practice         POST manage_practice
new_clinician           GET manage_practice         POST manage_practice
edit_clinician          GET manage_practice         POST manage_practice
new_license             GET manage_practice         POST manage_practice
new_dea                 GET manage_practice         POST manage_practice
new_agreement           GET manage_practice         POST manage_practice
edit_agreement          GET manage_practice         POST manage_practice
parameter               GET manage_practice         POST manage_practice
people                  GET manage_people           POST manage_people*
disable_person          GET manage_people           POST manage_people*
end_role                                            POST manage_people*
offer_reset                                         POST manage_people*
offer_new_factors                                   POST manage_people*
invite_again                                        POST manage_people*
withdraw_invitation                                 POST manage_people
emergency               GET open_in_emergency       POST open_in_emergency
end_emergency                                       POST open_in_emergency
tokens                  GET issue_tokens            POST issue_tokens*
revoke_token                                        POST issue_tokens/own*
jobs                    GET manage_practice
job                     GET see_day
cancel_job                                          POST see_day+send_claims
retry_job                                           POST see_day+send_claims
document                GET open_documents
take_task                                           POST see_day+confirm_referrals
give_back_task                                      POST see_day
snooze_alerts                                       POST see_alerts
wake_alerts                                         POST see_alerts
snooze_alerts_again                                 POST see_alerts
dismiss_alerts                                      POST see_alerts
reopen_alerts                                       POST see_alerts
take_alert                                          POST see_alerts/told
give_back_alert                                     POST see_alerts/told

api_locations           GET see_day
api_clinicians          GET see_day
api_job                 GET see_day
api_cancel_job                                      POST see_day+send_claims
api_retry_job                                       POST see_day+send_claims
api_document            GET open_documents
api_alerts              GET see_alerts
api_snooze_alert                                    POST see_alerts/told
api_wake_alert                                      POST see_alerts/told
api_dismiss_alert                                   POST see_alerts/told
api_reopen_alert                                    POST see_alerts/told
api_take_alert                                      POST see_alerts/told
api_give_back_alert                                 POST see_alerts/told
api_tasks               GET see_day
api_take_task                                       POST see_day+confirm_referrals
api_give_back_task                                  POST see_day
api_referrals           GET see_referrals           POST enter_referrals
api_referral            GET see_referrals                                   PATCH enter_referrals
api_confirm_referral                                POST confirm_referrals
api_reject_referral                                 POST confirm_referrals
api_reopen_referral                                 POST confirm_referrals
api_suspend_referral                                POST confirm_referrals
api_resume_referral                                 POST confirm_referrals
api_cancel_referral                                 POST confirm_referrals
api_complete_referral                               POST confirm_referrals
api_move_referral                                   POST confirm_referrals
api_days                                            POST change_limits
api_lines                                           POST change_limits
api_notices             GET see_referrals
api_notice              GET enter_referrals
api_settle_notice                                   POST confirm_referrals
api_line                                                                    PATCH change_limits
api_opening_balance                                 POST change_limits
api_veteran             GET see_veterans                                    PATCH change_veterans
api_identifiers         GET reveal_identifiers
api_authorizations      GET see_referrals
api_authorization       GET see_referrals
api_visits              GET see_referrals           POST book_visits
api_walk_in                                         POST check_in_visits
api_visit               GET see_referrals                                   PATCH correct_visits
api_check_in                                        POST check_in_visits
api_complete_visit                                  POST complete_visits
api_book_penciled                                   POST book_visits
api_move_visit                                      POST book_visits
api_cancel_visit                                    POST book_visits
api_series                                          POST book_visits
api_no_show_visit                                   POST check_in_visits
api_undo_visit                                      POST book_visits+complete_visits
api_void_visit                                      POST void_visits
api_claims              GET see_claims              POST draft_claims
api_make_all_ready                                  POST draft_claims
api_claim               GET see_claims
api_claim_ready                                     POST draft_claims
api_claim_back_to_draft                             POST draft_claims
api_rebuild_claim                                   POST draft_claims
api_close_claim                                     POST draft_claims
api_take_off_claim                                  POST draft_claims
api_acknowledgments     GET see_claims              POST send_claims
api_undo_acknowledgment                             POST send_claims
api_charges             GET set_charges             POST set_charges
api_visits_to_bill      GET see_claims
api_claim_files         GET see_claims              POST send_claims
api_claim_forms                                     POST send_claims
api_submissions         GET see_claims
api_submission          GET see_claims
api_submitted_claims    GET see_claims
api_sent_by_hand                                    POST send_claims
api_take_back                                       POST send_claims
api_dashboard           GET see_dashboard
api_schema              GET anyone
"""
# An address of the API that is none: 404 to anybody, by any method.
NO_ADDRESS = "api_unknown"
DOORS = ("anyone", "beginner", "account")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a method of an address asks for; see the table."""

    needs: tuple[str, ...]
    seen: str = ""
    fresh: bool = False


def cell(text: str) -> Cell:
    """Read ``permission[+permission][/seen][*]``."""
    needs, _, seen = text.removesuffix("*").partition("/")
    return Cell(tuple(needs.split("+")), seen, text.endswith("*"))


def read(table: str) -> dict[str, dict[str, Cell]]:
    """Return the methods of each address and what they ask for."""
    rows = [line.split() for line in table.splitlines() if line]
    return {
        name: {method: cell(one) for method, one in zip(rest[::2], rest[1::2], strict=True)} for name, *rest in rows
    }


TABLE = read(ROUTES)
