"""Callbacks of channels: verified, then stored uniquely, then matched, then handed to the engine."""

import hashlib
from typing import NamedTuple

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.business.payments import rows
from yinyi.business.payments.apply import same_payment
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import CallbackForged
from yinyi.business.payments.messages import CallbackAnswer, ReceiveCallback
from yinyi.business.payments.model import IN_ALL, CallbackRead, CallbackReply, RefundedAtChannel
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.ports import CallbackRefused
from yinyi.business.payments.registry import Registry
from yinyi.kernel.ids import PAYMENT_NUMBER
from yinyi.kernel.outcome import Done

log = structlog.get_logger()

_STATEMENT = """
WITH known AS (
  SELECT payment_id, amount_fen, params ->> 'merchant' AS merchant,
    $7::jsonb ->> 'type' = 'refused' AND state IN ('done', 'late') AND (kind = 'payments.refund' OR amount_fen > (
      SELECT coalesce(sum(b.amount_fen), 0) FROM payment_step b
      WHERE b.hospital_id = t.hospital_id AND b.payment_id = t.payment_id AND b.kind = 'payments.refund'
        AND b.params ->> 'of' = $4 AND b.state <> 'refused')) AS denied
  FROM payment_step t
  WHERE hospital_id = $1 AND reference = $4 AND params ->> 'channel' = $2
    AND (kind = 'payments.refund') = ($11 = 'refund')
), judged AS (
  SELECT k.payment_id, CASE
    WHEN k.payment_id IS NULL THEN 'stranger'
    WHEN NOT k.denied AND k.merchant = $6 AND (k.amount_fen = $5::bigint
      OR $7::jsonb ->> 'type' = 'refunded_at_channel' AND k.amount_fen >= $5
      OR $7::jsonb #> '{evidence,in_all_fen}' IS NOT NULL AND k.amount_fen <= $5) THEN 'believed'
    ELSE 'mismatch' END AS verdict
  FROM (SELECT 1) AS one LEFT JOIN known k ON true
), kept AS (
  INSERT INTO payment_callback
    (hospital_id, source, event_id, reference, payment_id, verdict, outcome, body_hash, received_at, applied_at,
    amount_fen, merchant, about)
  SELECT $1, $2::text, $3::text, $4::text, j.payment_id, j.verdict, $7::jsonb, $8, $9::timestamptz,
    CASE WHEN j.payment_id IS NULL OR j.verdict = 'mismatch' AND EXISTS (:settled) THEN $9::timestamptz END,
    $5::bigint, $6::text, $11::text
  FROM judged j
  ON CONFLICT (hospital_id, source, event_id) DO NOTHING
  RETURNING hospital_id, payment_id, verdict, applied_at
), signalled AS (
  UPDATE payment AS p SET version = version + 1,
    next_at = CASE WHEN lease_epoch IS NULL THEN $9::timestamptz ELSE next_at END,
    lease_epoch = coalesce(lease_epoch, (SELECT epoch FROM process_lease WHERE epoch = $10 AND alive_until > $9
      AND NOT EXISTS (:waiting)))
  FROM kept
  WHERE p.hospital_id = kept.hospital_id AND p.payment_id = kept.payment_id AND kept.applied_at IS NULL
  RETURNING p.version - 1 AS version, :seen AS seen, coalesce(p.lease_epoch = $10, false) AND NOT EXISTS (:waiting)
    AS ours, :row AS plan
)
SELECT $3::text AS event_id, kept.payment_id, verdict, applied_at, version, seen, ours, plan
FROM kept LEFT JOIN signalled ON true
"""
_SETTLED = rows.notice_settled("j.payment_id", "$4::text", "$7::jsonb", "$5::bigint", "$6::text")
KEEP = rows.filled(_STATEMENT.replace(":waiting", rows.CALLBACK_WAITS).replace(":settled", _SETTLED))
"""Stored once, judged, told to the payment, and the payment taken up if nobody drives it and no other callback waits,
in one statement; no row when it was here before. What denies money that is booked does not fit; what people have
settled already is kept, and nobody is called."""


class Kept(NamedTuple):
    """``plan``: as on disk under our lease, without this callback; None: whoever drives it has to read it."""

    payment_id: int
    plan: Plan | None
    callback: rows.PendingCallback


class Fresh(NamedTuple):
    """A callback that is not on disk yet, and its payment as this process knows it."""

    plan: Plan
    callback: rows.FreshCallback


