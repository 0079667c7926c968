"""A connector to an insurance and its far side: a decoder of codes, a scheme that settles, or both."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

from yinyi.business.identity.ports import CertificateDecoder
from yinyi.business.insurance.model import Claim
from yinyi.business.insurance.ports import InsuranceScheme
from yinyi.conformance.behaviour import NotTried
from yinyi.conformance.connectors import FarConnector, both_started
from yinyi.conformance.place import Ground
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Plugin

Shown = Literal["valid", "expired", "used", "foreign"]


class FarDecoder(FarConnector, Protocol):
    """A decoder's sandbox."""

    def show(self, shown: Shown) -> tuple[str, str, str]:
        """What somebody's phone shows, and the number of his document and his name."""
        ...


class FarScheme(FarConnector, Protocol):
    """A scheme's sandbox."""

    def visit(self, amount_fen: int) -> dict[str, Any]:
        """Somebody insured was seen for so much, and his charges are uploaded: ``person_no``, ``encounter_no``,
        ``batch_no``, ``insurance_type``, ``visit_type`` of a claim."""
        ...

    def owed_fen(self, encounter_no: str) -> int:
        """What the scheme owes the hospital for this visit: all that is settled, by whatever reference."""
        ...


class Stage:
    """``decoder``, ``scheme``: the connector, by its ports. ``hasty…``: the same, soon out of patience."""

    def __init__(self, connector: Any, hasty: Any, far: Any) -> None:
        self.decoder: CertificateDecoder = connector
        self.hasty: CertificateDecoder = hasty
        self.scheme: InsuranceScheme = connector
        self.hasty_scheme: InsuranceScheme = hasty
        self.line = far.line
        self._far: Any = far

    def show(self, shown: Shown) -> tuple[str, str, str]:
        """See ``FarDecoder``."""
        return self._its("show")(shown)

    def claim(self, amount_fen: int = 10_000) -> Claim:
        """Of a visit that nobody has settled yet."""
        return Claim(scheme=self.scheme.scheme, amount_fen=Fen(amount_fen), **self._its("visit")(amount_fen))

    def owed_fen(self, claim: Claim) -> int:
        return self._its("owed_fen")(claim.encounter_no)

    async def calm(self) -> None:
        await self.line.calm()

    def _its(self, name: str) -> Any:
        if not hasattr(self._far, name):
            raise NotTried(f"the sandbox has no {name}")
        return getattr(self._far, name)


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarConnector, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    async with both_started(plugin, far, place) as (connector, hasty):
        yield connector, Stage(connector, hasty, far)
