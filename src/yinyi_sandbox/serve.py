"""The far side, wired: one port for all of it, and the settings that lead the platform's connectors here."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import asyncpg
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.listening import listening
from yinyi.kernel.ready import tell_ready
from yinyi_sandbox.alipay import routes as alipay_routes
from yinyi_sandbox.alipay.credentials import make_credentials as make_alipay_credentials
from yinyi_sandbox.alipay.sandbox import Sandbox as AlipaySandbox
from yinyi_sandbox.bank import routes as bank_routes
from yinyi_sandbox.bank.credentials import key_letters, sessions_of, write_settings
from yinyi_sandbox.bank.papers import own_file, shown_file
from yinyi_sandbox.bank.sandbox import Bank, Pace, Tls
from yinyi_sandbox.channel.hanging_up import with_line
from yinyi_sandbox.demo.desk import Desk
from yinyi_sandbox.demo.routes import Demo
from yinyi_sandbox.hospital import routes as hospital_routes
from yinyi_sandbox.hospital import services as services_routes
from yinyi_sandbox.hospital.database import NoSuchRole
from yinyi_sandbox.hospital.desk import route as desk_route
from yinyi_sandbox.hospital.fhir import server as fhir_server
from yinyi_sandbox.hospital.hl7.laboratory import lines_of, own_key
from yinyi_sandbox.hospital.hl7.news_line import NewsLine
from yinyi_sandbox.hospital.hl7.reception import Reception
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.services import Services
from yinyi_sandbox.insurance import routes as insurance_routes
from yinyi_sandbox.insurance.rules import Certificates
from yinyi_sandbox.people import routes as people_routes
from yinyi_sandbox.settings import CannotServe, SandboxSettings
from yinyi_sandbox.wechatpay import routes as wechatpay_routes
from yinyi_sandbox.wechatpay.credentials import make_credentials
from yinyi_sandbox.wechatpay.sandbox import Sandbox

KEEPALIVE_S = 8
"""As long as WeChat Pay keeps an idle line; the connectors hang up before."""
_PLATFORM_ROLE = "platform"
_SALES_PER_MINUTE = 6.0
"""How busy the windows of the demo are."""
_WORKS_EVERY_S = 5.0
"""How often its doctors, laboratory and wards look whether something is due."""


async def serve(settings: SandboxSettings) -> None:
    """Until SIGINT or SIGTERM.

    Raises:
        CannotServe: the hospital's database does not answer, or a port is taken.
    """
    try:
        listener = listening(settings.sandbox_port, backlog=512)
    except OSError as error:
        raise CannotServe(f"Port {settings.sandbox_port} cannot be opened: {error.strerror}.") from error
    try:
        hospital = await start_hospital(_hospital_settings(settings), settings.clock)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, NoSuchRole) as error:
        raise CannotServe(f"The sandbox hospital's database cannot be used: {error}.") from error
    port = listener.getsockname()[1]
    wechatpay, alipay = _wechatpay(settings, port), _alipay(settings, port)
    bank = await _bank(settings, port)
    certificates = Certificates(settings.clock)
    reception = await _reception(settings, hospital)
    _lead_connectors_here(settings, hospital, port)
    config = uvicorn.Config(
        _application(
            hospital,
            lines_of(hospital.pool, settings),
            reception,
            wechatpay,
            alipay,
            bank,
            certificates,
            Desk(settings, hospital, wechatpay, alipay, bank),
        ),
        log_level=settings.log_level,
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=KEEPALIVE_S,
    )
    await uvicorn.Server(config).serve([listener])


def _application(
    hospital: Hospital,
    lines: list[NewsLine],
    reception: Reception,
    wechatpay: Sandbox,
    alipay: AlipaySandbox,
    bank: Bank,
    certificates: Certificates,
    desk: Desk,
) -> ASGIApp:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await wechatpay.start()
        await alipay.start()
        tell_ready()  # the port listens already; who comes now is served in a moment
        telling = [asyncio.create_task(each) for each in (*(line.run() for line in lines), desk.branch.follow())]
        yield
        for each in telling:
            each.cancel()
        await asyncio.gather(*telling, return_exceptions=True)
        await reception.stop()
        await desk.stop()
        await wechatpay.stop()
        await alipay.stop()
        await bank.stop()
        await hospital.stop()

    services = Services(hospital)
    by_web = [*services_routes.routes(services), desk_route(services), *fhir_server.routes(services)]
    routes = [
        Mount("/hospital", routes=[*hospital_routes.routes(hospital), *by_web]),
        Mount("/people", routes=people_routes.routes),
        *Demo(desk, {"bank": bank_routes.hands(bank)}).routes(),
        Mount("/wechatpay", routes=wechatpay_routes.routes(wechatpay)),
        Mount("/alipay", routes=alipay_routes.routes(alipay)),
        Mount("/bank", routes=bank_routes.routes(bank)),
        Mount("/insurance", routes=insurance_routes.routes(certificates)),
    ]
    return with_line(Starlette(routes=routes, lifespan=lifespan))


def _hospital_settings(settings: SandboxSettings) -> HospitalSettings:
    return HospitalSettings(
        database_url=settings.hospital_database_url,
        platform_role=_PLATFORM_ROLE,
        line_port=settings.hospital_line_port,
        sales_per_minute=_SALES_PER_MINUTE,
        works_every_s=_WORKS_EVERY_S,
    )


def _wechatpay(settings: SandboxSettings, port: int) -> Sandbox:
    own, settings_file = _folders(settings, "wechatpay")
    base_url = f"http://127.0.0.1:{port}/wechatpay"
    credentials = make_credentials(own, base_url, settings.clock.now(), settings_file=settings_file)
    return Sandbox(credentials, settings.clock, own / "orders.sqlite")


def _alipay(settings: SandboxSettings, port: int) -> AlipaySandbox:
    own, settings_file = _folders(settings, "alipay")
    credentials = make_alipay_credentials(own, f"http://127.0.0.1:{port}/alipay/gateway.do", settings_file)
    return AlipaySandbox(credentials, settings.clock, own / "trades.sqlite")


async def _reception(settings: SandboxSettings, hospital: Hospital) -> Reception:
    """It listens from here on, so that the connector's settings can name its port."""
    own, _ = _folders(settings, "hospital")
    reception = Reception(hospital.pool, settings.clock, own_key(own / "platform.key"), own)
    await reception.start()
    reception.write_settings(settings.connectors_folder / "mllp.json")
    return reception


