"""An id that no database can hold is that of a row that is not there, on every page and at every address of the API."""

import pytest
from django.http import HttpResponse

from tests.vca.core.test_foreign_rows import ROUTES, Scene, made, scene

__all__ = ["made", "scene"]

pytestmark = pytest.mark.both

BEYOND = [2**63, 10**30]
NUMBERED = [(name, place) for name, place in ROUTES if place != "job_id"]


@pytest.mark.parametrize("number", BEYOND)
@pytest.mark.parametrize(("name", "place"), NUMBERED, ids=[name for name, _ in NUMBERED])
def test_id_beyond_any_row_is_not_found(scene: Scene, name: str, place: str, number: int) -> None:
    answers = [scene.ask(name, method, **{place: number}) for method in ("GET", "POST", "PATCH")]

    assert {answer.status_code for answer in answers} == {404}
    assert {kind_of(answer) for answer in answers} == {"application/json" if name.startswith("api_") else "text/html"}


def kind_of(answer: HttpResponse) -> str:
    return answer.headers["Content-Type"].partition(";")[0]
