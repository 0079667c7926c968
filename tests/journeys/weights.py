"""What each page weighs on the line, gzipped, with its styles and scripts; without typefaces: a kiosk has them already.

``python tests/journeys/weights.py`` prints the heaviest one, and the most that a page has in scripts.
"""

import gzip
import json
import re
from dataclasses import dataclass

from gallery import kiosks, rendered
from samples import SAMPLES

from yinyi.interface.assets.assets import Assets

_LINKED = re.compile(r'(?:href|src)="(/assets/[^"]+)"')
_IMPORTED = re.compile(r"""(?:from|import)\s*\(?["'](\./[\w.-]+)["']""")


@dataclass(frozen=True)
class Weight:
    """whole_bytes: the page with all that it links; script_bytes: of its scripts alone."""

    whole_bytes: int
    script_bytes: int
    urls: frozenset[str]


def weights() -> dict[str, Weight]:
    """Of every page, by its name."""
    assets, pages = kiosks()
    sizes: dict[str, int] = {}
    found: dict[str, Weight] = {}
    for name in SAMPLES:
        html = rendered(pages, name)
        urls = linked(assets, html)
        sizes |= {url: packed(assets, url) for url in urls if url not in sizes}
        scripts = sum(sizes[url] for url in urls if url.endswith(".js"))
        whole = len(gzip.compress(html.encode(), 6)) + sum(sizes[url] for url in urls)
        found[name] = Weight(whole, scripts, frozenset(urls))
    return found


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


def main() -> None:
    found = weights()
    heaviest = max(found, key=lambda name: found[name].whole_bytes)
    told = {
        "heaviest_page": heaviest,
        "heaviest_page_bytes": found[heaviest].whole_bytes,
        "heaviest_scripts_bytes": max(each.script_bytes for each in found.values()),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
