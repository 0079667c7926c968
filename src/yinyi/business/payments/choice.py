"""What a payer's choice of a means is to a plan. Pure."""

from datetime import datetime
from typing import Any

import msgspec

from yinyi.business.payments.amounts import owed_fen
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.plan import TAKE, Plan


def with_tender(plan: Plan, tender: str, told: dict[str, Any]) -> Plan:
    """The plan once this means is chosen; ``told``: what goes with it."""
    chosen = {"tender": tender, "tender_no": plan.tender_no + 1, "facts": plan.facts | {"tender_facts": told}}
    return msgspec.structs.replace(plan, **chosen)


def open_with(plan: Plan, choice: ChooseTender, now: datetime) -> bool:
    """The very means that is chosen is already on its way or on the screen, for as much."""
    if plan.tender != choice.tender:
        return False
    take = plan.latest(TAKE)
    if take is None or plan.tender_no > take.tender_no:
        return plan.facts.get("tender_facts", {}).get("amount_fen") == choice.amount_fen
    if not take.channel or take.state == "done" or take.amount_fen != (choice.amount_fen or owed_fen(plan)):
        return False
    alive = (take.until is None or now < take.until) and not take.scanned
    return take.state in ("planned", "doing", "waiting", "unknown") and alive
