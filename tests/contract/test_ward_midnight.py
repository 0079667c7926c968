"""A terminal in a ward sells outpatients' and inpatients' things alike, day and night; the bank sees two merchants."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from card_hall import HERE, CardHall, play
from line_stage import HOSPITAL, INPATIENT, OUTPATIENT, ZONE

from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.business.inpatient.messages import PayDeposit
from yinyi.business.inpatient.model import Stay
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_hours import USUAL
from yinyi.business.lines.line_routine import LineRoutine
from yinyi.business.terminals import offer_store
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.messages import GetTerminal
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Outcome

STAY = "269000012"


class Ward:
    """As much of a hospital as a deposit needs: one patient who lies in a ward."""

    call_timeout_s = 5.0

    def __init__(self) -> None:
        self.posted: list[Fen] = []

    async def stay(self, admission_no: str) -> Stay:
        admitted_at = datetime(2026, 3, 1, 2, tzinfo=UTC)
        return Stay(
            admission_no=admission_no,
            patient_no="0000000001",
            name="王芳",
            ward_id="W1",
            ward="心血管内科病区",
            ward_en="Cardiology",
            place="",
            bed="12",
            department_id="D02",
            practitioner_id="P1",
            practitioner="李明华",
            diagnosis="",
            admitted_at=admitted_at,
            discharged_at=None,
            settled_at=None,
            settlement_no="",
            state="admitted",
            charged_on=admitted_at.date(),
            cost_fen=Fen(0),
            deposit_fen=Fen(0),
            left_fen=0,
        )

    async def stays(self, patient_no: str) -> list[Stay]:
        return [await self.stay(STAY)]

    async def post_deposit(
        self, reference: str, admission_no: str, amount_fen: Fen, payment_no: str, means: str, paid_at: datetime
    ) -> Outcome:
        self.posted.append(amount_fen)
        return Done(evidence={"status": "posted", "admission_no": admission_no, "amount_fen": int(amount_fen)})


def at(text: str, day: int) -> datetime:
    return datetime.combine(date(2026, 3, day), time.fromisoformat(text), ZONE)


async def pays_both(hall: CardHall, when: datetime, account_fen: int, deposit_fen: int) -> None:
    """The same person at the same terminal, one after the other."""
    await hall.pass_by(when - hall.stage.clock.now())
    await hall.comes_back()
    terminal = await hall.at_screen(GetTerminal())
    assert terminal.profile == "ward"
    assert {"account", "inpatient"} <= {each.service for each in terminal.offers if not each.shut}, "day and night"
    number = await hall.to_pay(amount_fen=account_fen)
    await hall.brings(await hall.reads(number), slot=str(OUTPATIENT))
    assert await hall.paid(number)
    deposit = await hall.at_screen(PayDeposit(admission_no=STAY, amount_fen=Fen(deposit_fen)))
    await hall.brings(await hall.reads(deposit.payment_no), slot=str(INPATIENT))
    assert await hall.paid(deposit.payment_no)


async def settled(hall: CardHall, when: datetime) -> list[Sequence[int]]:
    """What the cut-over has closed up to then: session, batch, sum."""
    await hall.pass_by(when - hall.stage.clock.now())
    stage = hall.stage
    await LineRoutine(stage.database, stage.sessions, stage.clock, HOSPITAL, USUAL, "here:1", Directory()).round()
    query = "SELECT session_id, batch_no, debit_fen FROM line_batch ORDER BY batch_no, session_id"
    return [tuple(row) for row in await stage.rows(query)]


def test_both_scopes_at_one_ward_terminal_across_midnight(platform_url: str, tmp_path: Path) -> None:
    """Each payment in the batch of its own merchant number, each in the books of the day on which it was made."""
    ward = Ward()

    async def story(hall: CardHall) -> None:
        out, inn = hall.stage.outpatient, hall.stage.inpatient
        async with hall.stage.database.transaction() as tx:
            assert await offer_store.set_profile(tx, HOSPITAL_ID, HERE, "ward")
        hall.business.terminals.directory.forget()
        await pays_both(hall, at("23:55", 2), 1000, 30000)
        await pays_both(hall, at("00:10", 3), 2000, 40000)
        assert await settled(hall, at("00:29", 3)) == []
        assert await settled(hall, at("00:31", 3)) == [(out, 1, 3000), (inn, 1, 70000)]
        await pays_both(hall, at("00:40", 3), 500, 10000)
        assert await settled(hall, at("23:59", 3)) == [(out, 1, 3000), (inn, 1, 70000)]
        assert await settled(hall, at("00:31", 4)) == [
            (out, 1, 3000),
            (inn, 1, 70000),
            (out, 2, 500),
            (inn, 2, 10000),
        ]
        assert told_to_bank(hall) == [
            (OUTPATIENT, 1, 1000),
            (INPATIENT, 1, 30000),
            (OUTPATIENT, 1, 2000),
            (INPATIENT, 1, 40000),
            (OUTPATIENT, 2, 500),
            (INPATIENT, 2, 10000),
        ]
        assert await booked(hall) == {
            ("bank_card", OUTPATIENT.merchant_no, date(2026, 3, 2)): 1000,
            ("bank_card", INPATIENT.merchant_no, date(2026, 3, 2)): 30000,
            ("bank_card", OUTPATIENT.merchant_no, date(2026, 3, 3)): 2500,
            ("bank_card", INPATIENT.merchant_no, date(2026, 3, 3)): 50000,
        }
        assert ward.posted == [30000, 40000, 10000]

    play(platform_url, tmp_path, story, ward)


def told_to_bank(hall: CardHall) -> list[tuple[PosSession, int, int]]:
    said = [each for each in hall.stage.bank.said if each.kind == "purchase"]
    return [(each.slot, each.batch_no, each.what[0]) for each in said]


async def booked(hall: CardHall) -> dict[tuple[str, str, date], int]:
    """What the books say the bank owes, by merchant number and business date."""
    rows = await hall.stage.rows(
        "SELECT debit_account, business_date, sum(amount_fen)::int AS fen"
        " FROM posting JOIN journal_entry USING (hospital_id, entry_id)"
        " WHERE debit_account LIKE 'channel:%' GROUP BY 1, 2"
    )
    return {(*row["debit_account"].split(":")[1:3], row["business_date"]): row["fen"] for row in rows}
