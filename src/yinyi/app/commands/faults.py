"""Develop: what becomes of the money, whatever goes wrong, at every moment of a payment."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.report import Tally, table
from yinyi.app.faults.run import simulate


def command(
    depth: Annotated[int, typer.Option(min=0, max=3, help="every schedule of up to so many faults")] = 1,
    seeds: Annotated[
        int, typer.Option(min=0, help="so many crowds: 8 to 24 people at once, up to ten faults each")
    ] = 0,
    first_seed: Annotated[int, typer.Option(help="the first of them; a seed plays the same again")] = 1,
    shape: Annotated[list[str] | None, typer.Option(help="only who comes like this; may be repeated")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the whole report, for machines")] = False,
    write: Annotated[Path | None, typer.Option(help="the table of all endings, as Markdown, into this file")] = None,
) -> None:
    """A channel, a hospital, a payer and a clock are simulated around the real engine, store and PostgreSQL. Every run
    goes to its end and is judged: money, hospital, books, and what the patient was told. A seed plays a crowd in
    several processes: who comes, what goes wrong and who moves when is drawn from it. Exit code 1: something is wrong,
    or, from depth 2 on, something that can go wrong was never tried, or something happened that is on no list."""
    strange = [each for each in shape or () if each not in ALL_SHAPES]
    if strange:
        raise typer.BadParameter(f"{', '.join(strange)}: there are {', '.join(ALL_SHAPES)}")
    tally = simulate(depth, range(first_seed, first_seed + seeds), tuple(shape or ALL_SHAPES))
    if write is not None:
        write.write_text(table(tally), encoding="utf-8")
    sys.stdout.write(_json(tally) if as_json else told(tally))
    incomplete = depth > 1 and not shape and bool(tally.missing)
    raise typer.Exit(1 if tally.violations or tally.unknown or incomplete else 0)


def _json(tally: Tally) -> str:
    return msgspec.json.encode(tally.as_json()).decode() + "\n"


def told(tally: Tally) -> str:
    """The report for people."""
    lines = [f"{tally.schedules} schedules played, {tally.merged} merged with others that are alike"]
    if tally.seeds:
        lines.append(f"{tally.seeds} seeds among them, with up to {tally.in_flight_at_most} payments in flight at once")
    lines += [f"never tried: {cell}" for cell in tally.missing]
    lines += [f"on no list: {cell}" for cell in tally.unknown]
    for violation in tally.violations:
        lines += _schedule(violation)
        lines += [f"    {sentence}" for sentence in violation["found"]]
    lines.append(f"{len(tally.violations)} of them ended wrongly")
    return "\n".join(lines) + "\n"


def _schedule(violation: dict[str, Any]) -> list[str]:
    """What was played; of a seed, how it is played again."""
    if "seed" not in violation:
        return [f"{violation['schedule']}"]
    lines = [f"seed {violation['seed']}, again: yinyi faults --depth 0 --first-seed {violation['seed']} --seeds 1"]
    for each in violation["schedule"]:
        beside = f" beside {each['beside']}" if each.get("beside") else ""
        lines.append(f"  {each['who']} {each.get('shape', 'process')}{beside}: {', '.join(each['faults']) or 'calm'}")
    return lines
