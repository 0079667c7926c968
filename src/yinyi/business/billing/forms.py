"""The QR of a request form (申请单二维码): held under the scanner it opens exactly its bill, whoever holds it. Whoever
has identified himself stays who he is for his own bills."""

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.billing.errors import FormUnknown
from yinyi.business.billing.messages import FormOpened, IdentifyByForm
from yinyi.business.billing.model import Invoice
from yinyi.business.billing.ports import Hospital
from yinyi.business.identity import attempts
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.identity.model import PatientRecord
from yinyi.business.identity.sessions import start_session
from yinyi.business.identity.store import keep_patient
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.terminals.presented import Presented
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Vault

LONGEST = 64


class RequestForms:
    """The operation of a kiosk's page that has heard of a scan while nobody is known, or on somebody's bills."""

    def __init__(self, database: Database, hospital: Hospital, presented: Presented, vault: Vault) -> None:
        self._database = database
        self._hospital = hospital
        self._presented = presented
        self._vault = vault

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(IdentifyByForm, self.open)

    async def open(self, call: Call, message: IdentifyByForm) -> FormOpened:
        """Whatever becomes of it, this scan is used up. Only wrong codes count as tries.

        Raises:
            NothingScanned, TooManyTries, FormUnknown.
            HospitalUnavailable: it does not answer.
        """
        at = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            code = await self._presented.take_code(tx, *at, message.after)
        if code is None:
            raise NothingScanned
        tried = (*at, self._vault.index(code, "identification_attempt.form"))
        async with self._database.transaction() as tx:
            within = await attempts.count(tx, *tried, call.now)
        if not within:
            raise TooManyTries
        try:
            found = await self._found(code)
        except HospitalUnavailable:
            async with self._database.transaction() as tx:
                await attempts.give_back(tx, *tried)
            raise
        async with self._database.transaction() as tx:
            await attempts.give_back(tx, *tried)
            return await self._opened(tx, call, *found)

    async def _found(self, code: str) -> tuple[Invoice, PatientRecord]:
        """By the form's own number only: a bill's number, which is easily guessed, opens nothing."""
        if not code.isascii() or not code.isalnum() or len(code) > LONGEST:
            raise FormUnknown
        invoice = await self._hospital.invoice(code)
        if invoice is None or invoice.form_no != code:
            raise FormUnknown
        record = await self._hospital.by_number(invoice.patient_no)
        if record is None:
            raise FormUnknown
        return invoice, record

    async def _opened(self, tx: Tx, call: Call, invoice: Invoice, record: PatientRecord) -> FormOpened:
        patient = await keep_patient(tx, self._vault, call.hospital_id, record, call.now)
        who = call.principal
        if who.patient_id == patient.patient_id and not who.form:
            return FormOpened(invoice_no=invoice.invoice_no)
        session = token()
        at = (call.hospital_id, who.terminal_id)
        await start_session(tx, *at, patient.patient_id, session, call.now, opened_by=f"form:{invoice.invoice_no}")
        return FormOpened(invoice_no=invoice.invoice_no, session_token=session)
