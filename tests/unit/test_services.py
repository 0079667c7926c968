"""The services of the first page, and how many of them stand on it."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from typing import Literal

import msgspec
import pytest
from kiosk_platform import NOW, TERMINAL, paired, run

from yinyi.business.terminals.model import Condition, DeviceView, Offer, ServiceName
from yinyi.interface.journeys.paths import Paths
from yinyi.interface.journeys.services import SERVICES, TABLE, choices, words
from yinyi.interface.kiosk.addresses import ADDRESSES, BASE

NAMES = tuple(SERVICES)


@pytest.mark.parametrize("most", [4, 6])
@pytest.mark.parametrize("how_many", range(len(NAMES) + 1))
def test_every_service_stands_on_exactly_one_page(how_many: int, most: int) -> None:
    pages: list[Sequence[ServiceName]] = []
    page = 1
    while page:
        shown = choices(NAMES[:how_many], most, page)
        assert len(shown.names) <= most
        assert shown.more in (0, page + 1)
        pages.append(shown.names)
        page = shown.more
    assert tuple(chain.from_iterable(pages)) == NAMES[:how_many]
    assert how_many < 2 or all(len(names) > 1 for names in pages), "a page for a single thing"


@pytest.mark.parametrize("page", [-1, 0, 3, 99])
def test_a_page_that_is_not_there_is_the_nearest_one(page: int) -> None:
    assert choices(NAMES, 6, page) == choices(NAMES, 6, 1 if page < 1 else 2)


def test_each_service_has_its_words_its_icon_and_a_place_of_its_own() -> None:
    said = words(str)
    assert set(said["service"]) == set(said["service_for"]) == set(NAMES)
    assert len({service.icon for service in TABLE}) == len(TABLE)
    assert len(SERVICES) == len(TABLE)


def test_a_service_is_offered_where_the_skin_has_its_pages() -> None:
    paths = Paths(BASE)
    offered = [name for name in NAMES if paths.service(name)]
    assert {"register", "inpatient", "account", "find_payment", "reprint"} <= set(offered)
    served = {BASE + address.path for address in ADDRESSES if address.get}
    assert {paths.service(name) for name in offered} <= served
    assert paths.service("no_such_service") == ""


@pytest.mark.parametrize(("query", "page"), [("", 1), ("?page=2", 2), ("?page=x", 1), ("?page=²", 1), ("?page=123", 1)])
def test_more_services_have_an_address(query: str, page: int) -> None:
    async def see() -> None:
        assert (await paired(known=False).see(f"/{query}"))["v"]["page"] == page

    run(see())


def test_what_is_shut_says_when_it_opens_and_leads_nowhere() -> None:
    opens_at = NOW + timedelta(hours=9)
    offers = [
        Offer(service="register", shut="hours", opens_at=opens_at),
        Offer(service="inpatient"),
        Offer(service="reprint", shut="device"),
    ]
    closed = msgspec.structs.replace(TERMINAL, offers=offers)

    async def work() -> None:
        browser = paired(GetTerminal=closed)
        home = await browser.see("/")
        assert home["v"]["services"] == ["register", "inpatient"], "what needs a missing device is not there"
        assert list(home["v"]["shut"]) == ["register"]
        assert f"at={opens_at.timestamp():.1f}" in home["c"]["events"], "it asks anew then"
        for path in ("/register", "/register/departments", "/account", "/reprint"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/"), path
        assert (await browser.get("/payments")).status_code == 200, "payments are found everywhere"

    run(work())


@pytest.mark.parametrize("state", ["paper_out", "jam", "offline", "line down", "none"])
def test_money_journeys_ask_first_where_no_slip_can_be_printed(state: Condition | Literal["line down", "none"]) -> None:
    well = state in ("line down", "none")
    printer = DeviceView(device="printer", kind="receipt_printer", state="ok" if well else state)
    devices = [] if state == "none" else [printer]
    broken = msgspec.structs.replace(TERMINAL, devices=devices, line_ok=state != "line down")

    async def work() -> None:
        browser = paired(known=False, GetTerminal=broken)
        asked = await browser.see("/register")
        assert (asked["is"], asked["v"]["on"]) == ("NoPaperView", "/kiosk/register?no_paper=1")
        for path in ("/book", "/check-in", "/bills", "/account/top-up", "/inpatient/A1/deposit"):
            assert (await browser.see(path))["is"] == "NoPaperView", path
        assert "terminal=1" in asked["c"]["events"], "paper is put in"
        assert (await browser.get("/register?no_paper=1")).headers["location"] == "/kiosk/identify"
        known = await paired(GetTerminal=broken).see("/account/top-up")
        assert (known["is"], known["c"]["patient"]["name"]) == ("NoPaperView", "张*国")
        low = msgspec.structs.replace(TERMINAL, devices=[msgspec.structs.replace(printer, state="paper_low")])
        assert (await paired(known=False, GetTerminal=low).get("/register")).status_code == 303, "it prints"
        assert (await browser.get("/payments")).headers["location"] == "/kiosk/identify", "nothing is paid there"

    run(work())
