"""The patient's prepaid account: what is on it, topping it up, and getting back what is left."""

from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.prepaid.errors import NothingOnAccount, OnlyAtWindow, TopUpsClosed
from yinyi.business.prepaid.messages import (
    GetPrepaidAccount,
    GetPrepaidSetting,
    GetWithdrawal,
    GivenBack,
    PrepaidEntry,
    ToBeGivenBack,
    TopUp,
    Withdraw,
)
from yinyi.business.prepaid.model import TOP_UP, PrepaidMode
from yinyi.interface.journeys import present, standing, typed, views, views_account
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import NotFound, YinyiError
from yinyi.kernel.money import Fen

AMOUNTS = (50_00, 100_00, 200_00, 300_00, 500_00, 1000_00)
FEWER = (100_00, 200_00, 500_00)
FROM, TO = Fen(1_00), Fen(5_000_00)
"""What can be topped up at once."""
BEFORE = "before"
"""In the address of a page: what was booked before this."""
_MOST_DIGITS = 18
_KINDS: dict[str, views_account.RecordKind] = {
    "taken": "paid",
    "refunded": "came_back",
    "charged": "paid",
    "charge_back": "came_back",
    "withdrawn_at_window": "at_window",
    "opening": "taken_over",
    "merged": "merged",
}


async def mode_of(visitor: Visitor) -> PrepaidMode:
    """What can be done with an account; ``off``: there is none to look at, because the hospital keeps none and nothing
    has come back to this visitor's since it kept them, or because nobody says."""
    try:
        mode: PrepaidMode = (await visitor.ask_as_anybody(GetPrepaidSetting())).mode
        if mode == "off" and visitor.known:
            mode = (await visitor.ask(GetPrepaidAccount())).mode
    except YinyiError:
        return "off"
    return mode


async def page(visitor: Visitor) -> Next:
    """GET ACCOUNT ?before=4711."""
    if not visitor.known:
        return visitor.wanting("account")
    before = visitor.query.get(BEFORE, "0")
    if not before.isdigit() or not before.isascii() or len(before) > _MOST_DIGITS:
        raise NotFound(BEFORE)
    account = await visitor.ask(GetPrepaidAccount(before=int(before)))
    view = views_account.AccountView(
        mode=account.mode,
        balance_fen=account.balance_fen,
        records=tuple(map(_record, account.entries)),
        earlier=account.next_before,
    )
    return Show(view)


def _record(entry: PrepaidEntry) -> views_account.Record:
    paid = _KINDS.get(entry.kind) in ("paid", "came_back")
    return views_account.Record(
        kind=_kind(entry), at=entry.at, amount_fen=entry.amount_fen, about=entry.about if paid else ""
    )


def _kind(entry: PrepaidEntry) -> views_account.RecordKind:
    if entry.purpose == TOP_UP:
        return "topped_up" if entry.amount_fen > 0 else "withdrawn"
    return _KINDS.get(entry.kind, "corrected")


async def how_much(visitor: Visitor) -> Next:
    """GET TOP_UP ?typed=1 (the number pad)."""
    if not visitor.known:
        return visitor.wanting("account")
    return await _amounts(visitor, typed.TYPED in visitor.query)


async def _amounts(visitor: Visitor, typing: bool, shown: str = "", wrong: bool = False) -> Next:
    account = await visitor.ask(GetPrepaidAccount())
    if account.mode != "collect":
        return Go(visitor.paths.account)
    view = views_account.TopUpView(
        amounts=AMOUNTS,
        fewer=FEWER,
        typing=typing,
        typed=shown,
        wrong=wrong,
        from_fen=FROM,
        to_fen=TO,
        balance_fen=account.balance_fen,
        key=present.new_key(),
    )
    return Show(view, steps=views.TOP_UP_STEPS)


async def top_up(visitor: Visitor) -> Next:
    """POST TOP_UP: opens the payment, or says that the amount cannot be topped up."""
    visitor.back = visitor.paths.top_up
    yuan = typed.yuan_of(visitor, 4)
    amount_fen = int(yuan or 0) * 100
    if not FROM <= amount_fen <= TO:
        return await _amounts(visitor, typing=True, shown=yuan, wrong=True)
    try:
        payment = await visitor.ask(TopUp(amount_fen=Fen(amount_fen)), key=f"{visitor.key}.{yuan}")
    except TopUpsClosed:
        return Go(visitor.paths.account)
    return Go(standing.address(visitor, payment))


async def what_goes_back(visitor: Visitor) -> Next:
    """GET WITHDRAW ?changed=1."""
    if not visitor.known:
        return visitor.wanting("account")
    found = await visitor.ask(GetWithdrawal())
    view = views_account.WithdrawView(
        balance_fen=found.balance_fen,
        parts=tuple(map(_part, found.parts)),
        sum_fen=sum(part.amount_fen for part in found.parts),
        at_window_fen=found.at_window_fen,
        given=tuple(map(_given, found.given_back)),
        changed=typed.CHANGED in visitor.query,
        key=present.new_key(),
    )
    return Show(view)


def _part(part: ToBeGivenBack) -> views_account.Back:
    return views_account.Back(tender=part.tender, amount_fen=part.amount_fen, at=part.paid_at)


def _given(part: GivenBack) -> views_account.Back:
    return views_account.Back(
        tender=part.tender,
        amount_fen=part.amount_fen,
        at=part.asked_at,
        done=part.done,
        arrives_by=part.arrives_by,
    )


async def withdraw(visitor: Visitor) -> Next:
    """POST WITHDRAW: so much as the page said, or nothing."""
    visitor.back = to = visitor.paths.withdraw
    amount_fen = typed.shown_fen(visitor)
    try:
        await visitor.ask(Withdraw(amount_fen=amount_fen), key=visitor.key)
    except (NothingOnAccount, OnlyAtWindow, BalanceTooLow):
        return Go(f"{to}?{typed.CHANGED}=1")
    return Go(to)
