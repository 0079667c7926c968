"""Maintenance: the screen for one of the staff, once his card lies on the reader and he has typed its PIN."""

import contextlib
import re
from datetime import timedelta
from typing import get_args

from yinyi.business.identity.messages import EndSession
from yinyi.business.terminals.errors import MaintenanceOver, NoStaffCard, PinTriesSpent, PinWrong
from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.messages_maintenance import (
    Act,
    DeviceSeen,
    DoMaintenance,
    GetMaintenance,
    OpenMaintenance,
)
from yinyi.business.terminals.model import BROKEN, LockedFor
from yinyi.interface.journeys import present, views_maintenance
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visit, Visitor
from yinyi.kernel.errors import YinyiError

WANTS = "maintenance"
LOOK_AGAIN = timedelta(seconds=3)
_PIN = re.compile(r"[0-9]{6,12}")
_ACTS: dict[str, Act] = {act: act for act in get_args(Act)}
_REASONS: dict[str, LockedFor] = {reason: reason for reason in get_args(LockedFor)}


async def first(visitor: Visitor) -> Go | None:
    """Asked on every page but its own. A card of the staff leads here, unless it lies in the way of a patient; whoever
    goes elsewhere without it has left."""
    visit, paths = visitor.visit, visitor.paths
    inside = visit.wants == WANTS
    if visitor.terminal.staff_card and not visit.session and (inside or not visit.ticket):
        if inside:
            return Go(paths.maintenance)
        if await _still_lies_there(visitor):
            return Go(paths.maintenance, Visit(wants=WANTS), wipe=True)
    if inside:
        await leave(visitor)
        return Go(paths.home, Visit(), wipe=True)
    return None


async def _still_lies_there(visitor: Visitor) -> bool:
    """What is known of a terminal may be seconds old: whoever has just left is not led back by the same card."""
    try:
        return (await visitor.ask_as_anybody(GetTerminal())).staff_card
    except YinyiError:
        return False


async def page(visitor: Visitor) -> Next:
    """GET MAINTENANCE ?lock=1 (for which reason?)."""
    if visitor.visit.wants != WANTS:
        return Go(visitor.paths.home)
    if not visitor.visit.ticket:
        return _pin() if visitor.terminal.staff_card else Go(visitor.paths.home, Visit())
    try:
        found = await visitor.ask_as_anybody(GetMaintenance(ticket=visitor.visit.ticket))
    except MaintenanceOver:
        return Go(visitor.paths.maintenance, Visit(wants=WANTS))
    view = views_maintenance.MaintenanceView(
        staff_id=found.staff_id,
        agent_version=found.agent_version,
        line_ok=found.line_ok,
        locked=found.locked,
        devices=tuple(sorted(map(_row, found.devices), key=_worst_first)),
        locking="lock" in visitor.query and not found.locked,
        test_print=found.test_print,
        problem=found.problem,
        key=present.new_key(),
    )
    listens = {"terminal": "1", "paper": "1"}
    if found.test_print == "waiting":
        listens["at"] = f"{(visitor.now + LOOK_AGAIN).timestamp():.1f}"
    return Show(view, listens=listens)


def _row(seen: DeviceSeen) -> views_maintenance.DeviceRow:
    return views_maintenance.DeviceRow(
        device=seen.device,
        kind=seen.kind,
        state=seen.state,
        broken=seen.state in BROKEN,
        detail=seen.detail,
        since=seen.since,
        failures=seen.failures,
    )


def _worst_first(row: views_maintenance.DeviceRow) -> tuple[bool, bool]:
    return not row.broken, row.state == "ok"


def _pin(problem: views_maintenance.PinProblem | None = None) -> Show:
    view = views_maintenance.StaffPinView(problem=problem, key=present.new_key())
    return Show(view, listens={"card": "1"})


async def enter(visitor: Visitor) -> Next:
    """POST MAINTENANCE_PIN [pin]."""
    if visitor.visit.wants != WANTS:
        raise StalePage("maintenance")
    pin = visitor.form.get("pin", "")
    if not _PIN.fullmatch(pin):
        return _pin("wrong")
    try:
        opened = await visitor.ask_as_anybody(OpenMaintenance(pin=pin))
    except NoStaffCard:
        return Go(visitor.paths.home, Visit())
    except PinWrong:
        return _pin("wrong")
    except PinTriesSpent:
        return _pin("spent")
    return Go(visitor.paths.maintenance, Visit(ticket=opened.ticket, wants=WANTS, card=visitor.terminal.card_version))


async def act(visitor: Visitor) -> Next:
    """POST MAINTENANCE [act, because]."""
    wanted = _ACTS.get(visitor.form.get("act", ""))
    if wanted is None or visitor.visit.wants != WANTS:
        raise StalePage("act")
    if wanted == "leave":
        await leave(visitor)
        return Go(f"{visitor.paths.home}?bye=1", Visit(), wipe=True)
    because = _REASONS.get(visitor.form.get("because", ""), "")
    doing = DoMaintenance(ticket=visitor.visit.ticket, act=wanted, because=because)
    with contextlib.suppress(MaintenanceOver):
        await visitor.ask_as_anybody(doing, key=visitor.key)
    return Go(visitor.paths.maintenance)


async def leave(visitor: Visitor) -> None:
    """Whatever the platform says: the ticket opens nothing any more, nor does the card before it is laid again."""
    if visitor.visit.wants != WANTS:
        return
    with contextlib.suppress(YinyiError):
        if visitor.visit.ticket:
            leaving = DoMaintenance(ticket=visitor.visit.ticket, act="leave")
            await visitor.ask_as_anybody(leaving, key=present.new_key())
        await visitor.ask_as_anybody(EndSession())
