"""The processes of a laptop, as one table: what each is started with, and what has to be there before."""

import signal
from functools import partial

import msgspec

from yinyi.app.backup.archive import Archive
from yinyi.app.backup.take import SLOT
from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import free_port
from yinyi.app.embedded.nats import EmbeddedNats
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.embedded.server import Command
from yinyi.app.master_key import handed_over
from yinyi.app.nats_config import account_names, nats_config
from yinyi.app.part import Part, own_command
from yinyi.app.secret_files import secret
from yinyi.app.settings import Settings, environment_for
from yinyi.kernel.clock import offset_setting

PLATFORM = "yinyi"
"""The platform's database, and the role that owns it."""
HOSPITAL = "hospital"
"""The sandbox hospital's database, and the role that owns it."""
PLATFORM_AT_HOSPITAL = "platform"
"""The role that the platform calls the sandbox hospital's procedures with; it owns nothing."""

_ONCE_THERE_IS = 'until [ -d "$0" ]; do sleep 1; done; exec "$@"'

_ALL = ("data_dir", "clock", "log_level")
_BOOKING = (
    *("booking_days", "booking_paid", "bookings_a_day", "bookings_with_doctor", "cancel_hours"),
    *("missed_visits", "missed_days", "closed_days", "return_minutes"),
    *("registrations_a_day", "registrations_with_doctor"),
)
KNOWS = {
    "business": (
        *(*_ALL, "hospital", "keys", "sign_on_from", "settle_from", "card_data_days", "identity_cards"),
        *("second_print", "public_url", "relay"),
        *("child_below_age", "children_at_most", "charges_listed_of", "taken_lists_of", "taken_lists_by"),
        *("database_url", "nats_url", "http_host", "http_port"),
        *_BOOKING,
    ),
    "interface": (
        *(*_ALL, "nats_url", "http_host", "http_port", "sandbox_port", "devices_port"),
        *("queue_url", "queue_nats_url", "queue_name", "hl7_port", "socket_port", "socket_hospital_port"),
        *("https_port", "socket_tls_port", "socket_hospital_tls_port", "tls_certificate", "tls_key", "tls_clients"),
    ),
    "devices": (*_ALL, "http_host", "http_port", "devices_port"),
    "sandbox": (
        *(*_ALL, "hospital_database_url", "hospital_line_port", "bank_line_port", "bank_line_tls"),
        *("http_host", "http_port", "hl7_port", "socket_port", "sandbox_port"),
    ),
}
"""The settings that each process is told; interfaces hear of no database."""


def parts_for(settings: Settings) -> list[Part]:
    """The table. What ``settings`` names as running elsewhere is not in it."""
    servers: list[Part] = []
    settings = _settled(settings)
    if not (settings.database_url and settings.hospital_database_url):
        server = EmbeddedPostgres(settings.folder.postgres, secrets_dir=settings.folder.secrets)
        servers.append(_postgres_part(server))
        if not settings.database_url:
            servers.append(_archive_part(server, Archive(settings.archive), settings))
        settings = msgspec.structs.replace(
            settings,
            database_url=settings.database_url or server.local_url(PLATFORM, PLATFORM),
            hospital_database_url=settings.hospital_database_url or server.url(HOSPITAL, HOSPITAL),
        )
    if not settings.nats_url:
        bus = _embedded_nats(settings)
        servers.append(
            Part("nats", bus.command, prepare=bus.prepare, is_ready=bus.is_ready),
        )
        settings = msgspec.structs.replace(settings, nats_url=f"nats://127.0.0.1:{bus.port}")
    present = {server.name for server in servers} | {"sandbox"}

    def own(name: str, program: str, *arguments: str, needs: tuple[str, ...]) -> Part:
        told = environment_for(settings, KNOWS[name])
        secret_of = handed_over() if name == "business" else {}
        command = partial(
            own_command, program, *arguments, settings=told, log=settings.folder.log(name), hands_over=secret_of
        )
        return Part(name, command, needs=tuple(need for need in needs if need in present))

    return [
        *servers,
        own("sandbox", "yinyi-sandbox", needs=("postgres",)),
        own("business", "yinyi", "business", needs=("postgres", "nats", "sandbox")),
        own("interface", "yinyi", "interface", needs=("nats",)),
        own("devices", "yinyi", "devices", needs=()),
    ]


def _settled(settings: Settings) -> Settings:
    """Every process is told the same ports, the same clock and the same folder."""
    return msgspec.structs.replace(
        settings,
        http_port=settings.http_port or free_port(),
        hl7_port=settings.hl7_port or free_port(),
        socket_port=settings.socket_port or free_port(),
        sandbox_port=settings.sandbox_port or free_port(),
        devices_port=settings.devices_port or free_port(),
        hospital_line_port=settings.hospital_line_port or free_port(),
        clock=offset_setting(settings.make_clock()),
    )


def _postgres_part(server: EmbeddedPostgres) -> Part:
    def create() -> None:
        server.create_databases({PLATFORM: PLATFORM, HOSPITAL: HOSPITAL})
        server.create_role(PLATFORM_AT_HOSPITAL)

    return Part("postgres", server.command, prepare=server.prepare, is_ready=server.is_ready, once_ready=create)


def _archive_part(server: EmbeddedPostgres, archive: Archive, settings: Settings) -> Part:
    """Keeps the server's log, byte by byte as it is written, from the first `yinyi backup` on; a shell that waits for
    that one costs next to nothing."""

    def command() -> Command:
        receive = ["-D", str(archive.wal), "-S", SLOT, "--no-password", "-s", "5"]
        return Command(
            argv=["/bin/sh", "-c", _ONCE_THERE_IS, str(archive.wal), str(server.program("pg_receivewal")), *receive],
            log=settings.folder.log("archive"),
            preexec=tied_to_parent(signal.SIGKILL),
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | server.client_environment(),
        )

    return Part("archive", command, needs=("postgres",), is_ready=_at_once)


def _at_once() -> bool:
    """Nobody waits for it."""
    return True


def _embedded_nats(settings: Settings) -> EmbeddedNats:
    folder, port = settings.folder, free_port()
    passwords = {account: secret(folder.secrets, f"nats-{account}") for account in account_names()}
    return EmbeddedNats(folder.nats, nats_config(passwords, folder.nats / "store", port), port)
