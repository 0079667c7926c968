"""Identification tickets: what a card said and what was found, kept for five minutes between two pages.

A ticket belongs to its terminal. It is spent once, for one patient; asked again with the same ticket, the same session
is answered, so that a double click is no mistake.
"""

from datetime import date, datetime, timedelta

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages import FirstVisit, Match
from yinyi.business.identity.model import PatientRecord, Person, age_on
from yinyi.kernel.ids import token
from yinyi.kernel.masking import masked_name
from yinyi.kernel.secrets import Sealed, Vault, digest

LIVES = timedelta(minutes=5)

_SEALED = "identification_ticket.findings"
_FORGET = "DELETE FROM identification_ticket WHERE hospital_id = $1 AND expires_at <= $2"
_ISSUE = """
INSERT INTO identification_ticket (hospital_id, ticket_digest, terminal_id, findings_key_id, findings_data, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_FIND = """
SELECT findings_key_id, findings_data, patient_id FROM identification_ticket
WHERE hospital_id = $1 AND ticket_digest = $2 AND terminal_id = $3 AND expires_at > $4
"""
_LOCK = """
SELECT findings_key_id, findings_data, patient_id FROM identification_ticket
WHERE hospital_id = $1 AND ticket_digest = $2 AND terminal_id = $3 AND expires_at > $4
FOR UPDATE
"""
_SPEND = "UPDATE identification_ticket SET patient_id = $3 WHERE hospital_id = $1 AND ticket_digest = $2"


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Who the card says it is, and whom the hospital has on record under it, each under the choice that names him.
    guardian_id: whoever has come with a child; only he may use it."""

    person: Person
    records: dict[str, PatientRecord] = {}
    guardian_id: int = 0

    def first_visit(self) -> FirstVisit | None:
        """What may be shown of somebody who is not on record."""
        if self.records:
            return None
        born_on = self.person.born_on
        return FirstVisit(
            kind=self.person.kind,
            name=masked_name(self.person.name),
            sex=self.person.sex,
            born_year=born_on.year if born_on else None,
            number_tail=self.person.number[-4:],
        )

    def matches(self, today: date) -> list[Match]:
        """What may be shown of those on record. ``today``: the day in the hospital."""
        return [
            Match(
                choice=choice,
                name_masked=masked_name(record.name),
                age=age_on(today, record.born_on),
                number_tail=record.patient_no[-4:],
            )
            for choice, record in self.records.items()
        ]


class OpenTicket(msgspec.Struct, frozen=True, kw_only=True):
    """``patient_id``: whom it was spent for; 0: not yet spent."""

    findings: Findings
    patient_id: int = 0


async def issue(tx: Tx, vault: Vault, hospital_id: int, terminal_id: str, findings: Findings, now: datetime) -> str:
    """The ticket. What has run out is forgotten on the way, since it holds what cards said of people."""
    await tx.execute(_FORGET, hospital_id, now)
    ticket = token(24)
    sealed = vault.seal(msgspec.json.encode(findings).decode(), _SEALED)
    await tx.execute(_ISSUE, hospital_id, digest(ticket), terminal_id, sealed.key_id, sealed.data, now + LIVES)
    return ticket


async def opened(
    tx: Tx, vault: Vault, hospital_id: int, terminal_id: str, ticket: str, now: datetime, *, lock: bool = False
) -> OpenTicket:
    """What the ticket stands for; ``lock``: nobody else spends it until the end of the transaction.

    Raises:
        TicketExpired: unknown, of another terminal, or too old.
    """
    row = await tx.fetchrow(_LOCK if lock else _FIND, hospital_id, digest(ticket), terminal_id, now)
    if row is None:
        raise TicketExpired
    text = vault.open(Sealed(row["findings_key_id"], row["findings_data"]), _SEALED)
    findings = msgspec.json.decode(text, type=Findings)
    return OpenTicket(findings=findings, patient_id=row["patient_id"] or 0)


async def spend(tx: Tx, hospital_id: int, ticket: str, patient_id: int) -> None:
    """It stands for this patient now."""
    await tx.execute(_SPEND, hospital_id, digest(ticket), patient_id)


def session_token(vault: Vault, ticket_digest: bytes) -> str:
    """The token of the session that a ticket turns into: 128 bits that only we can make, the same each time."""
    return vault.index(ticket_digest.hex(), "identification_ticket.session").hex()
