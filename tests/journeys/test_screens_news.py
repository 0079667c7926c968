"""News that reach a page while somebody stands before it: nothing is taken from under his finger."""

import re
import time

from browsers import stop_the_clock
from playwright.sync_api import Page, Route, expect
from sample_facts import KEY

NEWS = "htmx.trigger(document.querySelector('.news > div'), 'sse:refresh')"
NEXT = '<div id="screen" class="scr">the next page</div>'
ANEW = '<div id="screen" class="scr">drawn anew</div>'


def answer(route: Route, body: str) -> None:
    route.fulfill(status=200, content_type="text/html", body=body)


def test_press_wins_over_news_that_are_on_their_way(page: Page, base: str) -> None:
    """Both asked for a page, the news first; their answer comes last and must not take the screen."""
    late: list[Route] = []
    page.goto(f"{base}/home")
    page.route("**/home", lambda route: late.append(route))
    page.route("**/kiosk/register", lambda route: answer(route, NEXT))
    with page.expect_request(f"{base}/home"):
        page.evaluate(NEWS)
    page.locator('a[href="/kiosk/register"]').click()
    expect(page.locator("#screen")).to_have_text("the next page")
    for route in late:
        answer(route, ANEW)
    expect(page.locator("#screen")).to_have_text("the next page")


def test_news_do_not_disturb_a_press_under_way(page: Page, base: str) -> None:
    held: list[Route] = []
    asked: list[str] = []
    page.goto(f"{base}/home")
    page.route("**/home", lambda route: asked.append(route.request.url))
    page.route("**/kiosk/register", lambda route: held.append(route))
    with page.expect_request("**/kiosk/register"):
        page.locator('a[href="/kiosk/register"]').click()
    page.evaluate(NEWS)
    answer(held[0], NEXT)
    expect(page.locator("#screen")).to_have_text("the next page")
    assert not asked


def test_what_a_finger_rests_on_stays(page: Page, base: str) -> None:
    """News that come between pressing and lifting wait, and the press counts, also where it takes the focus from the
    heading that every page puts it on."""
    page.goto(f"{base}/home")
    page.locator("h1").focus()
    page.route("**/home", lambda route: answer(route, ANEW))
    page.route("**/kiosk/register", lambda route: answer(route, NEXT))
    page.locator('a[href="/kiosk/register"]').hover()
    page.mouse.down()
    with page.expect_response(f"{base}/home"):
        page.evaluate(NEWS)
    page.mouse.up()
    expect(page.locator("#screen")).to_have_text("the next page")


def test_news_come_once_the_finger_has_left(page: Page, base: str) -> None:
    page.goto(f"{base}/home")
    page.route("**/home", lambda route: answer(route, ANEW))
    page.locator("h1").hover()
    page.mouse.down()
    with page.expect_response(f"{base}/home"):
        page.evaluate(NEWS)
    expect(page.locator("h1")).to_be_visible()
    page.mouse.up()
    expect(page.locator("#screen")).to_have_text("drawn anew")


def test_whoever_is_in_line_comes_again_by_himself_with_his_place_and_what_he_sent(page: Page, base: str) -> None:
    asked: list[tuple[str, str | None, str | None]] = []

    def sooner(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("delay:600000ms", "delay:2000ms"))

    def answer(route: Route) -> None:
        asked.append((route.request.method, route.request.headers.get("yinyi-place"), route.request.post_data))
        route.fulfill(response=route.fetch(url=f"{base}/home", method="GET"))

    page.route(f"{base}/in-line-next", sooner)
    page.route("**/kiosk/bills", answer)
    stop_the_clock(page)
    page.goto(f"{base}/in-line-next")
    page.clock.run_for(1_900)
    assert asked == []
    with page.expect_response("**/kiosk/bills"):
        page.clock.run_for(200)
    page.clock.resume()
    expect(page.locator("#screen.lined")).to_have_count(0)
    assert asked == [("POST", "1795771800.25", f"key={KEY}")]


def test_a_receipt_that_comes_late_is_offered_and_nothing_else_of_the_page_is_touched(page: Page, base: str) -> None:
    """Whatever else is answered meanwhile leaves it as it is, and so does a finger on it; the focus stays."""
    answers = ["done-receipt-coming", "bye", "done-receipt", "done-receipt-coming", "done-receipt"]
    shown: list[str] = []
    read: list[str] = []

    def answer_it(route: Route) -> None:
        shown.append(answers[len(shown)])
        route.continue_(url=f"{base}/{shown[-1]}?mode=elder&language=zh-CN")

    def until(looked: int) -> None:
        """So many answers have been read, as soon as the machine has done it."""
        patience = time.monotonic() + 20
        while len(read) < looked:
            assert time.monotonic() < patience, f"it does not look again after {shown}"
            page.evaluate("0")

    def it_looks_again() -> None:
        """Every five seconds of the page's."""
        looked = len(read) + 1
        for _ in range(11):
            if len(shown) < looked:
                page.clock.run_for(500)
        until(looked)

    page.on("requestfinished", lambda asked: read.append(asked.url) if asked.resource_type == "fetch" else None)
    stop_the_clock(page)
    page.goto(f"{base}/done-receipt-coming?mode=elder")
    page.route(re.compile("/done-receipt-coming"), answer_it)
    receipt, first = page.locator("#receipt"), page.locator(".act .btn.first")
    there = receipt.bounding_box()
    page.evaluate("document.querySelector('#screen').dataset.old = 'yes'")
    first.focus()
    it_looks_again()
    it_looks_again()
    receipt.hover()
    page.mouse.down()
    it_looks_again()
    it_looks_again()
    expect(receipt).to_contain_text("会自动开具")
    page.mouse.move(0, 0)
    page.mouse.up()
    first.focus()
    it_looks_again()
    expect(receipt).to_contain_text("打印电子票据")
    receipt.evaluate("at => Promise.all(at.getAnimations({subtree: true}).map(each => each.finished))")
    assert receipt.bounding_box() == there
    expect(page.locator("#screen[data-old]")).to_be_visible()
    expect(first).to_be_focused()
    page.clock.run_for(30_000)
    assert shown == answers


def test_receipts_that_are_coming_are_looked_for_in_the_list(page: Page, base: str) -> None:
    page.goto(f"{base}/receipts")
    expect(page.locator("#screen [data-coming][id]")).to_have_count(1)
