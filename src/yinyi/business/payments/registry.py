"""Everything the driver can do, by name: effects of the domains, channels, merchant accounts."""

from collections.abc import Callable, Collection, Iterable, Mapping

from yinyi.business.ledger.model import PREPAID
from yinyi.business.lines.session_model import Card
from yinyi.business.payments.booked_first import BookedFirst
from yinyi.business.payments.cards import CardLines, RefundToCard, TakeByCard
from yinyi.business.payments.channels import (
    INSTITUTION,
    WINDOW,
    GivenBackAtWindow,
    GivenBackByInstitution,
    MerchantTable,
    MovedInside,
    RefundByChannel,
    TakeByCode,
    TakenAtWindow,
    TakenByInstitution,
)
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.errors import PayerCodeUnknown
from yinyi.business.payments.means import MeansBook
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.business.payments.ports import (
    BooksRefunds,
    Effect,
    Promises,
    Purpose,
    ReceivesCallbacks,
    ScansCode,
    ShowsCode,
    TakesPayment,
)
from yinyi.kernel.errors import ChannelUnavailable
from yinyi.kernel.outcome import Evidence


class Registry:
    """Built once by ``app``. Keys of takes and refunds carry the channel: ``payments.take/wechatpay``."""

    def __init__(
        self,
        *,
        effects: Iterable[Effect],
        purposes: Iterable[Purpose],
        channels: Mapping[str, TakesPayment],
        merchants: MerchantTable,
        cards: CardLines | None = None,
        told: Collection[str] = (),
        means: MeansBook | None = None,
    ) -> None:
        """``told``: the purposes whose payments, whenever one ends, are told to those above; see ``ends``. ``means``:
        what connectors are called that bring their own words."""
        self.means = means or MeansBook()
        self.told = frozenset(told)
        self._effects: dict[str, Effect] = {effect.kind: effect for effect in effects}
        self._effects[f"{TAKE}/{WINDOW}"] = TakenAtWindow()
        self._effects[f"{REFUND}/{WINDOW}"] = GivenBackAtWindow()
        self._effects[f"{TAKE}/{INSTITUTION}"] = TakenByInstitution()
        self._effects[f"{REFUND}/{INSTITUTION}"] = GivenBackByInstitution()
        for kind in (TAKE, REFUND):
            self._effects[f"{kind}/{PREPAID}"] = MovedInside(kind)
        for name, channel in channels.items():
            self._effects[f"{TAKE}/{name}"] = TakeByCode(channel)
            self._effects[f"{REFUND}/{name}"] = RefundByChannel(channel)
        self.cards: CardLines = cards or {}
        for name, line in self.cards.items():
            self._effects[f"{TAKE}/{name}"] = TakeByCard(line)
            self._effects[f"{REFUND}/{name}"] = RefundToCard(line)
        self.purposes = {purpose.name: purpose for purpose in purposes}
        self.channels = dict(channels)
        self._book_first()
        self._shown = [name for name, channel in channels.items() if isinstance(channel, ShowsCode)]
        self._scanned = {name: channel for name, channel in channels.items() if isinstance(channel, ScansCode)}
        self.receivers = {name: each for name, each in channels.items() if isinstance(each, ReceivesCallbacks)}
        self._merchants = merchants
        self.rules: Rules = {kind: effect.rule for kind, effect in self._effects.items()}
        no_channel = self._effects[f"{TAKE}/{WINDOW}"].rule
        self.is_away: Callable[[str], bool] = lambda _: False
        """Whether the breaker of this kind and channel is open just now."""
        self.rules = {TAKE: no_channel, REFUND: no_channel, **self.rules}

    def _book_first(self) -> None:
        """Refunds by channels wait for the hospital where their purpose says so."""
        books = {name: each for name, each in self.purposes.items() if isinstance(each, BooksRefunds)}
        for name in (*self.channels, *self.cards, INSTITUTION) if books else ():
            self._effects[f"{REFUND}/{name}"] = BookedFirst(self._effects[f"{REFUND}/{name}"], books)

    def leave_out(self, channel: str) -> None:
        """It cannot be used: as if it had no settings."""
        gone = (f"{TAKE}/{channel}", f"{REFUND}/{channel}")
        for kind in gone:
            del self._effects[kind]
        self.rules = {kind: rule for kind, rule in self.rules.items() if kind not in gone}
        for known in (self.channels, self._scanned, self.receivers):
            known.pop(channel, None)
        self._shown = [name for name in self._shown if name != channel]

    def effect(self, step: Step) -> Effect:
        """
        Raises:
            KeyError: no such kind or channel in this release.
        """
        return self._effects.get(f"{step.kind}/{step.channel}") or self._effects[step.kind]

    def promised(self, plan: Plan, step: Step) -> Evidence:
        """What somebody else owes for this step if it has happened and only people know that; empty: nothing."""
        effect = self._effects.get(step.kind)
        return effect.promised(plan) if isinstance(effect, Promises) else {}

    def merchant(self, plan: Plan, channel: str) -> str:
        """The merchant account for the plan's scope, or whose own account it is.

        Raises:
            ChannelUnavailable: this hospital has none there.
        """
        if channel == PREPAID and plan.patient_id:
            return str(plan.patient_id)
        scope = plan.scope
        known = channel == WINDOW or channel in self.channels or channel in self.cards
        merchant = self._merchants.of(scope, channel) if known else None
        if not merchant:
            raise ChannelUnavailable(f"no merchant account for {scope} at {channel}")
        return merchant

    def merchants(self, scope: str) -> dict[str, str]:
        """The merchant account of this scope at each channel that has one."""
        found = {name: self._merchants.of(scope, name) for name in (*self.channels, *self.cards)}
        return {name: merchant for name, merchant in found.items() if merchant}

    def can_be_asked(self, scope: str) -> dict[str, str]:
        """The same, where it can be asked what became of a reference that our own record does not have: no bank of a
        card can."""
        return {name: merchant for name, merchant in self.merchants(scope).items() if name not in self.cards}

    def gives_back(self, plan: Plan) -> bool:
        """Whether whatever has taken money for it can give it back, by this release and its settings. A refund that
        nobody can send would be open for ever, and its plan unreadable."""
        return not self.given_up(plan)

    def give_back(self) -> list[str]:
        """The channels that can."""
        return sorted(kind.partition("/")[2] for kind in self._effects if kind.startswith(f"{REFUND}/"))

    def given_up(self, plan: Plan) -> list[Step]:
        """The takes of this plan whose channel is none of this release's, or of its settings, any more."""
        return [take for take in plan.moved() if f"{REFUND}/{take.channel}" not in self._effects]

    def tenders(self, scope: str, amount_fen: int = 0) -> list[str]:
        """The channels that show a code over so much and have a merchant account for this scope; last those that are
        away."""
        found = sorted(self._shown, key=lambda name: self.is_away(f"{TAKE}/{name}"))
        return [name for name in found if self._serves(scope, name, amount_fen)]

    def scans(self, scope: str, amount_fen: int = 0) -> list[str]:
        """The channels whose payer's code we can scan for so much, with a merchant account for this scope."""
        return [name for name in self._scanned if self._serves(scope, name, amount_fen)]

    def reads(self, scope: str) -> list[str]:
        """The channels whose cards can be read, with a merchant account for this scope."""
        return [name for name in self.cards if self._merchants.of(scope, name)]

    def _serves(self, scope: str, name: str, amount_fen: int) -> bool:
        """Where nothing is owed any more, how much it was does not matter."""
        return bool(self._merchants.of(scope, name)) and (not amount_fen or self.means.takes(name, amount_fen))

    def sealed_card(self, channel: str, card: Card) -> str:
        """As it travels with a payment until the bank has answered.

        Raises:
            ChannelUnavailable: no card of this kind is taken here.
        """
        line = self.cards.get(channel)
        if line is None:
            raise ChannelUnavailable(f"{channel} is not taken here")
        return line.cards.seal(card)

    def knows_code(self, payer_code: str) -> str:
        """The channel whose payer shows this code.

        Raises:
            PayerCodeUnknown: none of ours.
        """
        for name, channel in self._scanned.items():
            if channel.knows_code(payer_code):
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
