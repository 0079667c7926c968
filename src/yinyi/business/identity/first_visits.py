"""The first visit: the hospital gives a number, and the card is bound to it."""

from datetime import date, datetime, timedelta

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.business.identity import tickets
from yinyi.business.identity.creations import Created, Creations
from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.identification import Identification
from yinyi.business.identity.messages import Identified, RegisterPatient
from yinyi.business.identity.model import Person
from yinyi.business.identity.sessions import verify_session
from yinyi.kernel.errors import InvalidField, SessionEnded
from yinyi.kernel.secrets import Vault, digest

OLDEST = date(1900, 1, 1)


class FirstVisits:
    """Handlers of ``RegisterPatient``."""

    def __init__(self, database: Database, creations: Creations, identification: Identification, vault: Vault) -> None:
        self._database = database
        self._creations = creations
        self._identification = identification
        self._vault = vault

    async def create(self, call: Call, message: RegisterPatient) -> Created | None:
        """The number, from the hospital; None when the ticket has been spent already.

        Raises:
            TicketExpired: lay the card on the reader again.
            CreationRefused, HospitalUnavailable: see ``Creations.bring_about``.
        """
        ticket = await self._ticket(call, message)
        if ticket.patient_id:
            return None
        if ticket.findings.records:
            raise InvalidField("ticket: it asks which patient it is")
        person = _completed(ticket.findings.person, message, call.now)

        async def is_spent() -> bool:
            return bool((await self._ticket(call, message)).patient_id)

        return await self._creations.bring_about(call.hospital_id, person, call.now, is_spent)

    async def _ticket(self, call: Call, message: RegisterPatient) -> tickets.OpenTicket:
        async with self._database.read() as tx:
            return await self._opened(tx, call, message)

    async def keep(self, tx: Tx, call: Call, message: RegisterPatient, created: Created | None) -> str:
        """Our record, the binding and the session, all at once; ``patient_id.ticket``."""
        ticket = await self._opened(tx, call, message, lock=True)
        patient_id = ticket.patient_id
        if created is not None:
            patient_id = (await self._creations.keep(tx, call.hospital_id, created, call.now)).patient_id
        await self._identification.redeem(tx, call, message.ticket, patient_id)
        return f"{patient_id}.{digest(message.ticket).hex()}"

    async def show(self, tx: Tx, call: Call, subject: str) -> Identified:
        """The session that the ticket became.

        Raises:
            SessionEnded: asked again after its end.
        """
        token = tickets.session_token(self._vault, bytes.fromhex(subject.split(".")[1]))
        facts = await verify_session(tx, call.hospital_id, token, call.principal.place, call.now)
        if facts is None:
            raise SessionEnded
        return await self._identification.known(tx, call, facts.patient, token)

    async def _opened(self, tx: Tx, call: Call, message: RegisterPatient, *, lock: bool = False) -> tickets.OpenTicket:
        where = (call.hospital_id, call.principal.place)
        opened = await tickets.opened(tx, self._vault, *where, message.ticket, call.now, lock=lock)
        if opened.findings.guardian_id:
            raise TicketExpired("of a child")
        return opened


def _completed(person: Person, message: RegisterPatient, now: datetime) -> Person:
    """With what only he himself can say.

    Raises:
        InvalidField: nobody is born then.
    """
    born_on = person.born_on or message.born_on
    if born_on is not None and not OLDEST < born_on <= now.date() + timedelta(days=1):
        raise InvalidField("born_on")
    sex = message.sex if person.sex == "unknown" else person.sex
    return replace(person, phone=message.phone, sex=sex, born_on=born_on)
