"""Electronic receipts (医疗电子票据): one over what is kept of a payment, and red ones (红票) over what goes back.
Which are wanted is a pure function of the payment and of those there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.postings import delivered_fen
from yinyi.kernel.money import Fen

EARNING = ("registration", "appointment", "check_in", "invoice")
"""Purposes whose payments are the hospital's income. A deposit or a top-up is none: the receipt comes with what is paid
out of it."""

MOST_PAGES = 4
"""So many of a receipt's file are shown."""

FiscalState = Literal["wanted", "sent", "issued", "void"]
"""``sent``: on disk before it leaves, so it may have reached the hospital. ``void``: none is needed after all, and
surely none was asked for."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One of a payment's receipts. reference: ours, never another one: the payment's number, of a red one that of the
    refund. of: the reference of the one that it reverses; empty: it is that one."""

    reference: str
    of: str = ""
    amount_fen: Fen
    state: FiscalState = "wanted"


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital says of one that is issued.

    code: 票据代码. number: 票据号码. check_code: 校验码. url: where it can be seen. digest: SHA-256 of its file, in
    hex; empty where the hospital does not tell.
    """

    code: str
    number: str
    check_code: str = ""
    issued_at: datetime
    url: str = ""
    digest: str = ""


class FoundFiscalInvoice(Issued, frozen=True, kw_only=True):
    """As the hospital lists it."""

    reference: str
    of: str = ""
    amount_fen: Fen
    payment_no: str
    printed: bool = False


def changes(plan: Plan, known: Sequence[Receipt]) -> list[Receipt]:
    """What has to be written down, so that what is issued comes to what is kept.

    As long as nothing has left, the receipt is over what is kept, and none is needed if that is nothing. What goes back
    later is reversed refund by refund, each once.
    """
    kept_fen = Fen(delivered_fen(plan))
    blue = next((each for each in known if not each.of), None)
    if blue is None:
        return [Receipt(reference=plan.payment_no, amount_fen=kept_fen)] if kept_fen else []
    if blue.state in ("wanted", "void"):
        wanted = replace(blue, state="wanted", amount_fen=kept_fen) if kept_fen else replace(blue, state="void")
        unsent = [replace(each, state="void") for each in known if each.of and each.state == "wanted"]
        return [each for each in (wanted, *unsent) if each not in known]
    reversed_fen = sum(each.amount_fen for each in known if each.of and each.state != "void")
    return _reversals(plan, blue, {each.reference for each in known}, blue.amount_fen - reversed_fen - kept_fen)


def _reversals(plan: Plan, blue: Receipt, known: set[str], missing_fen: int) -> list[Receipt]:
    """Newest first: what went back before the receipt left is not in it. What no refund stands for, the part of an
    insurance, goes with the newest."""
    back = [step for step in plan.steps if step.kind == REFUND and step.state in ("done", "late")]
    found = list[Receipt]()
    for step in sorted(back, key=lambda step: step.since, reverse=True):
        part = Fen(min(step.amount_fen, missing_fen))
        if part > 0 and step.reference not in known:
            found.append(Receipt(reference=step.reference, of=blue.reference, amount_fen=part))
            missing_fen -= part
    if missing_fen <= 0:
        return found
    if found:
        return [replace(found[0], amount_fen=Fen(found[0].amount_fen + missing_fen)), *found[1:]]
    return [Receipt(reference=f"{blue.reference}R{len(known)}", of=blue.reference, amount_fen=Fen(missing_fen))]
