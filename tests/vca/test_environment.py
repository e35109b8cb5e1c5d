"""Nonsense in the environment ends the start with one sentence that says what to write, and repeats no secret."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from vca import environment

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()
SECRET = "0123456789abcdef" * 4
SHORT = base64.b64encode(b"k" * 16).decode()


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize(
    ("value", "on"),
    [("1", True), ("TRUE", True), (" on ", True), ("0", False), ("No", False), ("off", False), ("", None), (" ", None)],
)
def test_switch_is_on_off_or_its_default(value: str, on: bool | None, default: bool) -> None:
    assert environment.switch("DEBUG", value, default=default) is (default if on is None else on)


@pytest.mark.parametrize("value", ["maybe", "2", "-1", "yes no", "None"])
def test_switch_that_is_neither_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"DEBUG is neither on nor off. Write DEBUG=1 or DEBUG=0\."):
        environment.switch("DEBUG", value, default=False)


def test_field_keys_are_read_in_their_order() -> None:
    assert list(environment.field_keys(f"b:{KEY}, a:{OTHER}").items()) == [("b", b"k" * 32), ("a", b"o" * 32)]


def test_index_key_is_read() -> None:
    assert environment.index_key(KEY, apart_from=[b"o" * 32]) == b"k" * 32


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "INDEX_KEY is not set"),
        ("not base64", "INDEX_KEY is not base64"),
        (SHORT, "INDEX_KEY has 16 bytes; a key has 32"),
        (OTHER, "INDEX_KEY is one of FIELD_KEYS"),
    ],
)
def test_malformed_index_key_is_refused_by_what_is_wrong(value: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        environment.index_key(value, apart_from=[b"o" * 32])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (KEY, "lacks its id or its key"),
        (f":{KEY}", "lacks its id or its key"),
        ("1:", "lacks its id or its key"),
        (f"1:{KEY},", "lacks its id or its key"),
        (f"1:{KEY},1:{KEY}", "names one id twice"),
        ("1:not base64", "key 1 is not base64"),
        (f"1:{KEY},2:{KEY[:-3]}", "key 2 is not base64"),
        (f"1:{SHORT}", "key 1 has 16 bytes; a key has 32"),
        (f"1:{KEY},2:{KEY}", "one key under two ids"),
        (f"a%:{KEY}", "an id has 1 to 20 letters and digits"),
        (f"{'a' * 21}:{KEY}", "an id has 1 to 20 letters and digits"),
    ],
)
def test_malformed_field_keys_are_refused_by_what_is_wrong(value: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        environment.field_keys(value)


def test_postgresql_is_run_in_this_projects_way() -> None:
    config = environment.database("DATABASE_URL", "postgresql://u:p%40ss@db.example:5433/vca?sslmode=verify-full")

    named = {name: config[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "CONN_MAX_AGE", "OPTIONS")}
    assert named == {
        **{"NAME": "vca", "USER": "u", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": 5433, "CONN_MAX_AGE": 60},
        "OPTIONS": {"sslmode": "verify-full", "connect_timeout": 5},
    }


def test_sqlite_is_run_in_this_projects_way(tmp_path: Path) -> None:
    config = environment.database("DATABASE_URL", f"sqlite:///{tmp_path}/vca.sqlite3")

    assert (config["NAME"], config["OPTIONS"]) == (f"{tmp_path}/vca.sqlite3", environment.SQLITE_OPTIONS)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://u:secret@h/vca", "cannot be read"),
        ("postgresql://u:secret@h:port/vca", "cannot be read"),
        ("postgresql://u:secret@h:99999/vca", "cannot be read"),
        ("postgresql://u:secret@[h/vca", "cannot be read"),
        ("postgresql://u:sec/ret@h/vca", "cannot be read"),
        ("postgresql://u:secret@h", "names no database"),
        ("postgresql://u:secret@h/", "names no database"),
    ],
)
def test_malformed_database_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said) as refusal:
        environment.database("DATABASE_URL", url)

    assert "secret" not in str(refusal.value)


NEAR = ["h", "localhost", "127.0.0.1", "[::1]"]
FAR = ["db.example", "10.0.0.7", "[fd00::7]"]


@pytest.mark.parametrize("host", NEAR)
def test_what_stays_on_this_machine_may_go_unencrypted(host: str) -> None:
    assert environment.database("DATABASE_URL", f"postgresql://u:p@{host}/vca")["NAME"] == "vca"
    assert environment.broker("REDIS_URL", f"redis://:p@{host}:6379/0")
    assert environment.email("EMAIL_URL", f"smtp://{host}:25")["EMAIL_PORT"] == 25


@pytest.mark.parametrize("host", FAR)
@pytest.mark.parametrize(
    ("judge", "url", "said"),
    [
        (environment.database, "postgresql://u:secret@{}/vca", "sslmode=verify-full"),
        (environment.database, "postgresql://u:secret@{}/vca?sslmode=require", "sslmode=verify-full"),
        (environment.broker, "redis://:secret@{}:6379/0", "rediss://"),
        (environment.broker, "rediss://:secret@{}:6379/0", "ssl_cert_reqs=required"),
        (environment.broker, "rediss://:secret@{}:6379/0?ssl_cert_reqs=none", "ssl_cert_reqs=required"),
        (environment.email, "smtp://u:secret@{}:25", r"smtp\+tls://"),
    ],
)
def test_what_goes_to_another_machine_is_encrypted_and_proved(judge: Any, url: str, said: str, host: str) -> None:
    """Celery takes any certificate where the address does not ask for a good one."""
    with pytest.raises(ImproperlyConfigured, match=said) as refusal:
        judge("VARIABLE", url.format(host))

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["", "redis://h:6379/0", "rediss://:p@h?ssl_cert_reqs=required"])
def test_broker_is_taken_as_it_is(url: str) -> None:
    assert environment.broker("REDIS_URL", url) == url


@pytest.mark.parametrize("url", ["localhost:6379", "http://h", "redis://h:x", "redis://", "redis:///0"])
def test_malformed_broker_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        environment.broker("REDIS_URL", url)


def test_email_is_read() -> None:
    assert environment.email("EMAIL_URL", "smtp+tls://u:p@mail.example:587")["EMAIL_USE_TLS"] is True


@pytest.mark.parametrize("url", ["mail.example", "imap://mail.example", "smtp://mail.example:x"])
def test_malformed_email_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL cannot be read"):
        environment.email("EMAIL_URL", url)


@pytest.mark.parametrize("below", ["", "missing", "missing/deeper"])
def test_folder_may_be_missing_where_it_can_be_made(tmp_path: Path, below: str) -> None:
    assert environment.writable_folder("DOCUMENTS_DIR", tmp_path / below) == tmp_path / below


def test_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match=r"DOCUMENTS_DIR: .* cannot be written"):
        environment.writable_folder("DOCUMENTS_DIR", tmp_path / "file" / "documents")


def test_folder_that_is_read_only_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)

    with pytest.raises(ImproperlyConfigured, match="cannot be written"):
        environment.writable_folder("DOCUMENTS_DIR", tmp_path)


def start(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project in an environment that is sound but for the changes."""
    sound = {
        "SECRET_KEY": SECRET,
        "FIELD_KEYS": f"1:{KEY}",
        "INDEX_KEY": OTHER,
        "DEBUG": "1",
        "PATH": os.environ["PATH"],
    }
    return subprocess.run(command, cwd=ROOT, env=sound | changes, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("SECRET_KEY", "short"),
        ("FIELD_KEYS", "1:x"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "nonsense"),
        ("EMAIL_URL", "nonsense"),
        ("DOCUMENTS_DIR", "/dev/null/documents"),
    ],
)
def test_command_ends_with_one_sentence_that_names_the_variable(tmp_path: Path, name: str, value: str) -> None:
    ended = start(sys.executable, "manage.py", "check", VCA_STATE_DIR=str(tmp_path), **{name: value})

    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)
    assert name in ended.stderr


