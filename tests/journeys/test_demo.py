"""The demo desk: everything on it works, on everything real."""

import io
import json
import socket
from pathlib import Path

import httpx
import pytest
from demo_desk import A_CALL_REACHES_PEOPLE_MS, WITHIN_MS, demo_desk
from kiosk_screen import EVERY_LOOK
from paper import Paper
from PIL import Image
from playwright.sync_api import Browser, expect

import books
from real_platform import RealPlatform
from yinyi_sandbox.demo.codes import read_code
from yinyi_sandbox.people.people import person

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("size", "locale", "clinic"),
    [((1600, 1000), "zh-CN", "0102"), pytest.param((1280, 800), "en-GB", "0202", marks=EVERY_LOOK)],
)
def test_a_newcomer_lays_a_card_pays_by_phone_and_holds_the_slip(
    house: RealPlatform, chromium: Browser, size: tuple[int, int], locale: str, clinic: str
) -> None:
    patient = person("chan-kahin")
    with demo_desk(house, chromium, size, locale) as desk:
        before = house.papers()
        desk.choose(patient.key, clinic)
        expect(desk.kiosk.locator("html")).to_have_attribute("lang", "en" if locale == "en-GB" else "zh-CN")
        desk.to_code()
        desk.press('[data-name="scan"]')
        asked = desk.sees('.ask[data-state="payable"] strong').inner_text()
        assert asked.removeprefix("¥") in desk.kiosk.locator(".price").first.inner_text().replace("\n", "")
        desk.press('[data-name="pay"]')
        desk.sees('.ask[data-state="paid"]')
        desk.shown("#screen .slip .no")
        desk.sees("#book .platform.confirmed")
        paper = Paper(house.paper_after(before))
        desk.press("#newest")
        expect(desk.page.locator("#paper .sheet img")).to_have_js_property("naturalWidth", 576, timeout=WITHIN_MS)
        assert desk.accessibility() == []
        desk.press("#paper [data-close]")
        assert str(paper.number()) in desk.kiosk.locator(".slip .no").inner_text()
        assert desk.accessibility() == []
        desk.leave()
        width, height = desk.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollHeight]")
        assert (width, height) == size
        assert desk.complaints() == []
        desk.page.goto(f"{house.base}/demo/his")
        told = desk.page.locator("#heard li", has_text="DFT^P03").filter(has_text=f"{asked} · AA")
        expect(told.first).to_be_visible(timeout=WITHIN_MS)
        desk.press("#register")
        expect(desk.page.locator('#said[data-bad="no"]')).to_be_visible(timeout=WITHIN_MS)
        assert desk.complaints() == []


@pytest.mark.parametrize(
    ("app", "who", "size"),
    [
        ("wechatpay", "chan-kahin", (1600, 1000)),
        pytest.param("alipay", "liu-yan", (1280, 800), marks=pytest.mark.slow),
    ],
)
def test_the_phone_shows_its_own_code_and_holds_it_to_the_scanner(
    house: RealPlatform, chromium: Browser, app: str, who: str, size: tuple[int, int]
) -> None:
    with demo_desk(house, chromium, size) as desk:
        desk.choose(who, "0103")
        desk.to_code()
        desk.press(f'[data-name="own-{app}"]')
        desk.press('[data-name="own-no_money"]')
        desk.sees('[data-name="own-no_money"][aria-pressed="true"]')
        assert desk.accessibility() == []
        desk.press('[data-name="hold"]')
        desk.shown("#screen.refused")
        desk.press('[data-name="own-password"]')
        desk.sees('[data-name="own-password"][aria-pressed="true"]')
        desk.press('[data-name="hold"]')
        desk.shown("#screen.password")
        desk.sees('.ask[data-state="payable"]')
        assert desk.accessibility() == []
        desk.press('[data-name="pay"]')
        desk.sees('.ask[data-state="paid"]')
        desk.shown("#screen .slip .no")
        desk.leave()
        assert desk.complaints() == []


