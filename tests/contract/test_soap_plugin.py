"""The ``soap`` plugin before answers that no port test brings: faults, hostile XML, other forms of calling."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpay_lab import serving

from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.soap.plugin import PLUGIN
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.listening import listening
from yinyi.kernel.outcome import Done, NotSent, Outcome, Refused, Unknown
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.hospital import wsdl
from yinyi_sandbox.hospital.trades import Field, Trade

REF = Field("ref", "text", "string", False)
RELEASE = Trade(procedure="release_number", code="HIS013", parameters=(REF,), columns=(), query="")
PATIENT = Trade(
    procedure="query_patient_no",
    code="HIS003",
    parameters=(Field("patient_no", "text", "string", False),),
    columns=(),
    query="",
)
ROW = (
    "<Row><RetCode>0</RetCode><RetMsg>ok</RetMsg><State>released</State><ScheduleId>12</ScheduleId><No>3</No>"
    "<StartsAt>2026-11-27T09:30:00+08:00</StartsAt></Row>"
)
SOAP_11 = f'<e:Envelope xmlns:e="{wsdl.SOAP_11}"><e:Body>{{}}</e:Body></e:Envelope>'
SOAP_12 = f'<e:Envelope xmlns:e="{wsdl.SOAP_12}"><e:Body>{{}}</e:Body></e:Envelope>'
FAULT_11 = "<e:Fault><faultcode>e:{}</faultcode><faultstring>why</faultstring></e:Fault>"
FAULT_12 = "<e:Fault><e:Code><e:Value>e:{}</e:Value></e:Code><e:Reason><e:Text>why</e:Text></e:Reason></e:Fault>"


def answered(row: str) -> str:
    return SOAP_11.format(f'<ReleaseNumberResponse xmlns="{wsdl.HIS}">{row}</ReleaseNumberResponse>')


class Far:
    """A web service that says whatever it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.says: bytes = answered(ROW).encode()
        self.status = 200
        self.asked: list[Any] = []
        self.headers: list[dict[str, str]] = []

    async def serve(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(
                wsdl.of_methods([RELEASE, PATIENT], str(request.url.replace(query=""))), media_type="text/xml"
            )
        self.asked.append(etree.fromstring(await request.body()))
        self.headers.append(dict(request.headers))
        return Response(self.says, self.status, media_type="text/xml")


@contextlib.asynccontextmanager
async def between(far: Far, **more: Any) -> AsyncGenerator[TradesHospital]:
    listener = listening()
    at = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = SoapConfig(wsdl=f"{at}/his?wsdl", rest_s=0, call_timeout_s=20, connect_timeout_s=20)
    hospital = PLUGIN.build(
        msgspec.structs.replace(config, **more), Surroundings(clock=ShiftedClock(), callback_url="")
    )
    async with serving(Starlette(routes=[Route("/his", far.serve, methods=["GET", "POST"])]), listener):
        await hospital.start()
        yield hospital
        await hospital.stop()


def released(far: Far, **more: Any) -> Outcome:
    async def go() -> Outcome:
        async with between(far, **more) as hospital:
            return await hospital.release("R1")

    return asyncio.run(go())


def test_a_row_in_an_envelope() -> None:
    far = Far()
    outcome = released(far)
    assert isinstance(outcome, Done), outcome
    assert outcome.evidence == {
        "status": "released",
        "number": 3,
        "slot_id": "12-3",
        "starts_at": "2026-11-27T09:30:00+08:00",
    }
    assert far.asked[0].findtext(".//{*}ReleaseNumber/{*}Ref") == "R1"
    assert far.headers[0]["soapaction"] == f'"{wsdl.HIS}/ReleaseNumber"'


def test_the_other_edition_of_soap() -> None:
    far = Far()
    far.says = answered(ROW).replace(wsdl.SOAP_11, wsdl.SOAP_12).encode()
    assert isinstance(released(far, port="HisServiceSoap12"), Done)
    assert far.headers[0]["content-type"].startswith("application/soap+xml")
    assert etree.QName(far.asked[0]).namespace == wsdl.SOAP_12


def test_who_we_are_goes_with_a_digest_and_never_as_a_password() -> None:
    far = Far()
    released(far, user="kiosk", password="s3cret-word")
    token = far.asked[0].find(".//{*}UsernameToken")
    assert token.findtext("{*}Username") == "kiosk"
    assert token.find("{*}Password").get("Type").endswith("#PasswordDigest")
    assert b"s3cret-word" not in etree.tostring(far.asked[0])


@pytest.mark.parametrize(
    ("says", "status", "means"),
    [
        (SOAP_11.format(FAULT_11.format("Client")), 500, Refused),
        (SOAP_11.format(FAULT_11.format("Client.Authentication")), 500, Refused),
        (SOAP_11.format(FAULT_11.format("Server")), 500, Unknown),
        (SOAP_12.format(FAULT_12.format("Sender")), 400, Refused),
        (SOAP_12.format(FAULT_12.format("Receiver")), 500, Unknown),
        ("not xml", 200, Unknown),
        ("", 200, Unknown),
        ("<a/>" * 2, 200, Unknown),
        ("down for a moment", 503, Unknown),
        ("too slow", 408, Unknown),
        ("too many", 429, Unknown),
        ("who are you?", 401, Refused),
        (answered(ROW.replace("<No>3</No>", "<No>three</No>")), 200, Unknown),
        (answered(ROW.replace("+08:00", "")), 200, Unknown),
        (answered(""), 200, Unknown),
        (answered(ROW * 2), 200, Unknown),
        (answered("<Row><State>released</State></Row>"), 200, Unknown),
    ],
)
def test_what_an_answer_without_a_row_means(says: str, status: int, means: type[Outcome]) -> None:
    far = Far()
    far.says, far.status = says.encode(), status
    outcome = released(far)
    assert isinstance(outcome, means), outcome


NOBODY = '<QueryPatientNoResponse xmlns="urn:cloudhill-hospital:his"/>'
ELSEWHERE = {
    "a page": "<html><body><h1>Closed for maintenance</h1></body></html>",
    "nothing in it": SOAP_11.format(""),
    "no envelope": NOBODY,
    "an answer to something else": SOAP_11.format(NOBODY.replace("PatientNo", "Slot")),
    "what was asked": SOAP_11.format(NOBODY.replace("Response", "")),
}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("what", ELSEWHERE)
def test_another_document_does_not_say_that_there_is_nobody(what: str, status: int) -> None:
    far = Far()
    far.says, far.status = ELSEWHERE[what].encode(), status

    async def go() -> None:
        async with between(far) as hospital:
            with pytest.raises(HospitalUnavailable):
                await hospital.by_number("2016000001")
            far.says, far.status = SOAP_11.format(NOBODY).encode(), 200
            assert await hospital.by_number("2016000001") is None

    asyncio.run(go())


ENTITIES = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + depth)} "{f"&{chr(97 + depth)};" * 10}">' for depth in range(9)
) + "]>"  # fmt: skip


