"""Debian's chromium, and the gallery on a free port."""

import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from gallery import gallery
from playwright.sync_api import Browser, Page, sync_playwright

from yinyi.interface.journeys.pages import Pages
from yinyi.kernel.listening import listening

SHAPES = {"portrait": (1080, 1920), "landscape": (1920, 1080), "small": (730, 1298), "phone": (390, 844)}
"""32 inches upright and lying, 21.5 inches upright (the browser scales by 1.48), a phone: CSS pixels."""
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""Without windows where it is there: it needs two thirds of the time."""
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--disable-lcd-text",
    "--font-render-hinting=none",
]


@contextmanager
def opened_browser() -> Generator[Browser]:
    """Headless, and never talking to anybody by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def stop_the_clock(page: Page) -> None:
    """From here on time passes only by ``page.clock.run_for``."""
    page.clock.install(time="2026-11-23T01:00:00Z")
    page.clock.pause_at("2026-11-23T01:26:00Z")


@contextmanager
def portrait_page(browser: Browser) -> Generator[Page]:
    """By itself, with nothing moving."""
    width, height = SHAPES["portrait"]
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    try:
        yield page
    finally:
        page.close()


@contextmanager
def served_gallery(pages: Pages | None = None) -> Generator[str]:
    """Its address. ``pages``: in place of the kiosk's."""
    listener = listening()
    server = uvicorn.Server(uvicorn.Config(gallery(pages), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def opened_gallery() -> Generator[tuple[str, Browser]]:
    """Both at once."""
    with served_gallery() as base, opened_browser() as browser:
        yield base, browser
