"""Same key and same body: the live state is answered again. Same key, other body: ``IdempotencyConflict``.

The row is written in the transaction of the change itself, so a key stands for exactly one committed change.
"""

import hashlib
import re

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.operation import OperationSpec
from yinyi.bus.work import Record
from yinyi.kernel.errors import IdempotencyConflict, InvalidField

_KNOWN = """
SELECT operation, body_hash, subject FROM idempotency WHERE hospital_id = $1 AND actor = $2 AND key = $3
"""

_KEY = re.compile(r"[!-~]{8,64}")


def check_key(call: Call) -> None:
    """
    Raises:
        InvalidField: no key, or one that is not 8–64 visible ASCII characters.
    """
    if not _KEY.fullmatch(call.key):
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


def record_of(call: Call, spec: OperationSpec, body: bytes) -> Record:
    """What is kept of this change, so that a replay can show it as it is then."""
    return Record(
        hospital_id=call.hospital_id,
        key_owner=call.principal.key_owner,
        key=call.key,
        operation=spec.path,
        body_hash=_hash(body),
        now=call.now,
        actor=call.principal.actor,
        patient_id=call.principal.patient_id,
        correlation_id=call.correlation_id,
    )


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
