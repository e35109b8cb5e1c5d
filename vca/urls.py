"""The street map."""

from django.urls import include, path, re_path

from billing.urls import api_urlpatterns as billing_api
from referrals.urls import api_urlpatterns as referral_api
from vca.core.api.schema import SchemaDocument
from vca.core.api.unknown import NoSuchAddress
from vca.core.urls import api_urlpatterns as core_api
from vca.desk.urls import api_urlpatterns as desk_api

urlpatterns = [
    path("", include("vca.desk.urls")),
    path("", include("referrals.urls")),
    path("", include("billing.urls")),
    path("", include("vca.core.urls")),
    path("api/v1/", include(([*core_api, *referral_api, *billing_api, *desk_api], "api"))),
    path("api/schema/", SchemaDocument.as_view(), name="api_schema"),
    re_path("^api/", NoSuchAddress.as_view(), name="api_unknown"),
]
