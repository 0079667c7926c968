"""Connectors: those that are installed, and what is wrong with those that cannot be used."""

import sys
from typing import Annotated

import msgspec
import typer

from yinyi.app.logs import set_up_logs
from yinyi.app.plugins import Known, known_plugins
from yinyi.app.settings import settings_from
from yinyi.kernel.plugin import Surroundings


def command(as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False) -> None:
    """Each is loaded by itself; where it has settings it is built, and ways to pay and decoders are started for a
    moment. Nobody is asked for anything. Exit code 1: one of them cannot be used."""
    set_up_logs("error")
    settings = settings_from()
    around = Surroundings(clock=settings.make_clock(), callback_url="http://127.0.0.1/callbacks")
    known = known_plugins(settings.folder, around)
    sys.stdout.write(msgspec.json.encode(known).decode() + "\n" if as_json else told(known))
    raise typer.Exit(1 if any(each.trouble for each in known) else 0)


def told(known: list[Known]) -> str:
    """For people."""
    wide = max((len(each.name) for each in known), default=0)
    return "".join(f"{each.name:{wide}}  {_line(each)}\n" for each in known)


def _line(each: Known) -> str:
    if each.trouble:
        return f"cannot be used. {each.trouble}"
    return f"{each.kind:12}  {'with settings' if each.settings else 'without settings':16}  of {each.package}"
