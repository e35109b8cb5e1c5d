"""The papers on security say what is so: every requirement has its answer, and what they tell of the code is true.

Source: OWASP ASVS 5.0.0, levels 1 and 2.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import get_commands
from django.urls import get_resolver

from billing.domain.channels import LARGEST_PROOF
from billing.services.paper_claims import MOST
from referrals.intake.json_reader import LARGEST
from tests.access.scene import patterns
from tests.architecture import security_papers
from tests.architecture.security_papers import (
    NODE,
    OPEN,
    PAPERS,
    ROOT,
    ROWS,
    RULES,
    Row,
    functions_of,
    not_there,
    part,
    rows,
)
from tests.architecture.supply_chain import LOCK, at_work, locked
from tests.architecture.test_security_rules import imported
from tests.architecture.test_settled import PRODUCT, SCRIPTS, TALKS, in_scripts
from tests.architecture.test_style import sources
from vca.core import jobs, sessions, vocabulary
from vca.core.services import people
from vca.core.uploads import gate
from vca.core.uploads.kinds import Kind, Limits
from vca.domain.passwords import WORDS
from vca.domain.sign_in import ACCOUNT, ADDRESS, PAIR

FOUND = rows(ROWS.read_text())
# The numbers of the standard with their levels, in its order; its sentences are not repeated here.
IDS = "3765ed9541ee1523"
# No more than today: who closes one lowers it.
OPEN_AT_MOST = 6
LONGEST_SENTENCE = 100
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_table_holds_every_requirement_once() -> None:
    ids = "\n".join(f"{row.requirement} {row.level}" for row in FOUND)
    assert (len({row.requirement for row in FOUND}), Counter(row.level for row in FOUND)) == (253, {"1": 70, "2": 183})
    assert sha256(ids.encode()).hexdigest()[:16] == IDS


def test_every_row_gives_one_answer() -> None:
    assert [row.requirement for row in FOUND if row.answers != 1] == []


@pytest.mark.parametrize(
    ("row", "answers"),
    [
        (Row("V1.1.1", "1", "x", "", "", ""), 0),
        (Row("V1.1.1", "1", "x", " ", " ", "a remark"), 0),
        (Row("V1.1.1", "1", "x", "", "", OPEN), 0),
        (Row("V1.1.1", "1", "x", "a.py::b", "no XML", ""), 2),
        (Row("V1.1.1", "1", "x", "a.py::b", "", OPEN + "a scanner"), 2),
        (Row("V1.1.1", "1", "x", "", "", OPEN + "a scanner"), 1),
        (Row("V1.1.1", "1", "x", "a.py::b", "", "a remark"), 1),
    ],
)
def test_row_without_one_answer_is_found(row: Row, answers: int) -> None:
    assert row.answers == answers


def test_every_row_says_shortly_what_is_asked() -> None:
    assert [row.requirement for row in FOUND if not 0 < len(row.what) <= LONGEST_SENTENCE] == []


def test_every_named_test_exists_and_runs() -> None:
    assert list(not_there(FOUND)) == []


@pytest.mark.parametrize(
    "node",
    [
        "tests/architecture/test_nowhere.py::test_x",
        "tests/architecture/test_security_papers.py::test_nowhere",
        "nonsense",
    ],
)
def test_test_that_does_not_exist_is_found(node: str) -> None:
    assert list(not_there([replace(FOUND[0], covered_by=node)])) == [f"{FOUND[0].requirement}: {node}"]


def test_test_that_a_note_names_and_that_does_not_exist_is_found() -> None:
    node = "tests/architecture/test_nowhere.py::test_x"
    assert list(not_there([replace(FOUND[0], note=f"{OPEN}more. Part of it: {node}")])) == [
        f"{FOUND[0].requirement}: {node}"
    ]


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("def test_x(): pass", False),
        ("@pytest.mark.skip\ndef test_x(): pass", True),
        ("@pytest.mark.skip(reason='later')\ndef test_x(): pass", True),
        ("@pytest.mark.xfail\ndef test_x(): pass", True),
        ("@pytest.mark.skipif(True, reason='')\ndef test_x(): pass", True),
        ("def test_x():\n    pytest.skip('later')", True),
        ("def test_x():\n    if late:\n        pytest.skip('late')", False),
        ("@pytest.mark.skipif(sys.platform == 'win32', reason='')\ndef test_x(): pass", False),
        ("pytestmark = [pytest.mark.skip]\ndef test_x(): pass", True),
    ],
)
def test_test_that_never_runs_is_found(tmp_path: Path, text: str, skipped: bool) -> None:
    (tmp_path / "test_a.py").write_text(text)
    assert functions_of(tmp_path / "test_a.py") == {"test_x": skipped}
    assert list(not_there([replace(FOUND[0], covered_by="test_a.py::test_x")], tmp_path)) == (
        [f"{FOUND[0].requirement}: test_a.py::test_x"] if skipped else []
    )


def test_no_more_rows_are_open_than_today() -> None:
    assert sum(row.is_open for row in FOUND) <= OPEN_AT_MOST


def with_packages(*names: str) -> Callable[[], list[str]]:
    """Return what finds which of these packages the product runs with."""
    return lambda: sorted(at_work(locked(LOCK.read_text())) & set(names))


def with_imports(*names: str) -> Callable[[], list[str]]:
    """Return what finds which of these modules the product imports."""

    def find() -> list[str]:
        product = ((path, text) for path, text in sources() if path.startswith(PRODUCT))
        return [path for path, text in product for _, name in imported(text) if name.partition(".")[0] in names]

    return find


def spoken(word: str) -> Callable[[], list[str]]:
    return lambda: [line for line in in_scripts(TALKS) if word in line]


def in_templates(word: str) -> Callable[[], list[str]]:
    return lambda: [path.name for path in (ROOT / "templates").rglob("*.html") if word in path.read_text()]


def environment(word: str) -> Callable[[], list[str]]:
    """Return what finds a word in what the environment and the containers say."""
    return lambda: [one for one in ("docker-compose.yml", "vca/environment.py") if word in (ROOT / one).read_text()]


FEDERATES = ("oauthlib", "authlib", "requests-oauthlib", "django-allauth", "pyjwt", "python-jose", "joserfc", "pysaml2")
# Why a requirement does not apply, and what would show that it does after all.
NOT_HERE: dict[str, Callable[[], list[str]]] = {
    "no LDAP": with_packages("ldap3", "python-ldap", "django-auth-ldap"),
    "no XML": with_imports("xml", "lxml", "xmltodict", "defusedxml"),
    "no LaTeX": in_templates("\\documentclass"),
    "no rich text": in_templates("contenteditable"),
    "no SVG from users": lambda: [kind for kind in Kind if "svg" in kind],
    "no markup from users": with_packages("markdown", "mistune", "bleach", "nh3", "docutils"),
    "no JNDI": lambda: [path.name for path in ROOT.rglob("*.java")],
    "no memcache": with_packages("pymemcache", "python-memcached", "pylibmc"),
    "no code that manages memory": with_imports("ctypes", "cffi"),
    "one application on its host": lambda: [one for one in settings.INSTALLED_APPS if "sites" in one or "admin" in one],
    "no postMessage": spoken("postMessage"),
    "no GraphQL": with_packages("graphene", "strawberry-graphql", "ariadne", "graphql-core"),
    "no WebSockets": lambda: [*with_packages("channels", "websockets", "daphne", "uvicorn")(), *spoken("WebSocket")()],
    "no WebRTC": lambda: [*with_packages("aiortc")(), *spoken("RTCPeerConnection")()],
    "no phone or SMS": with_packages("twilio", "vonage", "django-sms", "boto3"),
    "no out-of-band codes": with_packages("twilio", "vonage", "django-sms", "boto3"),
    "no OAuth, OpenID Connect or SAML": with_packages(*FEDERATES),
    "no self-contained token but the offered app secret": lambda: [
        path for path, text in sources() if path.startswith(PRODUCT) and "django.core.signing" in text
    ],
    "no key from a password": lambda: [
        path for path, text in sources() if path.startswith(PRODUCT) and re.search("PBKDF2HMAC|Scrypt", text)
    ],
    "TLS ends at the practice's proxy": environment("certfile"),
    "no client certificates": environment("ca-certs"),
    "no calls to other services": with_packages("requests", "httpx", "aiohttp", "urllib3"),
}


def test_every_reason_is_one_that_is_looked_into() -> None:
    given = {row.not_applicable for row in FOUND if row.not_applicable}
    assert given == NOT_HERE.keys()


@pytest.mark.parametrize("reason", NOT_HERE)
def test_what_does_not_apply_is_not_here(reason: str) -> None:
    assert NOT_HERE[reason]() == []


def test_what_is_here_is_found() -> None:
    """The control, for each way of looking."""
    found = [with_packages("django")(), with_imports("pyotp")(), in_templates("csrf_token")(), environment("redis")()]
    assert [bool(one) for one in found] == [True] * 4
    assert len(SCRIPTS) > 3


WRITTEN = (
    *("2.1.1", "2.1.2", "2.1.3", "5.1.1", "6.1.1", "6.1.2", "6.1.3", "7.1.1", "7.1.2", "8.1.1", "11.1.1", "11.1.2"),
    *("13.1.1", "14.1.1", "14.1.2", "15.1.1", "15.1.3", "16.1.1"),
)


def test_every_paper_that_is_asked_for_has_its_section() -> None:
    heads = re.findall(r"^## .*\((.+)\)$", RULES.read_text(), re.MULTILINE)
    assert sorted(number for head in heads for number in head.split(", ")) == sorted(WRITTEN)


def facts() -> Iterator[str]:
    """Yield what rules.md says of numbers, with the numbers of the code."""
    limits = Limits()
    yield f"JSON (`.json`, `.txt`) | {LARGEST // 1024**2} MB"
    yield f"PDF, PNG, JPEG | {LARGEST_PROOF // 1024**2} MB"
    yield f"{limits.pages} pages, {limits.objects:,} objects and {limits.unpacked // 1024**2} MB unpacked"
    yield f"{limits.pixels:,} pixels, of JSON {limits.values:,} values and {limits.depth} levels"
    yield f"after {PAIR.free} failures, for an account from anywhere after {ACCOUNT.free}, for an address after"
    yield f"address after {ADDRESS.free}: {int(PAIR.delay(PAIR.free).total_seconds())} seconds, doubled"
    yield f"at most {minutes(PAIR.longest)} minutes (for the account {minutes(ACCOUNT.longest)} minute"
    yield f"A password has {settings.AUTH_PASSWORD_VALIDATORS[0]['OPTIONS']['min_length']} characters or more"
    idle, hours = (vocabulary.parameter(name) for name in ("sign-in-idle-minutes", "sign-in-hours"))
    yield f"after {idle.value} minutes without anybody there and {hours.value} hours after it began"
    yield {5: "five"}[minutes(sessions.FRESH_FOR)] + " minutes"
    yield f"{people.RESET_LASTS.days} day, once, kept as a hash (an invitation {people.INVITATION_LASTS.days} days)"
    yield f"{people.TOKEN_LASTS.days} days, revocable"
    yield from (f"{one.name} | {one.value}" for one in vocabulary.parameters() if one.name.startswith("keep-"))
    yield f"PBKDF2-SHA256 with {PBKDF2PasswordHasher.iterations:,} rounds"
    yield f"at most {MOST:,} claims a file"
    yield f"a gigabyte and {gate.PATIENCE} seconds"
    yield f"{settings.EMAIL_TIMEOUT} seconds for the server"
    yield f"lease of {int(jobs.LEASE.total_seconds())} seconds"


def minutes(span: object) -> int:
    return int(span.total_seconds() // 60)  # type: ignore[attr-defined]  # a timedelta


@pytest.mark.parametrize("fact", list(facts()))
def test_paper_says_what_the_code_says(fact: str) -> None:
    assert " ".join(fact.split()) in " ".join(RULES.read_text().split())


def test_words_of_the_paper_are_refused() -> None:
    assert (len(WORDS) > 20, "`WORDS` in `vca/domain/passwords.py`" in RULES.read_text()) == (True, True)


def test_table_of_roles_is_that_of_the_code() -> None:
    """After a change of a vocabulary: ``python -m tests.architecture.security_papers``."""
    assert part(RULES.read_text(), "roles") == security_papers.roles()


def test_limits_of_an_hour_are_those_of_the_paper() -> None:
    """After a change of a vocabulary: ``python -m tests.architecture.security_papers``."""
    assert part(RULES.read_text(), "hourly") == security_papers.hourly()


def test_sealed_fields_are_those_of_the_paper() -> None:
    """After a change of a model: ``python -m tests.architecture.security_papers``."""
    assert part(RULES.read_text(), "sealed") == security_papers.sealed()


# Addresses that somebody reaches who has not signed in; whoever adds one adds it to "Ways in", or says here what it is.
UNGUARDED = {
    *("sign_in", "second_factor", "passkey_sign_in", "passkey_challenge", "accept_invitation"),
    *("sign_out", "stay", "keep_form"),  # of the session itself: they end it, tell of it, keep what was typed
    *("api_schema", "api_unknown"),
}


def test_every_way_in_is_in_the_paper() -> None:
    pages = [one for one in patterns(get_resolver()) if not hasattr(one.callback, "cls")]
    guarded = ("permission", "before_second")
    unguarded = {one.name for one in pages if not any(hasattr(one.callback, name) for name in guarded)}
    assert unguarded == UNGUARDED - {"api_schema", "api_unknown"}
    assert settings.AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]
    assert settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] == [
        "vca.core.api.authentication.TokenAuthentication"
    ]
    ways = part(RULES.read_text(), "ways in")
    assert [
        one for one in ("password", "recovery code", "passkey", "one-time link", "API token") if one not in ways
    ] == []


def test_every_outward_connection_is_in_the_paper() -> None:
    """What speaks to somebody else stands in a room of gateways (test_security_rules); there is none yet."""
    assert [path for path, _ in sources() if path.startswith(PRODUCT) and "/gateways/" in path] == []
    told = part(RULES.read_text(), "connections")
    assert [one for one in ("PostgreSQL", "Redis", "mail server", "proxy") if one not in told] == []


def named_commands(text: str) -> Iterator[str]:
    """Yield commands that a paper names and that do not exist."""
    text = re.sub(r"[ \t]+# .*", "", text)  # remarks on a command
    arms = re.findall(r"^    (?!\*)([a-z|*-]+)\)", (ROOT / "run").read_text(), re.MULTILINE)
    own = {word for arm in arms for word in arm.split("|")}
    managed = re.findall(r"(?:manage\.py|run manage) ([a-z_0-9]+)", text)
    yield from (f"manage {name}" for name in managed if name not in get_commands())
    yield from (f"./run {name}" for name in re.findall(r"\./run ([a-z]+)", text) if name not in own)
    for module in re.findall(r"python -m ((?:tests|benchmarks|vca)[\w.]*\w)", text):
        path = ROOT / module.replace(".", "/")
        if not path.with_suffix(".py").is_file() and not (path / "__main__.py").is_file():
            yield f"-m {module}"
    yield from (one for one in re.findall(r"`(deploy/[\w./-]+)", text) if not (ROOT / one).exists())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_that_a_paper_names_exist(path: Path) -> None:
    assert list(named_commands(path.read_text())) == []


def test_command_that_does_not_exist_is_found() -> None:
    text = "./run manage nonsense; ./run nonsense; python -m tests.nonsense; `deploy/nonsense`; ./run manage backup"
    assert list(named_commands(text)) == ["manage nonsense", "./run nonsense", "-m tests.nonsense", "deploy/nonsense"]


def broken_links(path: Path, text: str) -> list[str]:
    """Return the links to files of ours that lead nowhere."""
    links = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", text)
    return [one for one in links if not (path.parent / one).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_of_a_paper_lead_somewhere(path: Path) -> None:
    assert broken_links(path, path.read_text()) == []


def test_broken_link_is_found() -> None:
    assert broken_links(PAPERS / "rules.md", "[a](nowhere.md) [b](rules.md#x) [c](https://example.org)") == [
        "nowhere.md"
    ]


def test_tests_that_a_paper_names_exist() -> None:
    """Papers may name a test in its whole: ``tests/x/test_y.py::test_z``."""
    told = [(path, node) for path in DOCUMENTS for node in NODE.findall(path.read_text())]
    assert [one for path, node in told for one in not_there([replace(FOUND[0], covered_by=node)])] == []
