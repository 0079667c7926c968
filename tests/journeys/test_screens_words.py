"""What is said on pages, and in which language. Without a browser."""

import re
from html.parser import HTMLParser
from typing import get_args

import msgspec
import pytest
from gallery import kiosks
from samples import SAMPLES

from yinyi.interface.journeys.pages import Pages
from yinyi.interface.journeys.views import View
from yinyi.interface.journeys.views_book import ArrivalView, BookedView, BookingView
from yinyi.interface.journeys.views_pay import CardRefused, CardState, CardView, DoneView, TroubleView
from yinyi.interface.journeys.views_register import CheckView
from yinyi.interface.journeys.views_reports import ResultView
from yinyi.wire.iso8583.response_codes import RESPONSES, UNKNOWN_CODE

WITHIN = (" on 12 Oct", "Guardian: ", "Another doctor: ", "Paid to: ")
"""Sentences with a name in their middle."""
VOID = {"br", "hr", "input", "link", "meta", "img", "path", "circle", "rect", "use"}


class Said(HTMLParser):
    """Every text that is read out from the page, with the language it is said in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self._unsaid = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        language = told.get("lang", self._open[-1][1] if self._open else "")
        if tag not in VOID:
            self._open.append((tag, language))
            self._unsaid += self._unsaid > 0 or tag == "title" or "aria-hidden" in told

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()[0] == tag
            self._unsaid -= self._unsaid > 0

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._unsaid:
            self.found.append((self._open[-1][1], data.strip()))


@pytest.fixture(scope="module")
def pages() -> Pages:
    return kiosks()[1]


def said(pages: Pages, name: str, language: str) -> list[tuple[str, str]]:
    view, chrome = SAMPLES[name]
    return Said(pages.render(view, msgspec.structs.replace(chrome, language=language)).decode()).found


def is_chinese(text: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" or ord(letter) >= 0x20000 for letter in text)


@pytest.mark.parametrize("name", list(SAMPLES))
def test_chinese_on_an_english_page_is_marked_as_such(pages: Pages, name: str) -> None:
    """So that it is read with a Chinese voice: names of people, and what the hospital has in Chinese only."""
    found = said(pages, name, "en")
    unmarked = {text for language, text in found if is_chinese(text) and language != "zh-CN"}
    assert not {text for text in unmarked if not any(part in text for part in WITHIN)}
    assert not {text for language, text in found if language == "zh-CN" and not is_chinese(text)}


@pytest.mark.parametrize("name", list(SAMPLES))
def test_pages_are_in_the_language_that_was_chosen(pages: Pages, name: str) -> None:
    assert {language for language, _ in said(pages, name, "zh-CN")} <= {"zh-CN", "en"}
    assert {text for language, text in said(pages, name, "zh-CN") if language == "en"} <= {"English"}


def test_a_card_that_was_left_is_named_until_the_reader_is_empty(pages: Pages) -> None:
    for name, reminds in {"home": False, "home-card-left": True, "bye": True, "done": True}.items():
        found = [text for _, text in said(pages, name, "en")]
        assert any("take your" in text and "card" in text for text in found) is reminds, name


@pytest.mark.parametrize("name", [name for name, (_, chrome) in SAMPLES.items() if chrome.patient is None])
def test_who_is_not_known_is_not_told_that_nothing_was_shown(pages: Pages, name: str) -> None:
    """An unknown card may lie there, or an unknown code may just have been scanned."""
    for language, never in (("zh-CN", "还没有放"), ("en", "been read yet")):
        assert not [text for _, text in said(pages, name, language) if never in text], language


def test_a_result_without_an_english_word_is_read_with_a_chinese_voice(pages: Pages) -> None:
    view, chrome = SAMPLES["report"]
    assert isinstance(view, ResultView)
    row = msgspec.structs.replace(view.values[0], text="<大肠埃希菌>", range="无<异常>")
    odd = msgspec.structs.replace(view, values=(row,))
    found = Said(pages.render(odd, msgspec.structs.replace(chrome, language="en")).decode()).found
    assert {("zh-CN", "<大肠埃希菌>"), ("zh-CN", "无<异常>"), ("en", "Normal")} <= set(found)


@pytest.mark.parametrize("name", ["check", "done", "booked", "booking", "arrival"])
def test_the_building_is_named_in_english_as_far_as_the_hospital_names_it(pages: Pages, name: str) -> None:
    assert any(text.startswith("Outpatient Building") for _, text in said(pages, name, "en"))
    assert any(text.startswith("门诊楼") for _, text in said(pages, name, "zh-CN"))
    view, chrome = SAMPLES[name]
    assert isinstance(view, CheckView | DoneView | BookedView | BookingView | ArrivalView)
    unnamed = msgspec.structs.replace(view.visit.department, building_en="")
    there = msgspec.structs.replace(view, visit=msgspec.structs.replace(view.visit, department=unnamed))
    found = Said(pages.render(there, msgspec.structs.replace(chrome, language="en")).decode()).found
    assert ("zh-CN", "门诊楼") in found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ["error-still-asked", "error-unexpected"])
def test_whoever_is_sent_to_a_window_is_told_which(name: str, language: str) -> None:
    """In the sentence that sends: the note below it is hidden where room is short."""
    view, chrome = SAMPLES[name]
    page = kiosks()[1].render(view, msgspec.structs.replace(chrome, language=language)).decode()
    window = chrome.window.name if language == "zh-CN" else chrome.window.name_en
    assert window in page.split("<dd>")[2].split("</dd>")[0]


def words_of(pages: Pages, view: View, language: str) -> str:
    chrome = msgspec.structs.replace(SAMPLES["card-insert-one-kind"][1], language=language)
    return " ".join(text for _, text in Said(pages.render(view, chrome).decode()).found)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_whoever_pays_by_a_city_card_is_told_of_no_bank(pages: Pages, language: str) -> None:
    """Whatever becomes of it, and whatever its issuer answers."""
    view = SAMPLES["card-insert-one-kind"][0]
    assert isinstance(view, CardView)
    of_city = msgspec.structs.replace(view, tender="public_card", kinds=("public_card",))
    states = [msgspec.structs.replace(of_city, state=state) for state in get_args(CardState) if state != "refused"]
    refusals = [msgspec.structs.replace(of_city, state="refused", refused=why) for why in get_args(CardRefused)]
    answers = [
        msgspec.structs.replace(of_city, state="refused", refused="declined", said=each.zh, said_en=each.en)
        for each in [*RESPONSES.values(), UNKNOWN_CODE]
    ]
    for each in (*states, *refusals, *answers):
        assert not re.search("银行|bank", words_of(pages, each, language), re.IGNORECASE), each
    asked = msgspec.structs.replace(of_city, state="asking")
    assert {"zh-CN": "正在请发卡方扣款", "en": "Your card's issuer is being asked"}[language] in words_of(
        pages, asked, language
    )
    of_bank = msgspec.structs.replace(asked, tender="social_security_card")
    assert {"zh-CN": "正在请银行扣款", "en": "Your bank is being asked"}[language] in words_of(pages, of_bank, language)


def test_a_card_that_was_declined_is_not_looked_for_on_a_phone(pages: Pages) -> None:
    view = SAMPLES["trouble-declined"][0]
    assert isinstance(view, TroubleView)
    assert "Your phone shows the reason" in words_of(pages, view, "en")
    by_card = words_of(pages, msgspec.structs.replace(view, tender="public_card"), "en")
    assert "phone" not in by_card
    assert "Your card's issuer did not agree" in by_card


@pytest.mark.parametrize(
    ("name", "never"),
    [("fees-unknown", ("Nothing paid", "No payment")), ("reports-unknown", ("No reports", "no test"))],
)
def test_what_could_not_be_asked_for_is_not_called_empty(pages: Pages, name: str, never: tuple[str, ...]) -> None:
    text = " ".join(text for _, text in said(pages, name, "en"))
    assert "not known just now" in text
    assert not [each for each in never if each in text]


def test_a_residence_permit_is_not_called_an_id_card(pages: Pages) -> None:
    for name in ("first-phone-macao", "first-confirm-macao"):
        text = " ".join(text for _, text in said(pages, name, "en"))
        assert "Residence permit" in text
        assert "ID card" not in text
