"""The street map."""

from django.urls import include, path

from referrals.urls import api_urlpatterns as referral_api

urlpatterns = [
    path("", include("vca.desk.urls")),
    path("", include("referrals.urls")),
    path("", include("billing.urls")),
    path("", include("vca.core.urls")),
    path("api/v1/", include((referral_api, "api"))),
]
