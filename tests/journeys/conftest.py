"""What journeys through the whole platform share: one running platform and one browser for each worker."""

import json
import os
from collections.abc import Iterator

import pytest
from browsers import opened_browser, portrait_page, served_gallery
from kiosk_screen import measure_into
from playwright.sync_api import Browser, Page
from walks import walked

from real_platform import RealPlatform, stop_the_platform, the_platform


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPlatform]:
    """All processes, this worker's own."""
    yield the_platform(lambda: tmp_path_factory.mktemp("house") / "var")
    stop_the_platform()


@pytest.fixture(scope="session", autouse=True)
def measured_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each page that journeys lead over is measured by one worker."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "measured"
    measure_into(folder, every_look="not slow" not in request.config.option.markexpr)


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> Iterator[None]:
    """What was walked stands in the report (``--junitxml``), where ``bench.journeys`` reads it."""
    yield
    request.node.user_properties.extend(("walk", json.dumps(walk)) for walk in walked())


@pytest.fixture
def house(running: RealPlatform) -> Iterator[RealPlatform]:
    """The same, with nothing on the reader and no fault left behind."""
    yield running
    running.no_faults()
    running.printer("ok")
    running.unplug(0)
    running.until_connected()
    running.take_card()
    running.control.post("/card_terminal/remove", json={}).raise_for_status()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser come last: Playwright keeps an event loop running in its thread, and then no other test
    could start one there. Before them those with a whole platform, so that none stands about while others run; pages
    alone, each within a second, end the run, so that no worker is left with a long journey while the others rest."""

    def place(item: pytest.Item) -> tuple[bool, bool]:
        wants = getattr(item, "fixturenames", ())
        return "chromium" in wants, ("running" in wants) != ("chromium" in wants)

    items.sort(key=place)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The platform does not stand about while pages alone are looked at: those come last (see above)."""
    wants = getattr(item, "fixturenames", ())
    if "chromium" in wants and "running" not in wants:
        stop_the_platform()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Where the gallery of all pages is."""
    with served_gallery() as address:
        yield address


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """One of a kiosk that stands upright."""
    with portrait_page(chromium) as opened:
        yield opened
