"""A hospital's connector twice, once soon out of patience, before its far side."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from yinyi.conformance.connectors import both_started
from yinyi.conformance.hospital.stage import FarHospital, Stage
from yinyi.conformance.place import Ground
from yinyi.kernel.plugin import Plugin


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarHospital, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    async with both_started(plugin, far, place) as (patient, hasty):
        yield patient, Stage(patient, hasty, far)
