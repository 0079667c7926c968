"""A process of the platform that takes news, by itself: started by tests that kill it. It dies of its own hand, as by a
power cut, when what it was told is committed and before it has said so, if it is called with ``deadly``."""

import asyncio
import os
import signal
import sys
from typing import Any, cast

from holder_stage import NOBODY_THERE, VAULT, InProcess, publish, say
from line_stage import ZONE
from news_stage import SENDERS

from yinyi.app.business import Business
from yinyi.app.outside import Outside
from yinyi.bus.client import BusClient
from yinyi.bus.database import open_database
from yinyi.bus.operation import Caller
from yinyi.business.payments.channels import MerchantTable
from yinyi.interface.hl7.server import Hl7Lines
from yinyi.interface.metrics import Metrics
from yinyi.kernel.clock import ShiftedClock


class Deadly(InProcess):
    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        await super().request(subject, data, timeout_s)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


async def serve(url: str, deadly: bool) -> None:
    clock = ShiftedClock()
    outside = Outside(
        hospital=NOBODY_THERE, channels={}, merchants=MerchantTable({}), keys=cast(Any, None), news=SENDERS
    )
    business = Business(await open_database(url, size=2), outside, VAULT, clock, publish, say)
    bus = (Deadly if deadly else InProcess)(business.dispatcher)
    lines = Hl7Lines(BusClient(bus, Caller.NEWS.value, clock), Metrics(), clock, ZONE)
    await lines.start("127.0.0.1", 0)
    sys.stdout.write(f"{lines.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2:] == ["deadly"]))
