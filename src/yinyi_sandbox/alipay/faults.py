"""What can go wrong at this Alipay."""

from typing import Literal

from yinyi_sandbox.channel.faults import FaultQueue, Mishap

Place = Literal["precreate", "pay", "query", "cancel", "close", "refund", "refund_query", "callback", "phone"]

_ANY_CALL = frozenset({"slow", "error", "lost", "down", "unknown", "bad_signature", "unsigned", "garbage", "huge"})
KINDS: dict[Place, frozenset[str]] = {
    "precreate": _ANY_CALL | {"early"},
    "pay": _ANY_CALL | {"wrong_amount"},
    "query": _ANY_CALL | {"not_found", "wrong_amount", "wrong_number"},
    "cancel": _ANY_CALL | {"retry"},
    "close": _ANY_CALL,
    "refund": _ANY_CALL | {"no_change"},
    "refund_query": _ANY_CALL | {"not_found", "wrong_amount"},
    "callback": frozenset({"withheld", "duplicated", "delayed", "forged", "stale", "wrong_amount", "wrong_merchant"}),
    "phone": frozenset({"race"}),
}
"""What can go wrong where.

slow: answers after ``ms``. error: answers ``code`` and ``sub_code`` and does nothing. lost: does it, then hangs up
without an answer. down: hangs up and does nothing. unknown: does it, and answers 20000. bad_signature, unsigned,
garbage, huge: does it, but the answer is so. not_found: denies to know the number. wrong_amount, wrong_number: says
so, well signed. early: the code is scanned and paid, and the notice sent, before the order is answered. retry: cancels
nothing and says ``retry_flag`` Y. no_change: does it, and answers as if no money had moved. withheld: never sent.
duplicated: sent twice. delayed: by ``ms``. forged: with another key's signature. stale: two days old. race: the payer's
password was already on its way when the trade was closed, so he can pay it.
"""


class Fault(Mishap, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``code`` and ``sub_code``: of an error."""

    at: Place
    code: str = "20000"
    sub_code: str = "isp.unknow-error"

    def __post_init__(self) -> None:
        if self.kind not in KINDS[self.at]:
            raise ValueError(f"{self.kind!r} cannot happen at {self.at!r}; known: {sorted(KINDS[self.at])}")
        if not (1 <= self.count <= 1_000_000 and 0 <= self.ms <= 600_000):
            raise ValueError("count or ms is out of range")


class Faults(FaultQueue[Fault]):
    """The faults that wait, by place."""

    def __init__(self) -> None:
        super().__init__(KINDS)
