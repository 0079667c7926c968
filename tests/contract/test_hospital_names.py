"""A hospital under other names than ours, and what is noticed before anybody asks it."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from hospital_stage import DATABASE, ROLE, make_database, procedures

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.plugin import PLUGIN
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.soap.plugin import PLUGIN as SOAP
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.outcome import Refused
from yinyi.kernel.plugin import Surroundings

OTHER_NAMES = """
CREATE OR REPLACE FUNCTION his."病人查询"("证件类型" text, "证件号" text)
RETURNS TABLE ("ID号" text, "XM" text, "性别" text, "生日" date) LANGUAGE sql SECURITY DEFINER AS $$
    SELECT patient_no, full_name, CASE sex_code WHEN '1' THEN 'M' WHEN '2' THEN 'F' END, birth_date
    FROM his.query_patient("证件类型", "证件号") $$;
"""
MAPPING = """
trades = "his.{snake}"
parameters = "p_{snake}"

[codes.sex_code]
M = "1"
F = "2"

[trade.query_patient]
is = "his.病人查询"
parameters = { doc_type = "证件类型", doc_no = "证件号" }
columns = { patient_no = "ID号", full_name = "XM", sex_code = "性别", birth_date = "生日" }
fixed = { phone = "13800000000" }

[trade.query_analyte]
is = ""
"""


def connector(postgres: EmbeddedPostgres, mapping: str) -> TradesHospital:
    url = postgres.url(DATABASE, ROLE)
    config = ProceduresConfig(url=url, mapping=mapping, call_timeout_s=20, connect_timeout_s=20)
    return PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))


def test_a_hospital_under_other_names(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text(MAPPING, encoding="utf-8")

    async def go() -> None:
        make_database(postgres)
        async with procedures(postgres) as stage:
            owner = await asyncpg.connect(postgres.url(DATABASE, "hospital"))
            await owner.execute(OTHER_NAMES)
            await owner.execute(f'GRANT EXECUTE ON FUNCTION his."病人查询" TO {ROLE}')
            row = await owner.fetchrow("SELECT doc_no FROM his.patient_document WHERE doc_type = '01' LIMIT 1")
            assert row is not None
            usual = (await stage.patients.find("resident_card", row["doc_no"]))[0]
            hospital = connector(postgres, str(file))
            await hospital.start()
            assert await hospital.misfits() == []
            found = (await hospital.find("resident_card", row["doc_no"]))[0]
            assert (found.patient_no, found.name, found.sex, found.born_on) == (
                *(usual.patient_no, usual.name, usual.sex, usual.born_on),
            )
            assert found.phone == "13800000000"
            await hospital.stop()
            await owner.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[trade.query_patient]\nis = 'his.nothing'", "his.nothing"),
        ("[trade.query_patient]\nis = 'his.query_patient'\ncolumns = { phone = 'mobile' }", "mobile"),
        ("[trade.query_patient]\ncolumns = { phone = 'birth_date' }", "phone is date, not text"),
        ("[trade.query_created]\nparameters = { ref = 'p_reference' }", "p_reference"),
        ("[trade.query_created]\ngiven = { p_clerk = 'ZZ' }", "p_clerk"),
    ],
)
def test_what_the_hospital_has_not_is_noticed_before_it_is_asked(
    postgres: EmbeddedPostgres, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "names.toml"
    file.write_text(f"trades = 'his.{{snake}}'\nparameters = 'p_{{snake}}'\n{text}", encoding="utf-8")

    async def go() -> None:
        make_database(postgres)
        async with procedures(postgres):
            [why] = await connector(postgres, str(file)).misfits()
            assert says in why

    asyncio.run(go())


def test_forms_have_types_of_their_own(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    forms = "[forms]\ndays = '%Y%m%d'\nzone = 'Asia/Shanghai'\nmoney = 'yuan'\n"
    file.write_text(f"trades = 'his.{{snake}}'\nparameters = 'p_{{snake}}'\n{forms}", encoding="utf-8")

    async def go() -> None:
        async with procedures(postgres):
            told = await connector(postgres, str(file)).misfits()
            [schedule] = [one for one in told if one.startswith("query_schedule: ")]
            assert "first is date, not text" in schedule
            assert "starts_at is timestamptz, not instant" in schedule
            assert "fee_fen is int4, not number" in schedule
            assert not [one for one in told if one.startswith("query_doctor")]

    asyncio.run(go())


def test_nobody_there_is_nothing_wrong() -> None:
    nowhere = ProceduresConfig(url="postgresql://nobody@127.0.0.1:1/none")
    around = Surroundings(clock=ShiftedClock(), callback_url="")
    assert asyncio.run(PLUGIN.build(nowhere, around).misfits()) == []
    assert asyncio.run(SOAP.build(SoapConfig(wsdl="http://127.0.0.1:1/none?wsdl"), around).misfits()) == []


def test_a_trade_that_the_hospital_has_not_is_refused(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text("[trade.release_number]\nis = ''\n", encoding="utf-8")

    async def go() -> None:
        hospital = connector(postgres, str(file))
        await hospital.start()
        outcome = await hospital.release("R1")
        assert isinstance(outcome, Refused)
        assert "release_number" in outcome.detail
        await hospital.stop()

    asyncio.run(go())
