"""Faults on demand: the next so many calls at a place go wrong in the chosen way."""

from typing import Literal

from yinyi_sandbox.channel.faults import FaultQueue, Mishap

Place = Literal[
    "native", "codepay", "query", "close", "reverse", "refund", "refund_query", "certificates", "callback", "phone"
]  # fmt: skip

_ANY_CALL = frozenset({"slow", "error", "lost", "down", "bad_signature", "unsigned", "stale", "garbage", "huge"})
KINDS: dict[Place, frozenset[str]] = {
    "native": _ANY_CALL | {"early"},
    "codepay": _ANY_CALL | {"accepted", "pay_error", "wrong_amount", "wrong_merchant"},
    "query": _ANY_CALL | {"not_found", "wrong_amount", "wrong_merchant"},
    "close": _ANY_CALL,
    "reverse": _ANY_CALL | {"pretended"},
    "refund": _ANY_CALL | {"abnormal", "processing"},
    "refund_query": _ANY_CALL | {"not_found", "wrong_amount"},
    "certificates": _ANY_CALL,
    "callback": frozenset({"withheld", "duplicated", "delayed", "forged", "stale", "wrong_amount", "wrong_merchant"}),
    "phone": frozenset({"race"}),
}
"""What can go wrong where.

slow: answers after ``ms``. error: answers ``status`` and ``code`` and does nothing. lost: does it, then hangs up
without an answer. down: hangs up and does nothing. bad_signature, unsigned, stale (an hour old), garbage, huge: does
it, but the answer is so. not_found: denies to know the number. wrong_amount, wrong_merchant: says so, well signed.
early: is paid, and the callback sent, before the order is answered. abnormal: the refund ends ABNORMAL. processing:
the refund takes ``ms`` longer. withheld: never sent. duplicated: sent twice. delayed: by ``ms``. forged: with another
key's signature. race: the payer's password was already on its way when the order was closed, so he can pay it.
accepted: the payer's bank takes its time (ACCEPT), until he pays by his phone. pay_error: ends in PAYERROR at once.
pretended: answers that it is reversed, and does nothing.
"""


class Fault(Mishap, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``status`` and ``code``: of an error."""

    at: Place
    status: int = 500
    code: str = "SYSTEM_ERROR"

    def __post_init__(self) -> None:
        if self.kind not in KINDS[self.at]:
            raise ValueError(f"{self.kind!r} cannot happen at {self.at!r}; known: {sorted(KINDS[self.at])}")
        if not (1 <= self.count <= 1_000_000 and 0 <= self.ms <= 600_000 and 400 <= self.status <= 599):
            raise ValueError("count, ms or status is out of range")


class Faults(FaultQueue[Fault]):
    """The faults that wait, by place."""

    def __init__(self) -> None:
        super().__init__(KINDS)
