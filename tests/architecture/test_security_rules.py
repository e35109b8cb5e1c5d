"""What may not stand in the product, whatever it is for: each rule over every module, and each with a bad sample.

Those of ruff (S, from bandit) and of bandit itself run in ``./run check``; these know the rooms of this house.
"""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.test_style import nodes, serves_pages, sources

PRODUCT = ("vca/", "referrals/", "billing/")
# The one room of each of these; somebody who wants it elsewhere calls that room.
STARTS_PROGRAMS = {"vca/core/typesetting/press.py", "vca/core/uploads/gate.py"}
OPENS_FILES = {
    "vca/core/services/trail.py",
    "vca/core/documents.py",
    "vca/core/management/commands/backup.py",
    "vca/core/management/commands/restore.py",
    "referrals/management/commands/import_referrals.py",
    "billing/management/commands/write_837p.py",
}
ANSWERS_WITH_FILES = {"vca/core/pages.py"}
WRITES_TABLES = {"vca/core/tables.py"}

LISTENS = "vca/serving.py"  # it reads from connections that gunicorn has accepted, and opens none
NETWORK = {"requests", "httpx", "urllib3", "socket", "http", "ftplib", "smtplib", "telnetlib", "xmlrpc", "aiohttp"}
MUTE = {
    "http.HTTPStatus",
    "smtplib.SMTPException",
    "smtplib.SMTPRecipientsRefused",
}  # words of theirs, which speak to nobody
DECLARES_SAFE = {"mark_safe", "SafeString", "SafeText", "html_safe", "SafeData"}
SELECTS = {"filter", "exclude", "get", "Q", "get_object_or_404", "get_or_create", "update_or_create", "order_by"}
SAID_BY_USERS = re.compile(r"\b(request|GET|POST|COOKIES|query_params|cleaned_data|validated_data|data|kwargs)\b")

ENCRYPTS = {"vca/core/crypto.py", "vca/core/services/archive.py"}
WEAK = {"md5", "sha1", "new", "ECB", "CBC", "PKCS1v15", "TripleDES", "ARC4", "Blowfish", "uuid1", "SystemRandom"}
FROM_REQUESTS = re.compile(r"\b(request|GET|POST|query_params|cleaned_data|validated_data)\b")

Check = Callable[[str, str], Iterator[str]]


def called(node: ast.Call) -> str:
    """Return the last name of what is called: ``filter`` of ``rows.filter(...)``."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def calls(text: str) -> Iterator[tuple[str, ast.Call]]:
    for node in nodes(text, ast.Call):
        assert isinstance(node, ast.Call)
        yield called(node), node


def imported(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and whole name of each thing that is imported."""
    for node in nodes(text, ast.Import, ast.ImportFrom):
        module = getattr(node, "module", "")
        for one in node.names:  # type: ignore[attr-defined]
            yield node.lineno, f"{module}.{one.name}" if module else one.name  # type: ignore[attr-defined]


def declared_safe(_: str, text: str) -> Iterator[str]:
    """Text becomes HTML by ``format_html`` and templates alone, which escape."""
    for name, node in calls(text):
        if name in DECLARES_SAFE:
            yield f"line {node.lineno} declares text safe"
    for node in nodes(text, ast.keyword):
        if getattr(node, "arg", "") == "is_safe" and ast.unparse(node.value) == "True":  # type: ignore[attr-defined]
            yield f"line {node.lineno} declares a filter safe"  # type: ignore[attr-defined]


def raw_sql(_: str, text: str) -> Iterator[str]:
    """Rows are asked for by the mapper; no part of a statement is text that was put together."""
    for name, node in calls(text):
        if name in {"raw", "extra", "RawSQL"}:
            yield f"line {node.lineno} calls {name}()"


def words_of_users_as_fields(path: str, text: str) -> Iterator[str]:
    """Which field is compared is never for a user to say: CVE-2025-64459 and its like."""
    for name, node in calls(text):
        spread = [ast.unparse(word.value) for word in node.keywords if word.arg is None]
        spread += [ast.unparse(one.value) for one in node.args if isinstance(one, ast.Starred)]
        if name in SELECTS and any(serves_pages(path) or SAID_BY_USERS.search(one) for one in spread):
            yield f"line {node.lineno}: {name}(**{spread[0]})"


