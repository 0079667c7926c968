"""Markup, SQL and other letters in every field that a browser can send; callbacks that say what is not so."""

import itertools
import json
from collections.abc import Iterator

import pytest

import books
from kiosk_client import Form, KioskClient, patients
from real_platform import RealPlatform, until

pytestmark = pytest.mark.slow

ADDRESS_FACTS: list[str] = ["payment", "version", "at", "since"]

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
SQL = "'; DROP TABLE payment; --"
NASTY = [MARKUP, SQL, "{{ 7717*3331 }}", "../../etc/passwd", "%00", "🙂" * 40, "x" * 9000, "-1", "０１２３"]
_turns = itertools.count(3)
TABLES = "SELECT count(*) AS n FROM information_schema.tables WHERE table_name IN ('payment', 'patient_session')"
ADDRESSES = [
    "/identify/number",
    "/register/departments?by={0}&at={0}",
    "/register/doctors/{0}",
    "/register/doctors/{0}/{0}",
    "/register/check/{0}",
    "/pay/{0}",
    "/done/{0}",
    "/trouble/{0}",
    "/reprint?document={0}",
    "/?pair={0}",
    "/{0}",
]


@pytest.fixture
def client(house: RealPlatform) -> Iterator[KioskClient]:
    """A screen that somebody has signed in at."""
    opened = KioskClient(house)
    opened.identify(*patients(house)[next(_turns)])
    yield opened
    opened.close()


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_addresses(client: KioskClient, house: RealPlatform, nasty: str) -> None:
    for address in ADDRESSES:
        path, _, query = address.partition("?")
        told = {pair.partition("=")[0]: nasty for pair in query.split("&") if pair}
        safe = nasty.replace("/", "%2F").replace("%00", "%2500").replace("?", "%3F").replace("#", "%23")
        client.page = client.http.get("/kiosk" + path.format(safe), params=told)
        harmless(client, nasty)
    told = dict.fromkeys(ADDRESS_FACTS, nasty)
    with client.http.stream("GET", "/kiosk/events", params=told) as answer:  # which never ends by itself
        assert answer.status_code < 500
    assert house.rows(TABLES)[0]["n"] >= 1


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_every_field_of_every_form(client: KioskClient, house: RealPlatform, nasty: str) -> None:
    payment_no = client.hold("0101")
    pages = ["/", "/identify/number", "/register/doctors/0101", f"/register/check/{payment_no}", "/reprint", "/help"]
    for path in pages:
        client.get(path)
        for form in client.forms():
            for changed in _changes(form, nasty):
                client.send(form, **changed)
                harmless(client, nasty)
    client.get(f"/register/check/{payment_no}")
    assert client.at == f"/register/check/{payment_no}", "nothing of it has touched the payment"


def _changes(form: Form, nasty: str) -> Iterator[dict[str, str]]:
    """Each field and each choice once; without a true csrf a form does nothing, so that one comes alone."""
    names = {*form.fields, *(name for name, _ in form.choices)} - {"csrf"}
    for name in sorted(names):
        if (form.action, name) != ("/kiosk/register/release", "key"):
            yield {name: nasty}


def harmless(client: KioskClient, nasty: str) -> None:
    """A page of ours in answer, no error of the server, and nothing of it as markup."""
    status, text = client.page.status_code, client.page.text
    assert status < 500, f"{client.page.url}: {status}"
    if "<" in nasty:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert str(7717 * 3331) not in text


def test_a_form_of_somebody_else_does_nothing(client: KioskClient, house: RealPlatform) -> None:
    """Without the screen's own token nothing is done, whatever else is right."""
    payment_no = client.hold("0101")
    form = client.form("/pay/")
    for csrf in ("", "x" * 65, form.fields["csrf"][::-1]):
        client.send(form, csrf=csrf)
        assert client.page.status_code == 409
    client.get(f"/register/check/{payment_no}")
    assert client.at == f"/register/check/{payment_no}"


@pytest.mark.parametrize("fault", ["forged", "stale", "wrong_amount", "wrong_merchant"])
def test_callback_that_is_not_believed(client: KioskClient, house: RealPlatform, fault: str) -> None:
    """While WeChat cannot be asked, such a callback delivers nothing; once it can be, its own answer does. A signed one
    that says something else than we know is for people to look into."""
    payment_no = client.hold("0101")
    client.show_code(payment_no)
    code = shown(house, payment_no)
    refused = refusals(house)
    house.wechat_fault("query", "down", count=1000)
    house.wechat_fault("callback", fault)
    house.phone("pay", code)
    until(lambda: not waits(house, fault), "the callback was sent")
    until(lambda: refusals(house) > refused or mismatched(house, payment_no), "the callback was judged")
    assert house.rows("SELECT taken_fen FROM payment WHERE payment_no = $1", payment_no)[0]["taken_fen"] == 0
    client.get(f"/pay/{payment_no}")
    assert not client.at.startswith("/done/")
    house.no_faults()
    look_into(house, payment_no)
    books.agree(house, payment_no)


def test_repeated_callback_moves_money_once(client: KioskClient, house: RealPlatform) -> None:
    payment_no = client.hold("0101")
    client.show_code(payment_no)
    house.wechat_fault("callback", "duplicated")
    house.phone("pay", shown(house, payment_no))
    books.agree(house, payment_no)
    client.get(f"/pay/{payment_no}")
    assert client.at == f"/done/{payment_no}"


def look_into(house: RealPlatform, payment_no: str) -> None:
    """People have asked the channel about whatever it told of this payment that does not fit."""
    known = house.command("queue", "show", payment_no)
    assert known.returncode == 0, known.stderr
    for notice in json.loads(known.stdout)["notices"]:
        asked = ("--notice", notice["notice"], "--note", "the channel was asked")
        ruled = house.command("queue", "resolve", payment_no, "as-channel-says", *asked)
        assert ruled.returncode == 0, ruled.stdout + ruled.stderr


def shown(house: RealPlatform, payment_no: str) -> str:
    """The code that the payer is shown."""
    sql = """SELECT show ->> 'code_url' AS code FROM payment_step JOIN payment USING (payment_id)
             WHERE payment_no = $1 AND payment_step.state = 'waiting'"""
    return until(lambda: [row["code"] for row in house.rows(sql, payment_no)], "the code is there")[0]


def waits(house: RealPlatform, fault: str) -> bool:
    return any(each["kind"] == fault for each in house.sandbox.get("/wechatpay/faults").json())


def refusals(house: RealPlatform) -> int:
    """How many callbacks had no believable signature; of those nothing is kept but a line in the log."""
    return (house.folder / "log" / "business.log").read_text().count("callback.refused")


def mismatched(house: RealPlatform, payment_no: str) -> bool:
    """One came that was signed and said something else than we know."""
    sql = "SELECT verdict FROM payment_callback WHERE reference LIKE $1 || '%'"
    return any(row["verdict"] == "mismatch" for row in house.rows(sql, payment_no))
