"""A slip as it is kept: with no more of a person than the paper shows."""

from msgspec.structs import replace

from yinyi.business.documents.model import (
    AppointmentSlip,
    FiscalSlip,
    HoldSlip,
    ReceiptSlip,
    RegistrationSlip,
    SlipData,
)
from yinyi.kernel.masking import masked_name, masked_number


def masked(slip: SlipData) -> SlipData:
    """Masking what is masked already changes nothing, so the kept slip prints like the full one."""
    slip = replace(slip, guardian=masked_name(slip.guardian)) if slip.guardian else slip
    if isinstance(slip, RegistrationSlip | AppointmentSlip | HoldSlip):
        visit = slip.visit
        name, number = masked_name(visit.patient_name), masked_number(visit.patient_no)
        return replace(slip, visit=replace(visit, patient_name=name, patient_no=number))
    name = masked_name(slip.patient_name)
    if isinstance(slip, ReceiptSlip | FiscalSlip):
        return replace(slip, patient_name=name, patient_no=masked_number(slip.patient_no))
    return replace(slip, patient_name=name)
