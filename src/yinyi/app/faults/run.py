"""Runs an exploration on a PostgreSQL of its own, in as many processes as there are cores."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import uvloop

from yinyi.app.embedded.folder import MIB, memory_folder
from yinyi.app.embedded.postgres import FAST_AND_FORGETFUL, EmbeddedPostgres
from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.muster import play_crowd
from yinyi.app.faults.report import Tally
from yinyi.app.faults.stage import stage
from yinyi.app.logs import set_up_logs
from yinyi.app.migrations import upgrade

_OWNER, _TEMPLATE = "faults", "faults_template"


def simulate(depth: int, seeds: range, shapes: Sequence[str] = tuple(ALL_SHAPES)) -> Tally:
    """Every schedule of up to ``depth`` faults of these shapes, then one crowd from each seed."""
    parts = len(os.sched_getaffinity(0))
    with (
        tempfile.TemporaryDirectory(prefix="yinyi-faults-", dir=memory_folder(4096 * MIB)) as folder,
        EmbeddedPostgres(Path(folder), tuning=FAST_AND_FORGETFUL) as postgres,
        ProcessPoolExecutor(parts, mp_context=multiprocessing.get_context("spawn")) as processes,
    ):
        postgres.create_database(_TEMPLATE, owner=_OWNER)
        upgrade(postgres.url(_TEMPLATE, _OWNER))
        for part in range(parts):
            postgres.create_database(f"faults_{part}", owner=_OWNER, template=_TEMPLATE)
        urls = [postgres.local_url(f"faults_{part}", _OWNER) for part in range(parts)]
        jobs = [processes.submit(share, url, depth, seeds, part, parts, shapes) for part, url in enumerate(urls)]
        whole = Tally()
        for job in jobs:
            whole.merge(job.result())
    return whole


def share(
    url: str, depth: int, seeds: range, part: int, parts: int, shapes: Sequence[str] = tuple(ALL_SHAPES)
) -> Tally:
    """One process's part of it, on the database at ``url``."""
    set_up_logs("critical")
    tally = uvloop.run(_explored(url, depth, part, parts, shapes)) if depth > 0 else Tally()
    for seed in seeds:
        if seed % parts == part:
            tally.add_crowd(play_crowd(url, seed, shapes))
            _say(f"{part + 1}/{parts}: seed {seed}, {tally.schedules:,} payments, {len(tally.violations)} seeds wrong")
    return tally


async def _explored(url: str, depth: int, part: int, parts: int, shapes: Sequence[str]) -> Tally:
    tally, shape = Tally(), ""
    async with stage(url) as it:
        explorer = Explorer(it, part, parts, shapes=shapes)
        async for run in explorer.explore(depth):
            tally.add(run)
            for sentence in run.violations:
                _say(f"wrong: {run.schedule}: {sentence}")
            if run.schedule.shape != shape:
                shape = run.schedule.shape
                _say(f"{part + 1}/{parts}: {shape}, after {tally.schedules:,} schedules")
    tally.merged = explorer.merged
    return tally


def _say(line: str) -> None:
    """How far it is, for whoever waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
