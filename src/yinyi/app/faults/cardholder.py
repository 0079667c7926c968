"""What a person does with his card, and what people do who look into his payment."""

from datetime import timedelta

from yinyi.app.faults.at_terminal import AtTerminal
from yinyi.app.faults.house import ZONE
from yinyi.app.faults.line_house import CHANNEL
from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.lines.session_model import Approved, Batch
from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.messages_queue import SettleByHand
from yinyi.business.payments.model import ByHand
from yinyi.business.payments.plan import REFUND, TAKE, Step

LOOKS, LOOKS_EVERY = 14, timedelta(seconds=6)
NEXT_TRIES, NEXT_EVERY = 60, timedelta(seconds=30)
_UNDECIDED = ("doing", "waiting", "unknown", "undoing", "undo_unknown")


async def inserts(stage: AtTerminal) -> bool:
    """His card; False: it is too late."""
    card = stage.account.card
    try:
        await stage.change(
            lambda desk, tx, call: desk.payments.tenders.submit_card(tx, call, stage.number, CHANNEL, card)
        )
    except PaymentClosed:
        return False
    await stage.drive()
    return True


async def pays(stage: AtTerminal, times: int = 1) -> None:
    """Inserts his card and waits in front of the terminal; if nothing was taken, he tries again so often in all."""
    for _ in range(times):
        if not await inserts(stage) or not await _looks(stage):
            return


async def _looks(stage: AtTerminal) -> bool:
    """Until the screen says how it is; True: he may try again."""
    for _ in range(LOOKS):
        plan = await stage.plan()
        take = plan.latest(TAKE)
        if take is None or plan.direction == "back" or plan.ended_at is not None:
            return False
        if take.state not in _UNDECIDED and (take.state != "planned" or not take.channel):
            return take.state in ("refused", "undone")
        await stage.wait(LOOKS_EVERY)
        await stage.drive()
    return False


async def next_pays(stage: AtTerminal) -> None:
    """Whoever comes next to the terminal pays, however it went with the one before; sooner or later it works."""
    stage.line.bank.next.clear()
    for number in range(NEXT_TRIES):
        answer = await stage.line.next_pays(f"{stage.number}N{number}")
        if isinstance(answer, Approved):
            return
        await stage.wait(NEXT_EVERY)
        await stage.drive()
    stage.line.bank.wrong.append("the next one at the terminal can never pay")


async def batch_is_settled(stage: AtTerminal) -> None:
    """Tried again until it is, or until the bank has another one and there was nothing in it that we know of; sooner or
    later it works."""
    batch_no = (await stage.line.batches())[0]["open_batch_no"]
    for _ in range(NEXT_TRIES):
        if isinstance(await stage.settles(batch_no), Batch):
            return
        now = (await stage.line.batches())[0]
        if batch_no not in (now["open_batch_no"], *now["left_batches"]):
            return
        await stage.wait(NEXT_EVERY)
        await stage.drive()
    stage.line.bank.wrong.append("the batch can never be settled")


async def statement_tells(stage: AtTerminal) -> None:
    """Two people say what the bank's statement says of everything that is in doubt."""
    plan = await stage.plan()
    known = {row["reference"]: (row["batch_no"], row["trace_no"]) for row in await stage.line.record()}
    queue = HumanQueue(stage.desk_of_payments, ZONE)
    for step in plan.steps:
        if step.channel != CHANNEL or not is_in_doubt(step):
            continue
        said = stage.line.bank.found(known.get(step.reference, (0, 0)))
        outcome: ByHand = "happened" if said is not None and said.happened else "did_not_happen"
        message = SettleByHand(
            payment_no=stage.number, reference=step.reference, outcome=outcome, note="by the statement"
        )
        for name in ("anna", "bernd"):
            async with stage.quiet.transaction() as tx:
                await queue.settle_by_hand(tx, _as_staff(stage, name), message, None)
    stage.has_seen_to()
    await stage.drive()


def is_in_doubt(step: Step) -> bool:
    """Only people can tell, once they are called."""
    return step.state in _UNDECIDED and (step.kind == REFUND or step.state != "waiting")


def _as_staff(stage: AtTerminal, name: str) -> Call:
    now = stage.clock.now()
    who = Principal(caller=Caller.STAFF, hospital_id=1, staff_id="operator", person=name)
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")
