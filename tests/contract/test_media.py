"""The mission's table of identity media, row by row: what stands for each at the sandbox's counters, which journeys it
opens, and that it opens no other. Face and wallets identify by journeys of their own; a prepaid account only pays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import pytest
from holder_stage import BANK_PAN, PUBLIC_PAN, SOCIAL_PAN, VAULT, HolderStage, Kiosk
from report_hands import EVER, finished
from whole_stage import play

from yinyi.access.insurance.certificates import mapping
from yinyi.access.insurance.certificates.config import CertificatesConfig
from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller, Operation
from yinyi.business.billing.messages import GetInvoice, IdentifyByForm
from yinyi.business.identity import sessions, store
from yinyi.business.identity.messages import Identified, Identify, IdentifyByNumber, ListCredentials, RegisterPatient
from yinyi.business.identity.messages_cards import IdentifyByCertificate
from yinyi.business.identity.model import CertificateHolder, CertificateRefused, PatientRecord
from yinyi.business.inpatient.messages import FindStay
from yinyi.business.payments.messages import ListPayments
from yinyi.business.prepaid.messages import GetPrepaidAccount
from yinyi.business.reports.messages import IdentifyByTube, ListReports
from yinyi.business.scheduling.errors import NoSuchBooking
from yinyi.business.scheduling.messages import ListRegistrations
from yinyi.business.scheduling.messages_booking import GetAppointment, IdentifyBySlip, ListAppointments
from yinyi.business.terminals.media import MEDIUM_KINDS, MediumKind
from yinyi.business.terminals.messages import GetTerminal, PresentCard, PresentCode
from yinyi.business.terminals.messages_media import ClassifyCode
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.errors import SessionEnded, YinyiError
from yinyi.wire.resident_card import encode
from yinyi_sandbox.insurance.rules import Certificates
from yinyi_sandbox.people.people import person

Journey = Literal["register", "book", "check_in", "bills", "account", "inpatient", "reports", "reprint", "cards"]
EVERYTHING: frozenset[Journey] = frozenset(get_args(Journey))
NOTHING: frozenset[Journey] = frozenset()
OPENS: Mapping[MediumKind, frozenset[Journey]] = {
    "resident_card": EVERYTHING,
    "hmt_resident_card": EVERYTHING,
    "permanent_resident_card": EVERYTHING,
    "bank_card": EVERYTHING,
    "public_card": EVERYTHING,
    "social_security_card": EVERYTHING,
    "insurance_code": EVERYTHING,
    "hospital_number": EVERYTHING,  # with a proof
    "request_form": frozenset({"bills"}),
    "tube": frozenset({"reports"}),
    "booking_slip": frozenset({"check_in"}),
    "payer_code": NOTHING,  # it pays
    "payment_slip": NOTHING,  # its number is asked about under a session of one's own
    "resident_number": NOTHING,  # a copy proves nothing
}
BOOKED = "26112309300000ABCDEFGH"
_serial = count(1)


class Decoder:
    """The sandbox's certificates, by the connector's own reading of what it answers."""

    def __init__(self) -> None:
        self.phone: Certificates | None = None

    async def decode(self, code: str) -> CertificateHolder | CertificateRefused:
        assert self.phone is not None
        _, found = self.phone.read(code)
        assert found is not None
        told = {"code": 0, "data": {"idNo": found.card.number, "idType": "01", "userName": found.name}}
        return mapping.answer(CertificatesConfig(decoder_url="http://decoder"), msgspec.json.encode(told))


@dataclass
class Tried:
    """What came of it. opened: by medium; misled: media that another kind's operation took for its own."""

    opened: dict[MediumKind, set[Journey]] = field(default_factory=dict[MediumKind, set[Journey]])
    misled: list[tuple[MediumKind, str]] = field(default_factory=list[tuple[MediumKind, str]])
    classified: dict[MediumKind, list[str]] = field(default_factory=dict[MediumKind, list[str]])


async def opened(kiosk: Kiosk, session: str, bill: str) -> set[Journey]:
    kiosk.session = session
    probes: dict[Journey, Operation[Any]] = {
        "register": ListRegistrations(),
        "book": ListAppointments(),
        "check_in": GetAppointment(payment_no=BOOKED),
        "bills": GetInvoice(number=bill),
        "account": GetPrepaidAccount(),
        "inpatient": FindStay(),
        "reports": ListReports(),
        "reprint": ListPayments(),
        "cards": ListCredentials(),
    }
    found: set[Journey] = set()
    for journey, probe in probes.items():
        try:
            await kiosk.ask(probe)
        except SessionEnded:
            continue
        except YinyiError:
            assert journey in ("check_in", "bills"), "looked for, and not among his own"
        found.add(journey)
    kiosk.session = ""
    return found


async def laid(kiosk: Kiosk, key: str) -> str:
    """A document of the sandbox's tray; a first visit is put on record."""
    block = encode(person(key).card)
    event = PresentCard(epoch=kiosk.epoch, event_id=f"card-{next(_serial)}", device="reader", block=block)
    await kiosk.stage.ask(Caller.TERMINAL, event, terminal=kiosk.agent)
    found = await kiosk.ask(Identify())
    if found.status == "first_visit":
        found = await kiosk.ask(RegisterPatient(ticket=found.ticket))
    return found.session_token


