"""Tries to make the logs tell what they must not: numbers of people, secrets, and whatever exceptions carry along."""

import json
import subprocess
import sys
from typing import Any

import pytest

from yinyi.app.logs import hidden, redact

ID_NUMBER, ID_NUMBER_X, OLD_ID_NUMBER = "310101199003071234", "11010519491231002X", "310101900307123"
PHONE, CARD, PASSWORD = "13812345678", "6222021234567890123", "hunter2-geheim"
SECRETS = (ID_NUMBER, ID_NUMBER_X, OLD_ID_NUMBER, PHONE, "1234 5678", "1234-5678", CARD, "7890", PASSWORD)

TEXTS = [
    ID_NUMBER,
    f"身份证{ID_NUMBER}号",
    f"id={ID_NUMBER},",
    f"id{ID_NUMBER}",
    f"{ID_NUMBER_X} and {ID_NUMBER_X.lower()}",
    f"old {OLD_ID_NUMBER}",
    f"call {PHONE}.",
    f"+86{PHONE}",
    f"0086{PHONE}",
    f"tel{PHONE}x",
    "138 1234 5678",
    "138-1234-5678",
    f"card {CARD}",
    "6222 0212 3456 7890 123",
    "6222-0212-3456-7890",
    f"postgresql://yinyi:{PASSWORD}@127.0.0.1:5432/yinyi",
    f"nats://kiosk:{PASSWORD}@[::1]:4222",
    f"nats://kiosk:with@{PASSWORD}@bus:4222",
    f"https://pay.test/?a=1&token={PASSWORD}&b=2",
    f"Authorization: Bearer {PASSWORD}",
    f"Basic {PASSWORD}",
    f'{{"password": "{PASSWORD}"}}',
    f"signature='{PASSWORD}'",
    f"Set-Cookie: {PASSWORD}",
]
SPEAKABLE = [
    "payment 260302090000117F3K8XQ2ZT",
    "kiosk K03 answered in 12 ms",
    "2026-03-02T01:00:00.123456+00:00",
    "2026-03-02 01:00:00",
    "ask 7Q4-8XK9",
    "http://127.0.0.1:8080/healthz",
    "0123456789abcdef0123456789abcdef",
    "挂号费 50.00 元",
    "the spinning span of a company",
]


def told(value: Any) -> str:
    return json.dumps(hidden(value), ensure_ascii=False)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_tells_no_number_and_no_secret(text: str) -> None:
    shown = hidden(text)
    assert "***" in shown
    assert not [secret for secret in SECRETS if secret.lower() in shown.lower()]


@pytest.mark.parametrize("text", SPEAKABLE)
def test_what_people_need_to_read_is_left_alone(text: str) -> None:
    assert hidden(text) == text


class Person:
    """Something that a careless line might log whole."""

    def __repr__(self) -> str:
        return f"Person(number={ID_NUMBER!r})"


@pytest.mark.parametrize(
    "value",
    [
        int(PHONE),
        int(CARD),
        {"a": [{"b": (ID_NUMBER,)}]},
        {"a": {PHONE}},
        {ID_NUMBER: "name"},
        Person(),
        [Person()],
        ID_NUMBER.encode(),
        bytearray(ID_NUMBER.encode()),
        {"password": PASSWORD, "kept": 1},
        {"headers": {"authorization": PASSWORD, "set-cookie": PASSWORD}},
        {"access_token": {"deep": PASSWORD}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_holds_it_it_is_not_told(value: Any) -> None:
    shown = told(value)
    assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("value", [None, True, 5, 12.5, "text", 260302090000, {"version": 3, "states": ["done"]}])
def test_what_is_harmless_stays_as_it_is(value: Any) -> None:
    assert hidden(value) == value


PROMISING = """
password session_token client_secret PIN pin_block pan track2 phone patient_phone id_number number_full credential
Authorization cookie signature private_key_pem
"""


@pytest.mark.parametrize("key", PROMISING.split())
def test_a_name_that_promises_a_secret_is_enough(key: str) -> None:
    assert redact(None, "info", {"event": "x", key: "abc"}) == {"event": "x", key: "***"}


@pytest.mark.parametrize("key", ["company", "mapping", "blocked_by", "payment_no", "terminal_id", "spans", "why"])
def test_other_names_are_not(key: str) -> None:
    assert redact(None, "info", {"event": "x", key: "abc"}) == {"event": "x", key: "abc"}


SCRIPT = """
import logging, sys, warnings
import structlog
from yinyi.app.logs import set_up_logs

set_up_logs("info")
NUMBER, PASSWORD = sys.argv[1:]
log, theirs = structlog.get_logger(), logging.getLogger("some.library")

def fails(where):
    number_of_a_patient, address = NUMBER, f"nats://kiosk:{PASSWORD}@bus"
    try:
        raise KeyError(f"nobody has {NUMBER}")
    except KeyError as error:
        error.add_note(f"asked for {NUMBER} at {address}")
        raise ValueError(where, NUMBER, address) from error

structlog.contextvars.bind_contextvars(patient_phone=NUMBER, correlation_id="c-1")
log.info(f"read {NUMBER}", card=NUMBER, url=f"nats://k:{PASSWORD}@bus")
log.info("read %s", NUMBER)
log.bind(session_token=PASSWORD).warning("bound")
try:
    fails("ours")
except ValueError:
    log.exception("failed")
    theirs.exception("failed for %s", NUMBER)
    theirs.error("%(number)s", {"number": NUMBER}, stack_info=True)
theirs.warning("connected to nats://kiosk:%s@bus", PASSWORD)
warnings.warn(f"slow for {NUMBER}", ResourceWarning, stacklevel=1)
warnings.warn(f"slow for {NUMBER}", UserWarning, stacklevel=1)
log.debug("not at this level")
fails("uncaught")
"""


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What a process that tries everything writes."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, ID_NUMBER, PASSWORD], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    return ran.stderr.splitlines()


def test_nothing_that_a_process_writes_tells_it(lines: list[str]) -> None:
    assert not [line for line in lines if ID_NUMBER in line or PASSWORD in line]


def test_what_happened_is_told_all_the_same(lines: list[str]) -> None:
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line["event"] for line in ours] == ["read ***", "read ***", "bound", "failed", "process.failed"]
    assert {line["correlation_id"] for line in ours} == {"c-1"}
    assert {line["patient_phone"] for line in ours} == {"***"}
    assert [each["exc_type"] for each in ours[3]["exception"]] == ["ValueError", "KeyError"]
    assert "locals" not in json.dumps(ours[3]["exception"]).replace('"locals": null', "")
    theirs = [line for line in lines if line.startswith("some.library: ")]
    assert theirs == [
        "some.library: failed for ***",
        "some.library: ***",
        "some.library: connected to nats://kiosk:***@bus",
    ]
