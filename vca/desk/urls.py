"""Addresses of the desk."""

from django.urls import path

from vca.desk import api
from vca.desk.views import alerts, authorizations, closing, dashboard, inbox, today, unbilled, veterans
from vca.desk.views import audit_reports as reports

LOOKED, LEFT = {"name": "looked"}, {"name": "disclosed"}

urlpatterns = [
    path("", today.today, name="today"),
    path("days/", closing.close_day, name="close_a_day"),
    path("days/<id:location_id>/", closing.close_day, name="close_day"),
    path("authorizations/", authorizations.authorizations, name="authorizations"),
    path("authorizations/<id:authorization_id>/", authorizations.authorization, name="authorization"),
    path("veterans/", veterans.veterans, name="veterans"),
    path("veterans/<id:veteran_id>/", veterans.veteran, name="veteran"),
    path("veterans/<id:veteran_id>/looked/", reports.audit_report, LOOKED, name="who_looked"),
    path("veterans/<id:veteran_id>/looked/export/", reports.export_audit_report, LOOKED, name="export_who_looked"),
    path("veterans/<id:veteran_id>/disclosed/", reports.audit_report, LEFT, name="disclosures"),
    path("veterans/<id:veteran_id>/disclosed/export/", reports.export_audit_report, LEFT, name="export_disclosures"),
    path("tasks/", inbox.tasks, name="tasks"),
    path("alerts/", alerts.alerts_page, name="alerts"),
    path("alerts/<id:alert_id>/", alerts.alert_page, name="alert"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/export/", dashboard.export_dashboard, name="export_dashboard"),
    path("visits/not-billed/", unbilled.not_billed, name="not_billed"),
]

api_urlpatterns = [path("dashboard/", api.Dashboard.as_view(), name="api_dashboard")]
