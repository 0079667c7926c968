"""The far side, wired: one port for all of it, and the settings that lead the platform's connectors here."""

import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from yinyi.kernel.ready import tell_ready
from yinyi_sandbox.demo.desk import Desk
from yinyi_sandbox.demo.routes import Demo
from yinyi_sandbox.hospital import routes as hospital_routes
from yinyi_sandbox.hospital.database import NoSuchRole
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.people import routes as people_routes
from yinyi_sandbox.settings import CannotServe, SandboxSettings
from yinyi_sandbox.wechatpay import routes as wechatpay_routes
from yinyi_sandbox.wechatpay.credentials import make_credentials
from yinyi_sandbox.wechatpay.hanging_up import with_line
from yinyi_sandbox.wechatpay.sandbox import Sandbox

_PLATFORM_ROLE = "platform"
_SALES_PER_MINUTE = 6.0
"""How busy the windows of the demo are."""


async def serve(settings: SandboxSettings) -> None:
    """Until SIGINT or SIGTERM.

    Raises:
        CannotServe: the hospital's database does not answer, or the port is taken.
    """
    try:
        listener = socket.create_server(("127.0.0.1", settings.sandbox_port), backlog=512)
    except OSError as error:
        raise CannotServe(f"Port {settings.sandbox_port} cannot be opened: {error.strerror}.") from error
    try:
        hospital = await start_hospital(_hospital_settings(settings), settings.clock)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, NoSuchRole) as error:
        raise CannotServe(f"The sandbox hospital's database cannot be used: {error}.") from error
    wechatpay = _wechatpay(settings, listener.getsockname()[1])
    _lead_connectors_here(settings, hospital)
    config = uvicorn.Config(
        _application(hospital, wechatpay, Desk(settings, hospital, wechatpay)),
        log_level=settings.log_level,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    await uvicorn.Server(config).serve([listener])


def _application(hospital: Hospital, wechatpay: Sandbox, desk: Desk) -> ASGIApp:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await wechatpay.start()
        tell_ready()  # the port listens already; who comes now is served in a moment
        yield
        await desk.stop()
        await wechatpay.stop()
        await hospital.stop()

    routes = [
        Mount("/hospital", routes=hospital_routes.routes(hospital)),
        Mount("/people", routes=people_routes.routes),
        *Demo(desk).routes(),
        Mount("/wechatpay", routes=wechatpay_routes.routes(wechatpay)),
    ]
    return with_line(Starlette(routes=routes, lifespan=lifespan))


def _hospital_settings(settings: SandboxSettings) -> HospitalSettings:
    return HospitalSettings(
        database_url=settings.hospital_database_url,
        platform_role=_PLATFORM_ROLE,
        line_port=settings.hospital_line_port,
        sales_per_minute=_SALES_PER_MINUTE,
    )


def _wechatpay(settings: SandboxSettings, port: int) -> Sandbox:
    own = settings.own_folder / "wechatpay"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.connectors_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    credentials = make_credentials(
        own,
        f"http://127.0.0.1:{port}/wechatpay",
        settings.clock.now(),
        settings_file=settings.connectors_folder / "wechatpay.json",
    )
    return Sandbox(credentials, settings.clock, own / "orders.sqlite")


def _lead_connectors_here(settings: SandboxSettings, hospital: Hospital) -> None:
    try:
        password = settings.platform_password_file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CannotServe(f"{settings.platform_password_file} cannot be read: {error.strerror}.") from error
    _write(settings.connectors_folder / "procedures.json", {"url": hospital.platform_url(password)})


def _write(path: Path, content: dict[str, str]) -> None:
    """All or nothing, and for its owner only: it holds a password."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(content))
    draft.replace(path)