def programs(path: str, text: str) -> Iterator[str]:
    """Programs are started in two rooms, without a shell."""
    for line, name in imported(text):
        if name.partition(".")[0] in {"subprocess", "pty", "multiprocessing"} and path not in STARTS_PROGRAMS:
            yield f"line {line} imports {name}"
    for name, node in calls(text):
        if name in {"system", "popen", "execv", "execve", "spawnl", "spawnv", "fork", "posix_spawn"}:
            yield f"line {node.lineno} calls {name}()"
        if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in node.keywords):
            yield f"line {node.lineno} starts a shell"


def network(path: str, text: str) -> Iterator[str]:
    """What speaks to somebody else stands in a room of gateways; e-mail and Redis go through their libraries."""
    for line, name in imported(text):
        parts = name.split(".")
        speaks = parts[0] in NETWORK or parts[:2] == ["urllib", "request"]
        if speaks and name not in MUTE and "/gateways/" not in path and path != LISTENS:
            yield f"line {line} imports {name}"


def opened_files(path: str, text: str) -> Iterator[str]:
    """Files are opened by the room of documents and by commands, which take a path from whoever runs them."""
    for name, node in calls(text):
        whole = ast.unparse(node.func)
        opens = whole in {"open", "os.open", "io.open"} or name in {"read_text", "write_text", "write_bytes"}
        if opens and path not in OPENS_FILES:
            yield f"line {node.lineno} opens a file"
        if (opens or name == "Path") and any(SAID_BY_USERS.search(ast.unparse(one)) for one in node.args):
            yield f"line {node.lineno} opens what a request names"


def files_as_pages(path: str, text: str) -> Iterator[str]:
    """A file is answered by ``attachment``, under its sandbox."""
    for node in nodes(text, ast.Constant):
        if getattr(node, "value", "") == "Content-Disposition" and path not in ANSWERS_WITH_FILES:
            yield f"line {node.lineno} answers with a file"  # type: ignore[attr-defined]
    for name, node in calls(text):
        if name in {"FileResponse", "StreamingHttpResponse"}:
            yield f"line {node.lineno} answers with {name}"


def tables_of_their_own(path: str, text: str) -> Iterator[str]:
    """A table for a spreadsheet is written where formulas are taken care of."""
    for line, name in imported(text):
        if name.partition(".")[0] in {"csv", "openpyxl", "xlsxwriter"} and path not in WRITES_TABLES:
            yield f"line {line} imports {name}"


def open_doors(_: str, text: str) -> Iterator[str]:
    """No form without its token."""
    for line, name in imported(text):
        if name.endswith("csrf_exempt"):
            yield f"line {line} lets forms in without a token"


def known_cryptography(path: str, text: str) -> Iterator[str]:
    """Ciphers stand in one room and its archive; no weak hash or cipher, and nothing guessable outside of the demo."""
    for line, name in imported(text):
        if name.startswith("cryptography.") and path not in ENCRYPTS:
            yield f"line {line} imports {name}"
        if name.partition(".")[0] == "random" and not path.startswith("vca/demo/"):
            yield f"line {line} imports {name}: what must not be guessed comes from secrets"
        if name.rpartition(".")[2] in WEAK and name.partition(".")[0] in {"hashlib", "cryptography", "uuid", "hmac"}:
            yield f"line {line} imports {name}"
    for name, node in calls(text):
        if name in WEAK and ast.unparse(node.func).partition(".")[0] in {"hashlib", "modes", "padding", "uuid"}:
            yield f"line {node.lineno} calls {name}()"


def code_from_text(_: str, text: str) -> Iterator[str]:
    """Nothing that is read becomes code: no eval, no pickle, no template and no pattern from somebody's words."""
    for line, name in imported(text):
        if name.partition(".")[0] in {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "jinja2"}:
            yield f"line {line} imports {name}"
    for name, node in calls(text):
        whole = ast.unparse(node.func)
        if whole in {"eval", "exec", "compile", "__import__"} or name in {"from_string", "format_map"}:
            yield f"line {node.lineno} calls {whole}()"
        if whole in {"Template", "template.Template", "re.compile"} and any(
            FROM_REQUESTS.search(ast.unparse(one)) for one in node.args if not isinstance(one, ast.Constant)
        ):
            yield f"line {node.lineno} makes a template or pattern of what a request says"


CHECKS: tuple[Check, ...] = (
    known_cryptography,
    code_from_text,
    declared_safe,
    raw_sql,
    words_of_users_as_fields,
    programs,
    network,
    opened_files,
    files_as_pages,
    tables_of_their_own,
    open_doors,
)


