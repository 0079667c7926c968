"""What is asked about invariants and figures."""

from collections.abc import Sequence

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.watch import store
from yinyi.business.watch.messages import (
    CheckInvariants,
    Figures,
    FigureView,
    Finding,
    GetFigures,
    Invariants,
    InvariantView,
    ListInvariants,
)
from yinyi.business.watch.model import Figure, Invariant, meaning
from yinyi.business.watch.rounds import Rounds

_SHOWN = 20


class WatchService:
    """The domain's handlers. What is watched is given by ``app``: the domains themselves say what has to hold."""

    def __init__(self, database: Database, rounds: Rounds, figures: Sequence[Figure]) -> None:
        self._database = database
        self._rounds = rounds
        self._figures = tuple(figures)

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListInvariants, self.list)
        dispatcher.asks(CheckInvariants, self._check)
        dispatcher.reads(GetFigures, self.figures)

    async def list(self, tx: Tx, call: Call, message: ListInvariants) -> Invariants:
        known = await store.standing(tx, call.hospital_id)
        views = [await self._view(tx, call, each, known.get(each.name)) for each in self._rounds.invariants]
        return Invariants(invariants=views)

    async def _check(self, call: Call, message: CheckInvariants) -> Invariants:
        await self._rounds.check_all()
        async with self._database.read() as tx:
            return await self.list(tx, call, ListInvariants())

    async def _view(self, tx: Tx, call: Call, invariant: Invariant, known: Row | None) -> InvariantView:
        violations = known["violations"] if known else 0
        rows = await store.findings(tx, call.hospital_id, invariant.name, _SHOWN) if violations else []
        return InvariantView(
            name=invariant.name,
            meaning=meaning(invariant),
            meaning_zh=invariant.zh,
            violations=violations,
            every_s=invariant.every_s,
            checked_at=known["checked_at"] if known else None,
            problem=known["problem"] if known else "",
            took_ms=known["took_ms"] if known else 0,
            rounds=known["rounds"] if known else 0,
            findings=[Finding(**dict(row)) for row in rows],
        )

    async def figures(self, tx: Tx, call: Call, message: GetFigures) -> Figures:
        found = [
            FigureView(
                name=each.name,
                meaning=meaning(each),
                label=each.label,
                values=await store.values(tx, call.hospital_id, each, call.now),
            )
            for each in self._figures
        ]
        return Figures(figures=found)