def test_without_a_phone_the_window_collects_the_slip_and_comes_when_called(
    house: RealPlatform, chromium: Browser
) -> None:
    with demo_desk(house, chromium, locale="en-GB") as desk:
        before = house.papers()
        desk.choose("zhou-wen", "0101")
        desk.to_code()
        desk.touch('.act form[action$="/hold-slip"] button')
        slip = Paper(house.paper_after(before))
        expect(desk.page.locator("#newest img")).to_have_attribute("src", f"/demo/papers/{before + 1}.png")
        desk.press("#collect")
        expect(desk.page.locator("#collected")).to_have_attribute("data-bad", "no", timeout=WITHIN_MS)
        mine = house.hospital("registrations", patient_no="2018000007")
        assert [each["state"] for each in mine if each["payment_no"] == slip.code()] == ["confirmed"]
        desk.press("#collect")
        expect(desk.page.locator("#collected")).to_have_attribute("data-bad", "yes", timeout=WITHIN_MS)
        desk.touch(".dock .help")
        desk.shown("#screen .bell.called")
        expect(desk.page.locator("#calls .pill")).to_be_visible(timeout=A_CALL_REACHES_PEOPLE_MS)
        desk.press("#calls .pill")
        desk.shown("#screen .bell.coming")
        expect(desk.page.locator("#calls .pill")).to_have_count(0, timeout=WITHIN_MS)
        assert desk.complaints() == []


def test_the_window_sells_what_the_kiosk_shows(house: RealPlatform, chromium: Browser) -> None:
    with demo_desk(house, chromium) as desk:
        desk.shown("#screen.home .tiles")
        desk.press('[data-key="chan-kahin"]')
        desk.shown('.act form[action="/kiosk/finish"] button')
        desk.touch('.act a[href="/kiosk/register"]')
        desk.touch('a[href="/kiosk/register/doctors/0401"]')
        name = house.hospital("schedules", department="0401")[0]["dept_name"]
        expect(desk.page.locator("#department")).to_have_value(name, timeout=WITHIN_MS)
        one = desk.sees('[data-sell^="one-"]')
        schedule_id = str(one.get_attribute("data-sell")).removeprefix("one-")
        taken = _taken(house, schedule_id)
        one.click()
        desk.sees("#sold")
        assert _taken(house, schedule_id) > taken
        desk.press(f'[data-sell="all-{schedule_id}"]')
        expect(desk.page.locator(f'.shut [data-sell="all-{schedule_id}"]')).to_be_visible(timeout=WITHIN_MS)
        assert _taken(house, schedule_id) == _capacity(house, schedule_id)


@EVERY_LOOK
def test_a_phone_that_pays_too_late_gets_its_money_back(house: RealPlatform, chromium: Browser) -> None:
    with demo_desk(house, chromium) as desk:
        desk.mishap("race")
        desk.choose("liu-yan", "0101")
        desk.to_code()
        desk.press('[data-name="scan"]')
        desk.press('[data-name="pocket"]')
        desk.touch('.act form[action$="/cancel"] button')
        desk.shown("#screen.trouble")
        desk.press(".notes button")
        desk.sees('.ask[data-state="closed"]')
        desk.press('[data-name="anyway"]')
        expect(desk.page.locator("#glass .hint")).to_contain_text("已退款", timeout=WITHIN_MS)
    [newest] = house.rows("SELECT payment_no FROM payment ORDER BY payment_id DESC LIMIT 1")
    books.agree(house, newest["payment_no"])


def test_the_drawer_makes_things_go_wrong_and_right_again(house: RealPlatform, chromium: Browser) -> None:
    with demo_desk(house, chromium) as desk:
        desk.shown("#screen.home .tiles")
        for key in ("hold-taken", "forged", "alipay-withheld", "printer-paper_out", "hospital-down", "bank-lost",
                    "bank-half", "door-open", "camera-offline"):  # fmt: skip
            desk.mishap(key)
        expect(desk.page.locator("#faults-count")).to_have_text("9")
        waiting = house.sandbox.get("/bank/").json()
        assert [(each["at"], each["kind"]) for each in waiting["faults"]] == [("purchase", "torn")]
        assert {line["name"] for line in waiting["lines"] if line["state"] == "silent"} == {"cup_pos-1", "cup_ascii-1"}
        desk.mishap("bank-down")
        desk.mishap("bank-half", armed="true")
        desk.mishap("hold-taken", armed="false")
        desk.press("#faults-open")
        assert desk.accessibility() == []
        desk.press("#faults-clear")
        expect(desk.page.locator('[aria-pressed="true"]')).to_have_count(0, timeout=WITHIN_MS)
        after = house.sandbox.get("/bank/").json()
        assert (after["faults"], {line["state"] for line in after["lines"]}) == ([], {"up"})
        devices = house.control.get("/state").raise_for_status().json()
        assert [devices[name] for name in ("printer", "door", "camera")] == ["ok", "ok", "ok"]
        desk.press("#faults [data-close]")
        desk.mishap("unplugged")
        desk.sees('#standing[data-standing="line"]')
        desk.mishap("unplugged", armed="false")
        desk.sees('#standing[data-standing="ok"]')


