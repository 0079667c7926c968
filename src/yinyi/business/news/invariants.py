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
ORDER BY n.news_no LIMIT 50)
"""


class MergedAccountsAreEmpty(Invariant):
    """Money that comes back to a number which was merged into another one is on the other one's account within an
    hour."""

    name = "merged_accounts_are_empty"
    zh = "已并入其他号码的就诊号，其预交金账户的钱一小时内转到合并后的账户。"
    every_s = 60.0
    statement = """
SELECT b.account AS subject, b.balance_fen || ' fen since ' || b.changed_at AS detail, NULL::bigint AS position
FROM patient p CROSS JOIN LATERAL (
  SELECT a.account, a.balance_fen, a.changed_at FROM account_balance a
  WHERE a.account = 'prepaid:' || p.patient_id AND a.hospital_id = :hospital OFFSET 0) AS b
WHERE p.hospital_id = :hospital AND p.merged_into IS NOT NULL AND b.balance_fen > 0
  AND b.changed_at < :now::timestamptz - interval '1 hour'
LIMIT 50
"""


class BulletinsArrive(Invariant):
    """Whatever systems of the hospital want to be told has arrived within an hour, and people have looked into what
    they refuse within a day."""

    name = "bulletins_arrive"
    zh = "发给医院各系统的通告一小时内送达，被拒收的一天内有人处理。"
    every_s = 60.0
    statement = """
(SELECT b.receiver || ' ' || b.control_id AS subject, 'waits since ' || b.made_at || ' ' || b.problem AS detail,
  NULL::bigint AS position
FROM hospital_bulletin b
WHERE b.hospital_id = :hospital AND b.state = 'waiting' AND b.made_at < :now::timestamptz - interval '1 hour'
ORDER BY b.bulletin_no LIMIT 50)
UNION ALL
(SELECT b.receiver || ' ' || b.control_id, 'parked since ' || b.ended_at || ' ' || b.problem, NULL
FROM hospital_bulletin b
WHERE b.hospital_id = :hospital AND b.state = 'parked' AND b.ended_at < :now::timestamptz - interval '1 day'
ORDER BY b.bulletin_no LIMIT 50)
"""