@pytest.mark.parametrize("check", CHECKS)
def test_the_product_keeps_the_rule(check: Check) -> None:
    found = [
        f"{path}: {finding}" for path, text in sources() if path.startswith(PRODUCT) for finding in check(path, text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("check", "path", "text", "findings"),
    [
        (declared_safe, "vca/x.py", "def icon() -> SafeString: return format_html('')", 0),
        (declared_safe, "vca/x.py", "return_ = safestring.mark_safe(name)", 1),
        (declared_safe, "vca/x.py", "@register.filter(is_safe=True)\ndef act(): pass", 1),
        (raw_sql, "vca/x.py", "Claim.objects.raw('SELECT 1')", 1),
        (raw_sql, "vca/x.py", "rows.extra(where=['1=1'])", 1),
        (words_of_users_as_fields, "vca/x.py", "rows.filter(**about)", 0),
        (words_of_users_as_fields, "vca/x.py", "rows.filter(**request.GET.dict())", 1),
        (words_of_users_as_fields, "vca/x.py", "Q(**form.cleaned_data)", 1),
        (words_of_users_as_fields, "vca/x.py", "rows.order_by(*request.GET.getlist('by'))", 1),
        (words_of_users_as_fields, "vca/core/views/x.py", "rows.exclude(**about)", 1),
        (programs, "vca/core/typesetting/press.py", "import subprocess\nsubprocess.run(['x'], check=True)", 0),
        (programs, "vca/core/typesetting/press.py", "subprocess.run('x', shell=True)", 1),
        (programs, "vca/x.py", "from subprocess import run", 1),
        (programs, "vca/x.py", "os.system('x')", 1),
        (network, "vca/x.py", "from urllib.parse import urlsplit", 0),
        (network, "vca/x.py", "from urllib.request import urlopen", 1),
        (network, "vca/x.py", "from smtplib import SMTPException", 0),
        (network, "vca/x.py", "from smtplib import SMTP", 1),
        (network, "vca/x.py", "import requests", 1),
        (network, "vca/x.py", "import http.client", 1),
        (network, "billing/gateways/clearinghouse.py", "import socket", 0),
        (network, "vca/serving.py", "import socket", 0),
        (network, "vca/core/serving.py", "import socket", 1),
        (opened_files, "vca/core/documents.py", "open(path)", 0),
        (opened_files, "vca/core/documents.py", "open(request.GET['path'])", 1),
        (opened_files, "vca/x.py", "open('x')", 1),
        (opened_files, "vca/x.py", "Path(request.POST['x'])", 1),
        (files_as_pages, "vca/core/pages.py", "answer['Content-Disposition'] = x", 0),
        (files_as_pages, "vca/x.py", "answer['Content-Disposition'] = x", 1),
        (files_as_pages, "vca/x.py", "FileResponse(x)", 1),
        (tables_of_their_own, "vca/core/tables.py", "import csv", 0),
        (tables_of_their_own, "vca/x.py", "import csv", 1),
        (known_cryptography, "vca/core/crypto.py", "from cryptography.hazmat.primitives import hashes", 0),
        (known_cryptography, "vca/x.py", "from cryptography.hazmat.primitives import hashes", 1),
        (known_cryptography, "vca/x.py", "import hashlib\nhashlib.sha256(b'')", 0),
        (known_cryptography, "vca/x.py", "import hashlib\nhashlib.md5(b'')", 1),
        (known_cryptography, "vca/x.py", "from hashlib import sha1", 1),
        (known_cryptography, "vca/core/crypto.py", "Cipher(x, modes.ECB())", 1),
        (known_cryptography, "vca/demo/x.py", "from random import Random", 0),
        (known_cryptography, "vca/x.py", "import random", 1),
        (known_cryptography, "vca/x.py", "import uuid\nuuid.uuid4()", 0),
        (known_cryptography, "vca/x.py", "import uuid\nuuid.uuid1()", 1),
        (code_from_text, "vca/x.py", "re.compile('a')", 0),
        (code_from_text, "vca/x.py", "re.compile(request.GET['q'])", 1),
        (code_from_text, "vca/x.py", "eval(text)", 1),
        (code_from_text, "vca/x.py", "import pickle", 1),
        (code_from_text, "vca/x.py", "from xml.etree import ElementTree", 1),
        (code_from_text, "vca/x.py", "engine.from_string(text)", 1),
        (open_doors, "vca/x.py", "from django.views.decorators.csrf import csrf_exempt", 1),
    ],
)
def test_a_breach_is_found(check: Check, path: str, text: str, findings: int) -> None:
    assert len(list(check(path, text))) == findings
