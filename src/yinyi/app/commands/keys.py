"""Operate: keys of the bank line: two custodians load one, the letter confirms it; status, rotation."""

import asyncio
import getpass
import re
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.person import NOBODY, Person, who_asks
from yinyi.app.settings import settings_from
from yinyi.app.staff import Staff, as_staff
from yinyi.business.lines.messages import (
    ConfirmKey,
    DiscardKeyComponents,
    KeyInventory,
    KeyLoading,
    KeyStatus,
    KeyView,
    LoadKeyComponent,
    RotateKeys,
)
from yinyi.kernel.errors import YinyiError
from yinyi.wire.key_entry import context_of, seal

R = TypeVar("R")
_COMPONENT_DIGITS = 32
_CHECK_DIGITS = 8
_PATIENCE_S = 30.0
_MOST_ROUNDS = 1000
_ZONE = ZoneInfo("Asia/Shanghai")


class Action(StrEnum):
    """What can be done with keys."""

    LOAD = "load"
    CONFIRM = "confirm"
    DISCARD = "discard"
    STATUS = "status"
    ROTATE = "rotate"


class Slot(NamedTuple):
    """Whose key: the session's."""

    acquirer: str
    merchant_no: str
    terminal_no: str

    def __str__(self) -> str:
        return "/".join(self)


def command(
    action: Annotated[Action, typer.Argument(help="load · confirm · discard · status · rotate")] = Action.STATUS,
    acquirer: Annotated[str, typer.Option(help="who takes the cards' money, as its line is called")] = "",
    merchant: Annotated[str, typer.Option(help="merchant number, field 42")] = "",
    terminal: Annotated[str, typer.Option(help="terminal number, field 41")] = "",
    part: Annotated[int, typer.Option(help="for load: which component, 1 or 2")] = 0,
    staff: Annotated[str, typer.Option(help="for load: whose component; he types his staff card's PIN")] = "",
    name: Annotated[str, typer.Option("--as", help="by which account: operator or supervisor")] = "operator",
) -> None:
    """load asks for the custodian's PIN and his component without showing them, or reads PIN, component and check value
    as three lines of standard input; never on the command line. The ceremony step by step: docs/operate/keys.md."""
    set_up_logs("error")
    slot = Slot(acquirer, merchant, terminal)
    match action:
        case Action.STATUS:
            _run(_status(name, slot))
        case Action.ROTATE:
            _run(_rotate(name))
        case _ if not all(slot):
            raise CannotStart("Whose key? --acquirer NAME, --merchant NUMBER and --terminal NUMBER say it.")
        case Action.LOAD if part not in (1, 2):
            raise CannotStart("Which component? --part 1 or --part 2.")
        case Action.LOAD:
            _load(name, slot, part, staff)
        case Action.CONFIRM:
            value = _typed("Check value of the whole key, from the bank's letter: ", _CHECK_DIGITS)
            _run(_loading(name, ConfirmKey(**slot._asdict(), check_value=value)))
        case Action.DISCARD:
            _run(_discard(name, slot))


def _run(what: Coroutine[Any, Any, R]) -> R:
    try:
        return asyncio.run(what)
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# ---- what is typed