UNSAFE = [
    ({"SECRET_KEY": "s" * 64}, "SECRET_KEY can be guessed"),
    ({"SECRET_KEY": f"django-insecure-{SECRET}"}, "SECRET_KEY can be guessed"),
    ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    ({"FIELD_KEYS": ""}, "FIELD_KEYS is not set"),
    ({"INDEX_KEY": ""}, "INDEX_KEY is not set"),
    ({"INDEX_KEY": KEY}, "INDEX_KEY is one of FIELD_KEYS"),
    ({"ALLOWED_HOSTS": "vca.example.org,*"}, "ALLOWED_HOSTS holds a name that stands for any"),
    ({"ALLOWED_HOSTS": "."}, "ALLOWED_HOSTS holds a name that stands for any"),
    ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty"),
    ({"SITE_URL": "http://vca.example.org"}, "SITE_URL begins with http"),
]
PRODUCTION = {"DEBUG": "0", "ALLOWED_HOSTS": "vca.example.org"}


@pytest.mark.parametrize(("changes", "said"), UNSAFE)
def test_unsafe_settings_end_the_start_in_production(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    ended = start(sys.executable, "manage.py", "check", **PRODUCTION | {"VCA_STATE_DIR": str(tmp_path)} | changes)

    assert (ended.returncode, said in ended.stderr, len(ended.stderr.splitlines())) == (1, True, 1)


def test_settings_of_production_pass_every_check_of_django(tmp_path: Path) -> None:
    deploy = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    ended = start(sys.executable, *deploy, **PRODUCTION, VCA_STATE_DIR=str(tmp_path))

    assert (ended.returncode, ended.stderr) == (0, "")


def test_settings_without_tls_would_not_pass(tmp_path: Path) -> None:
    deploy = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    ended = start(sys.executable, *deploy, **PRODUCTION, VCA_STATE_DIR=str(tmp_path), SECURE_SSL_REDIRECT="0")

    assert (ended.returncode, "security.W008" in ended.stderr) == (1, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SESSION_COOKIE_SECURE", True), ("CSRF_COOKIE_SECURE", True), ("SESSION_COOKIE_HTTPONLY", True)),
        *(("SESSION_COOKIE_NAME", "__Host-session"), ("CSRF_COOKIE_NAME", "__Host-csrf"), ("DEBUG", False)),
        *(("SECURE_HSTS_SECONDS", 365 * 24 * 60 * 60), ("SECURE_SSL_REDIRECT", True)),
    ],
)
def test_setting_of_production_is(tmp_path: Path, name: str, value: object) -> None:
    say = f"from vca import settings; print(repr(settings.{name}))"

    ended = start(sys.executable, "-c", say, **PRODUCTION, VCA_STATE_DIR=str(tmp_path))

    assert ended.stdout == f"{value!r}\n"


