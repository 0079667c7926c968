"""Same key and same body: the live state is answered again. Same key, other body: ``IdempotencyConflict``.

The row is written in the transaction of the change itself, so a key stands for exactly one committed change.
"""

import hashlib

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.operation import OperationSpec
from yinyi.kernel.errors import IdempotencyConflict, InvalidField

_RECORD = """
INSERT INTO idempotency (hospital_id, actor, key, operation, body_hash, subject, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (hospital_id, actor, key) DO NOTHING
RETURNING true
"""
_KNOWN = """
SELECT operation, body_hash, subject FROM idempotency WHERE hospital_id = $1 AND actor = $2 AND key = $3
"""


def check_key(call: Call) -> None:
    """
    Raises:
        InvalidField: no key, or one that is not 8–64 visible ASCII characters.
    """
    if not (8 <= len(call.key) <= 64 and call.key.isascii() and call.key.isprintable()):
        raise InvalidField("a change needs an idempotency key of 8 to 64 visible ASCII characters")


async def known(tx: Tx, call: Call, spec: OperationSpec, body: bytes) -> str | None:
    """The subject of the change that was made under this key before, or None.

    Raises:
        IdempotencyConflict: the key stands for another request.
    """
    row = await tx.fetchrow(_KNOWN, call.hospital_id, call.principal.key_owner, call.key)
    if row is None:
        return None
    if row["operation"] != spec.path or row["body_hash"] != _hash(body):
        raise IdempotencyConflict(f"key {call.key}")
    return row["subject"]


async def record(tx: Tx, call: Call, spec: OperationSpec, body: bytes, subject: str) -> bool:
    """At the end of the change: what was made under this key, so that a replay can show it as it is then. False:
    another request with the same key was first; this transaction has to be rolled back.

    Waits for a transaction that is using the key at this moment.
    """
    args = (call.hospital_id, call.principal.key_owner, call.key, spec.path, _hash(body), subject, call.now)
    return bool(await tx.fetchval(_RECORD, *args))


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
