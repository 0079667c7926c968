"""``/api/v1``: the hospital's operations over HTTP, signed by the institution, verified by nobody on the way."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from kiosk_platform import NOW, PAYMENT, Platform, payment, registration
from starlette.applications import Starlette

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import RequestEnvelope
from yinyi.bus.operation import Caller, every_operation
from yinyi.business.payments.errors import PaymentClosed, PaymentUnknown
from yinyi.business.terminals.messages import StaffCalls
from yinyi.business.terminals.model import StaffCall
from yinyi.interface.metrics import Metrics
from yinyi.interface.rest.errors import STATUS, problem_of
from yinyi.interface.rest.server import Rest
from yinyi.interface.served import served_operations
from yinyi.kernel.errors import (
    Busy,
    DeadlineExceeded,
    IdempotencyConflict,
    InternalError,
    NotAllowed,
    PlatformUnavailable,
    SignatureRefused,
    YinyiError,
    every_error,
)

SIGNED = {
    "X-Yinyi-Institution": "his",
    "X-Yinyi-Timestamp": "1764000000",
    "X-Yinyi-Nonce": "n-1",
    "X-Yinyi-Signature": "c2ln",
    "Content-Type": "application/json",
}
COLLECT = {"number": "7Q4-8XK9", "operator": "C12"}


class Recorder(Platform):
    """Keeps the envelopes as they came."""

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        self.subject = subject
        self.envelope = msgspec.json.decode(data, type=RequestEnvelope)
        return await super().request(subject, data, timeout_s)


def post(platform: Platform, path: str, body: Any = None, headers: dict[str, str] = SIGNED) -> httpx.Response:
    async def work() -> httpx.Response:
        rest = Rest(BusClient(platform, "hospital", platform.clock), Metrics())
        transport = httpx.ASGITransport(Starlette(routes=rest.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://rest.test") as client:
            content = body if isinstance(body, bytes) else msgspec.json.encode(body)
            return await client.post(path, content=content, headers=headers)

    return asyncio.run(work())


def test_exactly_the_hospitals_operations_are_served() -> None:
    served = served_operations(Caller.HOSPITAL)
    assert {spec.path for spec in served.values()} == {
        spec.path for spec in every_operation() if Caller.HOSPITAL in spec.callers and not spec.of_line
    }
    assert {"GetPayment", "CollectHoldSlip", "ListStaffCalls", "AnswerCall"} <= set(served)
    for forbidden in ("TrialBalance", "RegisterToday", "EnrolTerminal"):
        assert post(Platform(), f"/api/v1/{forbidden}", {}).status_code == 404


def test_an_operation_is_asked_and_answered_as_json() -> None:
    platform = Recorder(answers={"GetPayment": payment("fulfilled")})
    answer = post(platform, "/api/v1/GetPayment", {"number": PAYMENT})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["state"] == "fulfilled"
    assert platform.subject == "op.hospital.payments.GetPayment.v1"


def test_signature_key_and_correlation_travel_unread() -> None:
    platform = Recorder(answers={"CollectHoldSlip": registration("fulfilled")})
    body = b'{ "number": "7Q4-8XK9",  "operator": "C12" }'
    headers = {**SIGNED, "Idempotency-Key": "his-2026-0001", "X-Correlation-Id": "his-trace-77"}
    answer = post(platform, "/api/v1/CollectHoldSlip?trace=1", body, headers)
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (200, "his-trace-77")
    envelope = platform.envelope
    assert (envelope.key, envelope.correlation_id) == ("his-2026-0001", "his-trace-77")
    signed = envelope.credentials.signed
    assert signed is not None
    assert (signed.institution_id, signed.algorithm, signed.timestamp) == ("his", "HMAC-SHA256", "1764000000")
    assert (signed.nonce, signed.signature, signed.method) == ("n-1", "c2ln", "POST")
    assert (signed.path, signed.body) == ("/api/v1/CollectHoldSlip?trace=1;his-2026-0001", body)
    assert envelope.credentials.terminal == envelope.credentials.session == ""


def test_lists_are_served_too() -> None:
    call = StaffCall(call_id=7, terminal_id="K01", place="大厅", called_at=NOW)
    answer = post(Platform(answers={"ListStaffCalls": StaffCalls(calls=[call])}), "/api/v1/ListStaffCalls", {})
    assert answer.json()["calls"][0]["place"] == "大厅"


@pytest.mark.parametrize("missing", [name for name in SIGNED if name != "Content-Type"])
def test_without_a_whole_signature_nothing_is_asked(missing: str) -> None:
    platform = Platform()
    headers = {name: value for name, value in SIGNED.items() if name != missing}
    answer = post(platform, "/api/v1/GetPayment", {"number": PAYMENT}, headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "SignatureRefused")
    assert platform.asked == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "Invalid"),
        (b"{", 400, "Invalid"),
        (b"\xff\xfe", 400, "Invalid"),
        (b"[" * 10_000, 422, "InvalidField"),
        (b"[]", 422, "InvalidField"),
        (b"{}", 422, "InvalidField"),
        (b'{"number": 7}', 422, "InvalidField"),
        (b'{"number": "\' OR 1=1 --"}', 422, "InvalidField"),
        (b'{"number": "7Q4-8XK9", "hospital_id": 2}', 422, "InvalidField"),
        (b'{"number": "' + b"A" * 70_000 + b'"}', 413, "TooLarge"),
    ],
)
def test_what_cannot_be_read_is_never_asked(body: bytes, status: int, code: str) -> None:
    platform = Platform()
    answer = post(platform, "/api/v1/GetPayment", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert platform.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PaymentUnknown(), 404),
        (PaymentClosed(), 409),
        (IdempotencyConflict("key his-1"), 409),
        (SignatureRefused(), 401),
        (NotAllowed(), 403),
        (Busy(), 429),
        (PlatformUnavailable(), 503),
        (DeadlineExceeded(), 504),
        (InternalError(), 500),
    ],
)
def test_an_error_is_a_problem_in_two_languages(error: YinyiError, status: int) -> None:
    answer = post(Platform(answers={"CollectHoldSlip": error}), "/api/v1/CollectHoldSlip", COLLECT)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, error.code())
    assert (problem["title"], problem["title_zh"]) == (error.sentence("en"), error.sentence("zh-CN"))
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]
    assert ("retry-after" in answer.headers) is (status in (429, 503, 504))


def test_our_own_mistakes_do_not_show_their_insides() -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError("secret detail")

    answer = post(Platform(answers={"GetPayment": broken}), "/api/v1/GetPayment", {"number": PAYMENT})
    assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
    assert "secret" not in answer.text


def test_the_table_of_errors_is_closed() -> None:
    assert YinyiError in STATUS
    for error in every_error():
        assert 400 <= problem_of(error(), "c").status < 600


def test_other_methods_and_other_kinds_of_body_are_refused() -> None:
    async def work() -> list[int]:
        rest = Rest(BusClient(Platform(), "hospital", Platform().clock), Metrics())
        transport = httpx.ASGITransport(Starlette(routes=rest.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://rest.test") as client:
            got = await client.get("/api/v1/GetPayment")
            form = await client.post("/api/v1/GetPayment", data={"number": PAYMENT})
            return [got.status_code, form.status_code]

    assert asyncio.run(work()) == [405, 415]
