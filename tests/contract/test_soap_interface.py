"""SOAP as others speak it: zeep reads the WSDL and asks everything in it, of all of the business layer; and the two
forms that take a code and a string."""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
from holder_stage import HolderStage, InProcess
from lxml import etree
from starlette.applications import Starlette
from web_line import serving
from whole_stage import Theirs, busy_morning, on_sale, play
from zeep import Client
from zeep.exceptions import Fault
from zeep.wsse.username import UsernameToken

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.business.payments.messages import GetPayment
from yinyi.business.terminals.messages import CallStaff
from yinyi.conformance.hospital.stage import Stage
from yinyi.interface.examples import example_of
from yinyi.interface.metrics import Metrics
from yinyi.interface.served import served_operations
from yinyi.interface.soap.server import Soap
from yinyi.interface.xml_schema import KEY
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import error_named
from yinyi.wire import username_token
from yinyi.wire.xml_shapes import read, written

HIS = Institution(hospital_id=1, institution_id="his", kind="hospital", name="HIS", per_minute=1_000_000)
SERVED = served_operations(Caller.HOSPITAL)
NOT_DONE = {
    "ChargePrepaid": "BalanceTooLow",  # nothing has been paid in: nobody here pays by phone
    "SubmitCode": "PayerCodeUnknown",  # no wallet is on this stage
    "RefundInvoiceLines": "PaidElsewhere",  # the bill is not paid: the same
    "ListNotifications": "SubscriptionUnknown",  # the hospital's system has subscribed to nothing
    "ResendNotifications": "SubscriptionUnknown",
}
"""What this morning has nothing for, and how it ends: it travels all the same."""
FIRST = (
    *("PlanClosure", "CollectHoldSlip", "RefundPayment", "ConfirmGivenBack", "SubstitutePractitioner", "StopSession"),
    "TakeWindowPayment",
)
"""Before what they make possible."""
OUR_FAULT = {"InternalError", "Invalid", "InvalidField", "SignatureRefused"}
"""What no well-made request may end in."""


@dataclass
class Line:
    """Where it answers, and who asks."""

    address: str
    secret: str
    clock: Clock
    payment_no: str
    real: dict[str, dict[str, Any]]
    """By operation: fields of it that are somebody's or something's here."""

    def client(self, edition: str) -> Any:
        token = UsernameToken("his", self.secret, use_digest=True, created=self.clock.now())
        client: Any = Client(f"{self.address}/soap?wsdl", wsse=token)
        return client.bind("Yinyi", f"YinyiSoap{edition}")

    def header(self) -> str:
        """For those who pass on nothing but the string."""
        nonce = base64.b64encode(secrets.token_bytes(16)).decode()
        created = username_token.created_of(self.clock.now())
        digest = username_token.digest(self.secret, nonce, created)
        return (
            f"<UserName>his</UserName><Nonce>{nonce}</Nonce><Created>{created}</Created>"
            f"<PasswordDigest>{digest}</PasswordDigest>"
        )


@asynccontextmanager
async def soap_of(
    stage: HolderStage, payment_no: str, real: dict[str, dict[str, Any]] | None = None
) -> AsyncGenerator[Line]:
    clock = stage.line.clock
    async with stage.line.database.transaction() as tx:
        secret = await stage.business.institutions.add(tx, HIS, "UsernameToken", clock.now())
    bus = BusClient(InProcess(stage.business.dispatcher), Caller.HOSPITAL.value, clock)
    async with serving(Starlette(routes=Soap(bus, Metrics(), SERVED).routes())) as port:
        yield Line(f"http://127.0.0.1:{port}", secret, clock, payment_no, real or {})