def test_sound_settings_start_without_a_word(tmp_path: Path) -> None:
    ended = start(sys.executable, "-W", "always", "-c", SERVE, VCA_STATE_DIR=str(tmp_path))

    assert (ended.returncode, ended.stderr) == (0, "")


SERVE = "import vca.wsgi"


@pytest.mark.parametrize(
    ("changes", "debug"),
    [
        ({}, True),
        ({"DATABASE_URL": "postgresql://u:p@h/vca"}, False),
        ({"DATABASE_URL": "postgresql://u:p@h/vca", "DEBUG": "1"}, True),
        ({"DEBUG": "0"}, False),
    ],
)
def test_debug_is_off_where_a_database_is_named(tmp_path: Path, changes: dict[str, str], debug: bool) -> None:
    say = "from vca import settings; print(settings.DEBUG)"

    ended = start(sys.executable, "-c", say, **{"DEBUG": "", "VCA_STATE_DIR": str(tmp_path)} | changes)

    assert ended.stdout == f"{debug}\n"


@pytest.mark.parametrize("word", ["help", "-h", "--help"])
def test_run_tells_its_commands(word: str) -> None:
    ended = start("./run", word)

    assert (ended.returncode, ended.stdout.splitlines()[0][:5], ended.stderr) == (0, "./run", "")


def test_run_says_that_its_folder_cannot_be_written() -> None:
    ended = start("./run", "check", VCA_STATE_DIR="/dev/null/var")

    assert (ended.returncode, ended.stderr.splitlines()) == (
        1,
        [
            "The folder /dev/null/var cannot be written. Let this user write there, or name another: "
            "VCA_STATE_DIR=/elsewhere ./run"
        ],
    )
