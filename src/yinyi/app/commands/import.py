"""Operate: patients, bindings and balances of a former system: check, propose, confirm by a second person."""

import asyncio
import re
import sys
from collections.abc import Coroutine
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import typer

from yinyi.app.errors import CannotStart
from yinyi.app.former_system import header_of, slices
from yinyi.app.logs import set_up_logs
from yinyi.app.person import NOBODY, Person, who_asks
from yinyi.app.settings import settings_from
from yinyi.app.staff import Staff, as_staff
from yinyi.bus.operation import Operation
from yinyi.business.imports.messages import (
    BeginImport,
    CheckLines,
    ConfirmImport,
    GetImport,
    ImportView,
    ListImports,
    ProblemView,
    ProposeImport,
    WithdrawImport,
)
from yinyi.business.imports.model import ImportFile
from yinyi.kernel.errors import Unavailable, YinyiError
from yinyi.kernel.money import Fen, fen, yuan

R = TypeVar("R")
_PATIENCE_S = 30.0
_LOOK_EVERY_S = 0.5
_PATIENT_LOOKS = 60
_TRIES = 5
_NEWS_EVERY = 50_000
_WAITS = "waits        accounts are off: the rest of its balances is opened when they are not (SetPrepaidMode)"
_STUCK = "Nothing has moved for half a minute: the logs of the business processes name the reason (imports.interrupted)"


class Action(StrEnum):
    """What can be done with an import."""

    CHECK = "check"
    PROPOSE = "propose"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    SHOW = "show"
    LIST = "list"


def command(
    action: Annotated[Action, typer.Argument(help="check · propose · confirm NUMBER · withdraw NUMBER · show NUMBER")],
    number: Annotated[str, typer.Argument(help="of the import, as propose has said it")] = "",
    patients: Annotated[Path | None, typer.Option(help="for check and propose: the file of patients")] = None,
    balances: Annotated[Path | None, typer.Option(help="for check and propose: the file of balances")] = None,
    limit: Annotated[str, typer.Option(help="for check and propose: in yuan; no account may have more")] = "20000.00",
    people: Annotated[int | None, typer.Option(help="for confirm: how many patients")] = None,
    accounts: Annotated[int | None, typer.Option(help="for confirm: how many balances that are not 0.00")] = None,
    total: Annotated[str, typer.Option(help="for confirm: of all balances, in yuan")] = "",
    fingerprint: Annotated[str, typer.Option(help="for confirm: of the files, as check has said it")] = "",
    staff: Annotated[
        str,
        typer.Option(
            help="for propose and confirm: who says so, by his staff number; the PIN of his staff card is asked for"
        ),
    ] = "",
    name: Annotated[str, typer.Option("--as", "--by", help="by which account: operator or supervisor")] = "operator",
) -> None:
    """check changes nothing. What one person proposes is taken over when another has said the same figures. Exit code
    1: there are lines that cannot be taken over. The files: docs/operate/import.md."""
    set_up_logs("error")
    match action:
        case Action.CHECK | Action.PROPOSE:
            begin = BeginImport(
                patients_header=header_of(patients), balances_header=header_of(balances), most_fen=_amount(limit)
            )
            files: dict[ImportFile, Path | None] = {"patients": patients, "balances": balances}
            by = who_asks(ProposeImport, staff) if action is Action.PROPOSE else NOBODY
            raise typer.Exit(_run(_read(name, begin, files, by)))
        case Action.LIST:
            _run(_list(name))
        case _ if not number:
            raise CannotStart(f"Which import? Its number comes after {action.value}.")
        case _ if not re.fullmatch(r"[0-9A-Z-]{4,20}", number):
            raise CannotStart(f"{number} is no number of an import: yinyi import list says them.")
        case Action.CONFIRM:
            if people is None or accounts is None or not total or not fingerprint:
                raise CannotStart("Say what the former system says: --people, --accounts, --total, --fingerprint.")
            figures = _figures(number, people, accounts, total, fingerprint)
            _run(_confirm(name, figures, who_asks(ConfirmImport, staff)))
        case Action.WITHDRAW:
            _run(_ask(name, WithdrawImport(import_no=number)))
        case _:
            _run(_ask(name, GetImport(import_no=number)))


def _figures(number: str, people: int, accounts: int, total: str, fingerprint: str) -> ConfirmImport:
    return ConfirmImport(
        import_no=number, patients=people, balances=accounts, total_fen=_amount(total), fingerprint=fingerprint
    )


def _amount(text: str) -> Fen:
    try:
        return fen(text.replace(",", ""))
    except ValueError as error:
        raise CannotStart(f"{text} is no amount in yuan.") from error


def _run(what: Coroutine[Any, Any, int]) -> int:
    try:
        return asyncio.run(what)
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# ---- checking


async def _read(name: str, begin: BeginImport, files: dict[ImportFile, Path | None], by: Person) -> int:
    """``by``: who proposes them; who mistypes his PIN is told before all lines are read."""
    if not begin.patients_header and not begin.balances_header:
        raise CannotStart("Which files? --patients FILE, --balances FILE, or both.")
    async with as_staff(settings_from(), name) as staff:
        import_no = (await staff.ask(begin, by=by)).import_no
        is_proposed = False
        try:
            last = {file: await _send(staff, import_no, file, path) for file, path in files.items()}
            view = await staff.ask(GetImport(import_no=import_no))
            if by is not NOBODY and not view.problems:
                asked = ProposeImport(
                    import_no=import_no, patients_lines=last["patients"], balances_lines=last["balances"]
                )
                view = await _patiently(staff, asked, f"{import_no}-propose", by)
                is_proposed = True
        finally:
            if not is_proposed:
                with suppress(YinyiError):  # then it is forgotten with the next one, a day later
                    await staff.ask(WithdrawImport(import_no=import_no))
    _tell(view)
    if is_proposed:
        say(f"\nProposed as {import_no}. Nothing is taken over yet. A second person takes the figures from the former")
        say(f"system's own report and the fingerprint from a check of his own, and says:\n    {_how(view)}")
    return 1 if view.problems else 0