async def held(kiosk: Kiosk, text: str) -> int:
    """Under the scanner; the version before it."""
    after = (await kiosk.ask(GetTerminal())).code_version
    event = PresentCode(epoch=kiosk.epoch, event_id=f"code-{next(_serial)}", device="scanner", text=text)
    await kiosk.stage.ask(Caller.TERMINAL, event, terminal=kiosk.agent)
    return after


READS: Mapping[MediumKind, type[Any]] = {
    "insurance_code": IdentifyByCertificate,
    "request_form": IdentifyByForm,
    "tube": IdentifyByTube,
    "booking_slip": IdentifyBySlip,
}


async def scanned(kiosk: Kiosk, kind: MediumKind, text: str, tried: Tried) -> str:
    """The session that it opens; no operation for another kind takes it for its own."""
    tried.classified[kind] = [*(await kiosk.ask(ClassifyCode(after=await held(kiosk, text)))).kinds]
    for other, reads in READS.items():
        if other != kind and not (other == "insurance_code" and text.isalnum()):
            try:
                await kiosk.ask(reads(after=await held(kiosk, text)))
            except YinyiError:
                continue
            tried.misled.append((kind, other))
    if kind == "booking_slip":
        with pytest.raises(NoSuchBooking):
            await kiosk.ask(IdentifyBySlip(after=await held(kiosk, text)))
        return await as_booked(kiosk, person("wang-fang").records[0].patient_no)
    if kind not in READS:
        return ""
    found: Identified = await kiosk.ask(READS[kind](after=await held(kiosk, text)))
    return found.session_token


async def as_booked(kiosk: Kiosk, patient_no: str) -> str:
    """What the slip of a booking of that day opens, as its own test shows."""
    now = kiosk.stage.line.clock.now()
    record = PatientRecord(patient_no=patient_no, name="王芳", sex="female", born_on=None)
    async with kiosk.stage.line.database.transaction() as tx:
        patient = await store.keep_patient(tx, VAULT, HOSPITAL_ID, record, now)
        where = (HOSPITAL_ID, kiosk.terminal_id, patient.patient_id, "slip-session", now)
        await sessions.start_session(tx, *where, opened_by=f"booking:{BOOKED}")
    return "slip-session"


async def every_medium(stage: HolderStage, hospital: Stage, decoder: Decoder) -> Tried:
    kiosk, tried = stage.hall, Tried()
    somebody = person("wang-fang")
    patient_no = somebody.records[0].patient_no
    [bill, *_] = await hospital.hands.order(patient_no, "0102")
    for key in ("wang-fang", "chan-kahin", "martin-claire"):
        tried.opened[person(key).kind] = await opened(kiosk, await laid(kiosk, key), bill)
    pans: dict[MediumKind, str] = {
        "bank_card": BANK_PAN,
        "public_card": PUBLIC_PAN,
        "social_security_card": SOCIAL_PAN,
    }
    for kind, pan in pans.items():
        kiosk.session = await laid(kiosk, "wang-fang")
        assert (await kiosk.bound(pan)).state == "bound"
        kiosk.session = ""
        found = (await kiosk.identified(pan)).identified
        tried.opened[kind] = await opened(kiosk, found.session_token if found else "", bill)
    proven = await kiosk.ask(IdentifyByNumber(patient_no=patient_no, proof=somebody.phone[-4:]))
    tried.opened["hospital_number"] = await opened(kiosk, proven.session_token, bill)
    invoice = await hospital.bills.invoice(bill)
    assert invoice is not None
    reports = await hospital.reports.reports(patient_no, *EVER, 100)
    decoder.phone = Certificates(stage.line.clock)
    texts: dict[MediumKind, str] = {
        "insurance_code": decoder.phone.show(somebody).code,
        "request_form": invoice.form_no,
        "tube": next(each.barcode for each in reports if each.barcode),
        "booking_slip": f"BK{BOOKED}",
        "payer_code": "134567890123456789",
        "payment_slip": f"PY{BOOKED}",
        "resident_number": somebody.card.number,
    }
    for kind, text in texts.items():
        session = await scanned(kiosk, kind, text, tried)
        tried.opened[kind] = await opened(kiosk, session, bill) if session else set()
    return tried


def test_each_medium_opens_what_the_mission_says_and_nothing_else(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    """One stage for the whole table: every medium is held against one kiosk, and every journey is tried with it."""
    tables: list[Tried] = []
    decoder = Decoder()

    async def story(stage: HolderStage, hospital: Stage) -> None:
        await finished(hospital)
        stage.line.clock.at = await hospital.now()
        tables.append(await every_medium(stage, hospital, decoder))

    play(platform_url, tmp_path, postgres, story, certificates=decoder)
    [tried] = tables
    assert set(OPENS) == set(MEDIUM_KINDS)
    assert tried.opened == OPENS
    assert tried.misled == []
    assert tried.classified == {kind: [kind] for kind in tried.classified}
