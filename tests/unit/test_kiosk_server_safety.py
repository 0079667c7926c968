"""What must not happen at a kiosk: forged forms, leaking cookies, kept pages, sessions that are over."""

from collections.abc import AsyncIterator

import pytest
from kiosk_platform import PAYMENT, SCREEN, page, paired, registration, run

from yinyi.business.identity.messages import Identified
from yinyi.interface.journeys.visitor import Visit
from yinyi.interface.kiosk import cookies
from yinyi.interface.kiosk.addresses import ADDRESSES
from yinyi.interface.kiosk.cookies import Cookies, Jar, Look
from yinyi.kernel.errors import (
    InvalidField,
    PlatformUnavailable,
    SessionEnded,
)

KNOWN = Identified(status="known", session_token="session-token")
AT = {
    "payment_no": PAYMENT,
    "booking_no": PAYMENT,
    "invoice_no": "B2611230001",
    "order_no": "O2611230001",
    "admission_no": "269000012",
    "on": "2026-11-23",
    "nth": "1",
}
FORMS = [address.path.format(**AT) for address in ADDRESSES if address.post]
FOR_ANYBODY = [address.path for address in ADDRESSES if address.for_anybody]
HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE payment; --",
    "../../etc/passwd",
    "{{ 7*7 }}",
    "😀𠅤",
    "a" * 4000,
]


# ---- forms


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_proof_of_its_page_does_nothing(path: str) -> None:
    async def work() -> None:
        browser = paired()
        screen, person = (await browser.csrf()).split(".")
        for csrf in ("", "forged", f"{'0' * 32}.{person}", f"{screen[:-1]}.{person}", f"é.{person}"):
            browser.platform.asked.clear()
            answer = await browser.client.post("/kiosk" + path, data={"csrf": csrf, "key": "k" * 22})
            assert (answer.status_code, page(answer)["v"]["kind"]) == (409, "old_page")
            assert browser.platform.names() == []

    run(work())


@pytest.mark.parametrize("path", [path for path in FORMS if path not in FOR_ANYBODY])
def test_a_form_of_the_person_before_does_nothing(path: str) -> None:
    async def work() -> None:
        browser = paired()
        before = await browser.csrf()
        browser.set_cookie("yinyi_visit", "home.session.another-token")
        browser.platform.sessions["another-token"] = browser.platform.sessions["session-token"]
        answer = await browser.client.post("/kiosk" + path, data={"csrf": before, "key": "k" * 22})
        assert (answer.status_code, page(answer)["v"]["kind"]) == (409, "old_page")
        assert browser.platform.names() == []

    run(work())


def test_the_way_out_works_from_an_old_page_too() -> None:
    async def work() -> None:
        browser = paired()
        before = await browser.csrf()
        browser.set_cookie("yinyi_visit", "home.session.another-token")
        answer = await browser.client.post("/kiosk/finish", data={"csrf": before})
        assert (answer.status_code, browser.cookie("yinyi_visit")) == (303, "")

    run(work())


def test_a_form_without_a_key_changes_nothing() -> None:
    async def work() -> None:
        browser = paired()
        for key in ("short", "x" * 41, "with space and more", "钥匙钥匙钥匙钥匙钥匙钥匙钥匙钥匙"):
            answer = await browser.post(f"/pay/{PAYMENT}", key=key)
            assert (answer.status_code, page(answer)["v"]["kind"]) == (409, "old_page")
        assert "ChooseTender" not in browser.platform.names()

    run(work())


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"csrf=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"csrf=a%00b", "application/x-www-form-urlencoded", 400),
        ("csrf=é".encode(), "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(40)), "application/x-www-form-urlencoded", 400),
        (b'{"csrf": "x"}', "application/json", 409),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 409),
    ],
)
def test_a_body_that_is_no_form_of_ours_is_refused(body: bytes, kind: str, status: int) -> None:
    async def work() -> None:
        browser = paired()
        answer = await browser.client.post("/kiosk/finish", content=body, headers={"content-type": kind})
        assert answer.status_code == status
        assert browser.platform.names() == []

    run(work())


def test_a_body_without_a_length_is_limited_too() -> None:
    async def work() -> None:
        browser = paired()

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"a" * 1000

        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await browser.client.post("/kiosk/finish", content=endless(), headers=headers)
        assert answer.status_code == 413

    run(work())


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_stays_text(text: str) -> None:
    async def work() -> None:
        browser = paired(known=False, IdentifyByNumber=InvalidField())
        number = page(await browser.post("/identify/number", stage="proof", number=text, proof=text))
        assert number["v"]["problem"] == "unknown_number"
        answer = await browser.get(f"/register/departments?by={text[:100]}&at={text[:100]}")
        assert answer.status_code == 200

    run(work())


@pytest.mark.parametrize(
    "path", ["/pay/%00", "/trouble/a%0ab", "/register/doctors/%1b", "/register/departments?by=%00"]
)
def test_control_characters_never_reach_the_platform(path: str) -> None:
    async def work() -> None:
        browser = paired()
        answer = await browser.get(path)
        assert answer.status_code in (400, 404)
        assert browser.platform.names() == []

    run(work())


# ---- cookies