HOSTILE = {
    "said twice": answered(ROW.replace("</No>", "</No><No>4</No>")),
    "another way to write a number": answered(ROW.replace("<No>3<", "<No>0_3<")),
    "a number without an end": answered(ROW.replace("<No>3<", "<No>1e999990<")),
    "another file": ENTITIES + answered(ROW.replace("ok", "&x;")),
    "bomb": BOMB + answered(ROW.replace("ok", "&j;")),
    "deep": answered(ROW.replace("ok", "<b>" * 5000 + "</b>" * 5000)),
    "long": answered(ROW.replace("ok", "x" * 50_000)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_answers_are_unknown(what: str) -> None:
    far = Far()
    far.says = HOSTILE[what].encode()
    assert isinstance(released(far, longest_answer=40_000), Unknown)


def test_a_wsdl_from_a_file_may_lead_elsewhere(tmp_path: Path) -> None:
    far, file = Far(), tmp_path / "his.wsdl"
    file.write_bytes(wsdl.of_methods([RELEASE], "http://127.0.0.1:1/nobody"))

    async def go() -> None:
        async with between(far, wsdl=str(file)) as astray:
            assert isinstance(await astray.release("R1"), NotSent)
        listener = listening()
        at = f"http://127.0.0.1:{listener.getsockname()[1]}/his"
        async with serving(Starlette(routes=[Route("/his", far.serve, methods=["POST"])]), listener):
            config = SoapConfig(wsdl=str(file), address=at)
            hospital = PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))
            await hospital.start()
            assert isinstance(await hospital.release("R1"), Done)
            await hospital.stop()

    asyncio.run(go())


def test_a_trade_that_the_wsdl_has_not_is_refused_and_noticed_before() -> None:
    async def go() -> None:
        async with between(Far()) as hospital:
            assert isinstance(await hospital.extend("R1", ShiftedClock().now()), Refused)
            wrong = await hospital.misfits()
            assert not any("release_number" in why for why in wrong)
            assert any("extend_lock" in why for why in wrong)

    asyncio.run(go())


def test_a_wsdl_that_cannot_be_read_is_not_sent() -> None:
    async def go() -> None:
        config = SoapConfig(wsdl="http://127.0.0.1:1/none?wsdl", connect_timeout_s=5)
        hospital = PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))
        await hospital.start()
        assert isinstance(await hospital.release("R1"), NotSent)
        with pytest.raises(HospitalUnavailable):
            await hospital.departments()
        await hospital.stop()

    asyncio.run(go())


def test_the_settings_tell_no_password() -> None:
    assert "s3cret" not in repr(SoapConfig(wsdl="x", user="kiosk", password="s3cret"))
