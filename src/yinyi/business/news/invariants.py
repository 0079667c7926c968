"""What has to hold of news."""

from yinyi.business.watch.model import Invariant


class NewsAreSeenTo(Invariant):
    """Whatever the hospital's systems have told is seen to within an hour, and what people have to look into within a
    day."""

    name = "news_are_seen_to"
    zh = "医院各系统上报的消息一小时内处理完，需要人工处理的一天内有人处理。"
    every_s = 60.0
    statement = """
(SELECT n.sender || ' ' || n.control_id AS subject, 'waits since ' || n.received_at || ' ' || n.why AS detail,
  NULL::bigint AS position
FROM hospital_news n
WHERE n.hospital_id = :hospital AND n.state = 'waiting' AND n.received_at < :now::timestamptz - interval '1 hour'
ORDER BY n.next_at LIMIT 50)
UNION ALL
(SELECT n.sender || ' ' || n.control_id, 'parked since ' || n.handled_at || ' ' || n.why, NULL
FROM hospital_news n
WHERE n.hospital_id = :hospital AND n.state = 'parked' AND n.received_at < :now::timestamptz - interval '1 day'
  AND n.handled_at < :now::timestamptz - interval '1 day'
ORDER BY n.received_at LIMIT 50)
"""
