"""Addresses of referral and visit pages."""

from django.urls import path

from referrals.api import authorizations as authorization_api
from referrals.api import notices as notice_api
from referrals.api import referrals as referral_api
from referrals.api import visits as visit_api
from referrals.views import imports, referrals, retention, veterans, visits

urlpatterns = [
    path("referrals/", referrals.referrals_page, name="referrals"),
    path("referrals/new/", referrals.new_referral, name="new_referral"),
    path("referrals/import/", imports.import_list, name="import_referrals"),
    path("referrals/import/<id:report_id>/", imports.import_report, name="import_report"),
    path("referrals/<id:referral_id>/details/", referrals.referral_details, name="referral_details"),
    path("referrals/<id:referral_id>/days/", referrals.referral_terms, name="referral_terms"),
    path("referrals/<id:referral_id>/lines/new/", referrals.new_line, name="new_line"),
    path("referrals/<id:referral_id>/confirm/", referrals.confirm_referral, name="confirm_referral"),
    path("referrals/<id:referral_id>/reject/", referrals.reject, name="reject_referral"),
    path("referrals/<id:referral_id>/reopen/", referrals.reopen, name="reopen_referral"),
    path("referrals/<id:referral_id>/suspend/", referrals.suspend, name="suspend_referral"),
    path("referrals/<id:referral_id>/resume/", referrals.resume, name="resume_referral"),
    path("referrals/<id:referral_id>/cancel/", referrals.cancel, name="cancel_referral"),
    path("referrals/<id:referral_id>/complete/", referrals.complete, name="complete_referral"),
    path("referrals/<id:referral_id>/veteran/", referrals.move_referral, name="move_referral"),
    path("notices/<id:notice_id>/", imports.notice, name="notice"),
    path("notices/<id:notice_id>/settle/", referrals.settle_notice, name="settle_notice"),
    path("lines/<id:service_id>/", referrals.edit_line, name="edit_line"),
    path("lines/<id:service_id>/opening-balance/", referrals.opening_balance, name="opening_balance"),
    path("veterans/<id:veteran_id>/identifiers/", veterans.reveal_identifiers, name="reveal_identifiers"),
    path("veterans/<id:veteran_id>/edit/", referrals.edit_veteran, name="edit_veteran"),
    path("veterans/<id:veteran_id>/hold/", retention.hold_veteran, name="hold_veteran"),
    path("retention/", retention.retention_page, name="retention"),
    path("retention/files/", retention.dispose_files, name="dispose_files"),
    path("holds/", retention.holds_page, name="holds"),
    path("holds/<id:hold_id>/lift/", retention.lift_hold, name="lift_hold"),
    path("authorizations/<id:authorization_id>/book/", visits.book_visit, name="book_visit"),
    path("authorizations/<id:authorization_id>/walk-in/", visits.walk_in, name="walk_in"),
    path("visits/<id:visit_id>/services/", visits.edit_visit, name="edit_visit"),
    path("visits/<id:visit_id>/check-in/", visits.check_in, name="check_in"),
    path("visits/<id:visit_id>/complete/", visits.complete, name="complete_visit"),
    path("visits/<id:visit_id>/cancel/", visits.cancel, name="cancel_visit"),
    path("visits/<id:visit_id>/no-show/", visits.no_show, name="no_show_visit"),
    path("visits/<id:visit_id>/undo/", visits.undo, name="undo_visit"),
    path("visits/<id:visit_id>/void/", visits.void, name="void_visit"),
]

api_urlpatterns = [
    path("referrals/", referral_api.ReferralList.as_view(), name="api_referrals"),
    path("referrals/<id:referral_id>/", referral_api.ReferralDetail.as_view(), name="api_referral"),
    path(
        "referrals/<id:referral_id>/confirm/",
        referral_api.ReferralConfirmation.as_view(),
        name="api_confirm_referral",
    ),
    path("referrals/<id:referral_id>/reject/", referral_api.reject, name="api_reject_referral"),
    path("referrals/<id:referral_id>/reopen/", referral_api.reopen, name="api_reopen_referral"),
    path("referrals/<id:referral_id>/suspend/", referral_api.suspend, name="api_suspend_referral"),
    path("referrals/<id:referral_id>/resume/", referral_api.resume, name="api_resume_referral"),
    path("referrals/<id:referral_id>/cancel/", referral_api.cancel, name="api_cancel_referral"),
    path("referrals/<id:referral_id>/complete/", referral_api.complete, name="api_complete_referral"),
    path("referrals/<id:referral_id>/veteran/", referral_api.ReferralMove.as_view(), name="api_move_referral"),
    path("referrals/<id:referral_id>/days/", authorization_api.Days.as_view(), name="api_days"),
    path("referrals/<id:referral_id>/lines/", authorization_api.LineList.as_view(), name="api_lines"),
    path("referrals/<id:referral_id>/notices/", notice_api.NoticeList.as_view(), name="api_notices"),
    path("notices/<id:notice_id>/", notice_api.NoticeDetail.as_view(), name="api_notice"),
    path("notices/<id:notice_id>/settle/", notice_api.NoticeSettlement.as_view(), name="api_settle_notice"),
    path("lines/<id:service_id>/", authorization_api.LineDetail.as_view(), name="api_line"),
    path(
        "lines/<id:service_id>/opening-balance/",
        authorization_api.OpeningBalance.as_view(),
        name="api_opening_balance",
    ),
    path(
        "veterans/<id:veteran_id>/identifiers/", authorization_api.VeteranIdentifiers.as_view(), name="api_identifiers"
    ),
    path("veterans/<id:veteran_id>/", authorization_api.VeteranDetail.as_view(), name="api_veteran"),
    path("authorizations/", authorization_api.AuthorizationList.as_view(), name="api_authorizations"),
    path(
        "authorizations/<id:authorization_id>/",
        authorization_api.AuthorizationDetail.as_view(),
        name="api_authorization",
    ),
    path("authorizations/<id:authorization_id>/visits/", visit_api.VisitList.as_view(), name="api_visits"),
    path("authorizations/<id:authorization_id>/walk-in/", visit_api.WalkIn.as_view(), name="api_walk_in"),
    path("visits/<id:visit_id>/", visit_api.VisitDetail.as_view(), name="api_visit"),
    path("visits/<id:visit_id>/check-in/", visit_api.check_in, name="api_check_in"),
    path("visits/<id:visit_id>/complete/", visit_api.complete, name="api_complete_visit"),
    path("visits/<id:visit_id>/cancel/", visit_api.cancel, name="api_cancel_visit"),
    path("visits/<id:visit_id>/no-show/", visit_api.no_show, name="api_no_show_visit"),
    path("visits/<id:visit_id>/undo/", visit_api.undo, name="api_undo_visit"),
    path("visits/<id:visit_id>/void/", visit_api.void, name="api_void_visit"),
]
