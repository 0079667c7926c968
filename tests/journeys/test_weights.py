"""What a page weighs on the line, gzipped, with its styles and scripts; without typefaces: a kiosk has them already."""

import gzip
import re

from gallery import kiosks, rendered
from samples import SAMPLES

from yinyi.interface.assets.assets import Assets

PAGE_BYTES, SCRIPT_BYTES = 150_000, 60_000
_LINKED = re.compile(r'(?:href|src)="(/assets/[^"]+)"')
_IMPORTED = re.compile(r"""(?:from|import)\s*\(?["'](\./[\w.-]+)["']""")


def linked(assets: Assets, html: str) -> set[str]:
    """The addresses of its styles and scripts, with what scripts import in turn."""
    found = {url for url in _LINKED.findall(html) if "/fonts" not in url}
    waiting = [url for url in found if url.endswith(".js")]
    while waiting:
        url = waiting.pop()
        text = assets.file(url).read_text("utf-8")
        beside = {f"{url.rsplit('/', 1)[0]}/{name[2:]}" for name in _IMPORTED.findall(text)}
        waiting += beside - found
        found |= beside
    return found


def packed(assets: Assets, url: str) -> int:
    return len(gzip.compress(assets.file(url).read_bytes(), 9, mtime=0))


def test_pages_are_light() -> None:
    assets, pages = kiosks()
    weights: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name in SAMPLES:
        html = rendered(pages, name)
        urls = linked(assets, html)
        assert [url for url in urls if url.endswith(".css")], name
        sizes |= {url: packed(assets, url) for url in urls if url not in sizes}
        assert sum(size for url, size in sizes.items() if url in urls and url.endswith(".js")) <= SCRIPT_BYTES, name
        weights[name] = len(gzip.compress(html.encode(), 6)) + sum(sizes[url] for url in urls)
    heaviest = max(weights, key=weights.__getitem__)
    assert weights[heaviest] <= PAGE_BYTES, heaviest
    assert any(url.endswith("/kiosk.js") for url in sizes)
    assert any(url.endswith("/idle.js") for url in sizes)  # imported, not linked
