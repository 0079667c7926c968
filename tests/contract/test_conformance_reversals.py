"""A channel that cancels on the same day, as its tutorial adds it, keeps what the kit asks of ``Reverses``; wrong ones
are told."""

import dataclasses
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from laid_connectors import brought, findings

from yinyi.business.payments.model import Order, RefundOrder
from yinyi.kernel.outcome import Done, NotSent, Outcome, Refused, Unknown
from yinyi.kernel.plugin import Plugin

_numbers = count(1)


def concerns_it(behaviour: str) -> bool:
    return "cancel" in behaviour or "paid another day" in behaviour


@pytest.fixture
def connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Plugin, Any]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    return brought("payment", tmp_path, "new-payment.md")


def test_what_the_tutorial_adds_keeps_every_behaviour(tmp_path: Path, connector: tuple[Plugin, Any]) -> None:
    found = findings(tmp_path, *connector, concerns_it)
    assert len(found) == 12
    assert [each for each in found.values() if each.verdict != "ok"] == []


async def says_yes(channel: Any, order: Order) -> Outcome:
    return Done()


async def refunds(channel: Any, order: Order) -> Outcome:
    """Each time a new one."""
    back = RefundOrder(
        reference=f"REFUND{next(_numbers)}",
        order_reference=order.reference,
        merchant=order.merchant,
        amount_fen=order.amount_fen,
        order_amount_fen=order.amount_fen,
        reason="",
    )
    return await channel.refund(back)


async def takes_doubt_for_a_no(channel: Any, order: Order) -> Outcome:
    answer: Outcome = await channel.right(order)
    return Refused(reason="not_refundable") if isinstance(answer, Unknown) else answer


async def takes_a_no_for_doubt(channel: Any, order: Order) -> Outcome:
    answer: Outcome = await channel.right(order)
    return Unknown() if isinstance(answer, NotSent | Refused) else answer


@pytest.mark.parametrize(
    ("reverse", "wrong"),
    [
        (
            says_yes,
            [
                "a paid order is cancelled whole and once",
                "what was not paid is not cancelled",
                "what is not whole any more is not cancelled but refunded",
                "what was cancelled is not refunded as well",
                "a merchant that is not configured cancels nothing",
                "without a connection no cancelling has left",
            ],
        ),
        (refunds, ["what was paid another day is refused and can be refunded"]),
        (
            takes_doubt_for_a_no,
            [
                f"a cancelling whose answer did not come is unknown and made once ({mishap})"
                for mishap in ("cut", "half", "spoilt", "silent", "slow")
            ],
        ),
        (takes_a_no_for_doubt, ["what is not whole any more is not cancelled but refunded"]),
    ],
)
def test_a_wrong_one_is_told_so(tmp_path: Path, connector: tuple[Plugin, Any], reverse: Any, wrong: list[str]) -> None:
    plugin, sandbox = connector
    right: Any = plugin.build
    channel = type("Wrong", (right,), {"right": right.reverse, "reverse": reverse})
    found = findings(tmp_path, dataclasses.replace(plugin, build=channel), sandbox, lambda name: name in wrong)
    assert {name for name, each in found.items() if each.verdict == "not"} == set(wrong)
