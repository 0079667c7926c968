"""Cards of staff and what they have opened, in the database. Statements only; times are parameters."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.terminals.messages_maintenance import DeviceSeen, StaffCardView

# -- cards

_ENROL = """
INSERT INTO staff_card (hospital_id, number_index, pin_index, staff_id, terminal_id, enrolled_at, enrolled_by,
    first_person, good_since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8::text = '' THEN $6::timestamptz END)
ON CONFLICT (hospital_id, number_index) WHERE revoked_at IS NULL DO NOTHING
RETURNING card_id
"""
_CARDS = """
SELECT card_id, staff_id, terminal_id, enrolled_at, enrolled_by, first_person, second_person, good_since, revoked_at,
    tries
FROM staff_card WHERE hospital_id = $1
"""
_CARD = f"{_CARDS} AND card_id = $2"
_ALL = f"{_CARDS} ORDER BY card_id DESC LIMIT 500"
_REVOKE = "UPDATE staff_card SET revoked_at = coalesce(revoked_at, $3) WHERE hospital_id = $1 AND card_id = $2"
_WAITING = """
SELECT first_person FROM staff_card
WHERE hospital_id = $1 AND card_id = $2 AND staff_id = $3 AND good_since IS NULL AND revoked_at IS NULL
FOR UPDATE
"""
_CONFIRM = "UPDATE staff_card SET second_person = $3, good_since = $4 WHERE hospital_id = $1 AND card_id = $2"
_ONE_AT_A_TIME = "SELECT hospital_id FROM hospital WHERE hospital_id = $1 FOR NO KEY UPDATE"
_PEOPLE = """
SELECT count(DISTINCT staff_id) FROM staff_card
WHERE hospital_id = $1 AND good_since IS NOT NULL AND revoked_at IS NULL
"""
_VALID = """
SELECT card_id FROM staff_card
WHERE hospital_id = $1 AND number_index = $2 AND good_since IS NOT NULL AND revoked_at IS NULL
  AND terminal_id IN ('', $3)
"""
_ON_READER = """
SELECT c.card_id, c.staff_id, c.number_index, c.pin_index, c.tries, c.tried_at
FROM presented p JOIN staff_card c ON c.hospital_id = p.hospital_id AND c.card_id = p.staff_card_id
WHERE p.hospital_id = $1 AND p.terminal_id = $2 AND p.kind = 'card' AND p.present AND p.presented_at > $3
  AND c.revoked_at IS NULL
