"""Every text that people see has both languages, and the catalogue holds nothing else."""

import re
from pathlib import Path

import pytest
from jinja2 import DictLoader

from yinyi.interface.text import inventory
from yinyi.interface.text.catalogue import UntranslatedText, catalogue, read
from yinyi.interface.text.templates import environment

_HOLE = re.compile(r"\{(\w+)\}")
_TAG = re.compile(r"<[^>]*>")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_BETWEEN_TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", re.DOTALL)
_SPOKEN_ATTRIBUTE = re.compile(r'\b(?:aria-label|alt|title|placeholder)="([^"{]*)')
_LANGUAGE_NAMES = {"中文", "English"}
"""A language is always named in itself."""


def templates() -> list[Path]:
    return sorted(inventory.INTERFACES.rglob("*.html"))


def test_every_text_is_translated_and_every_translation_used() -> None:
    assert set(inventory.used()) == set(read(inventory.CHINESE))


def test_translations_keep_what_is_put_in() -> None:
    for english, chinese in read(inventory.CHINESE).items():
        assert sorted(set(_HOLE.findall(chinese))) == sorted(set(_HOLE.findall(english))), english


def test_texts_hold_no_markup_but_bold() -> None:
    for english, chinese in read(inventory.CHINESE).items():
        for text in (english, chinese):
            assert set(_TAG.findall(text)) <= {"<b>", "</b>"}, text
            assert text.count("<b>") == text.count("</b>"), text
            assert not re.search(r"<(?!/?b>)|&", text), text


def test_no_verb_doubles_the_name_of_a_means() -> None:
    """Payers call many means a payment themselves: ``用扫码付付``."""
    for english, chinese in read(inventory.CHINESE).items():
        assert "{app}付" not in chinese, english


def test_each_side_is_in_its_own_language() -> None:
    """Full-width quotes and apostrophes would stand in English lines like Chinese characters."""
    for english, chinese in read(inventory.CHINESE).items():
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef\u2018-\u201d]", english), english
        assert _CHINESE.search(chinese) or not re.search(r"[a-z]{2}", chinese), chinese


@pytest.mark.parametrize("template", templates(), ids=lambda path: path.name)
def test_templates_say_nothing_beside_the_catalogue(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    said = {piece.strip() for piece in _BETWEEN_TAGS.split(source)} | set(_SPOKEN_ATTRIBUTE.findall(source))
    assert not {piece for piece in said if re.search(r"[^\W\d_]{2}", piece)} - _LANGUAGE_NAMES


def test_language_is_compiled_in_and_values_are_escaped() -> None:
    people = '{{ _n("<b>{n}</b> person before you", "<b>{n}</b> people before you", n=count) }}'
    loader = DictLoader({"page": '{{ _("Machine {n}", n=name) }}|' + people})
    english, chinese = (environment(loader, catalogue(language), str, {}) for language in ("en", "zh-CN"))
    said = english.get_template("page").render(name="<script>", count=1)
    assert said == "Machine &lt;script&gt;|<b>1</b> person before you"
    assert english.get_template("page").render(name="3", count=4).endswith("<b>4</b> people before you")
    assert chinese.get_template("page").render(name="03", count=4) == "03 号机|前面还有 <b>4</b> 人"


def test_text_without_translation_does_not_compile() -> None:
    speaking = environment(DictLoader({"page": '{{ _("Nobody wrote this down") }}'}), catalogue("zh-CN"), str, {})
    with pytest.raises(UntranslatedText):
        speaking.get_template("page")
