"""SQL of the keys: who is in which slot, under which master key; components that wait; nothing in clear."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from yinyi.bus.database import Row, Tx
from yinyi.business.lines.errors import MasterKeyNotInUse
from yinyi.business.lines.key_model import HeldKey, KeyPurpose, PosSession, SealedComponent
from yinyi.kernel.errors import SecondPersonNeeded

COMPONENT_LASTS = timedelta(hours=8)
"""So long one custodian's component waits for the other one's and for the confirmation."""

_KEYS = """
SELECT purpose, master_key_id, wrapped, check_value FROM line_key
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4
"""
_PUT = """
INSERT INTO line_key (hospital_id, acquirer, merchant_no, terminal_no, purpose, master_key_id, wrapped, check_value,
  loaded_at, loaded_by, first_by, second_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (hospital_id, acquirer, merchant_no, terminal_no, purpose) DO UPDATE SET
  master_key_id = $6, wrapped = $7, check_value = $8, loaded_at = $9, loaded_by = $10, first_by = $11, second_by = $12
"""
_DROP_WORKING = """
DELETE FROM line_key
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND purpose <> 'tmk'
"""
_SAME_TMK = """
SELECT check_value = $5 FROM line_key
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND purpose = 'tmk' FOR SHARE
"""
_STATUS = """
SELECT s.acquirer, s.merchant_no, s.terminal_no, k.purpose, k.master_key_id, k.check_value, k.loaded_at, k.loaded_by,
  k.first_by, k.second_by
FROM (SELECT DISTINCT acquirer, merchant_no, terminal_no FROM line_key
  WHERE hospital_id = $1 AND ($2 = '' OR acquirer = $2) AND ($3 = '' OR merchant_no = $3)
    AND ($4 = '' OR terminal_no = $4) AND (acquirer, merchant_no, terminal_no) > ($5, $6, $7)
  ORDER BY acquirer, merchant_no, terminal_no LIMIT $8) AS s
JOIN line_key k ON k.hospital_id = $1 AND k.acquirer = s.acquirer AND k.merchant_no = s.merchant_no
  AND k.terminal_no = s.terminal_no
ORDER BY s.acquirer, s.merchant_no, s.terminal_no, k.purpose
"""

_COMPONENTS = """
SELECT part, master_key_id, sealed, check_value, entered_by, entered_at, expires_at FROM line_key_component
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND expires_at > $5 ORDER BY part
"""
_WAITING = """
SELECT DISTINCT acquirer, merchant_no, terminal_no FROM line_key_component
WHERE hospital_id = $1 AND expires_at > $2 ORDER BY acquirer, merchant_no, terminal_no LIMIT $3
"""
_ENTER = """
INSERT INTO line_key_component AS c (hospital_id, acquirer, merchant_no, terminal_no, part, master_key_id, sealed,
  check_value, entered_by, entered_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (hospital_id, acquirer, merchant_no, terminal_no, part) DO UPDATE SET
  master_key_id = $6, sealed = $7, check_value = $8, entered_at = $10, expires_at = $11
WHERE c.entered_by = $9
RETURNING part
"""
_DISCARD = """
DELETE FROM line_key_component WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4
RETURNING sealed
"""
_DISCARD_EXPIRED = """
DELETE FROM line_key_component
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND expires_at <= $5
"""
_EXPIRE = """
DELETE FROM line_key_component WHERE expires_at <= $1
RETURNING hospital_id, acquirer, merchant_no, terminal_no, part
"""

_IN_USE = "SELECT master_key_id FROM line_master_key WHERE hospital_id = $1 ORDER BY in_use_since, master_key_id"
_IN_USE_ANYWHERE = "SELECT DISTINCT master_key_id FROM line_master_key"
_FIRST_IN_USE = """
INSERT INTO line_master_key (hospital_id, master_key_id, in_use_since)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM line_master_key WHERE hospital_id = $1) ON CONFLICT DO NOTHING
"""
_NOW_IN_USE = """
INSERT INTO line_master_key (hospital_id, master_key_id, in_use_since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_NO_MORE_IN_USE = """
DELETE FROM line_master_key m WHERE m.hospital_id = $1 AND m.master_key_id <> $2
  AND NOT EXISTS (SELECT FROM line_key k WHERE k.hospital_id = $1 AND k.master_key_id = m.master_key_id)
  AND NOT EXISTS (SELECT FROM line_key_component c WHERE c.hospital_id = $1 AND c.master_key_id = m.master_key_id)
"""
_ONE_UNDER = """
SELECT acquirer, merchant_no, terminal_no, purpose, master_key_id, wrapped, check_value
FROM line_key WHERE hospital_id = $1 AND master_key_id = $2 LIMIT 1
"""
_KEYS_UNDER = """
SELECT acquirer, merchant_no, terminal_no, purpose, master_key_id, wrapped, check_value
FROM line_key WHERE hospital_id = $1 AND master_key_id = ANY ($2::text[]) LIMIT $3
"""
_COMPONENTS_UNDER = """
SELECT acquirer, merchant_no, terminal_no, part, master_key_id, sealed, check_value
FROM line_key_component WHERE hospital_id = $1 AND master_key_id = ANY ($2::text[]) LIMIT $3
"""
_REWRAP = """
UPDATE line_key k SET master_key_id = $2, wrapped = w.wrapped
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[])
  AS w (acquirer, merchant_no, terminal_no, purpose, before, wrapped)
WHERE k.hospital_id = $1 AND k.acquirer = w.acquirer AND k.merchant_no = w.merchant_no
  AND k.terminal_no = w.terminal_no AND k.purpose = w.purpose AND k.wrapped = w.before
"""
_RESEAL = """
UPDATE line_key_component SET master_key_id = $7, sealed = $8
WHERE hospital_id = $1 AND acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND part = $5 AND sealed = $6
"""


class Loaded(NamedTuple):
    """Who has loaded a key, when. ``custodians``: the two who have entered a TMK."""

    at: datetime
    by: str
    custodians: tuple[str, str] | None = None


class Entered(NamedTuple):
    """A component that waits."""

    component: SealedComponent
    by: str
    at: datetime
    expires_at: datetime


class Rewrapped(NamedTuple):
    """The same key, wrapped before and after."""

    slot: PosSession
    before: HeldKey
    after: HeldKey


# ---- keys


async def held(tx: Tx, hospital_id: int, slot: PosSession) -> dict[KeyPurpose, HeldKey]:
    """What a session works with."""
    return {row["purpose"]: _held(row) for row in await tx.fetch(_KEYS, hospital_id, *slot)}


async def put_tmk(tx: Tx, hospital_id: int, slot: PosSession, tmk: HeldKey, loaded: Loaded) -> None:
    """Working keys that came under the one before go: the session has to sign on.

    Raises:
        MasterKeyNotInUse: a rotation has ended since it was wrapped.
    """
    await _put(tx, hospital_id, slot, tmk, loaded)
    await tx.execute(_DROP_WORKING, hospital_id, *slot)


async def put_working_keys(
    tx: Tx, hospital_id: int, slot: PosSession, tmk: HeldKey, keys: Collection[HeldKey], loaded: Loaded
) -> bool:
    """What a sign-on has brought, in place of the ones before. False: the slot has another TMK by now.

    Raises:
        MasterKeyNotInUse: a rotation has ended since they were wrapped: take them again.
    """
    if not await tx.fetchval(_SAME_TMK, hospital_id, *slot, tmk.check_value):
        return False
    for key in keys:
        await _put(tx, hospital_id, slot, key, loaded)
    return True


async def _put(tx: Tx, hospital_id: int, slot: PosSession, key: HeldKey, loaded: Loaded) -> None:
    first_by, second_by = loaded.custodians or (None, None)
    what = (key.purpose, key.master_key_id, key.wrapped, key.check_value)
    try:
        await tx.execute(_PUT, hospital_id, *slot, *what, loaded.at, loaded.by, first_by, second_by)
    except asyncpg.ForeignKeyViolationError:
        raise MasterKeyNotInUse from None


async def status(tx: Tx, hospital_id: int, only: PosSession, after: PosSession, most: int) -> list[Row]:
    """Of the slots behind ``after``, so many at most; an empty word in ``only`` means any."""
    return await tx.fetch(_STATUS, hospital_id, *only, *after, most)


# ---- components


async def components(tx: Tx, hospital_id: int, slot: PosSession, now: datetime) -> list[Entered]:
    """Those that wait, in the order of their parts."""
    return [
        Entered(_component(row), row["entered_by"], row["entered_at"], row["expires_at"])
        for row in await tx.fetch(_COMPONENTS, hospital_id, *slot, now)
    ]


async def waiting_slots(tx: Tx, hospital_id: int, now: datetime, most: int) -> list[PosSession]:
    return [_slot(row) for row in await tx.fetch(_WAITING, hospital_id, now, most)]


async def enter(tx: Tx, hospital_id: int, slot: PosSession, component: SealedComponent, by: str, now: datetime) -> bool:
    """Instead of his own earlier one. False: somebody else's is there.

    Raises:
        SecondPersonNeeded: he has entered the other one.
        MasterKeyNotInUse: a rotation has ended since it was sealed.
    """
    await tx.execute(_DISCARD_EXPIRED, hospital_id, *slot, now)
    what = (component.part, component.master_key_id, component.sealed, component.check_value)
    try:
        part = await tx.fetchval(_ENTER, hospital_id, *slot, *what, by, now, now + COMPONENT_LASTS)
    except asyncpg.UniqueViolationError:
        raise SecondPersonNeeded from None
    except asyncpg.ForeignKeyViolationError:
        raise MasterKeyNotInUse from None
    return part is not None


async def discard(tx: Tx, hospital_id: int, slot: PosSession) -> list[bytes]:
    """Both, as they were sealed."""
    return [row["sealed"] for row in await tx.fetch(_DISCARD, hospital_id, *slot)]


async def expire(tx: Tx, now: datetime) -> list[Row]:
    """``hospital_id``, slot and ``part`` of what nobody has confirmed in time."""
    return await tx.fetch(_EXPIRE, now)


# ---- master keys


async def in_use(tx: Tx, hospital_id: int) -> list[str]:
    """Ids, the earliest first."""
    return [row["master_key_id"] for row in await tx.fetch(_IN_USE, hospital_id)]


async def in_use_anywhere(tx: Tx) -> list[str]:
    return [row["master_key_id"] for row in await tx.fetch(_IN_USE_ANYWHERE)]


async def first_in_use(tx: Tx, hospital_id: int, master_key_id: str, now: datetime) -> None:
    """Unless there is one already: others come into use by a rotation only."""
    await tx.execute(_FIRST_IN_USE, hospital_id, master_key_id, now)


async def now_in_use(tx: Tx, hospital_id: int, master_key_id: str, now: datetime) -> None:
    await tx.execute(_NOW_IN_USE, hospital_id, master_key_id, now)


async def no_more_in_use(tx: Tx, hospital_id: int, newest: str) -> None:
    """Every other one that nothing is under.

    Raises:
        asyncpg.ForeignKeyViolationError: somebody has just put a key under one of them.
    """
    await tx.execute(_NO_MORE_IN_USE, hospital_id, newest)


async def one_under(tx: Tx, hospital_id: int, master_key_id: str) -> tuple[PosSession, HeldKey] | None:
    row = await tx.fetchrow(_ONE_UNDER, hospital_id, master_key_id)
    return (_slot(row), _held(row)) if row else None


async def keys_under(
    tx: Tx, hospital_id: int, master_key_ids: Sequence[str], most: int
) -> list[tuple[PosSession, HeldKey]]:
    rows = await tx.fetch(_KEYS_UNDER, hospital_id, list(master_key_ids), most)
    return [(_slot(row), _held(row)) for row in rows]


async def components_under(
    tx: Tx, hospital_id: int, master_key_ids: Sequence[str], most: int
) -> list[tuple[PosSession, SealedComponent]]:
    rows = await tx.fetch(_COMPONENTS_UNDER, hospital_id, list(master_key_ids), most)
    return [(_slot(row), _component(row)) for row in rows]


async def put_rewrapped(tx: Tx, hospital_id: int, newest: str, rewrapped: Sequence[Rewrapped]) -> None:
    """Where a key was replaced meanwhile, the new one stays as it is."""
    slots = [each.slot for each in rewrapped]
    await tx.execute(
        *(_REWRAP, hospital_id, newest),
        *([getattr(slot, word) for slot in slots] for word in PosSession._fields),
        [each.before.purpose for each in rewrapped],
        [each.before.wrapped for each in rewrapped],
        [each.after.wrapped for each in rewrapped],
    )


async def put_resealed(
    tx: Tx, hospital_id: int, slot: PosSession, before: SealedComponent, after: SealedComponent
) -> None:
    await tx.execute(_RESEAL, hospital_id, *slot, before.part, before.sealed, after.master_key_id, after.sealed)


def _slot(row: Row) -> PosSession:
    return PosSession(row["acquirer"], row["merchant_no"], row["terminal_no"])


def _held(row: Row) -> HeldKey:
    return HeldKey(row["purpose"], row["master_key_id"], row["wrapped"], row["check_value"])


def _component(row: Row) -> SealedComponent:
    return SealedComponent(row["part"], row["master_key_id"], row["sealed"], row["check_value"])
