"""Addresses of the desk."""

from django.urls import path

from vca.desk import views

urlpatterns = [
    path("", views.today, name="today"),
    path("authorizations/", views.authorizations, name="authorizations"),
    path("authorizations/<int:authorization_id>/", views.authorization, name="authorization"),
    path("veterans/", views.veterans, name="veterans"),
    path("veterans/<int:veteran_id>/", views.veteran, name="veteran"),
    path("tasks/", views.tasks, name="tasks"),
    path("alerts/", views.alerts_page, name="alerts"),
]
