"""Run: everything on this machine, watched over; Ctrl-C stops it."""

import asyncio
import contextlib
import errno
import socket
import sys
import time
from ipaddress import ip_address

import msgspec

from yinyi.app.embedded.folder import FolderLock, free_port, require_space
from yinyi.app.errors import CannotStart
from yinyi.app.external import require_bus, require_database
from yinyi.app.master_key import check_master_keys
from yinyi.app.processes import parts_for
from yinyi.app.room import NEEDED_BYTES, Room
from yinyi.app.settings import Settings, settings_from
from yinyi.app.supervisor import Supervisor

_LOCAL = ("sandbox_port", "devices_port", "hospital_line_port", "bank_line_port")
"""Nobody but this machine reaches them."""
_POLL_S = 0.05
_PATIENCE_S = 5


def command() -> None:
    """Starts PostgreSQL, the bus, the platform and its sandbox, and says where to look once everything answers.

    Whatever part ends is started again. Where YINYI_DATABASE_URL and YINYI_NATS_URL name servers, those are used.
    """
    begun = time.monotonic()
    settings = settings_from()
    check_master_keys()
    if settings.http_port == 0:
        settings = msgspec.structs.replace(settings, http_port=free_port())
    lock = FolderLock(settings.data_dir)
    try:
        _preflight(settings)
        say(f"Yinyi starts; its data are in {settings.data_dir}, Ctrl-C stops it.")
        asyncio.run(_supervise(settings, begun))
        say("Everything has stopped.")
    finally:
        lock.release()


async def _supervise(settings: Settings, begun: float) -> None:
    host, port = _reachable(settings.http_host), settings.http_port

    async def announce() -> None:
        while True:
            if await _answers(host, port):
                break
            await asyncio.sleep(_POLL_S)
        say(f"Everything answers after {time.monotonic() - begun:.1f} s: http://{_in_url(host)}:{port}/demo")

    clock = settings.make_clock()
    room = Room(settings.data_dir, say, clock)
    supervisor = Supervisor(parts_for(settings), settings.folder.status, say, clock, room=room)
    await supervisor.run(announce)


async def _answers(host: str, port: int) -> bool:
    """Whether the health page says 200. In plain bytes: an HTTP client would stay in memory for this one question."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /healthz HTTP/1.0\r\nHost: {_in_url(host)}\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


def say(line: str) -> None:
    """On the terminal, if it is still there."""
    with contextlib.suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _preflight(settings: Settings) -> None:
    """What can be known before anything is started."""
    require_space(settings.data_dir, NEEDED_BYTES)
    try:
        settings.folder.run.mkdir(exist_ok=True)
    except OSError as error:
        raise CannotStart(f"The folder {settings.data_dir} cannot be used: {error.strerror}.") from error
    _require_ports(settings)
    if settings.database_url:
        require_database("YINYI_DATABASE_URL", settings.database_url, is_ours=True)
    if settings.hospital_database_url:
        require_database("YINYI_HOSPITAL_DATABASE_URL", settings.hospital_database_url, is_ours=False)
    if settings.nats_url:
        require_bus("YINYI_NATS_URL", settings.nats_url)


def _require_ports(settings: Settings) -> None:
    taken: dict[int, str] = {}
    for name in (field.name for field in msgspec.structs.fields(Settings) if field.name.endswith("_port")):
        port: int = getattr(settings, name)
        setting = f"YINYI_{name.upper()}"
        if port and taken.setdefault(port, setting) != setting:
            raise CannotStart(f"{taken[port]} and {setting} are both {port}; each needs a port of its own.")
        _require_port(setting, "127.0.0.1" if name in _LOCAL else settings.http_host, port)


def _require_port(setting: str, host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"is in use by another program; choose another one with {setting}"
        else:
            reason = f"cannot be opened: {error.strerror}"
        raise CannotStart(f"Port {port} of {host} {reason}.") from error


def _reachable(host: str) -> str:
    """The address at which this machine itself reaches what is bound to ``host``."""
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:
        return host


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
