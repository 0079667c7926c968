"""What can go wrong at this bank."""

import re
from typing import Literal

from yinyi_sandbox.bank.model import Kind
from yinyi_sandbox.channel.faults import FaultQueue, Mishap

_ANY = frozenset(
    {
        "code",
        "ignored",
        "dropped",
        "silent",
        "held",
        "overtaken",
        "torn",
        "twice",
        "garbage",
        "foreign",
        "signed_off",
        "ask_sign_on",
    }
)
_SEALED = frozenset({"wrong_mac", "no_mac"})
_MOVES = _ANY | _SEALED | {"wrong_amount", "cut_over"}
KINDS: dict[Kind, frozenset[str]] = {
    "sign_on": _ANY | {"wrong_check_value"},
    "sign_off": _ANY,
    "echo": _ANY,
    "balance": _ANY | _SEALED,
    "purchase": _MOVES,
    "void": _MOVES,
    "refund": _MOVES,
    "reversal": _MOVES,
    "settle": _ANY | _SEALED | {"cannot_say"},
    "upload": _ANY | _SEALED,
    "script": _ANY,
    "unsupported": _ANY,
}
"""What can go wrong where.

code: answers ``code`` and does nothing. ignored: does nothing and never answers. dropped: does nothing and cuts the
connection. silent: does it and never answers. held: does it, and answers after ``ms`` or, without them, when it is told
to (``/release``). overtaken: does it, and answers after the next answer on this connection. torn: does it, and cuts the
connection in the middle of the answer. twice: answers twice. garbage: does it, and answers bytes that are no message.
foreign: does it, and answers to another terminal. signed_off: does nothing, answers ``code`` (77, 22), and the terminal
has to sign on. ask_sign_on: does it, and asks for a sign-on in the header, where the line has one. wrong_mac, no_mac,
wrong_amount, wrong_check_value: does it, but the answer is so. cut_over: does it, and the bank's day is over before it
answers. cannot_say: neither balanced nor not.
"""


class Fault(Mishap, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``code``: of an answer."""

    at: Kind
    code: str = "96"

    def __post_init__(self) -> None:
        if self.kind not in KINDS[self.at]:
            raise ValueError(f"{self.kind!r} cannot happen at {self.at!r}; known: {sorted(KINDS[self.at])}")
        if not (1 <= self.count <= 1_000_000 and 0 <= self.ms <= 600_000):
            raise ValueError("count or ms is out of range")
        if not re.fullmatch("[0-9A-Z]{2}", self.code):
            raise ValueError("a response code has two characters")


Delivery = Literal["now", "never", "dropped", "held", "overtaken", "torn", "twice"]
"""What becomes of an answer on its way."""
_DELIVERIES: dict[str, Delivery] = {
    "ignored": "never",
    "silent": "never",
    "dropped": "dropped",
    "held": "held",
    "overtaken": "overtaken",
    "torn": "torn",
    "twice": "twice",
}


class Faults(FaultQueue[Fault]):
    """The faults that wait, by place."""

    def __init__(self) -> None:
        super().__init__(KINDS)


def delivery_of(fault: Fault | None) -> Delivery:
    return _DELIVERIES.get(fault.kind, "now") if fault else "now"
