"""A hospital's connector twice, once soon out of patience, before its far side."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from yinyi.conformance.hospital.stage import FarHospital, Stage
from yinyi.conformance.place import Ground
from yinyi.kernel.plugin import Plugin, Surroundings


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarHospital, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    around = Surroundings(clock=place.clock, callback_url=place.callback_url)
    patient, hasty = (
        plugin.build(msgspec.convert(settings, plugin.config), around)
        for settings in (far.settings, {**far.settings, **far.hasty})
    )
    started: list[Any] = []
    try:
        for each in (patient, hasty):
            if hasattr(each, "start"):
                await each.start()
            started.append(each)
        yield patient, Stage(patient, hasty, far)
    finally:
        for each in started:
            if hasattr(each, "stop"):
                await each.stop()
