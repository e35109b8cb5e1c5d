"""A browser and a caller of the API, as far as a sweep needs them: over HTTP, behind a proxy that ends TLS.

What the clinic's network sees of them is kept: addresses, where answers lead, and the titles of pages.
"""

import json
import re
from collections.abc import Mapping
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

HOST = "vca.example.org"
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|sent_once)" value="([^"]*)"')
UPLOAD = "canary-boundary"


class Visitor:
    """Somebody who asks one server for one thing after the other."""

    def __init__(self, port: int, *, session: str = "", token: str = "") -> None:
        self._port = port
        self._cookies = {"__Host-session": session} if session else {}
        self._token = token
        self._page, self._text = "/", ""
        self.seen: list[str] = []
        self.answers: list[tuple[str, int]] = []

    def get(self, path: str) -> str:
        """Open a page, and those to which it leads."""
        return self._asked("GET", path)

    def send(self, path: str, fields: Mapping[str, Any], *, file: tuple[str, bytes] | None = None) -> str:
        """Send the form of the page that is open."""
        hidden = {name: unescape(value) for name, value in HIDDEN.findall(self._text)}
        if not file:
            return self._asked("POST", path, urlencode(hidden | dict(fields)).encode(), FORM)
        name, content = file
        parts = [_part(f'name="{key}"', str(value).encode()) for key, value in (hidden | dict(fields)).items()]
        parts.append(_part(f'name="file"; filename="{name}"', content))
        body = b"".join(parts) + f"--{UPLOAD}--\r\n".encode()
        return self._asked("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={UPLOAD}"})

    def call(self, method: str, path: str, said: Mapping[str, Any] | None = None, *, key: str = "") -> Any:
        """Ask the API."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if method != "GET":
            headers["Idempotency-Key"] = key or uuid4().hex
        body = None if said is None else json.dumps(said).encode()
        text = self._asked(method, f"/api/v1/{path}", body, headers)
        return json.loads(text) if text.startswith(("{", "[")) else text

    def _asked(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> str:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        own = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Cookie": cookies}
        referer = {"Referer": f"https://{HOST}{self._page}"}
        connection.request(method, path, body, own | referer | dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        self._note(path, answer, text)
        to = answer.getheader("Location")
        if to and answer.status in (301, 302, 303):
            return self._asked("GET", to)
        if not path.startswith("/api/"):
            self._page, self._text = path, text
        return text

    def _note(self, path: str, answer: Any, text: str) -> None:
        self.answers.append((path, answer.status))
        self.seen += [path, answer.getheader("Location") or "", *TITLE.findall(text)]
        for said in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(said).items():
                self._cookies[name] = morsel.value
                self.seen.append(morsel.value)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _part(what: str, content: bytes) -> bytes:
    return f"--{UPLOAD}\r\nContent-Disposition: form-data; {what}\r\n\r\n".encode() + content + b"\r\n"
