"""Whom a window or a doctor's room names by his hospital number: also somebody who was never here."""

import re

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.business.identity import store
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.ports import PatientIndex
from yinyi.kernel.secrets import Vault

HOSPITAL_NUMBER = re.compile(r"[0-9A-Z-]{1,32}")


class NamedPatients:
    """The hospital's own programs have seen who he is: whoever it knows is put on record at first contact."""

    def __init__(self, database: Database, index: PatientIndex, vault: Vault) -> None:
        self._database = database
        self._hospital = Hospital(index)
        self._vault = vault

    async def patient_id(self, call: Call, patient_no: str) -> int:
        """Asks the hospital about nobody who is on record here, so that he is found also while it is away.

        Raises:
            PatientUnknown: it knows nobody of this number.
            HospitalUnavailable: he is not on record here, and it does not answer.
        """
        number = patient_no.strip().upper()
        async with self._database.read() as tx:
            known = await store.patient_id_of(tx, call.hospital_id, number)
        if known:
            return known
        record = await self._hospital.by_number(number) if HOSPITAL_NUMBER.fullmatch(number) else None
        if record is None:
            raise PatientUnknown
        async with self._database.transaction() as tx:
            return (await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)).patient_id
