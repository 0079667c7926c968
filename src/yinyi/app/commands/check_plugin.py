"""Connectors: the conformance kit, every behaviour and every fault, before a connector's own sandbox."""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from yinyi.app.check_plugin import as_if_installed, checked
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.conformance.report import summary, told
from yinyi.conformance.run import Finding


def command(
    name: Annotated[str, typer.Argument(help="the connector's; may be left out with --from")] = "",
    folder: Annotated[Path | None, typer.Option("--from", help="a connector's folder, without installing it")] = None,
    only: Annotated[str, typer.Option(help="behaviours whose name has these words")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="all that was seen, for machines")] = False,
) -> None:
    """Plays one behaviour after the other and says of each: ok, not (with what was seen instead), not offered (no such
    port), not tried (the sandbox lacks something). Exit code 1: one of them is not."""
    set_up_logs("error")
    with tempfile.TemporaryDirectory(prefix="yinyi-check-") as scratch:
        wanted = as_if_installed(folder, Path(scratch)) if folder else ""
        if not (name or wanted):
            raise CannotStart("Which connector is to be checked? Name it, or the folder it is in (--from).")
        found = asyncio.run(_play(name or wanted, only, silently=as_json))
        if not as_json:
            sys.stdout.write(summary(found, f"{sys.argv[0]} check-plugin {f'--from {folder}' if folder else name}"))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    raise typer.Exit(1 if any(each.verdict == "not" for each in found) else 0)


async def _play(name: str, only: str, *, silently: bool) -> list[Finding]:
    found: list[Finding] = []
    async with contextlib.aclosing(checked(name, only)) as findings:
        async for each in findings:
            found.append(each)
            if not silently and (words := told(each)):
                sys.stdout.write(words)
                sys.stdout.flush()
    return found
