"""At the code: cancelled, refused, paid too late, paid at the window, paid by nobody."""

import json
from pathlib import Path

import httpx
import pytest
from demo_desk import WITHIN_MS, demo_desk
from keyboard_screen import KeyboardScreen
from kiosk_screen import EVERY_LOOK, KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect

import books
from cards import fresh_card
from real_platform import RealPlatform, until


def test_cancelled_before_anybody_paid(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        payment_no, code = at_the_code(screen)
        screen.press('form[action$="/cancel"] button')
        screen.seen(rf"/trouble/{payment_no}", "#screen.trouble .facts")
        assert screen.asks() == "没有扣钱"
        refused = house.sandbox.post("/wechatpay/phone/pay", json={"code_url": code})
        assert refused.status_code in (403, 409), refused.text
    books.agree(house, payment_no)


def test_the_payer_shuts_the_page_and_pays_later(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        payment_no, code = at_the_code(screen)
        assert house.phone("refuse", code)["state"] == "payable"
        assert screen.code() == code
        house.phone("pay", code)
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


@pytest.mark.parametrize(
    ("shape", "language", "kind"),
    [
        pytest.param("portrait", "zh-CN", KioskScreen, marks=EVERY_LOOK),
        pytest.param("landscape", "en", KeyboardScreen, id="landscape-en-keyboard"),
    ],
)
def test_alipay_instead(
    house: RealPlatform, chromium: Browser, shape: str, language: str, kind: type[KioskScreen]
) -> None:
    """The first code is closed before the other one is shown: nobody can pay it any more. The second look is all done
    with the keyboard, from the home page to the finished session."""
    with kiosk_screen(house, chromium, shape, language, kind) as screen:
        payment_no, first = at_the_code(screen)
        screen.press('button[name="tender"][value="alipay"]')
        expect(screen.page.locator("h1.ask")).to_contain_text("支付宝" if language == "zh-CN" else "Alipay")
        screen.seen(rf"/pay/{payment_no}", ".code")
        second = screen.code()
        assert second.startswith("https://qr.alipay.com/")
        assert house.sandbox.post("/wechatpay/phone/pay", json={"code_url": first}).status_code in (403, 409)
        assert house.alipay_phone("pay", second)["state"] == "paid"
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        screen.press_form("/finish")
        screen.seen(r"/(\?bye=1)?", "#screen.home")
    books.agree(house, payment_no)


@pytest.mark.parametrize("language", ["zh-CN", pytest.param("en", marks=EVERY_LOOK)])
def test_paid_too_late_goes_back_by_itself(house: RealPlatform, chromium: Browser, language: str) -> None:
    """His password was on its way when the order was closed: the money comes, and goes back."""
    with kiosk_screen(house, chromium, "portrait", language) as screen:
        payment_no, code = at_the_code(screen)
        screen.press('form[action$="/cancel"] button')
        screen.seen(rf"/trouble/{payment_no}", "#screen.trouble .facts")
        house.wechat_fault("phone", "race")
        assert house.phone("pay", code)["state"] == "paid"
        until(lambda: house.phone("scan", code)["refunded_fen"], "the money goes back")
        told = "钱已经退回" if language == "zh-CN" else "Your money has been given back"
        expect(screen.page.locator("h1.ask")).to_have_text(told)
        screen.seen(rf"/trouble/{payment_no}", ".facts")
    books.agree(house, payment_no)


def test_hold_slip_is_collected_at_the_window(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        payment_no, code = at_the_code(screen)
        before = house.papers()
        screen.press('form[action$="/hold-slip"] button')
        screen.seen(rf"/pay/{payment_no}/hold-slip", ".slip .time")
        slip = Paper(house.paper_after(before))
        assert slip.code() == payment_no
        closed = until(lambda: house.phone("scan", code)["state"] == "closed", "the code is closed")
        assert closed
        with demo_desk(house, chromium, path="/demo/window") as desk:
            desk.page.fill("#slip", f"https://hospital.example/{slip.code()}")
            desk.page.locator("#collect").dblclick()
            expect(desk.page.locator("#said")).to_have_attribute("data-bad", "no", timeout=WITHIN_MS)
        receipt = {"number": slip.code(), "operator": "C07", "receipt_no": "W-2201"}
        assert house.as_hospital("CollectHoldSlip", receipt, key="collect-2").status_code == 409
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


def test_the_window_has_to_sign(house: RealPlatform) -> None:
    receipt = {"number": "26112309300000ABCDEFGH", "operator": "C07", "receipt_no": ""}
    unsigned = house.http.post("/api/v1/CollectHoldSlip", json=receipt)
    assert unsigned.status_code == 401
    forged: httpx.Response = house.as_hospital("CollectHoldSlip", receipt, key="collect-3", secret="guessed")
    assert forged.status_code == 401


def test_what_is_described_is_what_is_served(house: RealPlatform) -> None:
    """By the processes as they run: one that does not know an operation would not serve it."""
    described = Path(__file__).parents[2] / "docs" / "protocols"
    assert house.http.get("/api/v1/openapi.json").json() == json.loads((described / "openapi.json").read_text("utf-8"))
    for path, name in (("/soap", "soap"), ("/soap/hip", "soap-hip"), ("/soap/process", "soap-process")):
        served = house.http.get(f"{path}?wsdl").text
        told = (described / f"{name}.wsdl").read_text("utf-8")
        assert served.replace(str(house.http.base_url).rstrip("/"), "http://127.0.0.1:8080") == told
    assert house.as_hospital("ListClosures", {}, key="").json() == {"closures": []}


def at_the_code(screen: KioskScreen) -> tuple[str, str]:
    """A new patient, up to the code: the payment's number, and what the code says."""
    screen.first_visit(fresh_card())
    screen.house.take_card()
    payment_no = screen.choose()
    return payment_no, screen.to_code()
