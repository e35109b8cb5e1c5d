"""What the production settings tell browsers, asked in a process of its own; and how gunicorn reads hostile requests.

Source: OWASP ASVS 5.0.0, chapters 3, 4 and 13.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser

from tests.deployment.answers import ASKED, CANARY, HOST
from vca.settings import BASE_DIR

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'"),
    *("connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"),
}
# A redirect has no content to protect, and leads to where all of it is told.
WITH_CONTENT = sorted({*ASKED, "fault"} - {"page without TLS"})
OVER_TLS = sorted(name for name in (*ASKED, "fault") if "without TLS" not in name)
STATUS = {
    "page": 200,
    "page without TLS": 301,
    "probe": 200,
    "probe without TLS": 200,
    "style": 200,
    "script": 200,
    "drawing": 200,
    "api": 401,
    "api without TLS": 403,
    "schema": 200,
    "nowhere": 404,
    "folder": 404,
    "folder of styles": 404,
    "history": 404,
    "settings": 404,
    "admin": 404,
    "trace": 405,
    "other host": 400,
    "api from another site": 401,
    "form of another site": 403,
    "fault": 500,
}
KINDS = {
    "page": "text/html; charset=utf-8",
    "fault": "text/html; charset=utf-8",
    "api": "application/json",
    "schema": "application/json",
    "probe": "application/json",
    "style": 'text/css; charset="utf-8"',
    "script": 'text/javascript; charset="utf-8"',
    "drawing": "image/svg+xml",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Everything that tests.deployment.answers prints."""
    chosen = {
        "DEBUG": "0",
        "VCA_STATE_DIR": str(tmp_path_factory.mktemp("production")),
        "ALLOWED_HOSTS": HOST,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }
    of_tests = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DOCUMENTS_DIR", "PYTEST_CURRENT_TEST")
    rest = {name: value for name, value in os.environ.items() if name not in of_tests}
    command = [sys.executable, "-m", "tests.deployment.answers"]
    ended = subprocess.run(command, cwd=BASE_DIR, env=rest | chosen, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_every_address_answers_as_it_should(told: dict[str, Any]) -> None:
    """No folder, no history of the source, no admin, no TRACE, no other host, no form of another site."""
    assert {name: answer["status"] for name, answer in told["answers"].items()} == STATUS


@pytest.mark.parametrize("name", WITH_CONTENT)
def test_answer_tells_browsers_how_to_treat_it(told: dict[str, Any], name: str) -> None:
    headers = told["answers"][name]["headers"]
    assert {one: headers.get(one) for one in EVERYWHERE} == EVERYWHERE
    assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
    assert {"Access-Control-Allow-Origin", "Server", "X-Powered-By"} & headers.keys() == set()


@pytest.mark.parametrize("name", OVER_TLS)
def test_answer_over_tls_asks_for_tls_alone_for_a_year(told: dict[str, Any], name: str) -> None:
    told_of_tls = told["answers"][name]["headers"]["Strict-Transport-Security"]
    assert told_of_tls == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize("name", KINDS)
def test_answer_names_its_kind_and_letters(told: dict[str, Any], name: str) -> None:
    assert told["answers"][name]["headers"]["Content-Type"] == KINDS[name]


def test_page_without_tls_leads_to_tls_and_the_api_refuses(told: dict[str, Any]) -> None:
    """A redirect of the API would hide that a token went over the line in the clear."""
    page, api = (told["answers"][name] for name in ("page without TLS", "api without TLS"))
    assert page["headers"]["Location"] == f"https://{HOST}/sign-in/"
    assert ("Location" in api["headers"], json.loads(api["text"])["error"]["code"]) == (False, "TLS")


def test_cookies_are_of_this_host_over_tls_and_not_for_scripts(told: dict[str, Any]) -> None:
    """These two and no others: what people are told lies in the session."""
    kept = {"secure": True, "httponly": True, "samesite": "Lax", "path": "/", "domain": ""}
    assert told["cookies"] == {"__Host-session": kept, "__Host-csrf": kept}


def test_fault_tells_nothing_of_the_inside(told: dict[str, Any]) -> None:
    text = told["answers"]["fault"]["text"]
    inside = (CANARY, "Traceback", "ValueError", "vca/", "django", "SELECT")
    assert (told["debug"], [one for one in inside if one in text]) == (False, [])


def test_passwords_are_hashed_slowly(told: dict[str, Any]) -> None:
    """At least 600,000 rounds. Source: OWASP Password Storage Cheat Sheet; NIST SP 800-132."""
    name, rounds = told["password hash"]
    assert (name, rounds >= 600_000) == ("pbkdf2_sha256", True)


SMUGGLED = {
    "two lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length twice": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "length with a sign": b"Content-Length: +4\r\n\r\nabcd",
    "unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
}


def read(rest: bytes) -> Any:
    """Return a request as gunicorn reads it with the settings of docker-compose.yml, which leave these as shipped."""
    parser = RequestParser(Config(), iter([b"POST / HTTP/1.1\r\nHost: a\r\n" + rest]), ("127.0.0.1", 1))
    return next(parser)


@pytest.mark.parametrize("name", SMUGGLED)
def test_request_whose_end_is_in_doubt_is_refused(name: str) -> None:
    with pytest.raises(ParseException):
        read(SMUGGLED[name])


def test_request_whose_end_is_sure_is_read() -> None:
    """The control."""
    assert read(b"Content-Length: 4\r\n\r\nabcd").body.read() == b"abcd"
