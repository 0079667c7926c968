"""The hospital and its terminals, as they rarely change: remembered for seconds."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from yinyi.bus.database import Tx
from yinyi.business.terminals import media_store, offer_store, setup_store, store
from yinyi.business.terminals.media import USUAL, Media, MediumKind, MediumRule
from yinyi.business.terminals.model import AT_BEDSIDE, Hospital, ListPaper, Standing, machine_number
from yinyi.business.terminals.offers import Rules
from yinyi.business.terminals.remembered import Remembered
from yinyi.kernel.errors import NotFound

REMEMBERED_FOR = timedelta(seconds=10)


class Here(NamedTuple):
    """What decides what a terminal offers."""

    standing: Standing
    rules: Rules
    hospital: Hospital


class Directory:
    """Who and where. Other domains ask it for what screens and papers say of the hospital. ``cards``: how the lines to
    banks tell cards apart."""

    def __init__(self, cards: Sequence[MediumRule] = ()) -> None:
        self._usual = (*USUAL, *cards)
        self._hospitals: Remembered[int, Hospital] = Remembered(REMEMBERED_FOR)
        self._standings: Remembered[tuple[int, str], Standing] = Remembered(REMEMBERED_FOR)
        self._rules: Remembered[int, Rules] = Remembered(REMEMBERED_FOR)
        self._media: Remembered[int, Media] = Remembered(REMEMBERED_FOR)

    def forget(self) -> None:
        """Something was changed here: this process asks anew, the others within ``REMEMBERED_FOR``."""
        self._hospitals.clear()
        self._standings.clear()
        self._rules.clear()
        self._media.clear()

    def table(self, own: Mapping[MediumKind, Sequence[MediumRule]]) -> Media:
        """How media would be told apart if the hospital said this."""
        return Media(self._usual, own)

    async def media(self, tx: Tx, hospital_id: int, now: datetime) -> Media:
        """How documents, cards and codes are told apart here."""
        known = self._media.get(hospital_id, now)
        if known is not None:
            return known
        return self._media.keep(hospital_id, self.table(await media_store.own(tx, hospital_id)), now)

    async def rules(self, tx: Tx, hospital_id: int, now: datetime) -> Rules:
        """What terminals of this hospital offer, and when."""
        known = self._rules.get(hospital_id, now)
        if known is not None:
            return known
        hours = await offer_store.hours(tx, hospital_id)
        found = Rules(hours=hours, closures=await offer_store.closures(tx, hospital_id, now))
        return self._rules.keep(hospital_id, found, now)

    async def hospital(self, tx: Tx, hospital_id: int, now: datetime) -> Hospital:
        """
        Raises:
            NotFound: there is no such hospital.
        """
        known = self._hospitals.get(hospital_id, now)
        if known is not None:
            return known
        found = await store.hospital(tx, hospital_id)
        if found is None:
            raise NotFound(f"hospital {hospital_id}")
        return self._hospitals.keep(hospital_id, found, now)

    async def hospital_names(self, tx: Tx, hospital_id: int, now: datetime) -> tuple[str, str]:
        """In Chinese and in English, as sheets name it."""
        found = await self.hospital(tx, hospital_id, now)
        return found.name, found.name_en

    async def standing(self, tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> Standing:
        """
        Raises:
            NotFound: there is no such terminal.
        """
        known = self._standings.get((hospital_id, terminal_id), now)
        if known is not None:
            return known
        found = await store.standing(tx, hospital_id, terminal_id)
        if found is None:
            raise NotFound(f"terminal {terminal_id}")
        return self.keep(hospital_id, found, now)

    async def is_in_service(self, tx: Tx, hospital_id: int, terminal_id: str) -> bool:
        """On record, and not retired; asked anew each time."""
        return await setup_store.is_in_service(tx, hospital_id, terminal_id)

    async def retired(self, tx: Tx, hospital_id: int) -> list[str]:
        """The ids of terminals that were taken away for good; asked anew each time."""
        return await setup_store.retired(tx, hospital_id)

    async def here(self, tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> Here:
        """
        Raises:
            NotFound: there is no such terminal.
        """
        standing = await self.standing(tx, hospital_id, terminal_id, now)
        return Here(standing, await self.rules(tx, hospital_id, now), await self.hospital(tx, hospital_id, now))

    def here_as_remembered(self, hospital_id: int, terminal_id: str, now: datetime) -> Here | None:
        """None: somebody has to look."""
        standing = self._standings.get((hospital_id, terminal_id), now)
        rules, hospital = self._rules.get(hospital_id, now), self._hospitals.get(hospital_id, now)
        return Here(standing, rules, hospital) if standing and rules and hospital else None

    def keep(self, hospital_id: int, standing: Standing, now: datetime) -> Standing:
        """As it was just read."""
        return self._standings.keep((hospital_id, standing.terminal_id), standing, now)

    async def list_paper(self, tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> ListPaper:
        """What a patient's lists come out on there."""
        where = await self.standing(tx, hospital_id, terminal_id, now)
        if not await store.has_device(tx, hospital_id, terminal_id, "sheet_printer"):
            return "roll"
        return "a5" if where.profile in AT_BEDSIDE else "a4"

    async def terminal_name(self, tx: Tx, hospital_id: int, terminal_id: str, language: str, now: datetime) -> str:
        """As it is printed on papers; in English as screens say it, with its number and its place."""
        where = await self.standing(tx, hospital_id, terminal_id, now)
        if language.startswith("zh"):
            return where.name
        number = machine_number(where.name)
        return f"{f'Machine {number}' if number else where.name} {terminal_id} · {where.place_en}"
