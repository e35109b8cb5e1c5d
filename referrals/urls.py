"""Addresses of referral and visit pages."""

from django.urls import path

from referrals.api import views as api
from referrals.views import imports, referrals, visits

urlpatterns = [
    path("referrals/", referrals.referrals_page, name="referrals"),
    path("referrals/new/", referrals.new_referral, name="new_referral"),
    path("referrals/import/", imports.import_list, name="import_referrals"),
    path("referrals/import/<int:report_id>/", imports.import_report, name="import_report"),
    path("referrals/<int:referral_id>/details/", referrals.referral_details, name="referral_details"),
    path("referrals/<int:referral_id>/days/", referrals.referral_terms, name="referral_terms"),
    path("referrals/<int:referral_id>/lines/new/", referrals.new_line, name="new_line"),
    path("referrals/<int:referral_id>/confirm/", referrals.confirm_referral, name="confirm_referral"),
    path("referrals/<int:referral_id>/reject/", referrals.reject, name="reject_referral"),
    path("referrals/<int:referral_id>/reopen/", referrals.reopen, name="reopen_referral"),
    path("referrals/<int:referral_id>/suspend/", referrals.suspend, name="suspend_referral"),
    path("referrals/<int:referral_id>/resume/", referrals.resume, name="resume_referral"),
    path("referrals/<int:referral_id>/cancel/", referrals.cancel, name="cancel_referral"),
    path("referrals/<int:referral_id>/complete/", referrals.complete, name="complete_referral"),
    path("referrals/<int:referral_id>/veteran/", referrals.move_referral, name="move_referral"),
    path("notices/<int:notice_id>/", imports.notice, name="notice"),
    path("notices/<int:notice_id>/settle/", referrals.settle_notice, name="settle_notice"),
    path("lines/<int:service_id>/", referrals.edit_line, name="edit_line"),
    path("lines/<int:service_id>/opening-balance/", referrals.opening_balance, name="opening_balance"),
    path("veterans/<int:veteran_id>/edit/", referrals.edit_veteran, name="edit_veteran"),
    path("authorizations/<int:authorization_id>/book/", visits.book_visit, name="book_visit"),
    path("authorizations/<int:authorization_id>/walk-in/", visits.walk_in, name="walk_in"),
    path("visits/<int:visit_id>/services/", visits.edit_visit, name="edit_visit"),
    path("visits/<int:visit_id>/check-in/", visits.check_in, name="check_in"),
    path("visits/<int:visit_id>/complete/", visits.complete, name="complete_visit"),
    path("visits/<int:visit_id>/cancel/", visits.cancel, name="cancel_visit"),
    path("visits/<int:visit_id>/no-show/", visits.no_show, name="no_show_visit"),
    path("visits/<int:visit_id>/undo/", visits.undo, name="undo_visit"),
    path("visits/<int:visit_id>/void/", visits.void, name="void_visit"),
]

api_urlpatterns = [
    path("referrals/", api.ReferralList.as_view(), name="api_referrals"),
    path("referrals/<int:referral_id>/", api.ReferralDetail.as_view(), name="api_referral"),
    path("referrals/<int:referral_id>/confirm/", api.ReferralConfirmation.as_view(), name="api_confirm_referral"),
    path("authorizations/", api.AuthorizationList.as_view(), name="api_authorizations"),
    path("authorizations/<int:authorization_id>/", api.AuthorizationDetail.as_view(), name="api_authorization"),
    path("authorizations/<int:authorization_id>/visits/", api.VisitList.as_view(), name="api_visits"),
    path("visits/<int:visit_id>/check-in/", api.check_in, name="api_check_in"),
    path("visits/<int:visit_id>/complete/", api.complete, name="api_complete_visit"),
    path("visits/<int:visit_id>/cancel/", api.cancel, name="api_cancel_visit"),
    path("visits/<int:visit_id>/no-show/", api.no_show, name="api_no_show_visit"),
    path("visits/<int:visit_id>/undo/", api.undo, name="api_undo_visit"),
]
