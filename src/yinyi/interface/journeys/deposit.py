"""Deposits for a stay: paying one, and getting back what is left once the stay is settled."""

from yinyi.business.inpatient.errors import DepositAtWindow, LeftDiffers, NothingLeft, StayNotSettled, StaySettled
from yinyi.business.inpatient.messages import DepositBack, FindStay, GetDepositReturn, PayDeposit, ReturnDeposit
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.interface.journeys import present, standing, typed, views, views_account, views_inpatient
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.money import Fen

AMOUNTS = (500_00, 1_000_00, 2_000_00, 3_000_00, 5_000_00, 10_000_00)
FEWER = (1_000_00, 2_000_00, 5_000_00)
FROM, TO = Fen(1_00), Fen(50_000_00)
"""What can be paid at once."""


async def how_much(visitor: Visitor) -> Next:
    """GET DEPOSIT ?typed=1 (the number pad)."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    return await _amounts(visitor, typed.TYPED in visitor.query)


async def _amounts(visitor: Visitor, typing: bool, shown: str = "", wrong: bool = False) -> Next:
    number = visitor.at["admission_no"]
    [stay] = (await visitor.ask(FindStay(admission_no=number))).stays
    if stay.state == "settled":
        return Go(visitor.paths.stay(number))
    view = views_inpatient.DepositAmountView(
        stay=stay,
        amounts=AMOUNTS,
        fewer=FEWER,
        typing=typing,
        typed=shown,
        wrong=wrong,
        from_fen=FROM,
        to_fen=TO,
        key=present.new_key(),
    )
    return Show(view, steps=views.TOP_UP_STEPS)


async def pay(visitor: Visitor) -> Next:
    """POST DEPOSIT: opens the payment, or says that the amount cannot be paid."""
    number = visitor.at["admission_no"]
    visitor.back = visitor.paths.deposit(number)
    yuan = typed.yuan_of(visitor, 5)
    amount_fen = int(yuan or 0) * 100
    if not FROM <= amount_fen <= TO:
        return await _amounts(visitor, typing=True, shown=yuan, wrong=True)
    message = PayDeposit(admission_no=number, amount_fen=Fen(amount_fen))
    try:
        payment = await visitor.ask(message, key=f"{visitor.key}.{yuan}")
    except StaySettled:
        return Go(visitor.paths.stay(number))
    return Go(standing.address(visitor, payment))


async def what_goes_back(visitor: Visitor) -> Next:
    """GET DEPOSIT_RETURN ?changed=1."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    number = visitor.at["admission_no"]
    try:
        found = await visitor.ask(GetDepositReturn(admission_no=number))
    except StayNotSettled:
        return Go(visitor.paths.stay(number))
    view = views_inpatient.ReturnView(
        stay=found.stay,
        left_fen=found.left_fen,
        parts=tuple(map(_back, found.parts)),
        sum_fen=sum(part.amount_fen for part in found.parts),
        at_window_fen=found.at_window_fen,
        given=tuple(map(_back, found.given_back)),
        changed=typed.CHANGED in visitor.query,
        key=present.new_key(),
    )
    return Show(view)


def _back(part: DepositBack) -> views_account.Back:
    return views_account.Back(
        tender=part.tender,
        amount_fen=part.amount_fen,
        at=part.at,
        done=part.done,
        arrives_by=part.arrives_by,
    )


async def give_back(visitor: Visitor) -> Next:
    """POST DEPOSIT_RETURN: so much as the page said, or nothing."""
    number = visitor.at["admission_no"]
    visitor.back = to = visitor.paths.deposit_return(number)
    amount_fen = typed.shown_fen(visitor)
    try:
        await visitor.ask(ReturnDeposit(admission_no=number, amount_fen=amount_fen), key=visitor.key)
    except (NothingLeft, DepositAtWindow, LeftDiffers, BalanceTooLow):
        return Go(f"{to}?{typed.CHANGED}=1")
    return Go(to)
