"""What the screen does by itself: counts down, pages, types, waits, says when the line is gone."""

import re

import pytest
from browsers import SHAPES, stop_the_clock
from playwright.sync_api import Browser, Page, Route, expect
from screen_rules import settle

SOUNDS = """
window.tones = 0;
const wire = { connect: () => wire, gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} } };
window.AudioContext = class {
  state = "running";
  createGain() { return wire; }
  createOscillator() {
    return { ...wire, frequency: {}, start() { window.tones++; }, stop() {}, addEventListener() {} };
  }
};
"""
"""A loudspeaker that counts."""
HELD = re.compile(r"/kiosk/register/hold$")


def test_nobody_there_is_asked_and_then_sent_home(page: Page, base: str) -> None:
    """A minute of choices: a question for the last twenty seconds, then the session is ended and home comes up."""
    finished: list[str | None] = []

    def finish(route: Route) -> None:
        finished.append(route.request.post_data)
        route.fulfill(status=303, headers={"location": f"{base}/home"})

    page.route("**/kiosk/finish", finish)
    stop_the_clock(page)
    page.goto(f"{base}/departments")
    page.clock.run_for(39_000)
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.run_for(2_000)
    expect(page.locator("#idle")).to_be_visible()
    expect(page.locator("#idle .btn.first")).to_have_css("min-height", "160px")
    page.clock.run_for(5_000)
    expect(page.locator("#idle .ring b")).to_have_text(re.compile(r"1[3-5]"))
    page.locator("#idle .btn.first").click()
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.run_for(61_000)
    page.wait_for_url(f"{base}/home")
    assert finished == ["csrf=t0ken"]


def test_a_card_that_is_left_is_heard_until_it_is_taken(page: Page, base: str) -> None:
    """At once, and every few seconds; nothing is heard where no card is left."""
    page.add_init_script(SOUNDS)
    stop_the_clock(page)
    page.goto(f"{base}/done-card")
    expect(page.locator("[data-take-card]")).to_be_visible()
    assert page.evaluate("window.tones") == 1
    page.clock.run_for(8_100)
    assert page.evaluate("window.tones") == 3
    page.goto(f"{base}/done-later")
    page.clock.run_for(8_100)
    assert page.evaluate("window.tones") == 0


def test_without_a_line_nothing_of_whoever_has_gone_stays_on_the_screen(page: Page, base: str) -> None:
    """The session itself ends as soon as the line is back."""
    page.route("**/kiosk/finish", lambda route: route.abort())
    stop_the_clock(page)
    page.goto(f"{base}/payments")
    expect(page.locator("#screen")).to_contain_text("张")
    page.clock.run_for(61_000)
    expect(page.locator(".gone")).to_be_visible()
    expect(page.locator("#screen")).not_to_contain_text("张")
    for left in ("a[href]", "button", "h1", "input", "[sse-connect]"):
        expect(page.locator(f"#screen {left}")).to_have_count(0)
    expect(page.locator("#idle")).to_be_hidden()
    page.unroute("**/kiosk/finish")
    page.route("**/kiosk/finish", lambda route: route.fulfill(status=303, headers={"location": f"{base}/home"}))
    page.clock.run_for(4_000)
    page.wait_for_url(f"{base}/home")


def test_a_page_that_draws_itself_anew_goes_on_idling(page: Page, base: str) -> None:
    stop_the_clock(page)
    page.goto(f"{base}/departments")
    for _ in range(2):
        page.clock.run_for(25_000)
        page.evaluate("document.getElementById('screen').dataset.old = ''")
        with page.expect_response("**/departments"):
            page.evaluate("htmx.trigger('#screen > .news > div', 'sse:refresh')")
        page.clock.run_for(100)
        expect(page.locator("#screen[data-old]")).to_have_count(0)
    expect(page.locator("#idle")).to_be_visible()


@pytest.mark.parametrize(("name", "seconds"), [("departments", 60), ("first-phone", 90), ("pay", 180)])
@pytest.mark.parametrize(("mode", "factor"), [("normal", 1), ("elder", 2)])
def test_patience(page: Page, base: str, name: str, seconds: int, mode: str, factor: int) -> None:
    page.goto(f"{base}/{name}?mode={mode}")
    expect(page.locator("#screen")).to_have_attribute("data-idle-s", str(seconds * factor))


def test_never_times_out_while_something_runs(page: Page, base: str) -> None:
    stop_the_clock(page)
    page.goto(f"{base}/pay-confirming?can_time_out=0")
    page.clock.run_for(600_000)
    expect(page.locator("#idle")).to_be_hidden()


def test_number_pad_types(page: Page, base: str) -> None:
    page.goto(f"{base}/number")
    for key in ("1", "2", "0", "back", "9"):
        page.locator(f"[data-key='{key}']").click()
    expect(page.locator("input[name=number]")).to_have_value("129")
    page.evaluate("document.getElementById('screen').dataset.old = ''")
    page.evaluate("htmx.trigger('#screen > .news > div', 'sse:refresh')")
    expect(page.locator("#screen[data-old]")).to_have_count(0)
    expect(page.locator("input[name=number]")).to_have_value("129")  # news leave what was typed
    page.locator("[data-key=clear]").click()
    expect(page.locator("input[name=number]")).to_have_value("")


def test_number_pad_stops_at_the_length(page: Page, base: str) -> None:
    page.goto(f"{base}/number-proof")
    for _ in range(6):
        page.locator("[data-key='7']").click()
    expect(page.locator("input[name=proof]")).to_have_value("7777")