FOR UPDATE OF c
"""
_OF_STAFF = """
SELECT card_id, staff_id, number_index, pin_index, tries, tried_at FROM staff_card
WHERE hospital_id = $1 AND staff_id = $2 AND good_since IS NOT NULL AND revoked_at IS NULL ORDER BY card_id LIMIT 20
FOR UPDATE
"""
_TRIED = "UPDATE staff_card SET tries = $3, tried_at = $4 WHERE hospital_id = $1 AND card_id = $2"


class Card(NamedTuple):
    """``tries``: wrong PINs since the last right one, the latest ``tried_at``."""

    card_id: int
    staff_id: str
    number_index: bytes
    pin_index: bytes
    tries: int
    tried_at: datetime | None


async def enrol(
    tx: Tx,
    hospital_id: int,
    number: bytes,
    pin: bytes,
    staff_id: str,
    terminal_id: str,
    by: str,
    person: str,
    now: datetime,
) -> int | None:
    """None: this card is enrolled already. ``person``: the first of the two who decide; empty: it is good at once."""
    return await tx.fetchval(_ENROL, hospital_id, number, pin, staff_id, terminal_id, now, by, person)


async def waiting(tx: Tx, hospital_id: int, card_id: int, staff_id: str) -> str | None:
    """Who has said first whose card this is, while it waits for the second one; until the commit nobody else
    confirms it."""
    return await tx.fetchval(_WAITING, hospital_id, card_id, staff_id)


async def confirm(tx: Tx, hospital_id: int, card_id: int, person: str, now: datetime) -> None:
    await tx.execute(_CONFIRM, hospital_id, card_id, person, now)


async def one_at_a_time(tx: Tx, hospital_id: int) -> None:
    """Until the commit nobody else counts those who have cards."""
    await tx.execute(_ONE_AT_A_TIME, hospital_id)


async def people(tx: Tx, hospital_id: int) -> int:
    """How many of the staff have a card that is good."""
    return int(await tx.fetchval(_PEOPLE, hospital_id))


async def card(tx: Tx, hospital_id: int, card_id: int) -> StaffCardView | None:
    row = await tx.fetchrow(_CARD, hospital_id, card_id)
    return None if row is None else msgspec.convert(dict(row), StaffCardView)


async def cards(tx: Tx, hospital_id: int) -> list[StaffCardView]:
    return [msgspec.convert(dict(row), StaffCardView) for row in await tx.fetch(_ALL, hospital_id)]


async def revoke(tx: Tx, hospital_id: int, card_id: int, now: datetime) -> None:
    await tx.execute(_REVOKE, hospital_id, card_id, now)


async def valid(tx: Tx, hospital_id: int, number: bytes, terminal_id: str) -> int | None:
    """The card of this number that is good at this terminal."""
    return await tx.fetchval(_VALID, hospital_id, number, terminal_id)


async def on_reader(tx: Tx, hospital_id: int, terminal_id: str, since: datetime) -> Card | None:
    """The one that was laid since then and still lies there. Until the commit nobody else tries its PIN."""
    row = await tx.fetchrow(_ON_READER, hospital_id, terminal_id, since)
    return None if row is None else Card(*row)


async def of_staff(tx: Tx, hospital_id: int, staff_id: str) -> list[Card]:
    """His cards, wherever they are good. Until the commit nobody else tries their PINs."""
    return [Card(*row) for row in await tx.fetch(_OF_STAFF, hospital_id, staff_id)]


async def tried(tx: Tx, hospital_id: int, card_id: int, tries: int, now: datetime) -> None:
    await tx.execute(_TRIED, hospital_id, card_id, tries, now)


# -- what they have opened

_OPEN = """
INSERT INTO maintenance (hospital_id, ticket_digest, terminal_id, card_id, opened_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_OPENED = """
UPDATE maintenance m SET expires_at = $5
FROM staff_card c
WHERE m.hospital_id = $1 AND m.ticket_digest = $2 AND m.terminal_id = $3 AND m.ended_at IS NULL AND m.expires_at > $4
  AND c.hospital_id = m.hospital_id AND c.card_id = m.card_id AND c.revoked_at IS NULL
RETURNING c.staff_id
"""
_END = """
UPDATE maintenance SET ended_at = $3 WHERE hospital_id = $1 AND ticket_digest = $2 AND ended_at IS NULL
"""


async def open_ticket(
    tx: Tx, hospital_id: int, ticket: bytes, terminal_id: str, card_id: int, now: datetime, until: datetime
) -> None:
    await tx.execute(_OPEN, hospital_id, ticket, terminal_id, card_id, now, until)


async def opened(
    tx: Tx, hospital_id: int, ticket: bytes, terminal_id: str, now: datetime, until: datetime
) -> str | None:
    """Who has opened it, if it is open; from now on it lasts until then."""
    return await tx.fetchval(_OPENED, hospital_id, ticket, terminal_id, now, until)


async def end(tx: Tx, hospital_id: int, ticket: bytes, now: datetime) -> None:
    await tx.execute(_END, hospital_id, ticket, now)


# -- the terminal

_MACHINE = """
SELECT t.agent_version, t.line_up, t.line_seen_at, t.locked_at IS NOT NULL AS locked, t.locked_for
FROM terminal t WHERE t.hospital_id = $1 AND t.terminal_id = $2
"""
_DEVICES = """
SELECT device, kind, state, detail, changed_at AS since, failures FROM terminal_device
WHERE hospital_id = $1 AND terminal_id = $2 ORDER BY device
"""
_PAPER_CHANGED = """
UPDATE terminal_device SET state = 'ok', detail = '', changed_at = $3
WHERE hospital_id = $1 AND terminal_id = $2 AND kind = 'receipt_printer' AND state IN ('paper_low', 'paper_out')
"""
_QUEUE_TEST = """
INSERT INTO test_print (hospital_id, terminal_id, asked_at) VALUES ($1, $2, $3) RETURNING test_id
"""
_WAITING_TESTS = """
SELECT test_id FROM test_print
WHERE hospital_id = $1 AND terminal_id = $2 AND done_at IS NULL AND asked_at > $3 ORDER BY test_id LIMIT 4
"""
_TESTED = """
UPDATE test_print SET done_at = $5, problem = $4
WHERE hospital_id = $1 AND terminal_id = $2 AND test_id = $3 AND done_at IS NULL
RETURNING test_id
"""
_LATEST_TEST = """
SELECT asked_at, done_at, problem FROM test_print
WHERE hospital_id = $1 AND terminal_id = $2 AND asked_at > $3 ORDER BY test_id DESC LIMIT 1
"""


async def machine(tx: Tx, hospital_id: int, terminal_id: str) -> Row | None:
    """agent_version, line_up, line_seen_at, locked, locked_for."""
    return await tx.fetchrow(_MACHINE, hospital_id, terminal_id)


async def devices(tx: Tx, hospital_id: int, terminal_id: str) -> list[DeviceSeen]:
    rows = await tx.fetch(_DEVICES, hospital_id, terminal_id)
    return [msgspec.convert(dict(row), DeviceSeen) for row in rows]


async def paper_changed(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> None:
    """Until the printer itself says otherwise."""
    await tx.execute(_PAPER_CHANGED, hospital_id, terminal_id, now)


async def queue_test(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> int:
    return int(await tx.fetchval(_QUEUE_TEST, hospital_id, terminal_id, now))


async def waiting_tests(tx: Tx, hospital_id: int, terminal_id: str, since: datetime) -> list[int]:
    return [row["test_id"] for row in await tx.fetch(_WAITING_TESTS, hospital_id, terminal_id, since)]


async def tested(tx: Tx, hospital_id: int, terminal_id: str, test_id: int, problem: str, now: datetime) -> bool:
    """False: it was reported before, or there is none."""
    return await tx.fetchval(_TESTED, hospital_id, terminal_id, test_id, problem, now) is not None


TestState = Literal["none", "waiting", "printed", "failed"]


async def latest_test(tx: Tx, hospital_id: int, terminal_id: str, since: datetime) -> tuple[TestState, str]:
    """How it stands, and what was wrong."""
    row = await tx.fetchrow(_LATEST_TEST, hospital_id, terminal_id, since)
    if row is None:
        return "none", ""
    if row["done_at"] is None:
        return "waiting", ""
    return ("failed", row["problem"]) if row["problem"] else ("printed", "")
