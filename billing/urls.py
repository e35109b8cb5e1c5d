"""Addresses of claim pages."""

from django.urls import path

from billing.api import views as api
from billing.views import claims, lists

urlpatterns = [
    path("claims/", lists.claims_page, name="claims"),
    path("claims/export/", lists.export_claims, name="export_claims"),
    path("claims/draft/", claims.draft_claims, name="draft_claims"),
    path("claims/ready/", claims.make_all_ready, name="make_all_ready"),
    path("claims/write/", claims.write_file, name="write_file"),
    path("claims/<int:claim_id>/", claims.claim_page, name="claim"),
    path("claims/<int:claim_id>/ready/", claims.make_ready, name="claim_ready"),
    path("claims/<int:claim_id>/draft/", claims.back_to_draft, name="claim_back_to_draft"),
    path("claims/<int:claim_id>/rebuild/", claims.rebuild_claim, name="rebuild_claim"),
    path("claims/<int:claim_id>/off/", claims.take_off, name="take_off_claim"),
    path("claims/<int:claim_id>/close/", claims.close_claim, name="close_claim"),
    path("practice/charges/", claims.charges_page, name="charges"),
]

api_urlpatterns = [
    path("claims/", api.ClaimList.as_view(), name="api_claims"),
    path("claims/<int:claim_id>/", api.ClaimDetail.as_view(), name="api_claim"),
    path("claims/<int:claim_id>/ready/", api.make_ready, name="api_claim_ready"),
    path("claims/<int:claim_id>/draft/", api.back_to_draft, name="api_claim_back_to_draft"),
    path("claims/<int:claim_id>/rebuild/", api.rebuild, name="api_rebuild_claim"),
    path("claims/<int:claim_id>/close/", api.close, name="api_close_claim"),
    path("visits-to-bill/", api.VisitsToBill.as_view(), name="api_visits_to_bill"),
    path("claim-files/", api.ClaimFileList.as_view(), name="api_claim_files"),
]
