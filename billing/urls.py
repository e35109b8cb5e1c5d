"""Addresses of claim pages."""

from django.urls import path

from billing.api import acknowledgments as api_answers
from billing.api import submissions as api_submissions
from billing.api import views as api
from billing.views import answers, batches, by_hand, claims, lists, sent

urlpatterns = [
    path("claims/", lists.claims_page, name="claims"),
    path("claims/export/", lists.export_claims, name="export_claims"),
    path("claims/draft/", claims.draft_claims, name="draft_claims"),
    path("claims/ready/", claims.make_all_ready, name="make_all_ready"),
    path("claims/review/837p/", batches.review_file, name="review_file"),
    path("claims/review/cms1500/", batches.review_paper, name="review_paper"),
    path("claims/write/", batches.write_file, name="write_file"),
    path("claims/print/", batches.print_claims, name="print_claims"),
    path("claims/by-hand/", by_hand.sent_by_hand, name="sent_by_hand"),
    path("claims/by-hand/<id:submission_id>/back/", by_hand.take_back, name="take_back_submission"),
    path("claims/submissions/", sent.submissions_page, name="submissions"),
    path("claims/submissions/export/", sent.export_submissions, name="export_submissions"),
    path("claims/submissions/<id:submission_id>/", sent.submission_page, name="submission"),
    path("claims/<id:claim_id>/", claims.claim_page, name="claim"),
    path("claims/<id:claim_id>/ready/", claims.make_ready, name="claim_ready"),
    path("claims/<id:claim_id>/draft/", claims.back_to_draft, name="claim_back_to_draft"),
    path("claims/<id:claim_id>/rebuild/", claims.rebuild_claim, name="rebuild_claim"),
    path("claims/<id:claim_id>/off/", claims.take_off, name="take_off_claim"),
    path("claims/<id:claim_id>/close/", claims.close_claim, name="close_claim"),
    path("claims/<id:claim_id>/answer/", answers.answer_claim, name="answer_claim"),
    path("claims/answers/<id:acknowledgment_id>/undo/", answers.undo_answer, name="undo_answer"),
    path("practice/charges/", claims.charges_page, name="charges"),
]

api_urlpatterns = [
    path("claims/", api.ClaimList.as_view(), name="api_claims"),
    path("claims/ready/", api.AllReady.as_view(), name="api_make_all_ready"),
    path("claims/<id:claim_id>/", api.ClaimDetail.as_view(), name="api_claim"),
    path("claims/<id:claim_id>/ready/", api.make_ready, name="api_claim_ready"),
    path("claims/<id:claim_id>/draft/", api.back_to_draft, name="api_claim_back_to_draft"),
    path("claims/<id:claim_id>/rebuild/", api.rebuild, name="api_rebuild_claim"),
    path("claims/<id:claim_id>/close/", api.close, name="api_close_claim"),
    path("claims/<id:claim_id>/acknowledgments/", api_answers.AcknowledgmentList.as_view(), name="api_acknowledgments"),
    path("acknowledgments/<id:acknowledgment_id>/undo/", api_answers.Undoing.as_view(), name="api_undo_acknowledgment"),
    path("claims/<id:claim_id>/off/", api.take_off, name="api_take_off_claim"),
    path("charges/", api.PriceList.as_view(), name="api_charges"),
    path("visits-to-bill/", api.VisitsToBill.as_view(), name="api_visits_to_bill"),
    path("claim-files/", api.ClaimFileList.as_view(), name="api_claim_files"),
    path("claim-forms/", api.ClaimForms.as_view(), name="api_claim_forms"),
    path("submissions/", api_submissions.SubmissionList.as_view(), name="api_submissions"),
    path("submissions/by-hand/", api_submissions.ByHandList.as_view(), name="api_sent_by_hand"),
    path("submissions/<id:submission_id>/", api_submissions.SubmissionDetail.as_view(), name="api_submission"),
    path(
        "submissions/<id:submission_id>/claims/",
        api_submissions.SubmittedClaimList.as_view(),
        name="api_submitted_claims",
    ),
    path("submissions/<id:submission_id>/back/", api_submissions.TakingBackByHand.as_view(), name="api_take_back"),
]