def _typed(question: str, digits: int, hidden: bool = False) -> str:
    """Hexadecimal digits; blanks between them do not count. What was typed is in no message."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline(4096)
    elif hidden:
        line = getpass.getpass(question)
    else:
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline(4096)
    text = re.sub(r"[\s-]", "", line)
    if not re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", text):
        raise CannotStart(f"That is not {digits} hexadecimal digits; {len(text)} characters were read.")
    return text.upper()


def _load(name: str, slot: Slot, part: int, staff: str) -> None:
    """The component is sealed here: from here on nobody but the key store can read it."""
    by = who_asks(LoadKeyComponent, staff)
    entry_key = _run(_entry_key(name, slot))
    component = bytearray.fromhex(_typed(f"Component {part} of {slot}: ", _COMPONENT_DIGITS, hidden=True))
    entry = seal(entry_key, context_of(str(slot), part), component)
    component[:] = bytes(len(component))
    value = _typed(f"Check value of component {part}: ", _CHECK_DIGITS)
    fields: dict[str, Any] = {**slot._asdict(), "part": part}
    _run(_loading(name, LoadKeyComponent(**fields, entry=entry, check_value=value), by))


async def _entry_key(name: str, slot: Slot) -> bytes:
    async with as_staff(settings_from(), name) as staff:
        return (await staff.ask(KeyStatus(**slot._asdict()))).entry_key


async def _loading(
    name: str, message: LoadKeyComponent | ConfirmKey | DiscardKeyComponents, by: Person = NOBODY
) -> None:
    async with as_staff(settings_from(), name) as staff:
        _tell(await staff.ask(message, by=by))


async def _discard(name: str, slot: Slot) -> None:
    async with as_staff(settings_from(), name) as staff:
        waiting = (await _inventory(staff, slot, Slot("", "", ""))).waiting
        gone = sum(
            len(each.components) for each in waiting if (each.acquirer, each.merchant_no, each.terminal_no) == slot
        )
        _tell(await staff.ask(DiscardKeyComponents(**slot._asdict())))
        say(f"{gone} of its components discarded." if gone else "No component of it was waiting: nothing to discard.")


def _tell(view: KeyLoading) -> None:
    say(f"slot         {view.acquirer}/{view.merchant_no}/{view.terminal_no}")
    for each in view.components:
        until = f"{each.expires_at.astimezone(_ZONE):%Y-%m-%d %H:%M}"
        say(f"component {each.part}  {each.check_value}, entered by {each.entered_by}, waits until {until}")
    if view.combined:
        say(f"together     {view.combined}: is it what the bank's letter says? Then: yinyi keys confirm")
    say(f"TMK          {view.loaded or 'none'}")


# ---- what is loaded


async def _status(name: str, slot: Slot) -> None:
    async with as_staff(settings_from(), name) as staff:
        shown = await _inventory(staff, slot, Slot("", "", ""))
        _summary(shown)
        if not shown.slots:
            say("No key is loaded there: yinyi keys load, by two people (docs/operate/keys.md).")
        while shown.slots:
            for each in shown.slots:
                say(f"\n{each.acquirer}/{each.merchant_no}/{each.terminal_no}")
                for key in each.keys:
                    say(_held(key))
                if len(each.keys) == 1:
                    say("  no keys of the day: the bank brings them when the session signs on")
            if not shown.more:
                break
            last = shown.slots[-1]
            shown = await _inventory(staff, slot, Slot(last.acquirer, last.merchant_no, last.terminal_no))


def _held(key: KeyView) -> str:
    """A key's check value, since when, and who brought it: two people, or its bank."""
    at = f"{key.loaded_at.astimezone(_ZONE):%Y-%m-%d %H:%M}"
    by = f"brought by {key.loaded_by}"
    if key.first_by:
        by = f"loaded by {key.first_by} + {key.second_by}, confirmed by {key.loaded_by}"
    return f"  {key.purpose.upper()}  check value {key.check_value}  {at}  {by}, under {key.master_key_id}"


async def _inventory(staff: Staff, slot: Slot, after: Slot) -> KeyInventory:
    behind = {f"after_{word}": text for word, text in after._asdict().items()}
    return await staff.ask(KeyStatus(**slot._asdict(), **behind))


def _summary(shown: KeyInventory) -> None:
    say(f"master key   {shown.master_key_id} is here; in use: {', '.join(shown.in_use)}")
    for each in shown.not_opening:
        say(f"             {each} is NOT HERE, or another one: what is under it cannot be used")
    for waiting in shown.waiting:
        say("")
        _tell(waiting)


async def _rotate(name: str) -> None:
    """Asked again with the same key where no answer came, and anew while something is left."""
    async with as_staff(settings_from(), name) as staff:
        for _ in range(_MOST_ROUNDS):
            done = await staff.ask(RotateKeys(), key=uuid4().hex, timeout_s=_PATIENCE_S)
            if done.in_use == [done.master_key_id]:
                say(f"Everything is under {done.master_key_id}: put it into the safe now.")
                say(
                    "Backups made until now are under the earlier one: its file stays for a month, as master-N.retired,"
                )
                say("and opens them; for older ones keep its copy in the safe (docs/operate/keys.md).")
                return
            say(f"Still in use: {', '.join(done.in_use)}; it goes on.")
