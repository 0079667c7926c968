"""Two of the hospital's numbers are one patient. By itself only what the hospital confirms, with no money on the merged
number's account and nothing that speaks against it; otherwise people say so, and where there is money two of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.audit import store as audit
from yinyi.business.identity import store as identity
from yinyi.business.identity.model import PatientRecord
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.news import merge_store as store
from yinyi.business.news.errors import BalanceDiffers, NotMerged, PaymentsStillOpen
from yinyi.business.news.messages_merges import ConfirmMerge, MergeView
from yinyi.business.news.model import Ending, PatientNews, Trouble
from yinyi.business.payments.merged import Move, move
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault

BY_ITSELF = "platform"


class LeadsElsewhere(Exception):
    """The number was merged into a third one before: that one's patient is not who these news are about."""


class StillStands(Exception):
    """The hospital's own system does not say (yet) what these news say, or it cannot be done yet."""


class Pair(NamedTuple):
    """merged: whose number is nobody's any more. survivor: whose number is left."""

    merged: store.Known
    survivor: store.Known
    standing: store.Standing

    @property
    def alike(self) -> bool:
        """As far as both are known: it is no other person whom somebody has taken for this one."""
        one, other = self.merged, self.survivor
        sexes, births = {one.sex, other.sex} - {"unknown"}, {one.born_on, other.born_on} - {None}
        return one.name == other.name and len(sexes) < 2 and len(births) < 2


@dataclass(frozen=True)
class Merging:
    """``zone``: of the business date of what moves."""

    vault: Vault
    zone: ZoneInfo

    async def by_itself(
        self, tx: Tx, call: Call, news_no: int, news: PatientNews, survivor: PatientRecord
    ) -> Ending | Trouble:
        """
        Raises:
            StillStands: payments of the merged number are open; they end first.
        """
        try:
            pair = await self._pair(tx, call, news.merged_no, survivor)
        except LeadsElsewhere:
            return "merge"
        if pair is None:
            return "known"
        if pair.standing.balance_fen or not pair.alike:
            return "merge"
        if pair.standing.payments:
            raise StillStands
        ids = (pair.merged.patient_id, pair.survivor.patient_id)
        people = await store.say(tx, call.hospital_id, news_no, ids, 0, BY_ITSELF, call.now)
        await self._merge(tx, call, pair, news_no, people)
        return "told"

    async def by_people(
        self, tx: Tx, call: Call, said: ConfirmMerge, news: PatientNews, survivor: PatientRecord
    ) -> bool:
        """False: a second one has to say the same.

        Raises:
            BalanceDiffers, PaymentsStillOpen, SecondPersonNeeded.
            NotMerged: it was done before, or it is another number's by now, or another one than he has seen is left.
        """
        try:
            pair = await self._pair(tx, call, news.merged_no, survivor)
        except LeadsElsewhere:
            raise NotMerged("merged into a third one before") from None
        if pair is None:
            raise NotMerged("done before")
        if pair.survivor.patient_no != said.patient_no:
            raise NotMerged("another number is left")
        if pair.standing.balance_fen != said.balance_fen:
            raise BalanceDiffers
        if pair.standing.payments:
            raise PaymentsStillOpen
        ids = (pair.merged.patient_id, pair.survivor.patient_id)
        by = call.principal.person
        people = await store.say(tx, call.hospital_id, said.news_no, ids, said.balance_fen, by, call.now)
        if people:
            await self._merge(tx, call, pair, said.news_no, people)
        return bool(people)

    async def look(self, tx: Tx, call: Call, news_no: int, news: PatientNews) -> MergeView:
        """For people who are to decide it."""
        merged = await store.numbered(tx, call.hospital_id, news.merged_no)
        survivor_id = await identity.patient_id_of(tx, call.hospital_id, news.patient_no)
        survivor = await store.by_id(tx, call.hospital_id, survivor_id)
        apart = merged is not None and survivor_id not in (merged.patient_id, merged.merged_into)
        standing = store.Standing(Fen(0), 0)
        if merged is not None and apart:
            standing = await store.standing(tx, call.hospital_id, merged.patient_id)
        return MergeView(
            news_no=news_no,
            merged_no=news.merged_no,
            merged_name=merged.name if merged and apart else "",
            patient_no=survivor.patient_no if survivor else news.patient_no,
            name=survivor.name if survivor else "",
            balance_fen=standing.balance_fen,
            payments_open=standing.payments,
            merged=not apart,
            proposed_by=await store.proposed_by(tx, call.hospital_id, news_no) if apart else "",
        )

    async def _pair(self, tx: Tx, call: Call, merged_no: str, survivor: PatientRecord) -> Pair | None:
        """Both, locked; None: they are one already.

        Raises:
            LeadsElsewhere.
        """
        kept = await identity.keep_patient(tx, self.vault, call.hospital_id, survivor, call.now)
        numbered = await store.numbered(tx, call.hospital_id, merged_no)
        if numbered is None or numbered.patient_id == kept.patient_id:
            return None
        known = await store.locked(tx, call.hospital_id, numbered.patient_id, kept.patient_id)
        merged = known[numbered.patient_id]
        if merged.merged_into == kept.patient_id:
            return None
        if merged.merged_into is not None:
            raise LeadsElsewhere
        standing = await store.standing(tx, call.hospital_id, merged.patient_id)
        return Pair(merged, known[kept.patient_id], standing)

    async def _merge(self, tx: Tx, call: Call, pair: Pair, news_no: int, people: tuple[str, ...]) -> None:
        merged_id, survivor_id = pair.merged.patient_id, pair.survivor.patient_id
        if pair.standing.balance_fen:
            source, fen = f"merge:{merged_id}:{news_no}", pair.standing.balance_fen
            try:
                await self._move(tx, call.hospital_id, source, merged_id, survivor_id, fen, call.now)
            except BalanceTooLow:
                raise BalanceDiffers from None  # the hospital has charged it in this very moment
        await store.merge(tx, call.hospital_id, merged_id, survivor_id, call.now)
        told: dict[str, str | int | bool | None] = {"survivor": survivor_id, "news_no": news_no}
        told |= {"balance_fen": int(pair.standing.balance_fen), "people": " + ".join(people)}
        await audit.append(tx, call, "news.MergePatients.v1", str(merged_id), told)

    async def bring_after(self, tx: Tx, now: datetime) -> int:
        """What has come back to merged numbers since goes where the rest of their money is, and what was opened for
        them in the very moment of their merge goes where the rest is; how many of the first there were."""
        for late in await store.opened_late(tx):
            await store.merge(tx, *late, now)
        found = await store.left_behind(tx)
        for each in found:
            source = f"merge:{each.merged_id}:{now:%Y%m%d%H%M%S%f}"
            await self._move(
                *(tx, each.hospital_id, source, each.merged_id, each.survivor_id, each.balance_fen),
                now,
            )
        return len(found)

    async def _move(
        self, tx: Tx, hospital_id: int, source: str, from_id: int, to_id: int, amount_fen: Fen, now: datetime
    ) -> None:
        accounts = (prepaid_account(str(from_id)), prepaid_account(str(to_id)))
        await move(tx, Move(hospital_id, source, *accounts, amount_fen), now.astimezone(self.zone).date(), now)
