"""The identifiers of a Veteran in full."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from referrals import queries
from referrals.services import veterans
from vca.core import access
from vca.core.access import PageRequest


@require_POST
@access.page("reveal_identifiers", step_up=True)
def reveal_identifiers(request: PageRequest, veteran_id: int) -> HttpResponse:
    """Show them on this one page: it is not stored, and loading the Veteran's page again hides them."""
    veteran = get_object_or_404(queries.veterans(request.actor), pk=veteran_id)
    shown = veterans.reveal(veteran=veteran, by=request.actor)
    return render(request, "referrals/identifiers.html", {"veteran": veteran, **shown})
