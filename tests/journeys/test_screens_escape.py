"""Whatever the hospital's data or a card hold, it stays text on the page."""

from html.parser import HTMLParser
from typing import Any, cast

import msgspec
import pytest
from gallery import kiosks
from samples import SAMPLES

from yinyi.interface.journeys.pages import Pages

POISON = """"><script>alert('x')</script><b onclick="x"> '); DROP TABLE patient;--"""
OURS = {"purpose", "drawing", "category_code"}
"""Texts that do not come from outside or are not shown: keys of tables, and a picture drawn here."""


@pytest.fixture(scope="module")
def pages() -> Pages:
    return kiosks()[1]


def poisoned(value: Any) -> Any:
    """The same facts with poison in every text that is not one of a closed list."""
    if isinstance(value, tuple):
        items = cast(tuple[object, ...], value)
        return tuple(poisoned(item) for item in items)
    if not isinstance(value, msgspec.Struct):
        return value
    facts: dict[str, Any] = {}
    for field in msgspec.structs.fields(value):
        fact = getattr(value, field.name)
        is_text = field.type is str and field.name not in OURS
        facts[field.name] = POISON if is_text and fact not in ("", "1") else poisoned(fact)
    return msgspec.structs.replace(value, **facts)


class Skeleton(HTMLParser):
    """Elements and the names of their attributes, in order; not what an icon is drawn of, which a clinic's name
    decides."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self._in_icon = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._in_icon:
            return
        self.found.append((tag, *(name for name, _ in attrs)))
        self._in_icon = tag == "svg" and (dict(attrs).get("class") or "").startswith("i ")

    def handle_endtag(self, tag: str) -> None:
        self._in_icon = self._in_icon and tag != "svg"


def skeleton(page: str) -> list[tuple[str, ...]]:
    parser = Skeleton()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("name", list(SAMPLES))
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_poison_stays_text(pages: Pages, name: str, language: str) -> None:
    view, chrome = SAMPLES[name]
    clean = pages.render(view, msgspec.structs.replace(chrome, language=language)).decode()
    page = pages.render(poisoned(view), msgspec.structs.replace(poisoned(chrome), language=language)).decode()
    assert "&lt;script&gt;" in page
    assert skeleton(page) == skeleton(clean)
