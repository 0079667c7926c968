"""Whatever a merchant and a payer do to one code payment: the sandbox's rules, by chance."""

import contextlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from wechatpay_lab import MovingClock

from examples import examples
from yinyi_sandbox.wechatpay.credentials import MerchantAccount
from yinyi_sandbox.wechatpay.model import Refusal
from yinyi_sandbox.wechatpay.rules import Rules
from yinyi_sandbox.wechatpay.store import Store

Run = Callable[[Coroutine[Any, Any, Any]], Any]
both_ways = pytest.mark.parametrize("trust", ["public_key", "certificates"])
NUMBER = "P20261123000001"
STRANGER = rsa.generate_private_key(65537, 2048).public_key()


class OneCodePayment(RuleBasedStateMachine):
    """Whatever a merchant and a payer do to one code payment, in whatever order, the sums and the final states hold."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MovingClock()
        self.store = Store(None)
        self.desk = Rules(self.store, self.clock, refund_takes_s=5.0)
        self.merchant = MerchantAccount("outpatient", "门诊", "9900000001", "wx1", "AB", STRANGER, b"k" * 32)
        self.handle = self.desk.codes.show("password").code_url
        self.take(self.handle.rsplit("/", 1)[-1])
        self.seen = ["USERPAYING"]

    def take(self, payer_code: str) -> None:
        asked = {
            "appid": "wx1",
            "mchid": "9900000001",
            "description": "x",
            "out_trade_no": NUMBER,
            "payer": {"auth_code": payer_code},
            "amount": {"total": 1_000},
            "scene_info": {"store_info": {"out_id": "1"}},
        }
        self.desk.codes.take(self.merchant, "AB", msgspec.json.encode(asked))

    @rule()
    def take_again(self) -> None:
        with pytest.raises(Refusal):
            self.take(self.desk.codes.show("pays").digits)

    @rule()
    def confirm(self) -> None:
        with contextlib.suppress(Refusal):
            self.desk.pay(self.handle)

    @rule()
    def refuse(self) -> None:
        self.desk.codes.refuse(self.desk.scan(self.handle))

    @rule()
    def reverse(self) -> None:
        body = msgspec.json.encode({"appid": "wx1", "mchid": "9900000001"})
        with contextlib.suppress(Refusal):
            self.desk.codes.reverse(self.merchant, NUMBER, body)

    @rule(seconds=st.integers(1, 50))
    def wait(self, seconds: int) -> None:
        self.clock.offset += timedelta(seconds=seconds)

    @rule(number=st.sampled_from(["R1", "R2"]), amount=st.integers(1, 1_000))
    def give_back(self, number: str, amount: int) -> None:
        asked = {"out_trade_no": NUMBER, "out_refund_no": number}
        amounts = {"amount": {"refund": amount, "total": 1_000, "currency": "CNY"}}
        with contextlib.suppress(Refusal):
            self.desk.give_back("9900000001", "AB", msgspec.json.encode(asked | amounts))

    @invariant()
    def final_states_are_final(self) -> None:
        order = self.desk.find("9900000001", NUMBER)
        if order.state != self.seen[-1]:
            assert (self.seen[-1], order.state) in {
                ("USERPAYING", "SUCCESS"),
                ("USERPAYING", "PAYERROR"),
                ("USERPAYING", "REVOKED"),
                ("PAYERROR", "REVOKED"),
                ("SUCCESS", "REVOKED"),
                ("SUCCESS", "REFUND"),
            }
            self.seen.append(order.state)

    @invariant()
    def no_more_is_given_back_than_was_taken(self) -> None:
        order = self.desk.find("9900000001", NUMBER)
        assert order.refunded <= (order.total if order.transaction_id else 0)
        assert order.state != "REVOKED" or order.refunded == (order.total if order.transaction_id else 0)

    @invariant()
    def nobody_is_called_back(self) -> None:
        assert not self.store.events_due(float("inf"), 10)

    def teardown(self) -> None:
        self.store.close()


OneCodePayment.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=20, deadline=None)
TestOneCodePayment = OneCodePayment.TestCase
