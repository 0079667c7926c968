"""Everything the driver can do, by name: effects of the domains, channels, merchant accounts."""

from collections.abc import Iterable, Mapping
from typing import cast

from yinyi.business.payments.channels import (
    WINDOW,
    GivenBackAtWindow,
    MerchantTable,
    RefundByChannel,
    TakeByCode,
    TakenAtWindow,
)
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.errors import PayerCodeUnknown
from yinyi.business.payments.model import TenderName
from yinyi.business.payments.plan import REFUND, TAKE, Step
from yinyi.business.payments.ports import Effect, Purpose, ScansCode, ShowsCode, TakesPayment
from yinyi.kernel.errors import ChannelUnavailable


class Registry:
    """Built once by ``app``. Keys of takes and refunds carry the channel: ``payments.take/wechatpay``."""

    def __init__(
        self,
        *,
        effects: Iterable[Effect],
        purposes: Iterable[Purpose],
        channels: Mapping[str, TakesPayment],
        merchants: MerchantTable,
    ) -> None:
        self._effects: dict[str, Effect] = {effect.kind: effect for effect in effects}
        self._effects[f"{TAKE}/{WINDOW}"] = TakenAtWindow()
        self._effects[f"{REFUND}/{WINDOW}"] = GivenBackAtWindow()
        for name, channel in channels.items():
            self._effects[f"{TAKE}/{name}"] = TakeByCode(channel)
            self._effects[f"{REFUND}/{name}"] = RefundByChannel(channel)
        self.purposes = {purpose.name: purpose for purpose in purposes}
        self.channels = dict(channels)
        self._merchants = merchants
        self.rules: Rules = {kind: effect.rule for kind, effect in self._effects.items()}
        no_channel = self._effects[f"{TAKE}/{WINDOW}"].rule
        self.rules = {TAKE: no_channel, REFUND: no_channel, **self.rules}

    def effect(self, step: Step) -> Effect:
        """
        Raises:
            KeyError: no such kind or channel in this release.
        """
        return self._effects.get(f"{step.kind}/{step.channel}") or self._effects[step.kind]

    def merchant(self, scope: str, channel: str) -> str:
        """The merchant account for this scope.

        Raises:
            ChannelUnavailable: this hospital has none there.
        """
        known = channel == WINDOW or channel in self.channels
        merchant = self._merchants.of(scope, channel) if known else None
        if not merchant:
            raise ChannelUnavailable(f"no merchant account for {scope} at {channel}")
        return merchant

    def merchants(self, scope: str) -> dict[str, str]:
        """The merchant account of this scope at each channel that has one."""
        found = {name: self._merchants.of(scope, name) for name in self.channels}
        return {name: merchant for name, merchant in found.items() if merchant}

    def tenders(self, scope: str) -> list[TenderName]:
        """The channels that show a code and have a merchant account for this scope."""
        shown = (name for name, channel in self.channels.items() if isinstance(channel, ShowsCode))
        return [cast(TenderName, name) for name in shown if self._merchants.of(scope, name)]

    def knows_code(self, payer_code: str) -> str:
        """The channel whose payer shows this code.

        Raises:
            PayerCodeUnknown: none of ours.
        """
        for name, channel in self.channels.items():
            if isinstance(channel, ScansCode) and channel.knows_code(payer_code):
                return name
        raise PayerCodeUnknown

    def unreadable(self, open_kinds: Iterable[tuple[str, str]]) -> list[str]:
        """Which of the open plans' (kind, channel) this release does not know."""
        return [
            f"{kind}/{channel}" if channel else kind for kind, channel in open_kinds if not self._knows(kind, channel)
        ]

    def _knows(self, kind: str, channel: str) -> bool:
        if channel:
            return f"{kind}/{channel}" in self._effects
        return kind in self.rules
