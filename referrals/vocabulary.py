"""The words of referrals: permissions by role, kinds of event, document, job, task and alert, and parameters."""

from vca.core.vocabulary import (
    AlertKind,
    Entry,
    Parameter,
    Role,
    between,
    declare,
    whole_number,
    whole_numbers,
    yes_or_no,
)

CARE = (Role.FRONT_DESK, Role.NURSE, Role.CLINICIAN)
EVERYBODY = tuple(Role)
DESK = (Role.BILLER, Role.ADMINISTRATOR)

declare(
    permissions={
        "see_referrals": EVERYBODY,
        "see_veterans": EVERYBODY,
        "enter_referrals": DESK,
        "confirm_referrals": DESK,
        "change_limits": DESK,
        "change_veterans": (*DESK, Role.FRONT_DESK),
        "reveal_identifiers": DESK,
        "book_visits": (*CARE, Role.ADMINISTRATOR, Role.BILLER),
        "correct_visits": (Role.CLINICIAN, Role.BILLER, Role.ADMINISTRATOR),
        "check_in_visits": (*CARE, Role.ADMINISTRATOR),
        "complete_visits": (Role.CLINICIAN, Role.ADMINISTRATOR),
        "void_visits": (Role.ADMINISTRATOR, Role.BILLER),
        "keep_records": (Role.ADMINISTRATOR,),
    },
    hourly={"veteran.identifiers_revealed": 60},
    audit_events={
        "absence.entered": "Absence of a clinician entered",
        "absence.taken_out": "Absence of a clinician taken out",
        "approvals.swept": "Agreements, licenses and DEA registrations watched",
        "authorization.amended": "Authorization amended",
        "authorization.limit_set": "Visit limit set",
        "authorization.opening_balance_set": "Visits given before us set",
        "closed_days.entered": "Closed days entered",
        "closed_days.taken_out": "Closed days taken out",
        "files.disposed": "Files that name nobody disposed of",
        "hold.lifted": "Legal hold lifted",
        "hold.placed": "Legal hold placed",
        "records.disposed": "Records of a Veteran disposed of",
        "records.swept": "Records looked through for those past their time",
        "referral.cancelled": "Referral cancelled",
        "referral.changed": "Referral details changed",
        "referral.completed": "Referral completed",
        "referral.confirmed": "Referral confirmed",
        "referral.imported": "Referral imported",
        "referral.moved": "Referral moved to another Veteran",
        "referral.notice_received": "Newer notice received",
        "referral.notice_settled": "Newer notice settled",
        "referral.received": "Referral received",
        "referral.rejected": "Referral rejected",
        "referral.reopened": "Referral opened again",
        "referral.resumed": "Referral resumed",
        "referral.suspended": "Referral suspended",
        "veteran.identifiers_revealed": "Identifiers of a Veteran shown in full",
        "veteran.changed": "Facts about a Veteran changed",
        "veteran.recorded": "Veteran recorded",
        "visit.booked": "Visit booked",
        "visit.cancelled": "Visit cancelled",
        "visit.checked_in": "Visit checked in",
        "visit.completed": "Visit completed",
        "visit.moved": "Visit moved",
        "visit.no_show": "Visit marked as no-show",
        "visit.penciled": "Visit penciled in",
        "visit.services_changed": "Services of a visit changed",
        "visit.va_told": "VA told of a missed or cancelled visit",
        "visit.undone": "Last act on a visit undone",
        "visit.voided": "Visit voided",
        "visit.walked_in": "Walk-in checked in",
        "watch.swept": "Authorizations and days watched",
    },
    documents={
        "va_referral_list": "List of VA's referral service",
        "va_referral_report": "What became of a list of VA's referral service",
        "va_notice": "Referral as entered or sent",
    },
    jobs={
        "dispose_files": "Dispose of files that name nobody",
        "dispose_records": "Dispose of records that are past their time",
        "find_due_records": "Find records that are past their time",
        "import_referrals": "Import a list of VA's referral service",
        "watch_approvals": "Watch agreements, licenses and DEA registrations for their end",
        "watch_authorizations": "Watch authorizations for their end and their last visits, and days for open visits",
    },
    navigation=(Entry(20, "Referrals", "referrals", "see_referrals"),),
    daily_jobs=("find_due_records", "watch_approvals", "watch_authorizations"),
    append_only=("referrals.Disposal",),
    tasks={
        "records_due": "Records are past their time",
        "referral_held": "Referral waits to be confirmed",
        "referral_differs": "Newer notice differs",
        "visits_on_ended": "Bookings on a referral that has ended",
        "visits_outside": "Bookings outside the authorized days",
        "visits_over": "Bookings beyond the authorized visits",
        "visits_penciled": "Penciled visits wait for VA",
        "penciled_booked": "Penciled visits are booked now",
        "penciled_given_up": "A penciled visit was given up",
        "tell_va": "VA does not know of a missed or cancelled visit",
    },
    in_charge={
        "dispose_files": "keep_records",
        "dispose_records": "keep_records",
        "records_due": "keep_records",
        "referral_held": "confirm_referrals",
        "referral_differs": "confirm_referrals",
        "visits_on_ended": "confirm_referrals",
        "visits_outside": "confirm_referrals",
        "visits_over": "confirm_referrals",
        "visits_penciled": "confirm_referrals",
        "penciled_booked": "book_visits",
        "penciled_given_up": "book_visits",
        "tell_va": "book_visits",
    },
    alerts={
        "agreement_ending": AlertKind(
            "Agreement with VA ending", DESK, "Record the next agreement", "new_agreement", days="agreement-ending-days"
        ),
        "authorization_ending": AlertKind(
            *("Authorization ending", EVERYBODY, "Open the authorization", "authorization"),
            days="authorization-ending-days",
        ),
        "day_not_closed": AlertKind("Day not closed", (*CARE, Role.ADMINISTRATOR), "Close the day", "close_day"),
        "dea_ending": AlertKind(
            "DEA registration ending", DESK, "Record the renewed registration", "new_dea", days="dea-ending-days"
        ),
        "license_ending": AlertKind(
            "License ending", DESK, "Record the renewed license", "new_license", days="license-ending-days"
        ),
        "request_due": AlertKind(
            *("Request for more visits due", (*DESK, Role.CLINICIAN), "Open the authorization", "authorization"),
            days="request-due-days",
        ),
        "visits_left": AlertKind("Few visits left", EVERYBODY, "Open the line", "authorization"),
    },
    parameters=(
        *(
            Parameter(
                f"{what}-ending-days",
                "180,90,60",
                "days before the last day",
                "This product's own default",
                "today",
                verify_with="",
                read=whole_numbers,
            )
            for what in ("agreement", "license", "dea")
        ),
        Parameter(
            "confirm-by-another",
            "no",
            "yes: who entered a referral does not confirm it",
            "This product's own default; GAO-14-704G, 10.12 to 10.14, segregation of duties",
            "today",
            verify_with="",
            read=yes_or_no,
        ),
        Parameter(
            "confirm-within-days",
            "3",
            "days from the receipt of a referral",
            "This product's own default",
            "today",
            verify_with="",
            read=whole_number,
        ),
        Parameter(
            "authorization-ending-days",
            "45,30,21,7",
            "days before the last day",
            "This product's own default; help pages of a large mental-health group advise 3 to 4 weeks",
            "today",
            read=whole_numbers,
        ),
        *(
            Parameter(name, years, unit, source, "today", verify_with="counsel", read=between(1, 99))
            for name, years, unit, source in (
                (
                    *("keep-referrals-years", "10", "years after the last act on a Veteran's referrals"),
                    "This product's own default: as long as the claims that rest on them. A contract may differ",
                ),
                (
                    *("keep-visits-years", "10", "years after a Veteran's last visit"),
                    "This product's own default: as long as the claims. State law on medical records decides",
                ),
            )
        ),
        Parameter(
            "keep-identities-years",
            "6",
            "years, 6 or more, after the last change of a Veteran's facts: the audit trail names Veterans by number",
            "45 CFR 164.528(a)(1), accounting of six years; 45 CFR 164.316(b)(2)(i), documentation",
            "today",
            verify_with="counsel",
            read=between(6, 99),
        ),
        Parameter(
            "keep-unnamed-files-days",
            "365",
            "days, 1 or more, after a file was kept that names no Veteran: a list of which nothing was taken over",
            "This product's own default",
            "today",
            verify_with="counsel",
            read=between(1, 9999),
        ),
        Parameter(
            "va-turnaround-days",
            "21",
            "days from a Request for Services to VA's answer",
            "This product's own default; help pages of a large mental-health group: VA takes 3 to 4 weeks",
            "today",
            read=whole_number,
        ),
        *(
            Parameter(name, value, unit, "This product's own default", "today", verify_with="", read=whole_number)
            for name, value, unit in (
                ("request-margin-days", "7", "days before VA's turnaround in which a Request for Services is prepared"),
                (
                    "pencil-kept-days",
                    "2",
                    "days before its day until which a penciled visit waits for cover",
                ),
                ("pace-days", "42", "days back in which given visits tell the present pace"),
            )
        ),
        Parameter(
            "request-due-days",
            "7,0",
            "days before the day by which VA must be asked for more",
            "This product's own default",
            "today",
            verify_with="",
            read=whole_numbers,
        ),
        Parameter(
            "visits-left",
            "2,0",
            "visits left on a service line",
            "This product's own default",
            "today",
            verify_with="",
            read=whole_numbers,
        ),
    ),
)
