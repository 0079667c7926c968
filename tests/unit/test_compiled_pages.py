"""Compiled templates are kept from start to start, and made anew when anything that goes into them has changed."""

from pathlib import Path

from jinja2 import DictLoader

from yinyi.interface.text.catalogue import catalogue
from yinyi.interface.text.compiled import Compiled
from yinyi.interface.text.templates import environment

NAME = "page.html"


def icon(name: str) -> str:
    return f"<svg>{name}</svg>"


def rendered(folder: Path, source: str, greeting: str, made_of: bytes) -> str:
    kept = Compiled(folder, "en", [made_of])
    speaking = environment(DictLoader({NAME: source}), catalogue("en"), icon, {"greeting": greeting}, kept)
    return speaking.get_template(NAME).render()


def test_what_was_compiled_is_used_again(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ greeting }}!", "Hello", b"1") == "Hello!"
    assert len(list(tmp_path.glob("en-*.cache"))) == 1
    assert rendered(tmp_path, "{{ greeting }}!", "not asked for", b"1") == "Hello!"


def test_what_has_changed_is_compiled_anew(tmp_path: Path) -> None:
    rendered(tmp_path, "{{ greeting }}!", "Hello", b"1")
    assert rendered(tmp_path, "{{ greeting }}!", "Good day", b"2") == "Good day!"
    assert rendered(tmp_path, "{{ greeting }}?", "Good day", b"2") == "Good day?"


def test_what_is_broken_or_cannot_be_kept_is_compiled_all_the_same(tmp_path: Path) -> None:
    rendered(tmp_path, "{{ greeting }}!", "Hello", b"1")
    for file in tmp_path.glob("*.cache"):
        file.write_bytes(file.read_bytes()[:20])
    assert rendered(tmp_path, "{{ greeting }}!", "Hello", b"1") == "Hello!"
    nowhere = tmp_path / "file"
    nowhere.touch()
    assert rendered(nowhere, "{{ greeting }}!", "Hello", b"1") == "Hello!"
