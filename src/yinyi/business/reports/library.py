"""All reports of a patient: as the hospital has them, and as we keep them for good.

The hospital knows what is new, our copies outlive its archive: a report that is listed was ready is noted at once and
copied with all that is in it soon after, and then it is read from here.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.bus.forgetting import whose
from yinyi.bus.looks import Looks
from yinyi.business.reports import store
from yinyi.business.reports.errors import PictureUnknown, ReportAtWindow, ReportNotReady, ReportUnknown
from yinyi.business.reports.model import (
    DiagnosticReport,
    OfferedPicture,
    Picture,
    Pictures,
    TrendPoint,
    WholeReport,
)
from yinyi.business.reports.pictures import MOST, MOST_BYTES, PictureRefused, Rendered, for_paper, rendered
from yinyi.business.reports.ports import Patients, ReportPictures, Reports
from yinyi.kernel.alongside import alongside
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.recent import RecentByKey

log = structlog.get_logger()

EVER = date(1900, 1, 1)
LISTED = 300
POINTS = 60
READY = ("final", "corrected")
COPIED_AT_ONCE = 20
PICTURED_AT_ONCE = 5
SETTLES = timedelta(seconds=5)
"""Whoever has just listed it most likely opens it now, and copies it."""


@dataclass(frozen=True)
class Known:
    """Newest first, ``LISTED`` at most. complete: the hospital has answered. until: there are earlier ones, from this
    day on. ahead: of these orders ours is the later version."""

    reports: list[DiagnosticReport]
    complete: bool
    until: date | None = None
    ahead: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Look:
    """Whose list it is, and of which tube. call: of whoever is the first to ask."""

    hospital_id: int
    patient_id: int
    tube: str
    last_on: date
    call: Call = field(compare=False)


class Library:
    """``reports``: the hospital; ``patients``: our master index. Nobody sees any report but his own."""

    def __init__(self, database: Database, reports: Reports, patients: Patients, zone: ZoneInfo, kept_s: float) -> None:
        """``kept_s``: so old may be the hospital's list; what we keep is looked up each time, as news may have brought
        it a moment ago."""
        self._database = database
        self._looks = Looks(database)
        self._reports = reports
        self._patients = patients
        self._zone = zone
        self._recent = RecentByKey(self._theirs, kept_s, ahead=True, owner=lambda look: whose(look.call.principal))
        self.forget = self._recent.forget

    # -- which there are

    async def all(self, call: Call, until: date | None = None, *, anew: bool = False) -> Known:
        """Asked for on this day at the latest; of a session that a tube has opened, what is in the tube. ``anew``: the
        hospital's list of a moment ago will not do."""
        who = call.principal
        last_on = until or (call.now + timedelta(days=2)).date()
        look = Look(who.hospital_id, who.patient_id, who.specimen, last_on, call)
        try:
            theirs = await (self._theirs(look) if anew else self._recent.get(look))
        except HospitalUnavailable:
            return self._known(await self._ours(call), last_on, complete=False)
        ours = await self._ours(call)
        await self._note(call, theirs, ours)
        known = {each.order_no: each for each in ours}
        ahead = frozenset(
            each.order_no for each in theirs if each.order_no in known and known[each.order_no].version > each.version
        )
        known |= {each.order_no: _latest(known.get(each.order_no), each) for each in theirs}
        found = self._known(known.values(), last_on, more=len(theirs) >= LISTED)
        return replace(found, ahead=ahead)

    def _known(
        self, found: Iterable[DiagnosticReport], last_on: date, *, complete: bool = True, more: bool = False
    ) -> Known:
        """``more``: the hospital may have earlier ones than it has told."""
        reports = [each for each in _newest(found) if self._day(each) <= last_on]
        shown = reports[:LISTED]
        if not shown or not (more or len(reports) > LISTED):
            return Known(shown, complete)
        return Known(shown, complete, min(self._day(shown[-1]), last_on - timedelta(days=1)))

    def _day(self, found: DiagnosticReport) -> date:
        return found.requested_at.astimezone(self._zone).date()

    async def _theirs(self, look: Look) -> list[DiagnosticReport]:
        """
        Raises:
            HospitalUnavailable: it does not answer.
        """
        call = look.call
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        if look.tube:
            found = await self._reports.reports_of_tube(look.tube)
        else:
            found = await self._reports.reports(patient_no, EVER, look.last_on, LISTED)
        return [each for each in found if each.patient_no == patient_no]

    async def _ours(self, call: Call) -> list[DiagnosticReport]:
        found = await store.heads(self._looks.any(), call.hospital_id, call.principal.patient_id)
        return [each for each in found if _opened_by(call, each)]

    async def _note(self, call: Call, theirs: list[DiagnosticReport], ours: list[DiagnosticReport]) -> None:
        """What is ready is known from now on, whatever becomes of the hospital's archive, and so is what is kept from
        patients from now on."""
        known = {(each.order_no, each.version): each.sensitive for each in ours}
        ready = [(each, known.get((each.order_no, each.version))) for each in theirs if each.state in READY]
        new = [each for each, hidden in ready if hidden is None or (each.sensitive and not hidden)]
        if not new:
            return
        async with self._database.transaction() as tx:
            await store.seen(tx, call.hospital_id, call.principal.patient_id, new, call.now)

    # -- one of them

    async def head(self, call: Call, order_no: str) -> DiagnosticReport:
        """
        Raises:
            ReportUnknown: there is none, or it is not this patient's or not in his tube: which of them is not said.
            HospitalUnavailable: it does not answer, and we keep no copy.
        """
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        async with self._database.read() as tx:
            ours = await store.head(tx, call.hospital_id, order_no, call.principal.patient_id)
        try:
            theirs = await self._reports.report(order_no)
        except HospitalUnavailable:
            if ours is None:
                raise
            theirs = None
        if theirs is not None and theirs.patient_no != patient_no:
            theirs = None
        found = ours if theirs is None else _latest(ours, theirs)
        if found is None or not _opened_by(call, found):
            raise ReportUnknown
        if theirs is not None:
            await self._note(call, [theirs], [ours] if ours else [])
        return found

    async def whole(self, call: Call, order_no: str) -> tuple[DiagnosticReport, WholeReport]:
        """A report with everything in it; from now on it is kept.

        Raises:
            ReportUnknown, HospitalUnavailable: see ``head``.
            ReportNotReady, ReportAtWindow: it is not to be read here.
        """
        found = await self.head(call, order_no)
        if found.sensitive:
            raise ReportAtWindow
        if found.state not in READY:
            raise ReportNotReady
        async with self._database.read() as tx:
            kept = await store.content(tx, call.hospital_id, order_no, found.version)
        return found, kept or await self._copy(call.hospital_id, found, call.now)

    # -- its pictures

    async def pictures(self, call: Call, about: DiagnosticReport) -> Pictures:
        """Of a report that ``whole`` has answered. It never fails for them: the words come first."""
        async with self._database.read() as tx:
            kept = await store.pictures(tx, call.hospital_id, about.order_no, about.version)
        if kept is not None:
            return kept
        if about.kind == "laboratory" or not isinstance(self._reports, ReportPictures):
            return Pictures()
        try:
            await self._copy_pictures(call.hospital_id, about, call.now)
        except HospitalUnavailable:
            return Pictures(complete=False)
        async with self._database.read() as tx:
            return await store.pictures(tx, call.hospital_id, about.order_no, about.version) or Pictures()

    async def picture(self, call: Call, order_no: str, nth: int, small: bool) -> bytes:
        """One that is kept, as JPEG.

        Raises:
            PictureUnknown: there is none, or it is not this patient's or not in his tube: which of them is not said.
        """
        who = (call.hospital_id, order_no, call.principal.patient_id)
        async with self._database.read() as tx:
            found = await store.picture(tx, *who, nth, small)
        if found is None or not _opened_by(call, found[0]):
            raise PictureUnknown
        return found[1]

    async def on_paper(self, call: Call, about: DiagnosticReport, most: int) -> list[tuple[Picture, bytes]]:
        """The first of those that are kept, as a sheet has them."""
        async with self._database.read() as tx:
            found = await store.shown(tx, call.hospital_id, about.order_no, about.version, most)
        return [(picture, await asyncio.to_thread(for_paper, shown)) for picture, shown in found]

    async def _copy_pictures(self, hospital_id: int, about: DiagnosticReport, now: datetime) -> None:
        """
        Raises:
            HospitalUnavailable: it does not answer.
        """
        found: list[Rendered] = []
        offered: list[OfferedPicture] = []
        if about.kind == "examination" and isinstance(self._reports, ReportPictures):
            offered = await self._reports.report_pictures(about.order_no, about.version)
            for each in {each.nth: each for each in offered if each.nth >= 1}.values():
                if len(found) < MOST and each.byte_count <= MOST_BYTES:
                    found += await self._rendered(self._reports, about, each)
        async with self._database.transaction() as tx:
            await store.keep_pictures(tx, hospital_id, about, found, len(offered) - len(found), now)

    async def _rendered(
        self, hospital: ReportPictures, about: DiagnosticReport, offered: OfferedPicture
    ) -> list[Rendered]:
        """None where it is not to be shown: people of the hospital have to know of it."""
        data = await hospital.report_picture(about.order_no, about.version, offered.nth)
        try:
            return [await asyncio.to_thread(rendered, offered, data or b"")]
        except PictureRefused as error:
            log.warning("reports.picture_refused", order_no=about.order_no, nth=offered.nth, why=str(error))
            return []

    async def _copy(self, hospital_id: int, about: DiagnosticReport, now: datetime) -> WholeReport:
        """
        Raises:
            ReportUnknown: the hospital does not have this version.
            HospitalUnavailable: it does not answer.
        """
        texts = await self._reports.report_texts(about.order_no)
        text = next((each for each in texts if each.version == about.version), None)
        if text is None:
            raise ReportUnknown(f"version {about.version}")
        observations = await self._reports.observations(about.order_no, about.version)
        whole = WholeReport(text=text, observations=observations)
        async with self._database.transaction() as tx:
            await store.keep(tx, hospital_id, about, whole, now)
        return whole

    # -- one value

    async def trend(self, call: Call, analyte_code: str) -> tuple[list[TrendPoint], bool]:
        """Oldest first, and whether the hospital has answered; what its archive has lost is ours. A value of the
        hospital's is shown where its report may be: of one that nobody knows it cannot be told."""
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        known, (theirs, complete) = await alongside(self.all(call, anew=True), self._points(patient_no, analyte_code))
        shown = {each.order_no for each in known.reports if not each.sensitive} - known.ahead
        who = (call.hospital_id, call.principal.patient_id)
        async with self._database.read() as tx:
            ours = await store.trend(tx, *who, analyte_code, POINTS)
        merged = {each.order_no: each for each in (*ours, *(each for each in theirs if each.order_no in shown))}
        points = sorted(merged.values(), key=lambda each: (each.sampled_at, each.order_no))
        return points[-POINTS:], complete

    async def _points(self, patient_no: str, analyte_code: str) -> tuple[list[TrendPoint], bool]:
        """The hospital's, and whether it has answered."""
        try:
            return await self._reports.trend(patient_no, analyte_code, POINTS), True
        except HospitalUnavailable:
            return [], False

    # -- for good

    async def copy_missing(self, now: datetime) -> int:
        """One round: what was listed and never opened is copied too; how many were. Any number of processes may."""
        async with self._database.read() as tx:
            missing = await store.missing(tx, now - SETTLES, COPIED_AT_ONCE)
        copied = 0
        for hospital_id, about in missing:
            try:
                await self._copy(hospital_id, about, now)
            except ReportUnknown:
                log.warning("reports.not_copied", order_no=about.order_no, version=about.version)
                async with self._database.transaction() as tx:
                    await store.later(tx, hospital_id, about, now)
                continue
            except HospitalUnavailable:
                break
            copied += 1
        return copied + await self._picture_missing(now)

    async def _picture_missing(self, now: datetime) -> int:
        """The same of pictures, where the hospital gives any."""
        if not isinstance(self._reports, ReportPictures):
            return 0
        async with self._database.read() as tx:
            missing = await store.unpictured(tx, now - SETTLES, PICTURED_AT_ONCE)
        for done, (hospital_id, about) in enumerate(missing):
            try:
                await self._copy_pictures(hospital_id, about, now)
            except HospitalUnavailable:
                return done
        return len(missing)


def _opened_by(call: Call, found: DiagnosticReport) -> bool:
    """Everything is open to the patient himself, what is in it to whoever has the tube."""
    tube = call.principal.specimen
    return not tube or found.barcode == tube


def _latest(ours: DiagnosticReport | None, theirs: DiagnosticReport) -> DiagnosticReport:
    """A laboratory may have brought a version that the hospital's own system does not have yet; what one of them keeps
    from patients is kept from them."""
    if ours is None or ours.version < theirs.version:
        return theirs
    latest = theirs if ours.version == theirs.version else ours
    return msgspec.structs.replace(latest, sensitive=ours.sensitive or theirs.sensitive)


def _newest(found: Iterable[DiagnosticReport]) -> list[DiagnosticReport]:
    return sorted(found, key=lambda each: (each.requested_at, each.order_no), reverse=True)
