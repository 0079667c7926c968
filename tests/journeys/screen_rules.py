"""The rules that every page keeps, measured in a real browser (docs: the kiosk's numbers). Any journey test may use
them on whatever it has on its screen: ``assert not broken_rules(page)``.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

PROJECT = Path(__file__).parents[2]
AXE = (PROJECT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
MEASURE = Path(__file__).with_name("screen_rules.js").read_text(encoding="utf-8")
PHONE_PX = 600
PANEL_PX = 1000
"""Less is a smaller panel, all of which is within reach."""
OVERTAKEN = ("htmx:sendAbort", "htmx:afterRequest")
"""What htmx calls errors when a press overtakes news (hx-sync), as it shall. One that fails says sendError too."""
_WHOLE = {
    "contrastRatio": {
        "normal": {"expected": 7, "minThreshold": False},
        "large": {"expected": 4.5, "minThreshold": False},
    }
}
AXE_OPTIONS = {
    "rules": {"color-contrast-enhanced": {"enabled": True}, "color-contrast": {"enabled": False}},
    "checks": {"color-contrast-enhanced": {"options": _WHOLE}},
    "resultTypes": ["violations", "incomplete"],
    "selectors": False,
    "preload": False,
}
"""The stricter rule of contrast leaves out what the weaker one finds; told not to, it finds everything in half the
time of both."""
AXE_FINDS = (
    """options => axe.run(document, options).then(({ violations, incomplete }) => ({ violations, incomplete }))"""
)
"""What it has found in order stays in the browser: to bring it over takes longer than some rules."""


class Watch:
    """Hears what a page asks of the outside and what it complains of."""

    def __init__(self, page: Page, base: str) -> None:
        self.heard: list[str] = []
        page.on("request", lambda request: self._foreign(request.url, base))
        page.on("console", lambda message: self._complaint(message.type, message.text, message.location["url"]))
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))

    def _foreign(self, url: str, base: str) -> None:
        if not url.startswith((base, "data:", "blob:")):
            self.heard.append(f"asks the outside: {url}")

    def _complaint(self, kind: str, text: str, url: str) -> None:
        if kind in ("error", "warning") and not text.startswith(OVERTAKEN):
            self.heard.append(f"console: {text} {url}")

    def taken(self) -> list[str]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard


REST = """async () => {
  do {
    document.body.getBoundingClientRect();
    await document.fonts.ready;
    document.body.getBoundingClientRect();
  } while (document.fonts.status !== "loaded");
  const pictures = [...document.images].filter(each => !each.complete);
  if (pictures.length) {
    await Promise.all(pictures.map(each => new Promise(seen => each.onload = each.onerror = seen)));
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  }
  document.getAnimations().forEach(a => a.effect.getTiming().iterations === Infinity ? a.pause() : a.finish());
}"""
"""What comes to rest without being painted: laid out with all its typefaces and pictures, nothing moves."""
SETTLE = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await document.fonts.ready;
  await frame();
  document.getAnimations().forEach(a => a.effect.getTiming().iterations === Infinity ? a.pause() : a.finish());
}"""


def settle(page: Page) -> None:
    """Fonts are there, the page has fitted itself, nothing moves."""
    page.evaluate(SETTLE)


def broken_rules(page: Page, lowest: float | None = None) -> list[str]:
    """Every rule that the page breaks, as a sentence. ``lowest``: nothing to press above this y; by default 650 in
    portrait (1020 with lower controls on pages of choices), nothing otherwise."""
    return settled_layout(page, lowest) + accessibility(page)


def settled_layout(page: Page, lowest: float | None = None) -> list[str]:
    """``layout`` once the page has come to rest."""
    settle(page)
    return layout(page, lowest)


def layout(page: Page, lowest: float | None = None) -> list[str]:
    """Sizes of targets and texts, reach, gaps, overflow."""
    found: list[str] = page.evaluate(MEASURE, limits(page, lowest))
    return found


def limits(page: Page, lowest: float | None = None) -> dict[str, float]:
    """What ``MEASURE`` holds the page against."""
    size = page.viewport_size
    assert size is not None
    phone = size["width"] <= PHONE_PX
    if lowest is None:
        lowest = 650 if size["width"] >= PANEL_PX and size["height"] > size["width"] else 0
    return {
        "phone": phone,
        "scrolls": size["width"] < PANEL_PX,
        "lowest": lowest,
        "target": 48 if phone else 96,
        "tile": 80 if phone else 150,
        "text": 17 if phone else 28,
        "gap": 6 if phone else 24,
        "primary": 64 if phone else 120,
        "primaryShare": 0.6,
    }


def accessibility(page: Page) -> list[str]:
    """axe-core; what it cannot decide counts as broken."""
    load_axe(page)
    return told_by_axe(page.evaluate(AXE_FINDS, AXE_OPTIONS))


def load_axe(page: Page) -> None:
    """Once for each document."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)


def told_by_axe(result: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What ``AXE_FINDS`` has found, in sentences."""
    return [
        f"axe {kind} {rule['id']}: {node['html'][:160]} — {_why(node)}"
        for kind, rules in result.items()
        for rule in rules
        for node in rule["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])[:200]
