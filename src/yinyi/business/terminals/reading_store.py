"""What goes on at card terminals, in the database: one row a terminal. Statements only; times are parameters."""

from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.terminals.messages import CardRequest
from yinyi.business.terminals.model import LIVE, CardStep, ReadingState
from yinyi.kernel.secrets import Sealed


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A reading with all that the platform knows of it."""

    request_id: str
    payment_no: str
    patient_id: int
    session_id: int
    channel: str
    state: ReadingState
    card_in: bool
    forgotten: bool
    version: int
    until: datetime | None
    request: CardRequest | None
    opens_with: Sealed | None


_BEGIN = """
INSERT INTO card_reading AS r (hospital_id, terminal_id, request_id, payment_no, patient_id, session_id, channel,
  state, until, request, opens_key_id, opens_data)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, $9::jsonb, $10, $11)
ON CONFLICT (hospital_id, terminal_id) DO UPDATE SET
  request_id = $3, payment_no = $4, patient_id = $5, session_id = $6, channel = $7, state = 'asked', digits = 0,
  forgotten = false, until = $8, request = $9::jsonb, opens_key_id = $10, opens_data = $11, version = r.version + 1
RETURNING version
"""
_FIND = """
SELECT request_id, payment_no, patient_id, session_id, channel, state, card_in, forgotten, version, until,
  request::text AS request, opens_key_id, opens_data
FROM card_reading WHERE hospital_id = $1 AND terminal_id = $2
"""
_LOCK = f"{_FIND} FOR UPDATE"
_SLOT = """
INSERT INTO card_reading AS r (hospital_id, terminal_id, card_in, forgotten) VALUES ($1, $2, $3, $4)
ON CONFLICT (hospital_id, terminal_id) DO UPDATE SET card_in = $3, forgotten = $4, version = r.version + 1
RETURNING version
"""
_MOVE = """
UPDATE card_reading SET state = $3, digits = $4, version = version + 1,
  opens_key_id = CASE WHEN $5 THEN opens_key_id END, opens_data = CASE WHEN $5 THEN opens_data END
WHERE hospital_id = $1 AND terminal_id = $2
RETURNING version
"""
_LEAVE = """
UPDATE card_reading SET state = 'none', digits = 0, payment_no = '', patient_id = 0, session_id = 0, channel = '',
  until = NULL, request = NULL, opens_key_id = NULL, opens_data = NULL, version = version + 1
WHERE hospital_id = $1 AND terminal_id = $2
RETURNING version
"""

_request = msgspec.json.Decoder(CardRequest)
_PLAIN = [name for name in Row.__struct_fields__ if name not in ("request", "opens_with")]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card is wanted, what for, and how long."""

    request: CardRequest
    payment_no: str
    patient_id: int
    session_id: int
    channel: str
    until: datetime
    opens_with: Sealed


async def begin(tx: Tx, hospital_id: int, terminal_id: str, wish: Wish) -> int:
    """A card is asked for; whatever was asked for before is over. The version after it."""
    told = msgspec.json.encode(wish.request).decode()
    key = (wish.opens_with.key_id, wish.opens_with.data)
    who = (wish.request.request_id, wish.payment_no, wish.patient_id, wish.session_id)
    return int(await tx.fetchval(_BEGIN, hospital_id, terminal_id, *who, wish.channel, wish.until, told, *key))


async def find(tx: Tx, hospital_id: int, terminal_id: str, *, lock: bool = False) -> Row | None:
    """``lock``: nothing else happens at it until the commit."""
    row = await tx.fetchrow(_LOCK if lock else _FIND, hospital_id, terminal_id)
    if row is None:
        return None
    request = _request.decode(row["request"]) if row["request"] else None
    opens_with = Sealed(row["opens_key_id"], row["opens_data"]) if row["opens_data"] else None
    return Row(**{name: row[name] for name in _PLAIN}, request=request, opens_with=opens_with)


async def slot(tx: Tx, hospital_id: int, terminal_id: str, step: CardStep) -> int:
    """A card is in the slot now, or none any more. The version after it."""
    return int(await tx.fetchval(_SLOT, hospital_id, terminal_id, step != "removed", step == "forgotten"))


async def move(tx: Tx, hospital_id: int, terminal_id: str, state: ReadingState, digits: int = 0) -> int:
    """The version after it. What is over opens no card any more."""
    return int(await tx.fetchval(_MOVE, hospital_id, terminal_id, state, digits, state in LIVE))


async def leave(tx: Tx, hospital_id: int, terminal_id: str) -> int | None:
    """Nothing is asked for any more, and it is forgotten what was."""
    return await tx.fetchval(_LEAVE, hospital_id, terminal_id)
