"""What has to hold of the platform as a whole."""

from yinyi.business.watch.model import Invariant


class EventsLeave(Invariant):
    """Every event is published within five minutes of the commit that made it."""

    name = "events_leave"
    zh = "每个事件在提交后五分钟内发布。"
    every_s = 30.0
    statement = """
SELECT o.outbox_id || ' ' || o.subject AS subject, 'committed, and not published for five minutes' AS detail,
  NULL::bigint AS position
FROM outbox o
WHERE o.published_at IS NULL AND o.hospital_id = :hospital AND o.created_at < :now::timestamptz - interval '5 minutes'
ORDER BY o.outbox_id LIMIT 100
"""
