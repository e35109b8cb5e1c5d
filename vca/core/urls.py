"""Addresses of core's pages."""

from django.urls import path

from vca.core.api import alerts as alerts_api
from vca.core.api import views as api
from vca.core.views import alerts, people, practice, session, work

urlpatterns = [
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("choose-practice/", session.choose_practice, name="choose_practice"),
    path("password/", people.change_password, name="change_password"),
    path("digest/", people.choose_digest, name="choose_digest"),
    path("invitations/<str:token>/", people.accept_invitation, name="accept_invitation"),
    path("practice/", practice.practice_page, name="practice"),
    path("practice/details/", practice.edit_practice, name="edit_practice"),
    path("practice/locations/new/", practice.edit_location, name="new_location"),
    path(
        "practice/locations/<id:location_id>/",
        practice.edit_location,
        name="edit_location",
    ),
    path("practice/clinicians/new/", practice.edit_clinician, name="new_clinician"),
    path(
        "practice/clinicians/<id:clinician_id>/",
        practice.edit_clinician,
        name="edit_clinician",
    ),
    path("practice/clinicians/<id:clinician_id>/license/", practice.new_license, name="new_license"),
    path("practice/clinicians/<id:clinician_id>/dea/", practice.new_dea, name="new_dea"),
    path("practice/agreements/new/", practice.edit_agreement, name="new_agreement"),
    path(
        "practice/agreements/<id:agreement_id>/",
        practice.edit_agreement,
        name="edit_agreement",
    ),
    path("practice/parameters/<slug:name>/", practice.parameter_page, name="parameter"),
    path("practice/people/", people.people_page, name="people"),
    path("practice/people/<id:membership_id>/end/", people.end_role, name="end_role"),
    path("practice/people/<id:membership_id>/new-password/", people.offer_reset, name="offer_reset"),
    path("practice/people/invitations/<id:invitation_id>/again/", people.invite_again, name="invite_again"),
    path(
        "practice/people/invitations/<id:invitation_id>/withdraw/",
        people.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("practice/tokens/", people.tokens_page, name="tokens"),
    path(
        "practice/tokens/<id:token_id>/revoke/",
        people.revoke_token,
        name="revoke_token",
    ),
    path("jobs/", work.jobs_page, name="jobs"),
    path("jobs/<uuid:job_id>/", work.job_page, name="job"),
    path("jobs/<uuid:job_id>/cancel/", work.cancel_job, name="cancel_job"),
    path("jobs/<uuid:job_id>/retry/", work.retry_job, name="retry_job"),
    path("documents/<id:document_id>/", work.document, name="document"),
    path("tasks/<id:task_id>/take/", work.take_task, name="take_task"),
    path("tasks/<id:task_id>/give-back/", work.give_back_task, name="give_back_task"),
    path("alerts/snooze/", alerts.snooze_alerts, name="snooze_alerts"),
    path("alerts/wake/", alerts.wake_alerts, name="wake_alerts"),
    path("alerts/snooze-again/", alerts.snooze_alerts_again, name="snooze_alerts_again"),
    path("alerts/dismiss/", alerts.dismiss_alerts, name="dismiss_alerts"),
    path("alerts/reopen/", alerts.reopen_alerts, name="reopen_alerts"),
    path("alerts/<id:alert_id>/take/", alerts.take_alert, name="take_alert"),
    path("alerts/<id:alert_id>/give-back/", alerts.give_back_alert, name="give_back_alert"),
]

api_urlpatterns = [
    path("locations/", api.LocationList.as_view(), name="api_locations"),
    path("clinicians/", api.ClinicianList.as_view(), name="api_clinicians"),
    path("jobs/<uuid:job_id>/", api.JobDetail.as_view(), name="api_job"),
    path("jobs/<uuid:job_id>/cancel/", api.JobCancellation.as_view(), name="api_cancel_job"),
    path("jobs/<uuid:job_id>/retry/", api.JobRetry.as_view(), name="api_retry_job"),
    path("documents/<id:document_id>/", api.DocumentContent.as_view(), name="api_document"),
    path("alerts/", alerts_api.AlertList.as_view(), name="api_alerts"),
    path("alerts/<id:alert_id>/snooze/", alerts_api.AlertSnooze.as_view(), name="api_snooze_alert"),
    path("alerts/<id:alert_id>/wake/", alerts_api.AlertWaking.as_view(), name="api_wake_alert"),
    path("alerts/<id:alert_id>/dismiss/", alerts_api.AlertDismissal.as_view(), name="api_dismiss_alert"),
    path("alerts/<id:alert_id>/reopen/", alerts_api.AlertReopening.as_view(), name="api_reopen_alert"),
    path("alerts/<id:alert_id>/take/", alerts_api.take_alert, name="api_take_alert"),
    path("alerts/<id:alert_id>/give-back/", alerts_api.give_back_alert, name="api_give_back_alert"),
    path("tasks/", api.TaskList.as_view(), name="api_tasks"),
    path("tasks/<id:task_id>/take/", api.take_task, name="api_take_task"),
    path("tasks/<id:task_id>/give-back/", api.give_back_task, name="api_give_back_task"),
]
