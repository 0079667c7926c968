"""``ListsCharges``: what the hospital has charged to prepaid accounts."""

from datetime import timedelta

from yinyi.business.prepaid.ports import ListsCharges
from yinyi.conformance.behaviour import Script, equal
from yinyi.conformance.hospital.stage import Stage, reference

SCRIPT = Script((ListsCharges,))


@SCRIPT.behaviour()
async def what_was_charged_is_told_once_and_in_its_time(stage: Stage) -> None:
    since, ref = await stage.now(), reference()
    [patient_no] = await stage.patient_numbers(1)
    for _ in range(2):
        assert await stage.hands.charge_account(patient_no, ref, 1_250)
    until = await stage.now()
    [found] = [each for each in await stage.charges.account_charges(since, until) if each.charge_no == ref]
    equal((found.patient_no, found.amount_fen, found.returned_fen), (patient_no, 1_250, 0))
    assert found.institution_id
    assert since <= found.charged_at <= until
    before = await stage.charges.account_charges(since - timedelta(hours=2), since - timedelta(hours=1))
    assert ref not in {each.charge_no for each in before}
