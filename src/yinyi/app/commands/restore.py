"""Operate: go back to an instant, and ask everybody outside what was lost."""

import asyncio
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.embedded.folder import FolderInUse, FolderLock
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import Settings, settings_from
from yinyi.business.payments.messages_found import GapState, ListRestoreGap, RestoreGap
from yinyi.kernel.errors import YinyiError

_STATES: dict[GapState, str] = {"to_ask": "to ask    ", "to_compare": "to compare", "settled": "settled   "}


class Action(StrEnum):
    """Restoring, or looking at what became of a restore."""

    START = "start"
    STATUS = "status"


def command(
    action: Annotated[Action, typer.Argument(help="start · status")] = Action.START,
    at: Annotated[str, typer.Option(help="the instant, for example 2026-11-26T10:20:00+08:00; else the newest")] = "",
    source: Annotated[Path | None, typer.Option("--from", help="a folder that `yinyi backup --to` made")] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="YINYI_DATABASE_URL was brought to --at by its own tools: go on from there")
    ] = False,
) -> None:
    """While nothing runs. The old database is kept aside. Numbers carry a new epoch from then on; `yinyi up` asks about
    every payment before it goes on with it, and `status` shows what is still to be compared."""
    settings = settings_from()
    if action is Action.STATUS:
        _status(settings)
    elif adopt or settings.database_url:
        _adopt(settings, adopt, _instant(settings, at))
    else:
        _restore(settings, source, _instant(settings, at))


def _restore(settings: Settings, source: Path | None, at: datetime | None) -> None:
    from yinyi.app.backup.archive import Archive, told
    from yinyi.app.backup.restore import restore

    lock = _held(settings)
    try:
        archive = Archive(source.absolute() if source is not None else settings.archive)
        done = restore(settings, archive, at, _say)
    finally:
        lock.release()
    counts = ", ".join(f"{count} {name}" for name, count in done.counts.items())
    _say(f"Restored, with everything up to {told(done.reached_at)}: {counts}.")
    _say(f"Numbers carry restore epoch {done.epoch} from now on.")
    if done.kept is not None:
        _say(f"The old database lies in {done.kept}; remove it when all is well.")
    _say(
        "Start with `yinyi up`: everybody is asked about the gap. Then look at `yinyi restore status`; where cards are"
    )
    _say("taken also at `yinyi lines`: it says whether a master key of that time is missing.")


def _adopt(settings: Settings, wanted: bool, at: datetime | None) -> None:
    from yinyi.app.backup.restore import adopt
    from yinyi.app.commands.backup import EXTERNAL

    if not wanted:
        raise CannotStart(EXTERNAL)
    if not settings.database_url:
        raise CannotStart("--adopt is for a database of your own: YINYI_DATABASE_URL names none.")
    if at is None:
        raise CannotStart("To which instant was the database brought? Say it with --at.")
    lock = _held(settings)
    try:
        epoch = adopt(settings, at)
    finally:
        lock.release()
    _say(f"Numbers carry restore epoch {epoch} from now on. Everybody is asked about the gap at the next start.")


def _status(settings: Settings) -> None:
    """
    Raises:
        CannotStart: nothing runs that could be asked.
    """
    from yinyi.app.staff import ask_as_staff

    set_up_logs("error")
    try:
        gap = asyncio.run(ask_as_staff(settings, ListRestoreGap()))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    for line in _gap(gap):
        _say(line)


def _gap(gap: RestoreGap) -> list[str]:
    if not gap.restores:
        return ["This database was never restored."]
    lines = [
        f"epoch {each.epoch}: restored at {_at(each.since)} to {_at(each.reached_at)}, "
        + (f"everybody asked by {_at(each.asked_at)}" if each.asked_at else "not everybody has answered yet")
        for each in gap.restores
    ]
    lines.append(f"{gap.unasked} payments wait for an answer about the time that was lost")
    lines += [f"{_STATES[each.state]}  {each.epoch}  {each.source}: {each.item}  {each.found}" for each in gap.items]
    if any(each.state == "to_compare" for each in gap.items):
        lines.append('Compared? yinyi ask SettleGapItem \'{"epoch": …, "source": "…", "item": "…", "note": "…"}\'')
    return lines


def _at(at: datetime | None) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S") if at else "an unknown instant"


def _held(settings: Settings) -> FolderLock:
    try:
        return FolderLock(settings.data_dir)
    except FolderInUse as error:
        raise CannotStart(f"Yinyi runs on {settings.data_dir}: stop `yinyi up` first, then restore.") from error


def _instant(settings: Settings, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotStart(f"{text} is no instant; one looks like 2026-11-26T10:20:00+08:00.") from error
    at = at if at.tzinfo else at.replace(tzinfo=ZONE)
    if at > settings.make_clock().now():
        raise CannotStart(f"{text} is still to come.")
    return at


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
