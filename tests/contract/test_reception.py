"""The sandbox's HIS takes what the platform's connector tells it, keeps it, and says what is wrong with the rest."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hospital_stage import procedures

from yinyi.access.notification.mllp.config import MllpConfig
from yinyi.access.notification.mllp.mapping import message
from yinyi.access.notification.mllp.plugin import Mllp
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.news.bulletin_model import Bulletin, ChargeFacts, VisitFacts
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.money import Fen
from yinyi.wire.hl7.codec import written
from yinyi_sandbox.hospital.hl7.reception import Reception

HL7APY: Any = import_module("hl7apy.parser")
AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HEARD = "SELECT answer, event, patient_no, reference, payment_no, amount_fen FROM his.heard WHERE control_id = $1"
Story = Callable[[Reception, Mllp, MllpConfig, list[str]], Awaitable[None]]


def bulletin(control_id: str, patient_no: str, **about: Any) -> Bulletin:
    told: dict[str, Any] = {
        "control_id": control_id,
        "event": "charged",
        "payment_no": "PY1",
        "made_at": AT,
        "patient_no": patient_no,
        "name": "欧阳|春晓",
        "sex": "female",
        "born_on": date(1991, 4, 16),
        "charge": ChargeFacts(
            amount_fen=Fen(5050), purpose="registration", description="挂号", tender="wechatpay", at=AT
        ),
    }
    return Bulletin(**(told | about))


def booked(control_id: str, patient_no: str, **about: Any) -> Bulletin:
    visit = VisitFacts(
        reference="R-1",
        schedule_id="202611230001",
        department_id="0101",
        department="心内科",
        practitioner_id="D1",
        practitioner="王医生",
        starts_at=AT,
        ends_at=AT,
    )
    return bulletin(control_id, patient_no, **({"event": "booked", "charge": None, "visit": visit} | about))


@pytest.fixture
def plays(tmp_path: Path, postgres: EmbeddedPostgres) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        async def whole() -> None:
            async with procedures(postgres) as hospital:
                pool = hospital.far.hospital.pool
                await pool.execute("TRUNCATE his.heard")
                reception = Reception(pool, ShiftedClock(), "a key of ours", tmp_path)
                await reception.start()
                try:
                    reception.write_settings(tmp_path / "mllp.json")
                    config = msgspec.json.decode((tmp_path / "mllp.json").read_bytes(), type=MllpConfig)
                    await story(reception, Mllp(config), config, await hospital.patient_numbers(1))
                finally:
                    await reception.stop()

        asyncio.run(whole())

    return run


def test_visits_and_charges_are_kept_and_answered(plays: Callable[[Story], None]) -> None:
    async def story(reception: Reception, platform: Mllp, _: MllpConfig, numbers: list[str]) -> None:
        [one] = numbers
        for each in (
            booked("B1", one),
            booked("B2", one, event="cancelled"),
            bulletin("B3", one),
            bulletin("B4", one, event="credited"),
        ):
            for _again in range(2):
                assert (await platform.carry("his", each)).outcome == "taken"
        kept = [tuple(await reception.pool.fetchrow(HEARD, f"B{nth}") or ()) for nth in range(1, 5)]
        assert kept == [
            ("AA", "SIU^S12", one, "R-1", "", None),
            ("AA", "SIU^S15", one, "R-1", "", None),
            ("AA", "DFT^P03", one, "", "PY1", 5050),
            ("AA", "DFT^P03", one, "", "PY1", -5050),
        ]

    plays(story)


def test_a_hospital_that_wants_accounts_and_deletions_gets_them(plays: Callable[[Story], None]) -> None:
    """As the standard has them."""

    async def story(reception: Reception, _: Mllp, config: MllpConfig, numbers: list[str]) -> None:
        [one] = numbers
        wants = msgspec.structs.replace(config.receivers[0], charges="BAR", cancelled="S17")
        platform = Mllp(msgspec.structs.replace(config, receivers=[wants]))
        standing = [("charged", 5050, 5050), ("charged", 100, 5150), ("credited", 150, 5000), ("credited", 5000, 0)]
        told = [booked("B0", one, event="cancelled")]
        for nth, (event, fen, stands_fen) in enumerate(standing, 1):
            charge = ChargeFacts(
                amount_fen=Fen(fen),
                stands_fen=Fen(stands_fen),
                purpose="invoice",
                description="缴费",
                tender="cash",
                at=AT,
            )
            told.append(bulletin(f"B{nth}", one, event=event, charge=charge))
        for each in told:
            assert HL7APY.parse_message(written(message(each, wants, config))).validate()
            assert (await platform.carry("his", each)).outcome == "taken"
        kept = [tuple(await reception.pool.fetchrow(HEARD, each.control_id) or ()) for each in told]
        assert kept == [
            ("AA", "SIU^S17", one, "R-1", "", None),
            ("AA", "BAR^P01", one, "", "PY1", 5050),
            ("AA", "BAR^P05", one, "", "PY1", 5150),
            ("AA", "BAR^P05", one, "", "PY1", 5000),
            ("AA", "BAR^P06", one, "", "PY1", 0),
        ]

    plays(story)


def test_what_is_wrong_is_refused_and_may_be_put_right(plays: Callable[[Story], None]) -> None:
    async def story(reception: Reception, platform: Mllp, config: MllpConfig, numbers: list[str]) -> None:
        [one] = numbers
        unknown = await platform.carry("his", bulletin("B1", "2016999999"))
        assert (unknown.outcome, unknown.problem[:2]) == ("refused", "AE")
        assert await reception.pool.fetchval("SELECT answer FROM his.heard WHERE control_id = 'B1'") == "AE"
        assert (await platform.carry("his", bulletin("B1", one))).outcome == "taken", "put right"
        other = await platform.carry("his", bulletin("B1", one, payment_no="PY2"))
        assert (other.outcome, other.problem[:2]) == ("refused", "AE"), "another one under the same number"
        assert "PY1" in tuple(await reception.pool.fetchrow(HEARD, "B1") or ())
        stranger = msgspec.structs.replace(config.receivers[0], key="another key")
        not_known = await Mllp(msgspec.structs.replace(config, receivers=[stranger])).carry("his", bulletin("B2", one))
        assert (not_known.outcome, not_known.problem[:2]) == ("refused", "AR")
        assert await reception.pool.fetchval("SELECT count(*) FROM his.heard") == 1

    plays(story)


@pytest.mark.parametrize(
    ("event", "line", "code"),
    [
        ("ADT^A01", "PV1|1|O", "AR"),
        ("BAR^P01", "PV1|1|O", "AE"),
        ("DFT^P03", "FT1|1|||20261123||CG||||1|5.5^CNY||||||||||||PY1", "AE"),
        ("SIU^S12", "SCH||2", "AE"),
    ],
)
def test_what_it_does_not_take_is_said_so(plays: Callable[[Story], None], event: str, line: str, code: str) -> None:
    async def story(reception: Reception, platform: Mllp, _: MllpConfig, numbers: list[str]) -> None:
        first = f"MSH|^~\\&|YINYI||HIS|YSRMYY|20261123|{reception.key}|{event}|B9|P|2.5.1||||||UNICODE UTF-8"
        text = f"{first}\rPID|1||{numbers[0]}\r{line}\r"
        said = (await reception.hear(text.encode())).decode()
        assert HL7APY.parse_message(said).msa.msa_1.value == code

    plays(story)


def test_a_database_that_is_gone_answers_nothing(plays: Callable[[Story], None]) -> None:
    async def story(reception: Reception, platform: Mllp, _: MllpConfig, numbers: list[str]) -> None:
        await reception.pool.execute("ALTER TABLE his.heard RENAME TO away")
        try:
            assert (await platform.carry("his", bulletin("B1", numbers[0]))).outcome == "away"
        finally:
            await reception.pool.execute("ALTER TABLE his.away RENAME TO heard")
        assert (await platform.carry("his", bulletin("B1", numbers[0]))).outcome == "taken"

    plays(story)


def test_it_listens_where_it_did(plays: Callable[[Story], None], tmp_path: Path) -> None:
    async def story(reception: Reception, _: Mllp, config: MllpConfig, numbers: list[str]) -> None:
        await reception.stop()
        again = Reception(reception.pool, ShiftedClock(), reception.key, tmp_path)
        await again.start()
        assert again.port == config.receivers[0].port
        await again.stop()

    plays(story)
