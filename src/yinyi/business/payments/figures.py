"""Payments in numbers."""

from yinyi.business.watch.model import Figure


class PaymentsOpen(Figure):
    """Payments that have not ended"""

    name = "payments_open"
    statement = """
SELECT '' AS label, (
  SELECT count(*) FROM payment
  WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND hospital_id = :hospital AND ended_at IS NULL) + (
  SELECT count(*) FROM payment WHERE lease_epoch IS NOT NULL AND hospital_id = :hospital AND ended_at IS NULL) AS value
"""


class PaymentsInQueue(Figure):
    """Payments in the human queue"""

    name = "payments_in_human_queue"
    statement = "SELECT '' AS label, count(*) AS value FROM payment WHERE attention <> '' AND hospital_id = :hospital"


class OldestInQueue(Figure):
    """Since the oldest payment in the human queue came there"""

    name = "payments_human_queue_oldest_seconds"
    statement = """
SELECT '' AS label, coalesce(extract(epoch FROM :now - min(attention_at)), 0)::float AS value
FROM payment WHERE attention <> '' AND hospital_id = :hospital
"""


class OldestOverdue(Figure):
    """Since the payment that waits longest for its next action was due"""

    name = "payments_oldest_overdue_seconds"
    statement = """
SELECT '' AS label, coalesce(greatest(extract(epoch FROM :now - min(next_at)), 0), 0)::float AS value
FROM payment WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND hospital_id = :hospital
"""


class BreakersOpen(Figure):
    """Business processes that leave this kind of call to this channel alone for now"""

    name = "breaker_open"
    label = "calls"
    statement = """
SELECT b.name AS label, count(*) AS value
FROM process_lease l CROSS JOIN LATERAL regexp_split_to_table(l.breakers, ' ') AS b (name)
WHERE l.alive_until > :now AND l.breakers <> '' GROUP BY b.name
"""


FIGURES = (PaymentsOpen(), PaymentsInQueue(), OldestInQueue(), OldestOverdue(), BreakersOpen())