async def real_things(stage: HolderStage, hospital: Stage, theirs: Theirs) -> dict[str, dict[str, Any]]:
    """Fields that ask for something that is there, by operation."""
    call_id = (await stage.hall.ask(CallStaff())).call_id
    number = theirs.requests["GetRegistration"]["payment_no"]
    patient_no, guardian_no = await hospital.patient_numbers(2)
    child_no = await stage.one(
        "SELECT patient_no FROM patient WHERE patient_id = $1", theirs.requests["ActForChild"]["child_id"]
    )
    session = await anext(on_sale(hospital, days_ahead=4))
    [doctor, *_] = [
        each.practitioner_id
        for each in await hospital.schedules.practitioners()
        if each.practitioner_id != session.practitioner_id
    ]
    by = {"operator": "0417", "reason": "医生生病"}
    bill = theirs.requests["GetInvoice"]["number"]
    admission_no = theirs.requests["FindStay"]["admission_no"]
    assert await hospital.hands.discharge(admission_no)
    assert await hospital.hands.settle(admission_no)
    return {
        "AnswerCall": {"call_id": call_id},
        "BindDocument": {"patient_no": patient_no, "kind": "passport", "number": "EA1234567"},
        "ChargePrepaid": {"patient_no": patient_no},
        "CollectHoldSlip": {"number": number},
        "ConfirmGivenBack": {"number": number},
        "FindPayment": {"number": number},
        "FindPrepaidBalance": {"patient_no": patient_no},
        "GetPayment": {"number": number},
        "RefundInvoiceLines": {"invoice_no": bill, **by},
        "RefundPayment": {"payment_no": number, **by},
        "RegisterGuardian": {"guardian_no": guardian_no, "child_no": child_no},
        "ReturnDepositAtWindow": {"admission_no": admission_no},
        "ReversePrepaidCharge": {"charge_no": "R-1", "reversal_no": "R-1-1", "or_never": True},
        "StopSession": {"schedule_id": session.schedule_id, **by},
        "SubmitCode": {"payment_no": number},
        "SubstitutePractitioner": {"schedule_id": session.schedule_id, "practitioner_id": doctor, **by},
        "TakeWindowPayment": {"patient_no": patient_no, "invoice_nos": [bill], "window": "W3"},
        "TakeWindowTopUp": {"patient_no": patient_no, "window": "W3"},
    }


def asked(line: Line, edition: str, name: str) -> Any:
    """The reply, or the problem in the fault."""
    fields = example_of(SERVED[name].request) | line.real.get(name, {})
    key = {KEY: f"zeep-for-{name}"[:64]} if SERVED[name].changes else {}
    try:
        return line.client(edition)[name](**fields, **key)
    except Fault as fault:
        detail = cast(Any, fault).detail
        told: list[Any] = [] if detail is None else list(detail.iter())
        return {etree.QName(each).localname: each.text for each in told if each.text} or {"code": fault.message}


def ask_everything(line: Line) -> None:
    ends: dict[str, str] = {}
    for edition in ("11", "12"):
        for name in [*FIRST, *(each for each in SERVED if each not in FIRST)]:
            answer = asked(line, edition, name)
            line.real |= made_possible(name, answer)
            ends[name] = cast(dict[str, str], answer)["code"] if isinstance(answer, dict) else ""
            assert ends[name] not in OUR_FAULT, (name, answer)
            if ends[name]:
                assert answer["title_zh"] == error_named(ends[name]).zh
    assert {name: code for name, code in ends.items() if code} == NOT_DONE


def made_possible(name: str, answer: Any) -> dict[str, dict[str, Any]]:
    match name:
        case _ if isinstance(answer, dict):
            return {}
        case "PlanClosure":
            return {"CancelClosure": {"closure_id": answer.closure_id}}
        case "TakeWindowPayment":
            return {"CancelWindowPayment": {"payment_no": answer.payment.payment_no}}
        case _:
            return {}


def same_as_on_the_bus(line: Line, on_the_bus: dict[str, Any]) -> None:
    """Field by field, whatever its type."""
    for edition in ("11", "12"):
        view = line.client(edition).GetPayment(number=line.payment_no)
        for name, value in on_the_bus.items():
            got = getattr(view, name)
            if isinstance(got, datetime):
                assert got == datetime.fromisoformat(value), name
            elif isinstance(got, list):
                assert len(cast(list[Any], got)) == len(value), name
            else:
                assert (got or "") == (value or ""), name  # zeep reads an empty text, or no list, as None


