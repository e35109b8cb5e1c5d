"""Addresses of claim pages."""

from django.urls import path

from billing.views import claims

urlpatterns = [
    path("claims/", claims.claims_page, name="claims"),
    path("claims/draft/", claims.draft_claims, name="draft_claims"),
    path("claims/ready/", claims.make_all_ready, name="make_all_ready"),
    path("claims/write/", claims.write_file, name="write_file"),
    path("claims/<int:claim_id>/", claims.claim_page, name="claim"),
    path("claims/<int:claim_id>/ready/", claims.make_ready, name="claim_ready"),
    path("claims/<int:claim_id>/draft/", claims.back_to_draft, name="claim_back_to_draft"),
    path("claims/<int:claim_id>/rebuild/", claims.rebuild_claim, name="rebuild_claim"),
    path("claims/<int:claim_id>/close/", claims.close_claim, name="close_claim"),
    path("practice/charges/", claims.charges_page, name="charges"),
]
