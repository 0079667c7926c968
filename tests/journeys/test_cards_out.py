"""Cards pulled out at every step. An ID card is laid on a reader and may be taken away at once; a card that was left in
the card terminal is asked for on every page, until it is taken. Whoever is there goes on where he was."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import pytest

import books
from card_hands import CardHands
from kiosk_client import KioskClient
from real_platform import RealPlatform, until
from yinyi.interface.kiosk.addresses import ADDRESSES
from yinyi_sandbox.people.people import PEOPLE

_YOUNG = {one.records[0].patient_no: one for one in PEOPLE if len(one.records) == 1 and one.card.born_on.year > 1970}
_TESTED = """
SELECT o.patient_no FROM his.test_order o JOIN his.panel p USING (item_code)
WHERE o.patient_no = ANY ($1) AND o.state = 'final' AND NOT p.sensitive LIMIT 1
"""
_LINK = re.compile(r'<a\b[^>]*\bhref="/kiosk(/[^"#]*)"')
_LAID = re.compile(r"[?&;]laid=(\d+)")
_NAME = re.compile(r'<span class="face">.*?<div>(.*?)</div>', re.DOTALL)
_PATTERNS = {
    address.path: re.compile(re.sub(r"{\w+(:\w+)?}", "[^/?]+", address.path) + r"(\?.*)?$") for address in ADDRESSES
}
_LAYS = {address.path for address in ADDRESSES if address.lays}
WALKED = {
    "/", "/register/departments", "/register/doctors/{department_id}", "/book/departments", "/check-in", "/bills",
    "/fees", "/account", "/account/top-up", "/inpatient", "/reports", "/reports/{order_no}", "/reprint", "/payments",
    "/cards", "/children", "/help", "/register/check/{payment_no}",
}  # fmt: skip
CLINIC = "0103"


@pytest.fixture
def screen(house: RealPlatform) -> Iterator[KioskClient]:
    opened = KioskClient(house)
    yield opened
    opened.close()


@dataclass(frozen=True)
class Seen:
    """What a page says. at: where its address led."""

    at: str
    heading: str
    who: str
    asks_for_card: bool
    hears: bool


class Cards:
    """The patient's ID card on the reader, and a bank card in the card terminal that nobody has asked for."""

    def __init__(self, house: RealPlatform, screen: KioskClient, patient_no: str) -> None:
        self._house, self._screen, self._hands = house, screen, CardHands(house)
        self._card = _YOUNG[patient_no].card

    def lie(self) -> None:
        before = _version(self._screen.get("/help").text)
        self._house.lay(self._card)
        self._hands.bring()
        self._until(before, asked=True)

    def go(self) -> None:
        before = _version(self._screen.get("/help").text)
        self._house.take_card()
        self._hands.take()
        self._until(before, asked=False)

    def _until(self, before: int, *, asked: bool) -> None:
        def known() -> bool:
            page = self._screen.get("/help").text
            return _version(page) > before and ("data-take-card" in page) is asked

        until(known, "the screen knows of the cards")


def test_every_page_outlives_the_cards_that_are_taken_away(house: RealPlatform, screen: KioskClient) -> None:
    """All pages that links lead to, one at each address."""
    cards = signed_in(house, screen)
    payment_no = screen.hold(CLINIC)
    cards.lie()
    pages = {path: seen(screen, path) for path in crawled(screen, f"/register/check/{payment_no}")}
    addresses = {_address(path) for path in pages}
    assert addresses >= WALKED, WALKED - addresses
    session = _session(screen)
    assert len({found.who for found in pages.values()} - {""}) == 1
    for path, found in pages.items():
        assert found.asks_for_card, f"{path} does not ask for the card"
        assert found.hears, f"{path} does not hear when it is taken"
    cards.go()
    for path, found in pages.items():
        after = seen(screen, path)
        assert not after.asks_for_card, path
        assert (after.at, after.who) == (found.at, found.who)
        assert after.heading == found.heading or _address(path) in _LAYS, path
    assert _session(screen) == session, "the same one, from the first page to the last"


def test_a_registration_goes_on_whatever_is_done_with_the_card(house: RealPlatform, screen: KioskClient) -> None:
    """Taken away and laid again before every press: nothing is begun anew, and it is paid once."""
    cards = signed_in(house, screen)
    cards.lie()
    payment_no = screen.hold(CLINIC)
    cards.go()
    screen.get(f"/register/check/{payment_no}")
    cards.lie()
    screen.show_code(payment_no)
    cards.go()
    code = until(lambda: code_of(house, payment_no), "the code is there")
    cards.lie()
    assert house.phone("pay", code)["state"] == "paid"
    until(lambda: screen.get(f"/pay/{payment_no}") and screen.at == f"/done/{payment_no}", "it is paid")
    assert "card=1" in screen.page.text, "it hears when the ID card is taken"
    cards.go()
    assert "card=1" not in screen.get(f"/done/{payment_no}").text
    assert screen.at == f"/done/{payment_no}"
    books.agree(house, payment_no)


def signed_in(house: RealPlatform, screen: KioskClient) -> Cards:
    """Somebody who has reports, known by his card; his cards, which lie nowhere any more."""
    patient_no = house.rows(_TESTED, list(_YOUNG), at="hospital")[0]["patient_no"]
    house.lay(_YOUNG[patient_no].card)
    until(lambda: screen.get("/") and "yinyi_visit" in screen.http.cookies and _NAME.search(screen.page.text), "known")
    house.take_card()
    return Cards(house, screen, patient_no)


def crawled(screen: KioskClient, *more: str) -> list[str]:
    """One path for each address that a link leads to, beginning at home."""
    found: dict[str, str] = {}
    waiting = deque(["/", "/?page=2", "/help", *more])
    while waiting:
        path = waiting.popleft()
        address = _address(path) + ("?page" if "page=" in path else "")
        if address in found:
            continue
        found[address] = path
        page = screen.get(path)
        assert page.status_code == 200, f"{path}: {page.status_code}"
        waiting.extend(map(unescape, _LINK.findall(page.text)))
    return list(found.values())


def seen(screen: KioskClient, path: str) -> Seen:
    page = screen.get(path).text
    named = _NAME.search(page)
    return Seen(
        at=screen.at,
        heading=screen.heading,
        who=named[1] if named else "",
        asks_for_card="data-take-card" in page,
        hears="reading=1" in page,
    )


def code_of(house: RealPlatform, payment_no: str) -> str:
    orders = [each for each in house.orders() if each["reference"].startswith(payment_no)]
    return orders[0]["code_url"] if orders else ""


def _address(path: str) -> str:
    return next(address for address, pattern in _PATTERNS.items() if pattern.fullmatch(path))


def _session(screen: KioskClient) -> str:
    return screen.http.cookies["yinyi_visit"].split(".")[2]


def _version(page: str) -> int:
    found = _LAID.search(page)
    assert found is not None
    return int(found[1])
