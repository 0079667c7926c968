"""Does the hospital's list of what it has charged agree with what was charged here? Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from yinyi.business.prepaid.model import DifferenceKind, HospitalCharge
from yinyi.kernel.money import Fen

Key = tuple[str, str]
"""institution_id, charge_no."""


class HereCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged here. of_day: on the day that is looked at."""

    institution_id: str
    charge_no: str
    patient_no: str
    amount_fen: Fen
    returned_fen: Fen
    of_day: bool


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """patient_no: the hospital's, where it has the charge. hospital_fen, here_fen: left of it, on either side."""

    institution_id: str
    charge_no: str
    kind: DifferenceKind
    patient_no: str
    hospital_fen: Fen
    here_fen: Fen


def differences(
    theirs: Mapping[Key, HospitalCharge],
    of_day: Iterable[Key],
    ours: Mapping[Key, HereCharge],
    survivors: Mapping[str, str],
) -> list[Difference]:
    """theirs: of that day and a little around it. of_day: those of them that are surely of that day. ours: of that
    day, and those on their list of whatever day: what was charged around midnight may stand on either one. survivors:
    of patients' numbers that were merged, which is left: the hospital may call one and the same by either."""
    found = [_between(theirs[key], ours.get(key), survivors) for key in of_day]
    missing = [_here_only(each) for key, each in ours.items() if each.of_day and key not in theirs and _left(each)]
    return sorted(
        [*(each for each in found if each is not None), *missing],
        key=lambda each: (each.institution_id, each.charge_no),
    )


def _between(theirs: HospitalCharge, ours: HereCharge | None, survivors: Mapping[str, str]) -> Difference | None:
    """What is given back whole on one side and never was on the other one is nothing on both."""
    left, here = _left(theirs), _left(ours) if ours is not None else Fen(0)
    kind: DifferenceKind = "amount"
    if ours is None:
        kind = "hospital_only"
    elif survivors.get(ours.patient_no, ours.patient_no) != survivors.get(theirs.patient_no, theirs.patient_no):
        kind = "patient"
    if left == here and (kind != "patient" or not left):
        return None
    return Difference(
        institution_id=theirs.institution_id,
        charge_no=theirs.charge_no,
        kind=kind,
        patient_no=theirs.patient_no,
        hospital_fen=left,
        here_fen=here,
    )


def _here_only(ours: HereCharge) -> Difference:
    return Difference(
        institution_id=ours.institution_id,
        charge_no=ours.charge_no,
        kind="here_only",
        patient_no=ours.patient_no,
        hospital_fen=Fen(0),
        here_fen=_left(ours),
    )


def _left(charge: HospitalCharge | HereCharge) -> Fen:
    return Fen(charge.amount_fen - charge.returned_fen)
