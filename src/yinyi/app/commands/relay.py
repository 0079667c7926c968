"""Processes: the way out to banks, wallets and insurance, for the front-end machine."""

import asyncio

from yinyi.app.errors import CannotStart
from yinyi.app.serving import serve, settle_memory
from yinyi.app.settings import Settings, settings_from
from yinyi.kernel.ready import tell_ready


def command() -> None:
    """Tunnels from YINYI_RELAY, where it listens, to what YINYI_RELAY_ALLOWS names. Needs neither bus nor database."""
    settings = settings_from()
    serve(lambda stopping: _run(settings, stopping), settings.log_level)


async def _run(settings: Settings, stopping: asyncio.Event) -> None:
    from yinyi.app.relay.allowed import allowed_from
    from yinyi.app.relay.server import Relay, listening
    from yinyi.app.way_out import address_of, password_of

    allowed = allowed_from(settings.relay_allows)
    if not allowed:
        raise CannotStart("The relay has nowhere to go; write host:port of banks and wallets in YINYI_RELAY_ALLOWS.")
    host, port = address_of(settings)
    relay = Relay(allowed, password_of(settings))
    try:
        server = await listening(relay, host, port)
    except OSError as error:
        raise CannotStart(f"The relay cannot listen at {settings.relay}: {error.strerror}.") from error
    settle_memory()
    tell_ready()
    await stopping.wait()
    server.close()
    await relay.close()