class Callbacks:
    """``ReceiveCallback``: a callback may come before the answer, twice, late, or not at all."""

    def __init__(self, registry: Registry, driver: Driver) -> None:
        self._registry = registry
        self._driver = driver

    async def receive(self, call: Call, message: ReceiveCallback) -> CallbackAnswer:
        """
        Raises:
            CallbackForged: no such plugin.
        """
        channel = self._registry.receivers.get(message.plugin)
        if channel is None:
            raise CallbackForged(f"no channel {message.plugin} receives callbacks")
        try:
            read = channel.read_callback(message.path, message.headers, message.body)
        except CallbackRefused as refused:
            log.warning("callback.refused", plugin=message.plugin, why=str(refused))
            return _answer(channel.rejected(str(refused)))
        read = understood(read)
        fresh = self.fresh(call, message.plugin, message.body, read)
        if fresh is not None and await self._driver.told(fresh.plan, fresh.callback):
            return _answer(channel.accepted())
        kept = await self.keep(call, message.plugin, message.body, read)
        if kept is not None and kept.plan is not None:
            self._driver.take_over(kept.plan, [kept.callback])
        elif kept is not None:
            self._driver.wake(call.hospital_id, kept.payment_id)
        return _answer(channel.accepted())

    def fresh(self, call: Call, plugin: str, body: bytes, read: CallbackRead) -> Fresh | None:
        """What tells nothing but what was expected can be kept in the very write that follows from it, if the payment
        still is as this process knows it: see ``Driver.told``. None: it has to be kept by itself."""
        plan = self._driver.known.get(read.reference[:PAYMENT_NUMBER])
        if plan is None or plan.hospital_id != call.hospital_id or not self._driver.lease.good_for(1.0):
            return None
        step = next((each for each in plan.steps if each.reference == read.reference), None)
        if step is None or (step.kind == REFUND) != (read.about == "refund") or not isinstance(read.outcome, Done):
            return None
        expected = (step.channel, step.merchant, step.amount_fen)
        if expected != (plugin, read.merchant, read.amount_fen):
            return None
        callback = rows.FreshCallback(
            source=plugin,
            event_id=read.event_id,
            reference=read.reference,
            outcome=msgspec.to_builtins(read.outcome),
            body_hash=hashlib.sha256(body).hexdigest(),
            received_at=call.now,
            amount_fen=read.amount_fen,
            merchant=read.merchant,
            about=read.about,
        )
        return Fresh(plan, callback)

    async def keep(self, call: Call, plugin: str, body: bytes, read: CallbackRead) -> Kept | None:
        """Store it once; the payment that it concerns, None if it was here before or concerns nobody."""
        lease = self._driver.lease
        epoch = lease.epoch if lease.good_for(1.0) else 0
        told = (call.hospital_id, plugin, read.event_id, read.reference, read.amount_fen, read.merchant)
        outcome, digest = msgspec.json.encode(read.outcome).decode(), hashlib.sha256(body).digest()
        together = self._driver.together
        row = await together.fetchrow(KEEP, (*told, outcome, digest, call.now, epoch, read.about), read.event_id)
        if row is None:
            return None
        verdict = row["verdict"]
        if verdict != "believed":
            log.warning("callback.not_believed", plugin=plugin, verdict=verdict, reference=read.reference)
        if row["applied_at"] is not None:
            return None
        whole = row["ours"] and row["seen"] == row["version"]
        outcome = msgspec.to_builtins(read.outcome)
        return Kept(
            payment_id=row["payment_id"],
            plan=rows.read_plan(row["plan"]) if whole else None,
            callback=rows.PendingCallback(
                event_id=read.event_id, reference=read.reference, verdict=verdict, outcome=outcome
            ),
        )


def understood(read: CallbackRead) -> CallbackRead:
    """A refund of an order of ours under a number that is not ours, or under the order's own: somebody has made it at
    the channel itself."""
    order = read.order_reference
    foreign = bool(order) and (read.reference == order or not same_payment(read.reference, order))
    if read.about != "refund" or not foreign or not isinstance(read.outcome, Done):
        return read
    in_all = IN_ALL in read.outcome.evidence
    told = RefundedAtChannel(their_id=read.reference, amount_fen=read.amount_fen, in_all=in_all)
    return msgspec.structs.replace(read, about="take", reference=read.order_reference, outcome=told)


def _answer(reply: CallbackReply) -> CallbackAnswer:
    return CallbackAnswer(status=reply.status, body=reply.body, content_type=reply.content_type)
