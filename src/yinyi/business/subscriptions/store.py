"""SQL of subscriptions and notifications. Times are parameters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.subscriptions.model import (
    KeptNotification,
    Learned,
    Letter,
    NotificationState,
    PaymentNews,
    SubscriptionView,
    Topic,
)

SET = """
INSERT INTO subscription AS s (hospital_id, institution_id, endpoint, topics, set_at, rest_until)
SELECT hospital_id, institution_id, $3, $4, $5, $5 FROM institution
WHERE hospital_id = $1 AND institution_id = $2 AND closed_at IS NULL
ON CONFLICT (hospital_id, institution_id) DO UPDATE
SET endpoint = excluded.endpoint, topics = excluded.topics, set_at = excluded.set_at, ended_at = NULL, failures = 0,
  rest_until = excluded.rest_until, problem = ''
RETURNING true
"""
END = """
WITH ended AS (
  UPDATE subscription SET ended_at = $3 WHERE hospital_id = $1 AND institution_id = $2 AND ended_at IS NULL
  RETURNING hospital_id, institution_id
), unsent AS (
  UPDATE notification n SET next_at = NULL, claim = n.claim + 1 FROM ended e
  WHERE n.hospital_id = e.hospital_id AND n.institution_id = e.institution_id AND n.next_at IS NOT NULL
)
SELECT true FROM ended
"""
ADD = """
INSERT INTO notification (hospital_id, institution_id, topic, subject, version, body, at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
"""
WANTING = """
SELECT s.hospital_id, s.institution_id, i.kind
FROM subscription s JOIN institution i USING (hospital_id, institution_id)
WHERE s.ended_at IS NULL AND i.closed_at IS NULL AND s.topics @> ARRAY[$1::text]
"""
TELL = """
INSERT INTO notification (hospital_id, institution_id, topic, subject, version, body, at, next_at)
SELECT w.hospital_id, w.institution_id, 'payment', w.body ->> 'payment_no', (w.body ->> 'version')::bigint, w.body,
  $2, $2
FROM jsonb_to_recordset($1::jsonb) AS w (hospital_id int, institution_id text, body jsonb)
ON CONFLICT (hospital_id, institution_id, topic, subject, version) DO NOTHING
"""
CLAIM = """
WITH ready AS (
  SELECT s.hospital_id, s.institution_id, s.endpoint, s.failures
  FROM subscription s JOIN institution i USING (hospital_id, institution_id)
  WHERE s.rest_until <= $1 AND s.ended_at IS NULL AND i.closed_at IS NULL
), due AS (
  SELECT n.hospital_id, n.institution_id, n.notification_no, ready.endpoint FROM ready CROSS JOIN LATERAL (
    SELECT d.* FROM notification d
    WHERE d.hospital_id = ready.hospital_id AND d.institution_id = ready.institution_id AND d.next_at <= $1
    ORDER BY d.next_at LIMIT CASE WHEN ready.failures > 0 THEN 1 ELSE $3 END FOR UPDATE SKIP LOCKED) AS n
)
UPDATE notification n SET next_at = $2, claim = n.claim + 1 FROM due
WHERE n.hospital_id = due.hospital_id AND n.institution_id = due.institution_id
  AND n.notification_no = due.notification_no
RETURNING n.hospital_id, n.institution_id, n.notification_no, n.topic, n.at, n.body::text AS body, n.tries, n.claim,
  due.endpoint
"""
"""An endpoint that did not answer the last time is tried with one."""
LEARN = """
UPDATE notification n SET tries = w.tries, problem = w.problem, next_at = w.next_at,
  delivered_at = coalesce(w.delivered_at, n.delivered_at)
FROM jsonb_to_recordset($1::jsonb) AS w (hospital_id int, institution_id text, notification_no bigint, claim bigint,
  tries int, problem text, next_at timestamptz, delivered_at timestamptz)
WHERE n.hospital_id = w.hospital_id AND n.institution_id = w.institution_id
  AND n.notification_no = w.notification_no AND n.claim = w.claim
"""
ANSWERS = """
UPDATE subscription SET failures = 0, problem = ''
WHERE hospital_id = $1 AND institution_id = $2 AND failures > 0
"""
SILENT = """
UPDATE subscription SET failures = failures + 1, problem = $3,
  rest_until = $4::timestamptz + make_interval(secs => ($5::int[])[least(failures + 1, cardinality($5::int[]))])
WHERE hospital_id = $1 AND institution_id = $2
"""
EVERY = """
SELECT s.institution_id, s.endpoint, s.topics, s.set_at, s.failures, s.problem,
  CASE WHEN s.failures > 0 THEN s.rest_until END AS rest_until, waiting.count AS waiting, given_up.count AS given_up
FROM subscription s
CROSS JOIN LATERAL (
  SELECT count(*) FROM notification n
  WHERE n.hospital_id = s.hospital_id AND n.institution_id = s.institution_id AND n.next_at IS NOT NULL) AS waiting
CROSS JOIN LATERAL (
  SELECT count(*) FROM notification n WHERE n.hospital_id = s.hospital_id AND n.institution_id = s.institution_id
    AND n.next_at IS NULL AND n.delivered_at IS NULL) AS given_up
WHERE s.hospital_id = $1 AND s.ended_at IS NULL
ORDER BY s.institution_id
"""
IS_SET = """
SELECT true FROM subscription WHERE hospital_id = $1 AND institution_id = $2 AND ($3 OR ended_at IS NULL)
"""
LISTED = """
SELECT notification_no, topic, at, next_at, delivered_at, tries, problem,
  CASE WHEN topic = 'payment' THEN body::text END AS payment
FROM notification WHERE hospital_id = $1 AND institution_id = $2 AND notification_no > $3
ORDER BY notification_no LIMIT $4
"""
RESEND = """
WITH again AS (
  UPDATE notification SET next_at = $5, tries = 0, claim = claim + 1
  WHERE hospital_id = $1 AND institution_id = $2 AND notification_no = ANY(ARRAY(
    SELECT notification_no FROM notification
    WHERE hospital_id = $1 AND institution_id = $2 AND notification_no BETWEEN $3 AND $4
    ORDER BY notification_no LIMIT $6))
), awake AS (
  UPDATE subscription SET rest_until = $5 WHERE hospital_id = $1 AND institution_id = $2
)
SELECT 1
"""
RESENT = """
WITH wanted AS MATERIALIZED (
  SELECT notification_no, next_at FROM notification
  WHERE hospital_id = $1 AND institution_id = $2 AND notification_no BETWEEN $3 AND $4
  ORDER BY notification_no LIMIT $5 + 1
)
SELECT (SELECT count(first.next_at) FROM (SELECT next_at FROM wanted ORDER BY notification_no LIMIT $5) AS first),
  (SELECT notification_no FROM wanted ORDER BY notification_no OFFSET $5) AS next_first_no
"""
"""Of those that ``RESEND`` has sent, and the first behind them."""


class Wanting(NamedTuple):
    """An institution that wants to hear."""

    hospital_id: int
    institution_id: str
    kind: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, and who is to hear of it."""

    hospital_id: int
    institution_id: str
    body: PaymentNews


async def put(
    tx: Tx, hospital_id: int, institution_id: str, endpoint: str, topics: Sequence[Topic], now: datetime
) -> bool:
    """False: there is no such institution, or it was closed."""
    return bool(await tx.fetchval(SET, hospital_id, institution_id, endpoint, list(topics), now))


async def end(tx: Tx, hospital_id: int, institution_id: str, now: datetime) -> bool:
    """False: it is not told anything."""
    return bool(await tx.fetchval(END, hospital_id, institution_id, now))


async def greet(tx: Tx, hospital_id: int, institution_id: str, now: datetime) -> None:
    """The first thing that an endpoint hears."""
    version = int(now.timestamp() * 1_000_000)
    await tx.execute(ADD, hospital_id, institution_id, "subscription", institution_id, version, "{}", now)


async def wanting(tx: Tx, topic: Topic) -> list[Wanting]:
    return [Wanting(**row) for row in await tx.fetch(WANTING, topic)]


async def tell(tx: Tx, told: Sequence[Told], now: datetime) -> None:
    """What has been told before is not told again."""
    await tx.execute(TELL, msgspec.json.encode(told).decode(), now)


async def claim(tx: Tx, now: datetime, until: datetime, most: int) -> list[Letter]:
    """What is due, so many of each endpoint; what is not learned of by then is due again."""
    return [_letter(row) for row in await tx.fetch(CLAIM, now, until, most)]


async def learn(tx: Tx, learned: Sequence[Learned]) -> None:
    """Of each whose claim is still the newest."""
    await tx.execute(LEARN, msgspec.json.encode(learned).decode())


async def answers(tx: Tx, hospital_id: int, institution_id: str) -> None:
    """The endpoint takes what it is told."""
    await tx.execute(ANSWERS, hospital_id, institution_id)


async def silent(
    tx: Tx, hospital_id: int, institution_id: str, problem: str, now: datetime, ladder_s: Sequence[int]
) -> None:
    """It has taken nothing of what it was told, once more: it is left alone for a while."""
    await tx.execute(SILENT, hospital_id, institution_id, problem, now, list(ladder_s))


async def every(tx: Tx, hospital_id: int) -> list[SubscriptionView]:
    return [SubscriptionView(**row) for row in await tx.fetch(EVERY, hospital_id)]


async def is_set(tx: Tx, hospital_id: int, institution_id: str, *, ended_too: bool = False) -> bool:
    return bool(await tx.fetchval(IS_SET, hospital_id, institution_id, ended_too))


async def listed(tx: Tx, hospital_id: int, institution_id: str, after: int, most: int) -> list[KeptNotification]:
    return [_kept(row) for row in await tx.fetch(LISTED, hospital_id, institution_id, after, most)]


async def resend(
    tx: Tx, hospital_id: int, institution_id: str, first_no: int, last_no: int, now: datetime, most: int
) -> None:
    """The first so many of this range."""
    await tx.execute(RESEND, hospital_id, institution_id, first_no, last_no, now, most)


async def resent(
    tx: Tx, hospital_id: int, institution_id: str, first_no: int, last_no: int, most: int
) -> tuple[int, int | None]:
    """How many of the first so many of this range wait to be sent, and the number of the next one in it."""
    [row] = await tx.fetch(RESENT, hospital_id, institution_id, first_no, last_no, most)
    return row["count"], row["next_first_no"]


def _letter(row: Row) -> Letter:
    said: dict[str, Any] = {**row, "body": msgspec.Raw(row["body"].encode())}
    return Letter(**said)


def _kept(row: Row) -> KeptNotification:
    delivered: NotificationState = "delivered" if row["delivered_at"] else "given_up"
    return KeptNotification(
        notification_no=row["notification_no"],
        topic=row["topic"],
        at=row["at"],
        payment=None if row["payment"] is None else msgspec.json.decode(row["payment"], type=PaymentNews),
        state="waiting" if row["next_at"] else delivered,
        tries=row["tries"],
        delivered_at=row["delivered_at"],
        problem=row["problem"],
    )