async def _bank(settings: SandboxSettings, port: int) -> Bank:
    """Its sockets are open from here on, so that the connector's settings can name them.

    Raises:
        CannotServe: its port is taken, or it has no papers for TLS.
    """
    own, _ = _folders(settings, "bank")
    host, papers = settings.bank_line_tls, ""
    try:
        papers = own_file(own, host, ShiftedClock().now()) if host else ""
    except (OSError, ValueError) as error:
        raise CannotServe(f"The bank gets no certificate as {host!r}: {error}.") from error
    pace = Pace(tls=Tls(own_file=papers)) if papers else None
    bank = Bank(sessions_of(key_letters(own)), settings.clock, own / "bank.sqlite", pace)
    try:
        await bank.start(settings.bank_line_port)
    except OSError as error:
        raise CannotServe(f"Port {settings.bank_line_port} cannot be opened: {error.strerror}.") from error
    settings_file = settings.connectors_folder / "unionpay.json"
    clearing_url = f"http://127.0.0.1:{port}/bank/clearing"
    believed = shown_file(papers) if papers else ""
    write_settings(settings_file, own, bank.addresses(), clearing_url, tls_name=host, tls_ca_file=believed)
    return bank


def _folders(settings: SandboxSettings, channel: str) -> tuple[Path, Path]:
    """A channel's own folder, and the file with the settings of the platform's connector to it."""
    own = settings.own_folder / channel
    for folder in (own, settings.connectors_folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return own, settings.connectors_folder / f"{channel}.json"


def _lead_connectors_here(settings: SandboxSettings, hospital: Hospital, port: int) -> None:
    try:
        password = settings.platform_password_file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CannotServe(f"{settings.platform_password_file} cannot be read: {error.strerror}.") from error
    _write(settings.connectors_folder / "procedures.json", {"url": hospital.platform_url(password)})
    _write(settings.connectors_folder / "soap.json", {"wsdl": f"http://127.0.0.1:{port}/hospital/soap?wsdl"})
    _write(settings.connectors_folder / "fhir.json", {"url": f"http://127.0.0.1:{port}/hospital/fhir"})
    decoder = {"decoder_url": f"http://127.0.0.1:{port}/insurance/ec"}
    _write(settings.connectors_folder / "certificates.json", decoder)


def _write(path: Path, content: dict[str, str]) -> None:
    """All or nothing, and for its owner only: it holds a password."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(content))
    draft.replace(path)
