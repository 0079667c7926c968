"""Static files: gathered once, named after what is in them, served for ever, never anything else."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from fontTools.ttLib import TTFont
from starlette.applications import Starlette

from yinyi.interface import kiosk
from yinyi.interface.assets import fallback, trees
from yinyi.interface.assets.assets import PRINT_FACE, PRINT_FONT, WEB_FONT, Assets, gather
from yinyi.interface.assets.icons import ICONS

PROJECT = Path(__file__).parents[2]
SKIN = Path(next(iter(kiosk.__path__))) / "static"
MODULES = PROJECT / "node_modules"
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def assets() -> Assets:
    return gather(PROJECT, {"kiosk": SKIN})


def fetched(assets: Assets, url: str, accept_encoding: str = "gzip") -> httpx.Response:
    async def fetch() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=[assets.route()]))
        async with httpx.AsyncClient(transport=transport, base_url="http://kiosk") as client:
            return await client.get(url, headers={"accept-encoding": accept_encoding})

    return asyncio.run(fetch())


def points_of(font: Path) -> set[int]:
    with TTFont(font, lazy=True) as opened:
        return set(opened.getBestCmap() or {})


@pytest.mark.parametrize(
    "name", ["kiosk/tokens.css", "kiosk/kiosk.js", "vendor/htmx.js", "vendor/sse.js", "fonts/fonts.css"]
)
def test_file_is_kept_for_ever_and_comes_packed(assets: Assets, name: str) -> None:
    answer = fetched(assets, assets.url(name))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-encoding"] == "gzip"
    plain = fetched(assets, assets.url(name), "identity")
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text


def test_nothing_else_is_served(assets: Assets) -> None:
    folder = assets.url("kiosk/tokens.css").rsplit("/", 1)[0]
    for path in (
        f"{folder}/../../../pyproject.toml",
        f"{folder}/tokens.css.gz",
        f"{folder}/",
        "/assets/kiosk/tokens.css",
    ):
        assert fetched(assets, path).status_code == 404


def test_another_content_has_another_address(tmp_path: Path) -> None:
    skin = tmp_path / "skin"
    skin.mkdir()
    (skin / "a.css").write_text("a{}")
    first = trees.digest_of_folder(skin)
    assert trees.digest_of_folder(skin) == first
    (skin / "a.css").write_text("b{}")
    assert trees.digest_of_folder(skin) != first


def test_a_tree_is_filled_once(tmp_path: Path) -> None:
    filled: list[Path] = []

    def fill(into: Path) -> None:
        filled.append(into)
        (into / "a.css").write_text("a{}")

    assert trees.tree(tmp_path, "skin", "1", fill) == trees.tree(tmp_path, "skin", "1", fill)
    assert len(filled) == 1
    assert {path.name for path in (tmp_path / "skin-1").iterdir()} == {"a.css", "a.css.gz"}


def test_a_fill_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fill(into: Path) -> None:
        raise FileNotFoundError(into)

    with pytest.raises(FileNotFoundError):
        trees.tree(tmp_path, "skin", "1", fill)
    assert not list(tmp_path.iterdir())


def test_fallback_covers_what_only_the_print_font_has(tmp_path: Path) -> None:
    """One slice is cut here; that all of them are declared, the style sheet of the tree shows."""
    print_font = MODULES / PRINT_FONT / PRINT_FACE
    has = points_of(print_font)
    wanted = {ord(character) for character in "䶮㛃𠅤"}
    web = fallback.declared((MODULES / WEB_FONT / "unicode.json").read_bytes())
    assert wanted <= has
    assert not wanted & web
    css = fallback.cut(print_font, has - wanted, tmp_path)
    assert css.count("@font-face") == 1
    assert "U+36c3,U+4dae,U+20164" in css
    assert points_of(tmp_path / "rare-0.ttf") == wanted


def test_declared_fallback_and_web_font_together_cover_the_print_font(assets: Assets) -> None:
    has = points_of(MODULES / PRINT_FONT / PRINT_FACE)
    css = fetched(assets, assets.url("fonts/fonts.css")).text
    rare = [rule for rule in css.split("@font-face") if fallback.FAMILY in rule]
    ranges = (rule.split("unicode-range:")[1].split("}")[0] for rule in rare)
    declared = fallback.declared(b"{%s}" % ",".join(f'"{n}":"{listed}"' for n, listed in enumerate(ranges)).encode())
    assert declared | fallback.declared((MODULES / WEB_FONT / "unicode.json").read_bytes()) >= has


def test_every_icon_is_drawn_where_it_stands_and_in_the_sprite(assets: Assets) -> None:
    assert assets.icons.sprite.count("<symbol ") == len(ICONS) == len(set(ICONS))
    for name in ICONS:
        drawn = ElementTree.fromstring(assets.icons.draw(name))
        assert drawn.attrib["viewBox"] == "0 0 24 24"
        assert len(drawn), name


def test_an_icon_that_is_not_there_is_refused(assets: Assets) -> None:
    with pytest.raises(ValueError, match="no icon 'unicorn'"):
        assets.icons.draw("unicorn")