def test_a_second_browser_takes_the_screen_over_and_gives_it_back(house: RealPlatform, chromium: Browser) -> None:
    with demo_desk(house, chromium) as first:
        first.shown("#screen.home .tiles")
        with demo_desk(house, chromium) as second:
            second.shown("#screen.home .tiles")
            first.touch('.act a[href="/kiosk/register"]')
            first.sees("#veil button").click()
            expect(first.page.locator("#veil")).to_be_hidden(timeout=WITHIN_MS)
            first.shown("#screen.home .tiles")
            second.open()
            second.shown("#screen.home .tiles")


@pytest.mark.parametrize("path", ["/demo/reader/lay", "/demo/hospital/down", "/demo/wechatpay/faults"])
def test_what_another_site_could_send_is_refused(house: RealPlatform, path: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert house.http.post(path, content=b'{"key":"wang-fang"}', headers={"content-type": kind}).status_code == 415


def test_the_page_lets_nothing_in_from_outside(house: RealPlatform) -> None:
    policy = house.http.get("/demo").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/demo/reader/lay", b'{"key":"nobody"}', 404),
        ("/demo/reader/lay", b"{", 400),
        ("/demo/printer", b'{"state":"on fire"}', 400),
        ("/demo/line", b'{"for_s":-1}', 400),
        ("/demo/door", b'{"state":"jam"}', 400),
        ("/demo/camera", b'{"state":"open"}', 400),
        ("/demo/scanner", b'{"text":""}', 400),
        ("/demo/phone/code", b'{"app":"cash"}', 400),
        ("/demo/window/collect", b'{"paper":999999}', 404),
        ("/demo/phone/scan", b"no picture", 404),
        ("/demo/wechatpay/v3/pay/transactions/native", b"{}", 404),
        ("/demo/reader/lay", b" " * 70_000, 413),
    ],
)
def test_what_makes_no_sense_is_said(house: RealPlatform, path: str, body: bytes, status: int) -> None:
    assert house.http.post(path, content=body, headers=JSON).status_code == status


def test_the_sandboxs_bank_is_open_and_tells_the_connector_where(house: RealPlatform) -> None:
    told = json.loads((house.folder / "run" / "sandbox" / "unionpay.json").read_bytes())
    lines = house.http.get("/demo/bank/").json()["lines"]
    addresses = [each for acquirer in told["acquirers"].values() for each in acquirer["addresses"]]
    assert sorted(each["port"] for each in addresses) == sorted(line["port"] for line in lines)
    for line in lines:
        socket.create_connection(("127.0.0.1", line["port"])).close()
    letter = json.loads(Path(told["keys_file"]).read_bytes())[0]
    keys = f"/sessions/{letter['merchant_no']}/{letter['terminal_no']}/keys"
    assert house.sandbox.get(f"/bank{keys}").status_code == 200
    assert house.http.get(f"/demo/bank{keys}").status_code == 404, "keys are not for the page"
    fault = b'{"at":"purchase","kind":"silent"}'
    assert house.http.post("/demo/bank/faults", content=fault, headers=JSON).json()[0]["kind"] == "silent"
    assert house.http.delete("/demo/bank/faults").json() == []
    clearing = f"{told['clearing_url']}/{letter['merchant_no']}/{house.clock.now().date()}"
    assert httpx.get(clearing, params={"so_far": "1"}, trust_env=False).text.endswith(",0,0,0,0\n")


def test_static_files_are_the_pages_own(house: RealPlatform) -> None:
    assert house.http.get("/demo/static/demo.js").headers["content-type"].startswith("text/javascript")
    for name in ("routes.py", "..%2froutes.py", "nothing.js"):
        assert house.http.get(f"/demo/static/{name}").status_code == 404


def test_a_camera_reads_what_is_there_and_nothing_else() -> None:
    out = io.BytesIO()
    Image.new("L", (64, 64), 255).save(out, "PNG")
    for picture in (out.getvalue(), out.getvalue()[:40], b"", b"GIF89a"):
        assert read_code(picture) == ""


def _session(house: RealPlatform, schedule_id: str) -> dict[str, int]:
    answer: httpx.Response = house.sandbox.get("/hospital/schedules")
    return next(each for each in answer.json() if each["schedule_id"] == schedule_id)


def _taken(house: RealPlatform, schedule_id: str) -> int:
    return _session(house, schedule_id)["taken"]


def _capacity(house: RealPlatform, schedule_id: str) -> int:
    return _session(house, schedule_id)["capacity"]
