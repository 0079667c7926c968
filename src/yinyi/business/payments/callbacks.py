"""Callbacks of channels: verified, then stored uniquely, then matched, then handed to the engine."""

import hashlib

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import CallbackForged
from yinyi.business.payments.messages import CallbackAnswer, ReceiveCallback
from yinyi.business.payments.model import CallbackRead, CallbackReply
from yinyi.business.payments.ports import CallbackRefused, ReceivesCallbacks
from yinyi.business.payments.registry import Registry

log = structlog.get_logger()

_KEEP = """
WITH known AS (
  SELECT payment_id, amount_fen, params ->> 'merchant' AS merchant FROM payment_step
  WHERE hospital_id = $1 AND reference = $4 AND params ->> 'channel' = $2
), judged AS (
  SELECT k.payment_id, CASE
    WHEN k.payment_id IS NULL THEN 'stranger'
    WHEN k.amount_fen = $5::bigint AND k.merchant = $6 THEN 'believed'
    ELSE 'mismatch' END AS verdict
  FROM (SELECT 1) AS one LEFT JOIN known k ON true
), kept AS (
  INSERT INTO payment_callback
    (hospital_id, source, event_id, reference, payment_id, verdict, outcome, body_hash, received_at, applied_at)
  SELECT $1, $2::text, $3::text, $4::text, j.payment_id, j.verdict, $7::jsonb, $8, $9::timestamptz,
    CASE WHEN j.payment_id IS NULL THEN $9::timestamptz END
  FROM judged j
  ON CONFLICT (hospital_id, source, event_id) DO NOTHING
  RETURNING payment_id, verdict
), signalled AS (
  UPDATE payment SET version = version + 1,
    next_at = CASE WHEN lease_epoch IS NULL THEN $9::timestamptz ELSE next_at END
  FROM kept WHERE payment.hospital_id = $1 AND payment.payment_id = kept.payment_id
)
SELECT payment_id, verdict FROM kept
"""
"""Stored once, judged, and told to the payment, in one statement; no row when it was here before."""


class Callbacks:
    """``ReceiveCallback``: a callback may come before the answer, twice, late, or not at all."""

    def __init__(self, database: Database, registry: Registry, driver: Driver) -> None:
        self._database = database
        self._registry = registry
        self._driver = driver

    async def receive(self, call: Call, message: ReceiveCallback) -> CallbackAnswer:
        """
        Raises:
            CallbackForged: no such plugin.
        """
        channel = self._registry.channels.get(message.plugin)
        if not isinstance(channel, ReceivesCallbacks):
            raise CallbackForged(f"no channel {message.plugin} receives callbacks")
        try:
            read = channel.read_callback(message.path, message.headers, message.body)
        except CallbackRefused as refused:
            log.warning("callback.refused", plugin=message.plugin, why=str(refused))
            return _answer(channel.rejected(str(refused)))
        payment_id = await self.keep(call, message.plugin, message.body, read)
        if payment_id is not None:
            self._driver.wake(call.hospital_id, payment_id)
        return _answer(channel.accepted())

    async def keep(self, call: Call, plugin: str, body: bytes, read: CallbackRead) -> int | None:
        """Store it once; the payment that it concerns, None if it was here before or concerns nobody."""
        async with self._database.read() as tx:
            row = await tx.fetchrow(
                _KEEP,
                *(call.hospital_id, plugin, read.event_id, read.reference, read.amount_fen, read.merchant),
                *(msgspec.json.encode(read.outcome).decode(), hashlib.sha256(body).digest(), call.now),
            )
        if row is None:
            return None
        if row["verdict"] != "believed":
            log.warning("callback.not_believed", plugin=plugin, verdict=row["verdict"], reference=read.reference)
        return row["payment_id"]


def _answer(reply: CallbackReply) -> CallbackAnswer:
    return CallbackAnswer(status=reply.status, body=reply.body, content_type=reply.content_type)
