"""The sandbox's decoder of insurance codes as the far side of its connector, for the conformance kit."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette

from yinyi.kernel.far_side import Line, Place
from yinyi_sandbox.insurance.routes import routes
from yinyi_sandbox.insurance.rules import Behaviour, Certificates
from yinyi_sandbox.people.people import person

_SOMEBODY = person("sun-xiaomei")


class FarInsurance:
    def __init__(self, phones: Certificates, line: Line) -> None:
        self.hasty: dict[str, Any] = {"call_timeout_s": 0.3}
        self._phones, self.line = phones, line
        self.settings: dict[str, Any] = {"decoder_url": f"http://127.0.0.1:{line.port}/ec"}

    def show(self, shown: Behaviour) -> tuple[str, str, str]:
        return self._phones.show(_SOMEBODY, shown).code, _SOMEBODY.card.number, _SOMEBODY.name


@asynccontextmanager
async def far_side(place: Place) -> AsyncGenerator[FarInsurance]:
    phones = Certificates(place.clock)
    yield FarInsurance(phones, await place.line(await place.serve(Starlette(routes=routes(phones)))))
