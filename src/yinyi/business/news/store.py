"""SQL of news. Times are parameters."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.news.model import Ending, NewsKind, NewsState, NewsView, Trouble
from yinyi.kernel.secrets import Sealed

_FIELDS = "news_no, sender, control_id, kind, event, about, state, why, tries, received_at, handled_at"

TAKE = """
INSERT INTO hospital_news
  (hospital_id, sender, control_id, kind, event, about, digest, body_key_id, body_data, received_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
ON CONFLICT (hospital_id, sender, control_id) DO NOTHING
RETURNING news_no
"""
DIGEST = "SELECT digest FROM hospital_news WHERE hospital_id = $1 AND sender = $2 AND control_id = $3"
CLAIM = """
UPDATE hospital_news SET tries = tries + 1, next_at = $2
WHERE (hospital_id, news_no) IN (
  SELECT hospital_id, news_no FROM hospital_news WHERE state = 'waiting' AND next_at <= $1
  ORDER BY next_at, news_no LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING hospital_id, news_no, sender, body_key_id, body_data, tries, received_at
"""
END = """
UPDATE hospital_news SET state = $4, why = $5, next_at = NULL, handled_at = $6, handled_by = $7
WHERE hospital_id = $1 AND news_no = $2 AND tries = $3 AND state = 'waiting'
RETURNING true
"""
LATER = """
UPDATE hospital_news SET next_at = $4, why = $5
WHERE hospital_id = $1 AND news_no = $2 AND tries = $3 AND state = 'waiting'
"""
PARKED = """
SELECT :fields FROM hospital_news WHERE hospital_id = $1 AND news_no > $2 AND state = 'parked' ORDER BY news_no LIMIT $3
""".replace(":fields", _FIELDS)
WAITING = "SELECT count(*) FROM hospital_news WHERE hospital_id = $1 AND state = 'waiting'"
ONE = "SELECT :fields FROM hospital_news WHERE hospital_id = $1 AND news_no = $2".replace(":fields", _FIELDS)
BODY = """
SELECT state, body_key_id, body_data FROM hospital_news WHERE hospital_id = $1 AND news_no = $2
"""
DONE = """
UPDATE hospital_news SET state = 'done', why = 'told', handled_at = $3, handled_by = $4
WHERE hospital_id = $1 AND news_no = $2 AND state = 'parked' RETURNING true
"""
AGAIN = """
UPDATE hospital_news SET state = 'waiting', why = '', tries = 0, next_at = $3, handled_at = NULL, handled_by = ''
WHERE hospital_id = $1 AND news_no = $2 AND state = 'parked' RETURNING true
"""
ASIDE = """
UPDATE hospital_news SET state = 'set_aside', why = $3, handled_at = $4, handled_by = $5
WHERE hospital_id = $1 AND news_no = $2 AND state = 'parked' RETURNING true
"""


class Fresh(NamedTuple):
    """News as they are taken. digest: of what they say."""

    sender: str
    control_id: str
    kind: NewsKind
    event: str
    about: str
    digest: bytes
    body: Sealed


class Claimed(NamedTuple):
    """News that this process sees to now."""

    hospital_id: int
    news_no: int
    sender: str
    body: Sealed
    tries: int
    received_at: datetime


async def take(tx: Tx, hospital_id: int, fresh: Fresh, now: datetime) -> bool:
    """False: something is kept under this number of this sender."""
    *said, body = fresh
    return bool(await tx.fetchval(TAKE, hospital_id, *said, body.key_id, body.data, now))


async def digest(tx: Tx, hospital_id: int, sender: str, control_id: str) -> bytes | None:
    """Of what is kept under this number; None: nothing is."""
    return await tx.fetchval(DIGEST, hospital_id, sender, control_id)


async def claim(tx: Tx, now: datetime, until: datetime) -> Claimed | None:
    """What is due first, in any hospital. It is due again then, if nobody has said what became of it."""
    row = await tx.fetchrow(CLAIM, now, until)
    if row is None:
        return None
    body = Sealed(row["body_key_id"], row["body_data"])
    return Claimed(row["hospital_id"], row["news_no"], row["sender"], body, row["tries"], row["received_at"])


async def end(tx: Tx, claimed: Claimed, parked: bool, why: Ending | Trouble, now: datetime) -> bool:
    """False: somebody else sees to it by now."""
    key = (claimed.hospital_id, claimed.news_no, claimed.tries)
    return bool(await tx.fetchval(END, *key, "parked" if parked else "done", why, now, "platform"))


async def later(tx: Tx, claimed: Claimed, at: datetime, why: str) -> None:
    await tx.execute(LATER, claimed.hospital_id, claimed.news_no, claimed.tries, at, why)


async def parked(tx: Tx, hospital_id: int, after: int, limit: int) -> list[NewsView]:
    """Oldest first, behind this number."""
    return [msgspec.convert(dict(row), NewsView) for row in await tx.fetch(PARKED, hospital_id, after, limit)]


async def waiting(tx: Tx, hospital_id: int) -> int:
    return await tx.fetchval(WAITING, hospital_id)


async def one(tx: Tx, hospital_id: int, news_no: int) -> NewsView | None:
    row = await tx.fetchrow(ONE, hospital_id, news_no)
    return None if row is None else msgspec.convert(dict(row), NewsView)


async def body(tx: Tx, hospital_id: int, news_no: int) -> tuple[NewsState, Sealed] | None:
    """As it came; None: there is none of this number."""
    row = await tx.fetchrow(BODY, hospital_id, news_no)
    return None if row is None else (row["state"], Sealed(row["body_key_id"], row["body_data"]))


async def done(tx: Tx, hospital_id: int, news_no: int, by: str, now: datetime) -> bool:
    """People have done what follows. False: it is not parked."""
    return bool(await tx.fetchval(DONE, hospital_id, news_no, now, by))


async def again(tx: Tx, hospital_id: int, news_no: int, now: datetime) -> bool:
    """False: it is not parked."""
    return bool(await tx.fetchval(AGAIN, hospital_id, news_no, now))


async def aside(tx: Tx, hospital_id: int, news_no: int, note: str, by: str, now: datetime) -> bool:
    """False: it is not parked."""
    return bool(await tx.fetchval(ASIDE, hospital_id, news_no, note, now, by))
