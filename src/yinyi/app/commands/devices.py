"""Processes: the agent that serves the devices of one kiosk."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from yinyi.app.errors import CannotStart
from yinyi.app.serving import serve
from yinyi.app.settings import Settings, settings_from
from yinyi.devices.settings import AgentSettings, DevicesMisread, devices_from
from yinyi.kernel.clock import Clock
from yinyi.kernel.ready import tell_ready


def command(
    enrolment_code: Annotated[
        str, typer.Option(help="the one-time code of its terminal; wanted once, kept nowhere")
    ] = "",
    table: Annotated[Path | None, typer.Option(help="the kiosk's devices, TOML; virtual ones without it")] = None,
) -> None:
    """Connects to the platform at YINYI_HTTP_HOST and YINYI_HTTP_PORT; enrols at its first start, without a code with
    that of the demo's kiosk."""
    settings = settings_from()
    told = _agent_settings(settings, enrolment_code, table)
    serve(lambda stopping: _run(told, settings.make_clock(), stopping), settings.log_level)


def _agent_settings(settings: Settings, enrolment_code: str, table: Path | None) -> AgentSettings:
    """
    Raises:
        CannotStart: the table of devices cannot be read.
    """
    told = AgentSettings(
        line_url=f"ws://{settings.reached_at}:{settings.http_port}/terminal/line",
        data_dir=settings.data_dir / "devices",
        enrolment_code=enrolment_code,
        enrolment_file=settings.folder.secrets / "enrolment-K03",
        control_port=settings.devices_port,
    )
    if table is None:
        return told
    try:
        return msgspec.structs.replace(told, devices=devices_from(table))
    except DevicesMisread as error:
        raise CannotStart(f"The table of devices cannot be read: {error}.") from error


async def _run(told: AgentSettings, clock: Clock, stopping: asyncio.Event) -> None:
    from yinyi.devices.agent import run

    serving = asyncio.create_task(run(told, clock))
    tell_ready()
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait([serving, asked], return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if serving.done():
        await _told_as_a_sentence(serving)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _told_as_a_sentence(serving: "asyncio.Task[None]") -> None:
    """
    Raises:
        CannotStart: why the agent ended by itself.
    """
    try:
        await serving
    except Exception as error:
        raise CannotStart(f"The agent cannot serve this kiosk: {error}.") from error