async def _send(staff: Staff, import_no: str, file: ImportFile, path: Path | None) -> int:
    """All lines but the first; the number of the last one."""
    last_line, told = (1 if header_of(path) else 0), 0
    for first_line, lines in slices(path) if path is not None and last_line else ():
        message = CheckLines(import_no=import_no, file=file, first_line=first_line, lines=lines)
        read = await _patiently(staff, message, f"{import_no}-{file}-{first_line}")
        for problem in read.problems:
            say(f"{path}, {_words(problem)}")
        if read.untold:
            say(f"{path}, lines {first_line} to {read.last_line}: {read.untold} more faults in these lines")
        last_line = read.last_line
        if last_line - told >= _NEWS_EVERY:
            told = last_line
            sys.stderr.write(f"{path}: {last_line} lines are checked\n")
    return last_line


async def _patiently(staff: Staff, message: Operation[R], key: str, by: Person = NOBODY) -> R:
    """Asked again under the same key where no answer came: what is done, is done once."""
    for _ in range(_TRIES - 1):
        try:
            return await staff.ask(message, key=key, timeout_s=_PATIENCE_S, by=by)
        except Unavailable:
            await asyncio.sleep(_LOOK_EVERY_S)
    return await staff.ask(message, key=key, timeout_s=_PATIENCE_S, by=by)


def _words(problem: ProblemView) -> str:
    field = "" if problem.field == "line" else f" {problem.field}"
    earlier, earlier_zh = (
        (f": {problem.earlier_line}", f"：第 {problem.earlier_line} 行") if problem.earlier_line else ("", "")
    )
    return f"line {problem.line}:{field} {problem.meaning}{earlier} / {problem.meaning_zh}{earlier_zh}"


def _tell(view: ImportView) -> None:
    rows = (
        ("patients", f"{view.patients}, with {view.bindings} documents and cards"),
        ("balances", f"{view.balances}, and {view.empty_accounts} of 0.00"),
        ("total", f"{yuan(view.total_fen)} yuan; no account above {yuan(view.most_fen)}"),
        ("fingerprint", view.fingerprint),
        ("problems", str(view.problems)),
    )
    for what, told in rows:
        say(f"{what:<12} {told}")


def _how(view: ImportView) -> str:
    figures = "--people … --accounts … --total … --fingerprint …"
    return f"yinyi import confirm {view.import_no} {figures} --staff …"


# ---- what is proposed


async def _confirm(name: str, message: ConfirmImport, by: Person) -> int:
    """Waits until all of it is taken over; whoever stops waiting stops nothing."""
    async with as_staff(settings_from(), name) as staff:
        view = await _patiently(staff, message, f"confirm-{uuid4().hex}", by)
        say("Confirmed. It is taken over now, whether this command waits or not.")
        view = await _until_done(staff, view)
    _show(view)
    return 0


async def _until_done(staff: Staff, view: ImportView) -> ImportView:
    """What holds it up is said once."""
    told, unmoved = "", 0
    while view.state == "confirmed":
        await asyncio.sleep(_LOOK_EVERY_S)
        before = view
        with suppress(Unavailable):  # a process that dies is followed by another
            view = await staff.ask(GetImport(import_no=view.import_no))
        unmoved = unmoved + 1 if view == before else 0
        sys.stderr.write(f"\r{_progress(view)}")
        reason = _WAITS if view.accounts_off else _STUCK if unmoved >= _PATIENT_LOOKS else ""
        if reason not in ("", told):
            sys.stderr.write(f"\n{reason}\n")
        told = reason
    sys.stderr.write("\n")
    return view


async def _ask(name: str, message: GetImport | WithdrawImport) -> int:
    async with as_staff(settings_from(), name) as staff:
        _show(await staff.ask(message))
    return 0


async def _list(name: str) -> int:
    async with as_staff(settings_from(), name) as staff:
        for view in (await staff.ask(ListImports())).imports:
            say(
                f"{view.import_no}  {view.state:<9}  {view.patients:>8}  {view.balances:>8}  {yuan(view.total_fen):>16}"
            )
    return 0


def _show(view: ImportView) -> None:
    say(f"{view.import_no} is {view.state}")
    _tell(view)
    for what, who in (("begun", view.begun_by), ("proposed", view.proposed_by), ("confirmed", view.confirmed_by)):
        if who:
            say(f"{what:<12} by {who}")
    if view.state in ("confirmed", "done"):
        say(_progress(view))
    if view.accounts_off:
        say(_WAITS)
    for problem in view.left_out:
        say(f"left out: {problem.file}, {_words(problem)}")


def _progress(view: ImportView) -> str:
    opened = f"{view.opened} balances, {yuan(view.opened_fen)} yuan"
    return f"taken over   {view.made} patients, {view.bound} documents and cards, {opened}"
