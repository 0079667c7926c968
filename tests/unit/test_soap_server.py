"""``/soap`` before anything is asked: what the XSD or the header alone refuses."""

import asyncio

import httpx
import pytest
from kiosk_platform import PAYMENT, Platform, payment, registration
from lxml import etree
from starlette.applications import Starlette

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.interface.metrics import Metrics
from yinyi.interface.served import served_operations
from yinyi.interface.soap.envelope import CONTENT, DIGEST, SOAP_11, SOAP_12, WSSE, WSU
from yinyi.interface.soap.server import PATH, Soap
from yinyi.kernel.errors import InvalidField
from yinyi.wire.xml import Element
from yinyi.wire.xml_shapes import NAMESPACE

EDITIONS = (SOAP_11, SOAP_12)
TOKEN = (
    f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}" soap:mustUnderstand="1"><w:UsernameToken>'
    f'<w:Username>his</w:Username><w:Password Type="{DIGEST}">c2ln</w:Password>'
    "<w:Nonce>bi0x</w:Nonce><u:Created>2026-11-23T01:30:00Z</u:Created></w:UsernameToken></w:Security>"
)
NUMBER = f"<number>{PAYMENT}</number>"
GET = f'<GetPayment xmlns="{NAMESPACE}">{NUMBER}</GetPayment>'
BY, KEY = "<operator>C12</operator>", "<idempotency_key>his-2026-0001</idempotency_key>"


def collect(fields: str) -> str:
    return f'<CollectHoldSlip xmlns="{NAMESPACE}">{fields}</CollectHoldSlip>'


def post(platform: Platform, call: str, header: str = "", edition: str = SOAP_11) -> tuple[int, Element]:
    """The status, and the one element in the body of the answer."""

    async def work() -> httpx.Response:
        bus = BusClient(platform, Caller.HOSPITAL.value, platform.clock)
        soap = Soap(bus, Metrics(), served_operations(Caller.HOSPITAL))
        transport = httpx.ASGITransport(Starlette(routes=soap.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://soap.test") as client:
            told = f"<soap:Header>{TOKEN}{header}</soap:Header><soap:Body>{call}</soap:Body>"
            text = f'<soap:Envelope xmlns:soap="{edition}">{told}</soap:Envelope>'
            return await client.post(PATH, content=text.encode(), headers={"content-type": CONTENT[edition]})

    answer = asyncio.run(work())
    return answer.status_code, etree.fromstring(answer.content)[0][0]


def platform_of() -> Platform:
    return Platform(answers={"GetPayment": payment("fulfilled"), "CollectHoldSlip": registration("fulfilled")})


def is_answer(found: tuple[int, Element], name: str) -> bool:
    return (found[0], etree.QName(found[1])) == (200, etree.QName(NAMESPACE, f"{name}Response"))


UNSAID = {
    "in another order": collect(BY + NUMBER + KEY),
    "the key before the fields": collect(KEY + NUMBER + BY),
    "a key that is none": collect(NUMBER + BY + "<idempotency_key>short</idempotency_key>"),
    "two keys": collect(NUMBER + BY + KEY + KEY),
    "of another namespace": GET.replace("<number>", '<number xmlns="urn:other">'),
    "an attribute": GET.replace("<number>", '<number kind="payment">'),
    "text between the fields": GET.replace(NUMBER, f"and {NUMBER}"),
}


@pytest.mark.parametrize("call", UNSAID.values(), ids=UNSAID)
def test_what_the_xsd_does_not_say_is_not_asked(call: str) -> None:
    platform = platform_of()
    for edition, status in zip(EDITIONS, (500, 400), strict=True):
        found, fault = post(platform, call, edition=edition)
        assert (found, fault.findtext(".//{*}code")) == (status, InvalidField.code())
    assert platform.asked == []


def test_what_the_xsd_says_is_asked() -> None:
    platform = platform_of()
    for edition in EDITIONS:
        assert is_answer(post(platform, GET, edition=edition), "GetPayment")
        assert is_answer(post(platform, collect(NUMBER + BY + KEY), edition=edition), "CollectHoldSlip")
    assert [each.key for each in platform.asked] == ["", "his-2026-0001"] * 2


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_header_that_has_to_be_understood_and_is_not_stops_it(edition: str) -> None:
    platform = platform_of()
    for value in ("1", "true"):
        header = f'<t:Transaction xmlns:t="urn:theirs" soap:mustUnderstand="{value}">5</t:Transaction>'
        status, fault = post(platform, GET, header, edition)
        code = fault.findtext("faultcode") or fault.findtext(f"{{{edition}}}Code/{{{edition}}}Value")
        assert (status, code) == (500, "soap:MustUnderstand")
    assert platform.asked == []
    for value in ("0", "false"):
        header = f'<t:Trace xmlns:t="urn:theirs" soap:mustUnderstand="{value}">5</t:Trace>'
        assert is_answer(post(platform, GET, header, edition), "GetPayment")
    assert is_answer(post(platform, GET, '<t:Trace xmlns:t="urn:theirs">5</t:Trace>', edition), "GetPayment")
