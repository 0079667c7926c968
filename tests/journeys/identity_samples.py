"""Cards that identify: at the card terminal, and the list of those that are bound."""

from datetime import timedelta
from typing import Literal

import msgspec
from sample_facts import CHROME, KEY, NOW, SOMEONE, Sample

from yinyi.interface.journeys import views_cards, views_start

INSURANCE: tuple[views_start.IdentifyProblem, ...] = (
    "code_unreadable",
    "code_expired",
    "code_used",
    "code_foreign",
    "code_away",
)
KINDS: tuple[views_cards.CardKind, ...] = ("bank_card", "public_card", "social_security_card")


def _read(purpose: Literal["identify", "bind", "balance"], state: str, **facts: object) -> Sample:
    view = views_cards.ReadCardView(
        purpose=purpose,
        state="insert",
        kinds=KINDS,
        since=NOW,
        expires_at=NOW + timedelta(seconds=83),
        number_tail="0014" if purpose == "bind" else "",
        key=KEY,
    )
    return msgspec.structs.replace(view, state=state, **facts), SOMEONE if purpose == "bind" else CHROME


BOUND: tuple[views_cards.BoundCard, ...] = tuple(
    views_cards.BoundCard(credential_id=n, kind=kind, number_tail=f"00{n}4", bound_at=NOW - timedelta(days=40 - n))
    for n, kind in enumerate(("resident_card", "hmt_resident_card", *KINDS, "bank_card"))
)
IDENTITY: dict[str, Sample] = {
    "identify-cards": (views_start.IdentifyView(kinds=KINDS, key=KEY), CHROME),
    "identify-cards-away": (views_start.IdentifyView(kinds=KINDS, problem="cards_away", key=KEY), CHROME),
    **{
        f"identify-{problem.replace('_', '-')}": (views_start.IdentifyView(problem=problem, key=KEY), CHROME)
        for problem in INSURANCE
    },
    "read-identify": _read("identify", "insert"),
    "read-unknown": _read("identify", "problem", problem="unknown"),
    "read-not-taken": _read("identify", "problem", problem="not_taken"),
    "read-bind": _read("bind", "insert"),
    "read-bind-pin": _read("bind", "pin", digits=4),
    "read-bind-asking": _read("bind", "asking"),
    "read-bind-wrong-pin": _read("bind", "problem", problem="wrong_pin"),
    "read-bind-taken": _read("bind", "problem", problem="taken"),
    "cards": (views_cards.CardsView(cards=BOUND, kinds=KINDS, key=KEY), SOMEONE),
    "cards-bound": (
        views_cards.CardsView(cards=BOUND[:3], kinds=KINDS, news="bound", news_tail="0014", key=KEY),
        msgspec.structs.replace(SOMEONE, pay_card_in=True),
    ),
    "cards-none": (views_cards.CardsView(cards=(), news="away", key=KEY), SOMEONE),
    "cards-unbind": (views_cards.CardsView(cards=BOUND, kinds=KINDS, chosen=BOUND[3], key=KEY), SOMEONE),
}

_PUBLIC: tuple[views_cards.CardKind, ...] = ("public_card",)
BALANCES: dict[str, Sample] = {
    "balance": (views_cards.CardBalanceView(state="begin", key=KEY), CHROME),
    "balance-away": (views_cards.CardBalanceView(state="away", key=KEY), CHROME),
    "balance-told": (
        views_cards.CardBalanceView(state="told", number_tail="2007", balance_fen=123_456, key=KEY),
        msgspec.structs.replace(CHROME, pay_card_in=True),
    ),
    "balance-insert": _read("balance", "insert", kinds=_PUBLIC),
    "balance-asking": _read("balance", "asking", number_tail="2007"),
    "balance-wrong-pin": _read("balance", "problem", problem="wrong_pin", kinds=_PUBLIC),
    "balance-no-answer": _read("balance", "problem", problem="no_answer", kinds=_PUBLIC),
    "read-bind-keys-changed": _read("bind", "problem", problem="keys_changed"),
    "read-bind-declined": _read("bind", "problem", problem="declined"),
    "read-bind-stripe": _read("bind", "problem", problem="stripe"),
}
"""What is left on a public card; and cards that are not bound, for whatever reason their issuer has."""
