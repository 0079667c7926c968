"""``yinyi import``: what it refuses before anybody is asked, and how it reads files."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yinyi.app import former_system
from yinyi.app.cli import application
from yinyi.app.errors import CannotStart
from yinyi.app.former_system import LINE_BYTES, header_of, slices
from yinyi.app.person import NOBODY, Person
from yinyi.business.imports.messages import LINES_AT_ONCE, ImportView
from yinyi.business.imports.model import ImportState
from yinyi.kernel.money import Fen


@pytest.fixture(autouse=True)
def logs_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command sets up the logs of its process, which here is that of all tests."""
    monkeypatch.setattr("yinyi.app.commands.import.set_up_logs", str)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "patients.csv"
    path.write_bytes(content)
    return path


# ---- files


@pytest.mark.parametrize("content", [b"a,b\n1,2\n3,4", b"a,b\r\n1,2\r\n3,4\r\n", b"\xef\xbb\xbfa,b\n1,2\n3,4\n"])
def test_lines_with_whatever_end_and_with_or_without_bom(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    assert header_of(path) == "a,b"
    assert list(slices(path)) == [(2, ["1,2", "3,4"])]


def test_no_file_has_no_header() -> None:
    assert header_of(None) == ""


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\nP1,12.50\r\n", b" \na,b\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_that_is_named_has_a_header(tmp_path: Path, content: bytes) -> None:
    """Or patients would come without their money, unsaid."""
    path = written(tmp_path, content)
    with pytest.raises(CannotStart, match=r"patients\.csv: no header in line 1"):
        header_of(path)
    good = tmp_path / "good.csv"
    good.write_text("patient_no,name\nP1,张明\n")
    done = CliRunner().invoke(
        application("import"), ["import", "propose", "--patients", str(good), "--balances", str(path)]
    )
    assert isinstance(done.exception, CannotStart)


def test_a_request_carries_so_many_lines_and_so_many_bytes(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" + b"x\n" * (LINES_AT_ONCE + 1))
    assert [(first, len(lines)) for first, lines in slices(path)] == [(2, LINES_AT_ONCE), (LINES_AT_ONCE + 2, 1)]
    long = b"\x07" * (LINE_BYTES - 1) + b"\n"
    parts = list(slices(written(tmp_path, b"a\n" + long * 20)))
    assert [first for first, _ in parts] == [2, 10, 18]
    assert sum(len(lines) for _, lines in parts) == 20


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\n" + b"x" * (LINE_BYTES + 1) + b"\n", "line 2: longer than 4000 bytes"),
        (b"a\n" + b"x" * 10 * LINE_BYTES, "line 2: longer than 4000 bytes"),
        ("a\n张明\n".encode("gb18030"), "line 2: not UTF-8"),
    ],
)
def test_what_is_no_text_names_the_line(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        list(slices(written(tmp_path, content)))


def test_a_line_may_be_as_long_as_it_may(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + b"x" * LINE_BYTES + b"\r\n" + b"y" * LINE_BYTES + b"\r\n")
    assert header_of(path) == "x" * LINE_BYTES
    assert list(slices(path)) == [(2, ["y" * LINE_BYTES])]


def test_files_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, b"a\n1\n2\n3\n")
    monkeypatch.setattr(former_system, "MOST_LINES", 3)
    with pytest.raises(CannotStart, match="more than 3 lines"):
        list(slices(path))
    monkeypatch.setattr(former_system, "MOST_BYTES", 7)
    with pytest.raises(CannotStart, match="larger than"):
        header_of(path)
    with pytest.raises(CannotStart, match="not a file"):
        header_of(tmp_path)


# ---- the command line


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check"], "Which files?"),
        (["check", "--patients", "nowhere.csv"], "nowhere.csv is not a file"),
        (["check", "--limit", "much"], "much is no amount"),
        (["confirm"], "Which import?"),
        (["show"], "Which import?"),
        (["withdraw"], "Which import?"),
        (["show", "99"], "99 is no number of an import: yinyi import list says them."),
        (["confirm", "260302-7Q4X8X", "--people", "1", "--accounts", "1", "--total", "1.00"], "--fingerprint"),
        (["confirm", "260302-7Q4X8X", "--people", "1", "--accounts", "1", "--fingerprint", "x"], "--total"),
    ],
)
def test_what_is_missing_is_named(words: list[str], sentence: str) -> None:
    done = CliRunner().invoke(application("import"), ["import", *words])
    assert isinstance(done.exception, CannotStart)
    assert sentence in str(done.exception)


# ---- what it says of an import that waits


class Telling:
    """Says of an import what it is told to, view by view; nobody is asked."""

    def __init__(self, *views: ImportView) -> None:
        self._views = iter(views)

    @asynccontextmanager
    async def __call__(self, settings: object, name: str) -> AsyncGenerator["Telling"]:
        yield self

    async def ask(self, message: object, key: str = "", timeout_s: float = 0, by: Person = NOBODY) -> ImportView:
        return next(self._views)


def seen(state: ImportState, accounts_off: bool = False) -> ImportView:
    return ImportView(
        import_no="260302-7Q4X8X",
        state=state,
        patients=1,
        bindings=0,
        balances=1,
        empty_accounts=0,
        total_fen=Fen(100),
        most_fen=Fen(20_000_00),
        problems=0,
        fingerprint="7Q4X-8XK9-M2PN-0C4T",
        begun_by="operator",
        begun_at=datetime(2026, 3, 2, tzinfo=UTC),
        accounts_off=accounts_off,
    )


CONFIRM = [
    *("confirm", "260302-7Q4X8X", "--staff", "3021", "--people", "1", "--accounts", "1", "--total", "1.00"),
    *("--fingerprint", "x" * 16),
]


def said(monkeypatch: pytest.MonkeyPatch, words: list[str], *views: ImportView) -> str:
    monkeypatch.setattr("yinyi.app.commands.import.as_staff", Telling(*views))
    monkeypatch.setattr("yinyi.app.commands.import._LOOK_EVERY_S", 0)
    done = CliRunner().invoke(application("import"), ["import", *words], input="274163\n")
    assert done.exit_code == 0, done.exception
    return done.output


def test_show_says_why_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "accounts are off" in said(monkeypatch, ["show", "260302-7Q4X8X"], seen("confirmed", accounts_off=True))
    assert "accounts are off" not in said(monkeypatch, ["show", "260302-7Q4X8X"], seen("confirmed"))


def test_confirm_says_once_why_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = [seen("confirmed", accounts_off=True)] * 4
    assert said(monkeypatch, CONFIRM, seen("confirmed"), *waiting, seen("done")).count("accounts are off") == 1
    assert said(monkeypatch, CONFIRM, *[seen("confirmed")] * 90, seen("done")).count("imports.interrupted") == 1
    assert "imports.interrupted" not in said(monkeypatch, CONFIRM, *[seen("confirmed")] * 9, seen("done"))