def by_string(line: Line, path: str, method: str, code: str, text: str, charset: str = "utf-8") -> Any:
    """The answer's own string, as a tree."""
    namespace = {"hip": "urn:hl7-org:v3", "process": "urn:yinyi:process:v1"}[path]
    first, second = {"hip": ("action", "message"), "process": ("code", "xml")}[path]
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    body = (
        f'<?xml version="1.0" encoding="{charset}"?>'
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>'
        f'<{method} xmlns="{namespace}"><{first}>{code}</{first}><{second}>{escaped}</{second}></{method}>'
        "</soap:Body></soap:Envelope>"
    )
    answer = httpx.post(
        f"{line.address}/soap/{path}",
        content=body.encode("gb18030" if charset.startswith("GB") else charset),
        headers={"content-type": "application/soap+xml"},
    )
    assert answer.status_code == 200, answer.text
    result = etree.fromstring(answer.content).find(f".//{{*}}{method}Result")
    assert result is not None
    return etree.fromstring((result.text or "").encode())


def request(line: Line, message_id: str, body: str) -> str:
    return f"<Request><Header>{line.header()}<MessageID>{message_id}</MessageID></Header><Body>{body}</Body></Request>"


PLAN = (
    "<what>clinics</what><begins_at>2026-12-24T00:00:00+08:00</begins_at>"
    "<ends_at>2026-12-25T00:00:00+08:00</ends_at><reason>䶮工程师检修㐀</reason>"
)
"""With characters beyond GB 2312, in a text that says it is in GB 2312 all the same."""


def ask_by_string(line: Line) -> None:
    for path, method, charset in (("hip", "HIPMessageServer", "utf-8"), ("process", "process", "GB2312")):
        number = f"<number>{line.payment_no}</number>"
        sent = request(line, f"M-{path}-00001", number)
        told = by_string(line, path, method, "GetPayment", sent, charset)
        assert (told.findtext("Body/ResultCode"), told.findtext("Body/payment_no")) == ("0", line.payment_no)
        assert told.findtext("Header/MessageID") == f"M-{path}-00001"
        refused = by_string(line, path, method, "GetPayment", sent, charset)
        assert (refused.findtext("Body/ResultCode"), refused.findtext("Body/code")) == ("1", "SignatureRefused")
        unknown = by_string(line, path, method, "DropTables", request(line, "M-1", ""), charset)
        assert unknown.findtext("Body/code") == "OperationUnknown"
        planned = [
            by_string(line, path, method, "PlanClosure", request(line, f"M-{path}-00002", PLAN), charset)
            for _ in range(2)
        ]
        assert {each.findtext("Body/ResultCode") for each in planned} == {"0"}
        assert {each.findtext("Body/reason") for each in planned} == {"䶮工程师检修㐀"}
        assert len({each.findtext("Body/closure_id") for each in planned}) == 1


def test_zeep_asks_everything_and_hears_what_the_bus_says(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        theirs = await busy_morning(stage.hall, hospital)
        number = theirs.requests["GetRegistration"]["payment_no"]
        async with soap_of(stage, number, await real_things(stage, hospital, theirs)) as line:
            await asyncio.to_thread(ask_everything, line)
            view = await stage.hall.ask(GetPayment(number=number))
            await asyncio.to_thread(same_as_on_the_bus, line, msgspec.to_builtins(view))
            await asyncio.to_thread(ask_by_string, line)

    play(platform_url, tmp_path, postgres, story)


@pytest.mark.parametrize("name", SERVED)
def test_what_is_written_is_read_again(name: str) -> None:
    for struct in (SERVED[name].request, SERVED[name].reply):
        value = msgspec.convert(example_of(struct), struct)
        assert read(etree.fromstring(written("x", value).encode()), struct) == value
