"""Frames of the terminal line: they come back as they went, and nothing else gets in."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinyi.wire.terminal_line import (
    BLOCK_BYTES,
    FRAME_LIMIT,
    RECEIPT_LIMIT,
    SEAL_KEY_BYTES,
    SEALED_LIMIT,
    Ack,
    AskPairing,
    Bye,
    CardLaid,
    CardRemoved,
    CardRoute,
    CardStep,
    CardTerminalStep,
    DeviceReport,
    DeviceState,
    FrameRefused,
    FromAgent,
    FromPlatform,
    Heartbeat,
    Hello,
    LeaveCard,
    Light,
    Pairing,
    PayCardRead,
    PrintJob,
    PrintResult,
    ResidentCard,
    Scanned,
    TakeCard,
    Welcome,
    decode_from_agent,
    decode_from_platform,
    encode,
)

ids = st.text("abcdefABCDEF0123456789_-", min_size=1, max_size=64)
names = st.text("abcdef_09", min_size=1, max_size=40)
short = st.text(max_size=200)
instants = st.integers(946684800, 4102444800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
conditions = st.sampled_from(["ok", "paper_low", "paper_out", "jam", "offline"])
reports = st.builds(
    DeviceReport,
    device=names,
    kind=st.sampled_from(["id_reader", "scanner", "receipt_printer"]),
    state=conditions,
    detail=short,
)
cards = st.builds(ResidentCard, block=st.binary(min_size=BLOCK_BYTES, max_size=BLOCK_BYTES))
from_agent: st.SearchStrategy[FromAgent] = st.one_of(
    st.builds(
        Hello,
        version=st.just(1),
        installation_id=ids,
        agent_version=short,
        devices=st.lists(reports, max_size=16),
        terminal_token=short,
        enrolment_code=short,
    ),
    st.builds(CardLaid, event_id=ids, device=names, at=instants, credential=cards),
    st.builds(CardRemoved, event_id=ids, device=names, at=instants),
    st.builds(Scanned, event_id=ids, device=names, at=instants, text=st.text(min_size=1, max_size=2048)),
    st.builds(DeviceState, event_id=ids, device=names, at=instants, state=conditions, detail=short),
    st.builds(PrintResult, event_id=ids, job_id=ids, reason=st.sampled_from(["", "jam", "interrupted"])),
    st.builds(
        CardTerminalStep,
        event_id=ids,
        device=names,
        at=instants,
        request_id=st.just("") | ids,
        step=st.sampled_from(get_args(CardStep)),
        digits=st.integers(0, 12),
    ),
    st.builds(
        PayCardRead,
        event_id=ids,
        device=names,
        at=instants,
        request_id=ids,
        slot=short,
        sealed=st.binary(min_size=1, max_size=SEALED_LIMIT),
    ),
    st.builds(Heartbeat, waiting=st.integers(0, 2**31)),
    st.just(AskPairing()),
    st.builds(Bye, reason=st.sampled_from(["replaced", "shutting_down"]), detail=short),
)
routes = st.builds(
    CardRoute,
    prefixes=st.lists(st.text("0123456789", max_size=12), max_size=64),
    slot=short,
    pin_key=st.binary(max_size=24),
    pin_key_check=st.binary(max_size=8),
    taken=st.booleans(),
)
from_platform: st.SearchStrategy[FromPlatform] = st.one_of(
    st.builds(
        Welcome,
        terminal_id=ids,
        epoch=st.integers(1, 2**62),
        heartbeat_s=st.floats(0.1, 300),
        pairing_code=short,
        terminal_token=short,
    ),
    st.builds(Pairing, pairing_code=short),
    st.builds(PrintJob, job_id=ids, kind=st.just("receipt"), data=st.binary(min_size=1, max_size=4000)),
    st.builds(
        TakeCard,
        request_id=ids,
        seal_key=st.binary(min_size=SEAL_KEY_BYTES, max_size=SEAL_KEY_BYTES),
        amount_fen=st.integers(0, 2**53),
        merchant_name=short,
        routes=st.lists(routes, max_size=8),
        language=short,
        within_s=st.floats(0.1, 600),
    ),
    st.builds(LeaveCard, request_id=ids),
    st.builds(Light, device=names, on=st.booleans()),
    st.builds(Ack, event_id=ids),
    st.builds(Bye, reason=st.sampled_from(["replaced", "unauthorised", "locked", "protocol"]), detail=short),
)


@given(from_agent)
@settings(deadline=None)
def test_frames_of_the_agent_come_back(frame: FromAgent) -> None:
    assert decode_from_agent(encode(frame)) == frame


@given(from_platform)
@settings(deadline=None)
def test_frames_of_the_platform_come_back(frame: FromPlatform) -> None:
    assert decode_from_platform(encode(frame)) == frame


@given(from_agent, names)
@settings(deadline=None)
def test_unknown_fields_are_refused(frame: FromAgent, field: str) -> None:
    fields = json.loads(encode(frame))
    fields[f"x_{field}"] = 1
    with pytest.raises(FrameRefused):
        decode_from_agent(json.dumps(fields))


@given(from_platform)
@settings(deadline=None)
def test_the_agent_cannot_speak_for_the_platform(frame: FromPlatform) -> None:
    if isinstance(frame, Bye):
        assert decode_from_agent(encode(frame)) == frame
        return
    with pytest.raises(FrameRefused):
        decode_from_agent(encode(frame))


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
@settings(deadline=None)
def test_anything_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(FrameRefused):
        decode_from_agent(text)
    with pytest.raises(FrameRefused):
        decode_from_platform(text)


CARD = {"kind": "resident_card", "block": base64.b64encode(bytes(BLOCK_BYTES)).decode()}
LAID = {
    "type": "card_laid",
    "event_id": "e1",
    "device": "id_reader",
    "at": "2026-11-23T09:26:00Z",
    "credential": CARD,
}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "card_lost"},
        {"event_id": ""},
        {"event_id": "x" * 65},
        {"event_id": "a b"},
        {"device": "../etc"},
        {"at": "2026-11-23T09:26:00"},
        {"at": "yesterday"},
        {"credential": None},
        {"credential": {"kind": "resident_card", "block": base64.b64encode(bytes(255)).decode()}},
        {"credential": {"kind": "resident_card", "block": "***"}},
        {"credential": {"kind": "bank_card", "block": base64.b64encode(bytes(256)).decode()}},
        {"credential": {**CARD, "photo": ""}},
    ],
)
def test_values_out_of_their_limits_are_refused(change: dict[str, object]) -> None:
    assert isinstance(decode_from_agent(json.dumps(LAID)), CardLaid)
    with pytest.raises(FrameRefused):
        decode_from_agent(json.dumps({**LAID, **change}))


READ: dict[str, Any] = {
    "type": "pay_card_read",
    "event_id": "e1",
    "device": "card_terminal",
    "at": "2026-11-23T09:26:00Z",
    "request_id": "r1",
    "slot": "bank/898999900000001/80000001",
    "sealed": base64.b64encode(bytes(800)).decode(),
}
STEP: dict[str, Any] = {
    "type": "card_terminal_step",
    "event_id": "e1",
    "device": "card_terminal",
    "at": "2026-11-23T09:26:00Z",
    "request_id": "",
    "step": "typing",
    "digits": 4,
}
TAKE: dict[str, Any] = {
    "type": "take_card",
    "request_id": "r1",
    "seal_key": base64.b64encode(bytes(SEAL_KEY_BYTES)).decode(),
    "amount_fen": 5000,
    "merchant_name": "云山市人民医院",
    "routes": [{"prefixes": ["62"], "slot": "bank/898999900000001/80000001", "pin_key": "", "pin_key_check": ""}],
    "language": "zh-CN",
    "within_s": 90,
}


@pytest.mark.parametrize(
    ("frame", "change"),
    [
        *((READ, {name: READ[name] + "\n"}) for name in ("event_id", "device", "request_id", "sealed")),
        (READ, {"request_id": ""}),
        (READ, {"slot": "x" * 201}),
        (READ, {"sealed": ""}),
        (READ, {"sealed": base64.b64encode(bytes(SEALED_LIMIT + 1)).decode()}),
        (READ, {"pan": "6299910000000010019"}),
        (READ, {"pin_block": base64.b64encode(bytes(8)).decode()}),
        (STEP, {"step": "stolen"}),
        (STEP, {"digits": 13}),
        (STEP, {"digits": -1}),
        (STEP, {"digits": "1"}),
        (STEP, {"request_id": "x" * 65}),
    ],
)
def test_frames_of_cards_with_bad_values_are_refused(frame: dict[str, Any], change: dict[str, Any]) -> None:
    decode_from_agent(json.dumps(frame))
    with pytest.raises(FrameRefused) as refused:
        decode_from_agent(json.dumps({**frame, **change}))
    assert "629991" not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"seal_key": ""},
        {"seal_key": base64.b64encode(bytes(SEAL_KEY_BYTES - 1)).decode()},
        {"amount_fen": -1},
        {"within_s": 0},
        {"within_s": 601},
        {"routes": TAKE["routes"] * 9},
        {"routes": [{**TAKE["routes"][0], "prefixes": ["6" * 13]}]},
        {"routes": [{**TAKE["routes"][0], "pin_key": base64.b64encode(bytes(25)).decode()}]},
    ],
)
def test_requests_for_cards_with_bad_values_are_refused(change: dict[str, Any]) -> None:
    decode_from_platform(json.dumps(TAKE))
    with pytest.raises(FrameRefused):
        decode_from_platform(json.dumps({**TAKE, **change}))


def test_instants_are_aware_in_any_zone() -> None:
    frame = decode_from_agent(json.dumps({**LAID, "at": "2026-11-23T17:26:00+08:00"}))
    assert isinstance(frame, CardLaid)
    assert frame.at == datetime(2026, 11, 23, 17, 26, tzinfo=timezone(timedelta(hours=8)))


def test_another_version_is_refused() -> None:
    hello: dict[str, object] = {
        "type": "hello",
        "version": 2,
        "installation_id": "i",
        "agent_version": "",
        "devices": [],
    }
    with pytest.raises(FrameRefused):
        decode_from_agent(json.dumps(hello))
    assert isinstance(decode_from_agent(json.dumps({**hello, "version": 1})), Hello)


def test_the_longest_receipt_fits_a_frame_and_no_longer_one() -> None:
    job = PrintJob(job_id="j" * 64, kind="receipt", data=bytes(RECEIPT_LIMIT))
    text = encode(job)
    assert len(text) <= FRAME_LIMIT
    assert decode_from_platform(text) == job
    with pytest.raises(FrameRefused):
        decode_from_platform(encode(PrintJob(job_id="j", kind="receipt", data=bytes(RECEIPT_LIMIT + 1))))


def test_a_frame_too_long_is_refused_unread() -> None:
    with pytest.raises(FrameRefused, match="longer than"):
        decode_from_agent(" " * FRAME_LIMIT + "{}")


def test_refusals_do_not_repeat_what_was_sent() -> None:
    with pytest.raises(FrameRefused) as refused:
        decode_from_agent(json.dumps({**LAID, "device": "110105194912310021!"}))
    assert "110105194912310021" not in str(refused.value)
