"""Whose idempotency keys are whose: two who ask are never taken for one."""

from collections import Counter

from yinyi.bus.call import Principal
from yinyi.bus.operation import Caller

ICBC = Principal(Caller.INSTITUTION, 1, institution_id="icbc")
CCB = Principal(Caller.INSTITUTION, 1, institution_id="ccb")
HALL = Principal(Caller.KIOSK, 1, terminal_id="hall-1")
WARD = Principal(Caller.KIOSK, 1, terminal_id="ward-1")
AGENT = Principal(Caller.TERMINAL, 1, terminal_id="hall-1")
DESK = Principal(Caller.STAFF, 1, staff_id="operator")


def test_keys_of_one_mean_nothing_to_another() -> None:
    asking = [
        *(ICBC, CCB, HALL, WARD, AGENT, DESK),
        Principal(Caller.HOSPITAL, 1, institution_id="icbc"),
        Principal(Caller.STAFF, 1, staff_id="supervisor"),
        *(Principal(Caller.STAFF, 1, staff_id="operator", person=person) for person in ("0417", "0418")),
        *(Principal(Caller.INSTITUTION, 1, institution_id=each, patient_id=7) for each in ("icbc", "ccb")),
        *(Principal(Caller.KIOSK, 1, terminal_id=each, patient_id=7) for each in ("hall-1", "ward-1")),
        Principal(Caller.KIOSK, 1, terminal_id="hall-1", patient_id=8),
        *(Principal(Caller.KIOSK, 1, terminal_id="hall-1", patient_id=7, guardian_id=each) for each in (8, 9)),
    ]
    owners = Counter(who.key_owner for who in asking)
    assert [owner for owner, times in owners.items() if times > 1] == []
