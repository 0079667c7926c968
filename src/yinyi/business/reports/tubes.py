"""The barcode of a blood tube (采血条码): opens what is tested out of that tube, and nothing else of its patient."""

import re

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.business.identity import attempts, store
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.sessions import start_session
from yinyi.business.reports.errors import TubeUnknown
from yinyi.business.reports.messages import IdentifyByTube
from yinyi.business.reports.ports import FindsPatients, Reports, ScannedCodes
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Vault

_BARCODE = re.compile(r"[0-9A-Za-z-]{4,32}")


class Tubes:
    """Handler of ``IdentifyByTube``. The code comes from the terminal's scanner, never from a page."""

    def __init__(
        self, database: Database, reports: Reports, index: FindsPatients, scanned: ScannedCodes, vault: Vault
    ) -> None:
        self._database = database
        self._reports = reports
        self._index = index
        self._scanned = scanned
        self._vault = vault

    async def identify(self, call: Call, message: IdentifyByTube) -> Identified:
        """Numbers of tubes follow one another, so tries are counted, for each terminal and for each number.

        Raises:
            TubeUnknown: nothing was scanned, or no tube of this hospital.
            TooManyTries, HospitalUnavailable.
        """
        terminal_id = call.principal.terminal_id
        async with self._database.transaction() as tx:
            code = await self._scanned.take_code(tx, call.hospital_id, terminal_id, message.after)
            if code is None or not _BARCODE.fullmatch(code):
                raise TubeUnknown
            index = self._vault.index(code, "identification_attempt.tube")
            within = await attempts.count_tube(tx, call.hospital_id, terminal_id, call.now)
            within &= await attempts.count(tx, call.hospital_id, terminal_id, index, call.now)
        if not within:
            raise TooManyTries
        try:
            found = await self._reports.reports_of_tube(code)
            numbers = {each.patient_no for each in found}
            record = await self._index.by_number(numbers.pop()) if len(numbers) == 1 else None
        except HospitalUnavailable:
            await self._give_back(call, index)
            raise
        if record is None:
            raise TubeUnknown
        session = token()
        async with self._database.transaction() as tx:
            await attempts.give_back(tx, call.hospital_id, terminal_id, index)
            patient = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
            at = (call.hospital_id, terminal_id)
            await start_session(tx, *at, patient.patient_id, session, call.now, opened_by=f"specimen:{code}")
        return Identified(status="known", session_token=session)

    async def _give_back(self, call: Call, index: bytes) -> None:
        async with self._database.transaction() as tx:
            await attempts.give_back(tx, call.hospital_id, call.principal.terminal_id, index)
