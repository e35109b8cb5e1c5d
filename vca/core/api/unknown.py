"""What the API says where it has no address."""

from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class NoSuchAddress(APIView):
    """Every address below /api/ that is none: an error in the API's one shape, to anybody and by any method."""

    authentication_classes = ()
    permission_classes = ()
    schema = None  # it is no part of the API's description

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise NotFound."""
        slash = "" if request.path.endswith("/") else " Every address of the API ends with a slash."
        raise exceptions.NotFound(f"There is no such address.{slash}")

    def get(self, request: Request) -> Response:
        """Never reached; with it OPTIONS and HEAD are answered in the same way."""
        raise NotImplementedError
