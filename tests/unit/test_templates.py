"""Templates become one function each while they are compiled; what is missing or misused is found then."""

from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from jinja2 import DictLoader, Environment, Template, TemplateAssertionError, TemplateNotFound, UndefinedError
from markupsafe import Markup

from yinyi.interface.text.catalogue import catalogue
from yinyi.interface.text.kept import MOST, Pieces
from yinyi.interface.text.templates import environment

URLS = {"a.css": "/assets/a.css"}
NAMES: Mapping[str, object] = {
    "asset": URLS.__getitem__,
    "paths": SimpleNamespace(home="/kiosk/", doctor="/doctor/{}".format),
    "word": SimpleNamespace(title={"chief": "Chief <1>"}),
    "sprite": "<svg/>",
}
BLOCKS = "{% block main %}usual{% block inner %}{% endblock %}{% endblock %}"
LAYOUT = '{% set art = art | default("none") %}[{{ art }}|' + BLOCKS + "]"


def speaking(**templates: str) -> Environment:
    return environment(DictLoader(templates), catalogue("en"), str, NAMES)


def compiled(**templates: str) -> Template:
    return speaking(**templates).get_template("page")


def test_an_include_in_a_loop_sees_the_loop() -> None:
    page = compiled(
        page="{% for d in rows %}{% include 'row' %}{% endfor %}", row="{{ loop.index0 }}{{ d }}{{ more }};"
    )
    assert page.render(rows="ab", more="!") == "0a!;1b!;"


def test_what_an_include_sets_stays_in_it() -> None:
    row = "{% set kind = kind ~ d %}{{ kind }}"
    page = compiled(page="{% set kind = 'k' %}{% for d in 'ab' %}{% include 'row' %}{% endfor %}|{{ kind }}", row=row)
    assert page.render() == "kakb|k"
    with pytest.raises(UndefinedError):
        compiled(page="{% include 'row' %}{{ kind }}", row="{% set kind = 1 %}").render()


def test_an_include_of_an_include_and_twice_the_same() -> None:
    page = compiled(
        page="{% include 'a' %}{% include 'b' %}", a="a{% include 'b' %}", b="{% if x %}{{ x }}{% endif %}b"
    )
    assert page.render(x="<") == "a&lt;b&lt;b"


def test_a_page_fills_the_blocks_of_its_layout() -> None:
    page = compiled(
        page="{% extends 'layout' %}{% set art = 'hills' %}{% block main %}mine{% endblock %}", layout=LAYOUT
    )
    assert page.render() == "[hills|mine]"


def test_pages_of_one_layout_do_not_change_each_other() -> None:
    inner = "{% extends 'layout' %}{% block inner %} and {{ x }}{% endblock %}"
    house = speaking(first=inner, second="{% extends 'layout' %}{% set x = 5 %}", layout=LAYOUT)
    drawn = [house.get_template(name).render(x="x") for name in ("first", "second", "layout", "first")]
    assert drawn == ["[none|usual and x]", "[none|usual]", "[none|usual]", "[none|usual and x]"]


def test_what_a_block_sets_stays_in_it() -> None:
    layout = "{% set x = 1 %}{% block a %}{% endblock %}{{ x }}"
    assert (
        compiled(page="{% extends 'layout' %}{% block a %}{% set x = 2 %}{{ x }}{% endblock %}", layout=layout).render()
        == "21"
    )


def test_a_block_is_caught_once_and_said_twice() -> None:
    layout = "{% set asked %}{% block ask %}{% endblock %}{% endset %}<title>{{ asked | striptags }}</title>{{ asked }}"
    page = compiled(page="{% extends 'layout' %}{% block ask %}<b>{{ x }}</b>{% endblock %}", layout=layout)
    assert page.render(x="<&>") == "<title>&lt;&amp;&gt;</title><b>&lt;&amp;&gt;</b>"


def test_constants_are_worked_out_and_escaped() -> None:
    source = "{{ asset('a.css') }} {{ paths.home }} {{ paths.doctor('<') }} {{ sprite | safe }} {{ sprite }}"
    assert compiled(page=source).render() == "/assets/a.css /kiosk/ /doctor/&lt; <svg/> &lt;svg/&gt;"


