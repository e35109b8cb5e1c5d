"""What /api/schema/ promises, held against a real answer: nothing else in it, and nothing of it left out."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from vca.core.api.schema import document


@cache
def promised() -> dict[str, Any]:
    """Return the description as a caller reads it."""
    found: dict[str, Any] = json.loads(json.dumps(document(), default=str))
    return found


@cache
def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation that answers there, or None where nothing is promised."""
    for address, operations in promised()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", address), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            if found or "{" not in address:
                return found
    return None


@cache
def strict_components() -> dict[str, Any]:
    """Return the shapes, each of which allows no property that it does not name."""
    shapes = promised()["components"]["schemas"]
    return {"schemas": {name: {"additionalProperties": False, **shape} for name, shape in shapes.items()}}


def breaches(answer: Any) -> list[str]:
    """Return what an answer of the test client says otherwise than promised."""
    asked = answer.request
    found = operation(asked["REQUEST_METHOD"], asked["PATH_INFO"])
    if found is None or "json" not in answer.headers.get("Content-Type", ""):
        return []
    promise = found["responses"].get(str(answer.status_code))
    if promise is None:
        return [f"{found['operationId']} does not promise {answer.status_code}"]
    if "application/json" not in promise["content"]:
        return []  # a document may be JSON too, which nobody promises anything of
    schema = {**promise["content"]["application/json"]["schema"], "components": strict_components()}
    return [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(schema).iter_errors(answer.json())]
