"""Journeys whose presses are counted: what somebody does between laying down his card and the last page, and how long
the screen takes. Nobody hesitates here, so the seconds are the platform's and its far side's."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from playwright.sync_api import Page

PAINTED = """(() => {
  let pressed = 0;
  window.paintedMs = [];
  addEventListener("click", () => (pressed = performance.now()), true);
  document.addEventListener("htmx:afterSwap", () => {
    if (!pressed) return;
    const since = pressed;
    pressed = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => window.paintedMs.push(performance.now() - since)));
  });
})()"""
"""Notes how long it takes from a press to the next screen, painted."""


@dataclass(frozen=True)
class Walk:
    """One journey. painted_ms: from each press to the next screen."""

    name: str
    taps: int
    seconds: float
    painted_ms: list[float]


class Counter:
    """The presses on one screen."""

    def __init__(self) -> None:
        self.taps = 0

    @contextmanager
    def walk(self, page: Page, name: str, most_taps: int) -> Generator[None]:
        """What happens in the block is a journey of this name, with no more presses than these."""
        taps, began = self.taps, time.monotonic()
        page.evaluate("window.paintedMs.length = 0")
        yield
        taken = self.taps - taps
        _walked.append(Walk(name, taken, time.monotonic() - began, page.evaluate("window.paintedMs")))
        assert 0 < taken <= most_taps, f"{name} takes {taken} presses"


_walked: list[Walk] = []


def walked() -> list[dict[str, Any]]:
    """What has been walked since somebody asked for it."""
    walks = [asdict(walk) for walk in _walked]
    _walked.clear()
    return walks