@pytest.mark.parametrize(
    ("value", "said"),
    [("<&>\"'", "&lt;&amp;&gt;&#34;&#39;"), (7, "7"), (None, "None"), (True, "True"), (Markup("<b>"), "<b>")],
)
def test_what_depends_on_the_page_is_escaped(value: object, said: str) -> None:
    assert compiled(page="{{ x }}").render(x=value) == said


def test_functions_and_tables_escape_too() -> None:
    page = compiled(page="{{ paths.doctor(x) }} {{ word.title[y] }}")
    assert page.render(x="<", y="chief") == "/doctor/&lt; Chief &lt;1&gt;"


@pytest.mark.parametrize("source", ["{{ x }}", "{{ x.y }}", "{{ x() }}", "{% for y in x %}{% endfor %}", "{{ x + 1 }}"])
def test_what_is_undefined_is_refused(source: str) -> None:
    with pytest.raises(UndefinedError):
        compiled(page=source).render()


def test_of_a_struct_only_attributes_are_seen() -> None:
    with pytest.raises(AttributeError):
        compiled(page="{{ x.y }}").render(x={"y": 1})


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("{% include 'nowhere' %}", TemplateNotFound),
        ("{% extends 'nowhere' %}", TemplateNotFound),
        ("{{ asset('b.css') }}", KeyError),
        ("{{ paths.nowhere }}", AttributeError),
        ("{% set paths = 1 %}", TemplateAssertionError),
        ("{% for paths in 'ab' %}{% endfor %}", TemplateAssertionError),
        ("{% include 'block' %}", TemplateAssertionError),
        ("{% include 'layout' ignore missing %}", TemplateAssertionError),
        ("{% include x %}", TemplateAssertionError),
        ("{% extends 'layout' %}{% block nowhere %}{% endblock %}", TemplateAssertionError),
        ("{% extends 'layout' %}{% if x %}{% endif %}", TemplateAssertionError),
        ("{% extends 'layout' %}{% block main %}{{ super() }}{% endblock %}", TemplateAssertionError),
        ("{{ self.main() }}", TemplateAssertionError),
        ("{{ x(*y) }}", TemplateAssertionError),
    ],
)
def test_what_is_wrong_does_not_compile(page: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        compiled(page=page, layout=LAYOUT, block="{% block main %}{% endblock %}")


def test_the_failure_names_the_template() -> None:
    with pytest.raises(KeyError) as failure:
        compiled(page="{% include 'row' %}", row="{{ asset('b.css') }}")
    assert failure.value.__notes__ == ["in the template row", "in the template page"]


def test_a_piece_is_written_once() -> None:
    seen: list[str] = []

    def said(row: str) -> str:
        seen.append(row)
        return row

    page = environment(
        DictLoader({"page": "{% for d in rows %}{% kept d %}[{{ said(d) }}]{% endkept %}{% endfor %}"}),
        catalogue("en"),
        str,
        {"said": said},
    ).get_template("page")
    assert page.render(rows="aba<") == "[a][b][a][&lt;]"
    assert page.render(rows="<b") == "[&lt;][b]"
    assert seen == ["a", "b", "<"]


def test_pieces_with_other_values_and_at_other_places_are_other_pieces() -> None:
    rows = "{% for d in rows %}{% kept d, more %}{{ d }}{{ more }} {% endkept %}{% endfor %}"
    twice = "{% kept more %}{% include 'row' %}{% endkept %}{% kept more %}{{ more }}{% endkept %}"
    page = compiled(page=rows + twice, row="{% set x = more * 2 %}{{ x }}|")
    assert page.render(rows="ab", more=1) == "a1 b1 2|1"
    assert page.render(rows="ab", more=2) == "a2 b2 4|2"


@pytest.mark.parametrize("body", ["{{ d }}{{ v }}", "{% if v %}{% endif %}", "{% include 'row' %}", "{{ loop.index }}"])
def test_a_piece_says_nothing_that_it_is_not_kept_by(body: str) -> None:
    with pytest.raises(TemplateAssertionError, match="says more than it is kept by"):
        compiled(
            page="{% for d in rows %}{% kept d %}" + body + "{% endkept %}{% endfor %}", row="{{ paths.doctor(v) }}"
        )


def test_no_more_pieces_than_there_is_room_for() -> None:
    pieces = Pieces()
    for n in range(MOST + 2):
        pieces.keep(n, "")
    assert len(pieces) == MOST
    assert next(iter(pieces)) == 2
