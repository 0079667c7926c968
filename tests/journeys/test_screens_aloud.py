"""What is read out: sentences, the question by itself in large print, nothing of a person unasked."""

from collections.abc import Iterable, Iterator

import pytest
from browsers import portrait_page
from playwright.sync_api import Browser, Page, expect
from samples import SAMPLES

VOICE = """
const spoken = (window.spoken = []);
const voices = (window.voices = [{ lang: "zh-CN" }, { lang: "en-GB" }]);
const speech = { speaking: false, getVoices: () => voices, addEventListener(_, heard) { speech.heard = heard; },
  speak(said) { spoken.push(said.text); speech.speaking = true; }, cancel() { speech.speaking = false; } };
Object.defineProperty(window, "speechSynthesis", { value: speech });
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
"""In place of the browser's own, which a machine without sound does not have."""

DRAW = """(url) => {
  document.getElementById("screen").classList.add("drawn-again");
  htmx.ajax("GET", url, { target: "#screen", select: "#screen", swap: "outerHTML" });
}"""
"""As a piece of news draws a page; the mark goes with the page that was."""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with portrait_page(chromium) as opened:
        opened.add_init_script(VOICE)
        yield opened


def read_out(page: Page, address: str) -> list[str]:
    page.goto(address)
    expect(page.locator(".aloud")).to_be_visible()
    page.evaluate("spoken.length = 0")
    page.evaluate("document.querySelector('.aloud').click()")  # a page may ask something before
    return page.evaluate("spoken")


def test_clinics_are_read_as_sentences(page: Page, base: str) -> None:
    said = read_out(page, f"{base}/departments?language=en&can_time_out=0")
    assert said[0] == "Which clinic, please?"
    assert "General Medicine is on floor 2, in area A." in said
    assert said[-1].startswith("You can press: Common, By floor, By letter")
    chinese = read_out(page, f"{base}/departments?language=zh-CN&can_time_out=0")
    assert "普通内科在 2 楼 A 区。" in chinese
    assert chinese[-1].startswith("您可以按：常看的，按楼层，")


def test_floors_and_doctors_are_read_as_sentences(page: Page, base: str) -> None:
    floors = read_out(page, f"{base}/departments-floors?language=en&can_time_out=0")
    assert "On floor 1: Paediatrics." in floors
    doctors = read_out(page, f"{base}/doctors?language=zh-CN&can_time_out=0")
    assert any(each.startswith("李明华，主任医师，8:00 到 11:30 出诊，诊费 50.00 元，还剩 ") for each in doctors)


def not_sentences(page: Page, base: str, names: Iterable[str], language: str) -> list[str]:
    found: list[str] = []
    for name in names:
        said = read_out(page, f"{base}/{name}?language={language}&can_time_out=0")
        found += [f"{name}: {each}" for each in said if each[-1] not in ".!?。！？:：" or "\n" in each or ",," in each]
        found += [] if said else [f"{name}: nothing"]
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_whatever_is_read_is_a_sentence(page: Page, base: str, language: str) -> None:
    assert not not_sentences(page, base, ("home-patient", "check", "pay", "done", "bills", "report", "help"), language)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_is_read_as_sentences(page: Page, base: str, language: str) -> None:
    assert not not_sentences(page, base, SAMPLES, language)


def test_large_print_says_its_question_by_itself_until_it_is_stopped(page: Page, base: str) -> None:
    page.goto(f"{base}/report?mode=elder&language=en&can_time_out=0")
    asked = page.evaluate("spoken")
    assert asked
    assert asked[0] == page.locator(".ask").inner_text().strip() + "."
    assert len(asked) <= 2
    page.locator(".aloud").click()
    page.goto(f"{base}/departments?mode=elder&language=en&can_time_out=0")
    assert page.evaluate("spoken") == []
    page.locator(".aloud").click()
    assert "General Medicine is on floor 2, in area A." in page.evaluate("spoken")


def test_a_page_that_is_drawn_again_asks_nothing_anew(page: Page, base: str) -> None:
    page.goto(f"{base}/departments?mode=elder&language=en&can_time_out=0")
    asked = page.evaluate("spoken.length")
    assert asked
    page.evaluate(DRAW, f"{base}/departments?mode=elder&language=en&can_time_out=0")
    expect(page.locator(".drawn-again")).to_have_count(0)
    expect(page.locator(".aloud")).to_be_visible()
    assert page.evaluate("[spoken.length, speechSynthesis.speaking]") == [asked, True]
    page.evaluate(DRAW, f"{base}/doctors?mode=elder&language=en&can_time_out=0")
    expect(page.locator(".drawn-again")).to_have_count(0)
    expect(page.locator(".aloud")).to_be_visible()
    assert page.evaluate("spoken.length") > asked


def test_voices_that_come_after_a_page_was_drawn_again_still_ask(page: Page, base: str) -> None:
    page.add_init_script("voices.length = 0")
    page.goto(f"{base}/departments?mode=elder&language=en&can_time_out=0")
    page.evaluate(DRAW, f"{base}/departments?mode=elder&language=en&can_time_out=0")
    expect(page.locator(".drawn-again")).to_have_count(0)
    assert page.evaluate("spoken") == []
    page.evaluate("voices.push({ lang: 'en-GB' }); speechSynthesis.heard()")
    assert page.evaluate("spoken.length")


def test_normal_print_says_nothing_unasked(page: Page, base: str) -> None:
    page.goto(f"{base}/departments?language=en&can_time_out=0")
    expect(page.locator(".aloud")).to_be_visible()
    assert page.evaluate("spoken") == []