def test_pager_shows_every_doctor_once(page: Page, base: str) -> None:
    page.goto(f"{base}/doctors")
    settle(page)
    seen: list[str] = []
    following = page.locator(".pager button").last
    while True:
        seen += page.locator(".pair:visible .name b").all_inner_texts()
        if following.is_disabled():
            break
        following.click()
    assert seen == ["李明华", "周雅琴", "䶮㛃𠅤", "王建国", "何静", "欧阳思源", "刘洋"]


def test_a_page_that_draws_itself_anew_stays_where_it_was_turned_to(page: Page, base: str) -> None:
    page.goto(f"{base}/doctors")
    settle(page)
    page.locator(".pager button").last.click()
    there = page.locator(".pair:visible .name b").all_inner_texts()
    page.evaluate("document.querySelector('#screen').dataset.old = 'yes'")
    page.locator(".news > div").dispatch_event("sse:refresh")
    expect(page.locator("#screen:not([data-old])")).to_be_visible()
    expect(page.locator(".pair:visible .name b")).to_have_text(there)  # a page is fitted once it stands
    page.goto(f"{base}/departments")
    page.goto(f"{base}/doctors")
    settle(page)
    assert page.locator(".pair:visible .name b").all_inner_texts() != there


def test_full_doctor_cannot_be_pressed(page: Page, base: str) -> None:
    page.goto(f"{base}/doctors")
    expect(page.locator(".row.off button, button.off")).to_have_count(0)
    expect(page.locator("button.doc")).to_have_count(4)


def test_pressing_twice_sends_once(page: Page, base: str) -> None:
    """And what is sent twice all the same carries the same key."""
    sent: list[str | None] = []

    def hold(route: Route) -> None:
        sent.append(route.request.post_data)
        page.wait_for_timeout(50)
        route.fulfill(status=200, content_type="text/html", body='<div id="screen" class="scr">done</div>')

    page.route(HELD, hold)
    page.goto(f"{base}/doctors")
    page.locator("button.doc").first.dblclick()
    expect(page.locator("#screen")).to_have_text("done")
    assert len(sent) == 1
    assert sent[0] is not None
    assert "key=7Q4281ab" in sent[0]
    assert "schedule_id=S1" in sent[0]


def test_slow_answer_is_explained_and_has_a_way_out(page: Page, base: str) -> None:
    page.route(HELD, lambda route: None)
    stop_the_clock(page)
    page.goto(f"{base}/doctors")
    page.locator("button.doc").first.click()
    expect(page.locator("html")).to_have_attribute("data-busy", "")
    expect(page.locator("html[data-wait]")).to_have_count(0)
    page.clock.run_for(400)
    expect(page.locator("html[data-wait]")).to_have_count(1)
    expect(page.locator("#slow")).to_be_hidden()
    page.clock.run_for(2_800)
    expect(page.locator("#slow")).to_be_visible()
    expect(page.locator("#slow .go")).to_be_hidden()
    page.clock.run_for(7_000)
    expect(page.locator("#slow .go a")).to_be_visible()


def test_line_gone_is_said(page: Page, base: str) -> None:
    page.route(HELD, lambda route: route.abort())
    page.goto(f"{base}/doctors")
    expect(page.locator(".gone")).to_be_hidden()
    page.locator("button.doc").first.click()
    expect(page.locator(".gone")).to_be_visible()
    expect(page.locator(".gone")).to_contain_text("一楼 3 号窗口")


def test_answer_of_something_in_between_never_takes_the_screen(page: Page, base: str) -> None:
    page.route(HELD, lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>"))
    page.goto(f"{base}/doctors")
    page.locator("button.doc").first.click()
    expect(page.locator(".gone")).to_be_visible()
    expect(page.locator("button.doc")).to_have_count(4)


def test_settings_that_cannot_be_sent_never_show_the_browsers_own_error(page: Page, base: str) -> None:
    page.route("**/kiosk/settings", lambda route: route.abort())
    page.goto(f"{base}/doctors")
    page.locator("button[name=mode]").click()
    expect(page.locator(".gone")).to_be_visible()
    assert page.url == f"{base}/doctors"


def test_code_that_runs_out_asks_what_became_of_it(page: Page, base: str) -> None:
    stop_the_clock(page)
    page.goto(f"{base}/pay")
    expect(page.locator(".ring b").first).to_have_text("4:41")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(5):  # news that come meanwhile draw the page anew, with all of its time
        page.clock.run_for(281_500)
        if f"{base}/pay" in asked:
            break
    assert f"{base}/pay" in asked


def test_forms_work_without_a_script(chromium: Browser, base: str) -> None:
    """Every form has an address, a method, the token, and, where something is changed, the key."""
    bare = chromium.new_context(java_script_enabled=False).new_page()
    for name in ("doctors", "check", "pay", "first-confirm", "done", "who"):
        bare.goto(f"{base}/{name}")
        for form in bare.locator("main form").all():
            assert form.get_attribute("method") == "post"
            assert (form.get_attribute("action") or "").startswith("/kiosk/")
            assert form.locator("input[name=csrf]").get_attribute("value") == "t0ken"
            assert form.locator("input[name=key]").get_attribute("value") == "7Q4281ab"
    bare.context.close()


def test_page_may_not_be_kept_and_runs_nothing_foreign(page: Page, base: str) -> None:
    answer = page.goto(f"{base}/home")
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not page.locator("[style], script:not([src]), style").count()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("mode", ["normal", "elder"])
def test_the_window_stands_on_the_hold_slips_page_on_the_smallest_panel_too(
    page: Page, base: str, mode: str, language: str
) -> None:
    width, height = SHAPES["small"]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{base}/hold-slip?language={language}&mode={mode}")
    settle(page)
    window = "3 号窗口" if language == "zh-CN" else "Window 3"
    assert window in page.locator("#screen").inner_text(), "innerText has only what is shown"
