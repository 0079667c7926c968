"""The documents say what is: pages that the code writes are current, and the others name only what exists."""

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from yinyi.app.cli import application
from yinyi.app.describe import diagram, meanings, pages
from yinyi.app.master_key import MASTER_KEY
from yinyi.app.operations import declared_operations
from yinyi.app.settings import PREFIX, Settings
from yinyi.business.payments import model, plan, transitions
from yinyi.interface.rest.server import SIGNATURE_HEADERS
from yinyi.wire.institution import verifies

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SETTINGS = {PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)} | {MASTER_KEY}
TABLES_OF_SETTINGS = ("README.md", "README.zh-CN.md", "docs/operate/settings.md")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pages())
def test_pages_that_the_code_writes_are_current(name: str) -> None:
    """If this fails: ``.venv/bin/yinyi describe``."""
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name]


def test_the_command_writes_them(tmp_path: Path) -> None:
    done = CliRunner().invoke(application("describe"), ["describe", str(tmp_path)])
    assert done.exit_code == 0, done.output
    written = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.*")}
    assert written == pages()


def test_the_diagram_shows_every_change_of_state() -> None:
    shown = {
        (start, event, end)
        for start, end, events in re.findall(r"(\w+) --> (\w+): (.+)", diagram())
        for event in events.split(", ")
    }
    assert shown == {(start, event, end) for start, event, end in transitions.table() if start != end}


def test_what_words_mean_stands_beside_them() -> None:
    """``done`` is the one state that needs no words beyond its own."""
    assert set(transitions.STATES) - meanings(plan, "StepState").keys() == {"done"}
    assert meanings(model, "PaymentState")["closed"] == "undone, and surely nothing was taken"


def test_all_operations_are_declared_in_a_process_that_has_imported_nothing_else() -> None:
    """`yinyi up` is such a process, and writes the bus's permissions."""
    code = "from yinyi.app.operations import declared_operations as d; print(*(each.path for each in d()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [each.path for each in declared_operations()]
    folders = {path.parent.name for path in (ROOT / "src/yinyi/business").glob("*/messages.py")}
    assert folders == {each.domain for each in declared_operations()}


@pytest.mark.parametrize("path", TABLES_OF_SETTINGS)
def test_tables_of_settings_are_complete(path: str) -> None:
    rows = set(re.findall(rf"(?m)^\| `({PREFIX}\w+)` \|", read(path)))
    assert rows == SETTINGS


def test_documents_name_no_setting_that_does_not_exist() -> None:
    documents = [ROOT / "README.md", ROOT / "README.zh-CN.md", *DOCS.rglob("*.md")]
    named = {name for path in documents for name in re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", path.read_text("utf-8"))}
    assert named - SETTINGS == set()


def test_documents_name_no_command_that_does_not_exist() -> None:
    commands = {path.stem.replace("_", "-") for path in (ROOT / "src/yinyi/app/commands").glob("[a-z]*.py")}
    documents = [ROOT / "README.md", ROOT / "README.zh-CN.md", *DOCS.rglob("*.md")]
    named = {
        name
        for path in documents
        for name in re.findall(r"(?:`|\.venv/bin/)yinyi ([a-z][a-z-]*)", path.read_text("utf-8"))
    }
    assert named
    assert named - commands == set()


@pytest.mark.parametrize("path", ["README.md", "README.zh-CN.md"])
def test_readmes_give_every_address(path: str) -> None:
    for address in ("/demo", "/kiosk/", "/api/v1/", "/callbacks/{plugin}", "/healthz", "/metrics"):
        assert f"`{address}`" in read(path)


def test_the_example_signs_as_institutions_have_to() -> None:
    spec = spec_from_file_location("sign_request", DOCS / "integrate/sign_request.py")
    assert spec is not None
    assert spec.loader is not None
    example = module_from_spec(spec)
    spec.loader.exec_module(example)
    body = b'{"number": "7Q4-8XK9"}'
    headers = example.signed_headers("his", "s3cret", "POST", "/api/v1/GetPayment", body)
    given = {name.lower(): text for name, text in headers.items()}
    assert set(given) == set(SIGNATURE_HEADERS)
    institution, timestamp, nonce, signature = (given[name] for name in SIGNATURE_HEADERS)
    assert institution == "his"
    assert verifies("HMAC-SHA256", "s3cret", signature, "POST", "/api/v1/GetPayment", timestamp, nonce, body)
    assert not verifies("HMAC-SHA256", "s3cret", signature, "POST", "/api/v1/GetPayment", timestamp, nonce, body + b" ")


# ---- glossary


def glossary() -> list[list[str]]:
    """(words, 中文, what it is), one for each row."""
    rows = re.findall(r"(?m)^\| (.+?) \| (.+?) \| (.+?) \|$", read("docs/glossary.md"))
    return [list(row) for row in rows if "`" in row[0]]


def test_the_glossary_has_words_of_the_code() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    words = {word for row in glossary() for word in re.findall(r"`([^`]+)`", row[0])}
    assert len(words) > 60
    said = set(re.findall(r"\w+", code))
    missing = [word for word in sorted(words - said) if not re.search(rf"\b{re.escape(word)}\b", code)]
    assert missing == []


def test_the_glossary_has_chinese_beside_each() -> None:
    assert [row for row in glossary() if not re.search(r"[\u4e00-\u9fff]", row[1])] == []


# ---- commands


def test_pictures_of_all_screens_are_made_by_the_command_that_is_named() -> None:
    """Run by itself, it finds all that it needs."""
    [script] = set(re.findall(r"python (tests/journeys/contact_sheet\.py)", read("docs/screens.md")))
    subprocess.run([sys.executable, ROOT / script, "--help"], capture_output=True, check=True, timeout=60)


# ---- decisions


def test_decisions_are_short_and_name_what_enforces_them() -> None:
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [path.name[:4] for path in decisions] == [f"{n:04}" for n in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text("utf-8")
        assert "**Enforced by**" in text, path.name
        assert len(text.split()) < 330, path.name
        assert path.name in read("docs/decisions/README.md")
