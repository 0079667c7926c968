"""Processes: the business layer with its connectors; run any number of them."""

import asyncio
import sys

from yinyi.app.errors import CannotStart
from yinyi.app.serving import serve, settle_memory
from yinyi.app.settings import Settings, settings_from
from yinyi.kernel.ready import tell_ready


def command() -> None:
    """Answers every operation on the bus and drives the payments. Needs YINYI_DATABASE_URL and YINYI_NATS_URL."""
    settings = settings_from()
    serve(lambda stopping: _run(settings, stopping), settings.log_level)


async def _run(settings: Settings, stopping: asyncio.Event) -> None:
    from yinyi.app.bus_account import connect_bus
    from yinyi.app.business import Business
    from yinyi.app.business_start import first_start, outside_of, prepared_database
    from yinyi.app.staff import staff_of
    from yinyi.bus.forgetting import SUBJECT
    from yinyi.business.payments.errors import PlansUnreadable
    from yinyi.kernel.secrets import load_vault

    clock = settings.make_clock()
    database = await prepared_database(settings)
    transport = await connect_bus(settings, "business")
    await transport.make_stream()
    vault = load_vault(settings.folder.secrets)
    outside, staff = outside_of(settings, clock), staff_of(settings)
    business = Business(database, outside, vault, clock, transport.publish_event, transport.say, staff=staff)
    await first_start(settings, database, business, clock)
    try:
        await business.start()
    except PlansUnreadable as error:
        raise CannotStart(f"{error.sentence('en')[:-1]}: {error.detail}.") from error
    await transport.listen(SUBJECT, business.forgetting.heard)
    await transport.serve(business.dispatcher.answer)
    settle_memory()
    tell_ready()
    await stopping.wait()
    await transport.drain()
    await business.stop()
    await transport.close()
    await database.close()
    sys.stderr.flush()
