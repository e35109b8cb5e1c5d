"""Nonsense in the environment ends the start with one sentence that says what to write, and repeats no secret."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from vca import environment

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(b"k" * 32).decode()
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
    assert list(environment.field_keys(f"b:{KEY}, a:{KEY}").items()) == [("b", b"k" * 32), ("a", b"k" * 32)]


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
    ],
)
def test_malformed_field_keys_are_refused_by_what_is_wrong(value: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        environment.field_keys(value)


def test_postgresql_is_run_in_this_projects_way() -> None:
    config = environment.database("DATABASE_URL", "postgresql://u:p%40ss@db.example:5433/vca?sslmode=require")

    named = {name: config[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "CONN_MAX_AGE", "OPTIONS")}
    assert named == {
        **{"NAME": "vca", "USER": "u", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": 5433, "CONN_MAX_AGE": 60},
        "OPTIONS": {"sslmode": "require", "connect_timeout": 5},
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


@pytest.mark.parametrize("url", ["", "redis://h:6379/0", "rediss://:p@h"])
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
    sound = {"SECRET_KEY": "s" * 50, "FIELD_KEYS": f"1:{KEY}", "DEBUG": "1", "PATH": os.environ["PATH"]}
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
