"""Terminals in the database: statements only. Times are parameters; who may ask was decided before."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.terminals.model import (
    BROKEN,
    CardReading,
    Counter,
    DeviceView,
    Hospital,
    LockedFor,
    StaffCall,
    Standing,
)

# -- hospital and terminal

_KEEP_HOSPITAL = """
INSERT INTO hospital (hospital_id, name, name_en, zone,
                      window_name, window_name_en, window_open_from, window_open_until,
                      triage_name, triage_name_en, triage_open_from, triage_open_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (hospital_id) DO UPDATE SET
  name = $2, name_en = $3, zone = $4,
  window_name = $5, window_name_en = $6, window_open_from = $7, window_open_until = $8,
  triage_name = $9, triage_name_en = $10, triage_open_from = $11, triage_open_until = $12
"""
_HOSPITAL = """
SELECT hospital_id, name, name_en, zone,
       window_name, window_name_en, window_open_from, window_open_until,
       triage_name, triage_name_en, triage_open_from, triage_open_until
FROM hospital WHERE hospital_id = $1
"""
_KEEP_TERMINAL = """
INSERT INTO terminal (hospital_id, terminal_id, name, place, place_en, profile, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (hospital_id, terminal_id) DO UPDATE SET name = $3, place = $4, place_en = $5, profile = $6
"""
_STANDINGS = "SELECT terminal_id, name, place, place_en, profile FROM terminal WHERE hospital_id = $1"
_STANDING = f"{_STANDINGS} AND terminal_id = $2"


async def keep_hospital(tx: Tx, hospital: Hospital) -> None:
    """The hospital is on record exactly like this."""
    names = (hospital.hospital_id, hospital.name, hospital.name_en, hospital.zone)
    await tx.execute(_KEEP_HOSPITAL, *names, *_counted(hospital.window), *_counted(hospital.triage))


def _counted(counter: Counter) -> tuple[object, ...]:
    return counter.name, counter.name_en, counter.open_from, counter.open_until


async def hospital(tx: Tx, hospital_id: int) -> Hospital | None:
    row = await tx.fetchrow(_HOSPITAL, hospital_id)
    if row is None:
        return None
    return Hospital(
        hospital_id=row["hospital_id"],
        name=row["name"],
        name_en=row["name_en"],
        zone=row["zone"],
        window=_counter(row, "window"),
        triage=_counter(row, "triage"),
    )


def _counter(row: Row, which: str) -> Counter:
    return Counter(
        name=row[f"{which}_name"],
        name_en=row[f"{which}_name_en"],
        open_from=row[f"{which}_open_from"],
        open_until=row[f"{which}_open_until"],
    )


async def keep_terminal(tx: Tx, hospital_id: int, standing: Standing, now: datetime) -> None:
    """The terminal is on record exactly like this; its line and its credentials stay as they are."""
    facts = (standing.terminal_id, standing.name, standing.place, standing.place_en, standing.profile)
    await tx.execute(_KEEP_TERMINAL, hospital_id, *facts, now)


async def standing(tx: Tx, hospital_id: int, terminal_id: str) -> Standing | None:
    row = await tx.fetchrow(_STANDING, hospital_id, terminal_id)
    return None if row is None else standing_of(row)


def standing_of(row: Row) -> Standing:
    """Out of a row that may say more."""
    return msgspec.convert(dict(row), Standing)


async def standings(tx: Tx, hospital_id: int) -> dict[str, Standing]:
    """Of all terminals, retired ones too, by terminal id."""
    found = [msgspec.convert(dict(row), Standing) for row in await tx.fetch(_STANDINGS, hospital_id)]
    return {one.terminal_id: one for one in found}


# -- how terminals are just now

_STATE = """
SELECT t.terminal_id, t.locked_at, t.line_up, t.line_seen_at,
       coalesce(c.present, false) AS card_present, coalesce(c.version, 0) AS card_version,
       coalesce(c.present AND c.staff_card_id IS NOT NULL, false) AS staff_card, t.locked_for,
       coalesce(k.version, 0) AS code_version,
       CASE WHEN r.version IS NOT NULL THEN json_build_object(
         'purpose', coalesce(r.request ->> 'purpose', 'pay'), 'payment_no', r.payment_no, 'channel', r.channel,
         'state', r.state, 'digits', r.digits, 'until', r.until,
         'merchant_name', coalesce(r.request ->> 'merchant_name', ''), 'card_in', r.card_in,
         'forgotten', r.forgotten, 'version', r.version, 'kinds', coalesce(
           jsonb_path_query_array(r.request, '$.routes[*] ? (@.taken == true).channel'), '[]'))::text END AS reading,
       (SELECT coalesce(json_agg(json_build_object('device', d.device, 'kind', d.kind, 'state', d.state,
                                                   'detail', d.detail) ORDER BY d.device), '[]')::text
        FROM terminal_device d
        WHERE d.hospital_id = t.hospital_id AND d.terminal_id = t.terminal_id) AS devices
FROM terminal t
LEFT JOIN presented c
  ON c.hospital_id = t.hospital_id AND c.terminal_id = t.terminal_id AND c.kind = 'card'
LEFT JOIN presented k
  ON k.hospital_id = t.hospital_id AND k.terminal_id = t.terminal_id AND k.kind = 'code'
LEFT JOIN card_reading r ON r.hospital_id = t.hospital_id AND r.terminal_id = t.terminal_id
WHERE t.hospital_id = $1
"""
_STATE_OF_ONE = f"{_STATE} AND t.terminal_id = $2"
_STATE_OF_ALL = f"{_STATE} AND t.retired_at IS NULL ORDER BY t.terminal_id LIMIT 2000"
_LOCK = """
UPDATE terminal SET locked_at = CASE WHEN $3 THEN coalesce(locked_at, $5) END,
  locked_for = CASE WHEN $3 THEN $4::text ELSE '' END
WHERE hospital_id = $1 AND terminal_id = $2 AND retired_at IS NULL
RETURNING true
"""

_devices = msgspec.json.Decoder(list[DeviceView])
_reading = msgspec.json.Decoder(CardReading)


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What changes about a terminal from minute to minute."""

    terminal_id: str
    locked: bool
    line_up: bool
    line_seen_at: datetime | None
    card_present: bool
    card_version: int
    code_version: int
    reading: CardReading
    devices: list[DeviceView]
    staff_card: bool
    locked_for: LockedFor


async def state(tx: Tx, hospital_id: int, terminal_id: str) -> State | None:
    row = await tx.fetchrow(_STATE_OF_ONE, hospital_id, terminal_id)
    return None if row is None else _state(row)


async def states(tx: Tx, hospital_id: int) -> list[State]:
    """Of all terminals that are not retired, at most 2000."""
    return [_state(row) for row in await tx.fetch(_STATE_OF_ALL, hospital_id)]


def _state(row: Row) -> State:
    return State(
        terminal_id=row["terminal_id"],
        locked=row["locked_at"] is not None,
        line_up=row["line_up"],
        line_seen_at=row["line_seen_at"],
        card_present=row["card_present"],
        card_version=row["card_version"],
        code_version=row["code_version"],
        reading=_reading.decode(row["reading"]) if row["reading"] else CardReading(),
        devices=_devices.decode(row["devices"]),
        staff_card=row["staff_card"],
        locked_for=row["locked_for"],
    )


async def lock(tx: Tx, hospital_id: int, terminal_id: str, locked: bool, because: LockedFor, now: datetime) -> bool:
    """Whether there is such a terminal."""
    return bool(await tx.fetchval(_LOCK, hospital_id, terminal_id, locked, because, now))


# -- devices

_KEEP_DEVICES = """
INSERT INTO terminal_device AS d (hospital_id, terminal_id, device, kind, state, detail, changed_at)
SELECT $1, $2, device, kind, state, detail, $7
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS reported (device, kind, state, detail)
ON CONFLICT (hospital_id, terminal_id, device) DO UPDATE SET
  kind = excluded.kind, state = excluded.state, detail = excluded.detail,
  changed_at = CASE WHEN d.state = excluded.state THEN d.changed_at ELSE excluded.changed_at END,
  failures = d.failures + CASE WHEN excluded.state = ANY ($8::text[]) AND d.state <> excluded.state THEN 1 ELSE 0 END
"""
_HAS_DEVICE = """
SELECT EXISTS (SELECT FROM terminal_device WHERE hospital_id = $1 AND terminal_id = $2 AND kind = $3)
"""
_DROP_OTHER_DEVICES = """
DELETE FROM terminal_device WHERE hospital_id = $1 AND terminal_id = $2 AND device <> ALL ($3::text[])
"""


async def keep_devices(
    tx: Tx, hospital_id: int, terminal_id: str, devices: Sequence[DeviceView], now: datetime
) -> None:
    """``devices`` have different names."""
    columns = ([getattr(one, name) for one in devices] for name in ("device", "kind", "state", "detail"))
    await tx.execute(_KEEP_DEVICES, hospital_id, terminal_id, *columns, now, sorted(BROKEN))


async def has_device(tx: Tx, hospital_id: int, terminal_id: str, kind: str) -> bool:
    """Whatever its state."""
    return bool(await tx.fetchval(_HAS_DEVICE, hospital_id, terminal_id, kind))


async def drop_other_devices(tx: Tx, hospital_id: int, terminal_id: str, devices: Sequence[str]) -> None:
    await tx.execute(_DROP_OTHER_DEVICES, hospital_id, terminal_id, list(devices))


# -- calls for staff

_CALL_COLUMNS = "c.call_id, c.terminal_id, t.place, c.called_at, c.answered_at"
_CALL_FROM = "FROM staff_call c JOIN terminal t USING (hospital_id, terminal_id)"
_HOLD_TERMINAL = "SELECT true FROM terminal WHERE hospital_id = $1 AND terminal_id = $2 FOR NO KEY UPDATE"
_OPEN_CALL = """
SELECT call_id FROM staff_call
WHERE hospital_id = $1 AND terminal_id = $2 AND answered_at IS NULL AND called_at > $3
ORDER BY called_at DESC LIMIT 1
"""
_ADD_CALL = """
INSERT INTO staff_call (hospital_id, terminal_id, called_at) VALUES ($1, $2, $3) RETURNING call_id
"""
_CALL = f"SELECT {_CALL_COLUMNS} {_CALL_FROM} WHERE c.hospital_id = $1 AND c.call_id = $2"
_LATEST_CALL = f"""
SELECT {_CALL_COLUMNS} {_CALL_FROM}
WHERE c.hospital_id = $1 AND c.terminal_id = $2 AND c.called_at > $3
ORDER BY c.called_at DESC LIMIT 1
"""
_OPEN_CALLS = f"""
SELECT {_CALL_COLUMNS} {_CALL_FROM}
WHERE c.hospital_id = $1 AND c.answered_at IS NULL AND c.called_at > $2
ORDER BY c.called_at LIMIT 500
"""
_ANSWER_CALL = """
UPDATE staff_call SET answered_at = $3, answered_by = $4
WHERE hospital_id = $1 AND call_id = $2 AND answered_at IS NULL
RETURNING terminal_id
"""


async def open_call(tx: Tx, hospital_id: int, terminal_id: str, since: datetime) -> int | None:
    """The call that nobody has answered yet. Until the commit nobody else calls from this terminal."""
    await tx.fetchval(_HOLD_TERMINAL, hospital_id, terminal_id)
    return await tx.fetchval(_OPEN_CALL, hospital_id, terminal_id, since)


async def add_call(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> int:
    return int(await tx.fetchval(_ADD_CALL, hospital_id, terminal_id, now))


async def answer_call(tx: Tx, hospital_id: int, call_id: int, by: str, now: datetime) -> str | None:
    """The terminal that called; None: answered before, or no such call."""
    return await tx.fetchval(_ANSWER_CALL, hospital_id, call_id, now, by)


async def call_by_id(tx: Tx, hospital_id: int, call_id: int) -> StaffCall | None:
    return _call(await tx.fetchrow(_CALL, hospital_id, call_id))


async def latest_call(tx: Tx, hospital_id: int, terminal_id: str, since: datetime) -> StaffCall | None:
    return _call(await tx.fetchrow(_LATEST_CALL, hospital_id, terminal_id, since))


async def open_calls(tx: Tx, hospital_id: int, since: datetime) -> list[StaffCall]:
    """Of the whole hospital, oldest first."""
    rows = await tx.fetch(_OPEN_CALLS, hospital_id, since)
    return [msgspec.convert(dict(row), StaffCall) for row in rows]


def _call(row: Row | None) -> StaffCall | None:
    return None if row is None else msgspec.convert(dict(row), StaffCall)