def test_cookies_are_for_the_kiosk_only_and_out_of_every_scripts_reach() -> None:
    async def work() -> None:
        browser = paired(known=False, Identify=KNOWN)
        answer = await browser.get("/identify")
        cookie = answer.headers["set-cookie"]
        assert cookie == "yinyi_visit=home.session.session-token; Path=/kiosk; HttpOnly; SameSite=Strict"

    run(work())
    assert Jar("/kiosk", secure=True).screen("t")[1].endswith(b"; Path=/kiosk; HttpOnly; SameSite=Strict; Secure")
    assert b"Max-Age=34560000" in Jar("/kiosk", secure=False).screen("t")[1]


@pytest.mark.parametrize(
    "header",
    [
        "",
        ";;;=;",
        "yinyi_visit=....",
        "yinyi_visit=home.session.<b>",
        "yinyi_look=xx.yy.zz",
        "yinyi_screen=a b",
        "\xff\xfe",
    ],
)
def test_a_cookie_out_of_form_counts_as_absent(header: str) -> None:
    found = cookies.read(header.encode("latin-1"))
    assert found == Cookies()


def test_what_is_written_is_what_is_read() -> None:
    jar = Jar("/kiosk", secure=False)
    visit, look = Visit(ticket="t-1", wants="reprint"), Look(language="en", mode="elder", theme="contrast", reach="low")
    header = b"; ".join(line.split(b";")[0] for _, line in (jar.screen("s"), jar.visit(visit), jar.look(look)))
    assert cookies.read(header) == Cookies(screen="s", visit=visit, look=look)


def test_proof_of_a_page_is_bound_to_screen_and_person() -> None:
    here = Cookies(screen="s", visit=Visit(session="p"))
    proof = cookies.csrf_of(here)
    assert cookies.csrf_matches(here, proof)
    for other in (Cookies(screen="x", visit=here.visit), Cookies(screen="s", visit=Visit(session="q")), Cookies()):
        assert not cookies.csrf_matches(other, proof)
    assert cookies.csrf_matches(Cookies(screen="s"), proof, any_person=True)
    assert not cookies.csrf_matches(Cookies(screen="x"), proof, any_person=True)
    assert not cookies.csrf_matches(Cookies(), cookies.csrf_of(Cookies()), any_person=True)


def test_secrets_never_stand_on_a_page() -> None:
    async def work() -> None:
        browser = paired()
        for path in ("/", "/register/departments", "/payments", f"/register/check/{PAYMENT}", "/nowhere"):
            text = (await browser.get(path)).text
            assert SCREEN not in text
            assert "session-token" not in text

    run(work())


# ---- headers


def test_every_answer_is_kept_by_nobody_and_framed_by_nobody_else() -> None:
    async def work() -> None:
        browser = paired()
        for answer in (await browser.get("/"), await browser.get("/nowhere"), await browser.post("/finish")):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert "unsafe" not in policy

    run(work())


def test_only_what_a_browser_does_with_pages_is_allowed() -> None:
    async def work() -> None:
        browser = paired()
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
            assert (await browser.client.request(method, "/kiosk/")).status_code == 405
        assert (await browser.client.get("/kiosk")).headers["location"] == "/kiosk/"
        assert (await browser.client.get("/kiosk?pair=A")).headers["location"] == "/kiosk/?pair=A"

    run(work())


# ---- swaps


def test_within_a_page_only_its_middle_is_drawn() -> None:
    async def work() -> None:
        browser = paired()
        assert page(await browser.get("/", **{"HX-Request": "true"}))["swap"] is True
        assert page(await browser.get("/"))["swap"] is False
        back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
        assert page(await browser.get("/", **back))["swap"] is False

    run(work())


def test_another_person_means_a_whole_new_page() -> None:
    async def work() -> None:
        browser = paired(known=False, Identify=KNOWN)
        answer = await browser.get("/identify", **{"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"], answer.content) == (200, "/kiosk/", b"")
        assert browser.cookie("yinyi_visit") == "home.session.session-token"

    run(work())


# ---- sessions


@pytest.mark.parametrize(
    ("path", "wants"),
    [("/register/departments", "register"), (f"/pay/{PAYMENT}", "find_payment"), ("/reprint", "reprint")],
)
def test_a_session_that_is_over_asks_for_the_card_and_goes_on_from_there(path: str, wants: str) -> None:
    async def work() -> None:
        browser = paired()
        browser.platform.sessions.clear()
        answer = await browser.get(path)
        seen = page(answer)
        assert (answer.status_code, seen["v"]["kind"], seen["v"]["back"]) == (403, "session_over", "/kiosk/identify")
        assert (seen["c"]["patient"], browser.cookie("yinyi_visit")) == (None, f"{wants}.ticket.")

    run(work())


def test_a_session_that_ends_while_paying_takes_nothing_more() -> None:
    async def work() -> None:
        browser = paired(ChooseTender=SessionEnded(), GetRegistration=registration())
        answer = await browser.post(f"/pay/{PAYMENT}")
        assert page(answer)["v"]["kind"] == "session_over"
        seen = page(answer)
        assert cookies.csrf_matches(Cookies(screen=SCREEN), seen["c"]["csrf"])

    run(work())


def test_a_bus_that_goes_away_in_the_middle_of_a_form_leads_back_to_the_truth() -> None:
    async def work() -> None:
        browser = paired(ChooseTender=PlatformUnavailable())
        answer = await browser.post(f"/pay/{PAYMENT}")
        assert (answer.status_code, page(answer)["v"]["reason"]) == (503, "platform_down")
        assert page(answer)["c"]["here"] == f"/kiosk/pay/{PAYMENT}"

    run(work())
