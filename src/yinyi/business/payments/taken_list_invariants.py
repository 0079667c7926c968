"""What has to hold of banks' lists of a day."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from yinyi.business.payments.model import ListsExpected
from yinyi.business.payments.taken_list_store import STANDING
from yinyi.business.watch.model import Invariant

_TODAY = "(:now::timestamptz AT TIME ZONE :zone::text)::date"
_STANDING = STANDING.replace(":bank", "''").replace(":since", f"{_TODAY} - 92").replace(":until", f"{_TODAY} - 3")


class TakenDifferencesAreSettled(Invariant):
    """Where a bank's list of a day and what it has said disagree, the bank has mended it or two people have settled it
    by the end of the second day after."""

    name = "taken_differences_are_settled"
    zh = "银行代收日清单与其上报的差异，在其后第二日结束前由银行更正或由两人裁定。"
    every_s = 300.0
    statement = """
SELECT institution_id || ' ' || reference AS subject,
  taken_on || ', ' || what || ': listed ' || coalesce(listed_fen::text, 'nothing') || ', said '
    || coalesce(heard_fen::text, 'nothing') || ' fen' AS detail, NULL::bigint AS position
FROM (:standing) AS standing
LIMIT 100
""".replace(":standing", _STANDING)

    def __init__(self, zone: ZoneInfo) -> None:
        self.parameters = {"zone": str(zone)}


class TakenListsArrive(Invariant):
    """The list of a day is here, whole, from every bank that is expected to send one, by its hour of the next day."""

    name = "taken_lists_arrive"
    zh = "应报送代收日清单的银行，次日规定时刻前清单已到齐。"
    every_s = 300.0
    statement = """
SELECT b.bank || ' ' || d.taken_on AS subject, 'no list of this day, or not all of its parts' AS detail,
  NULL::bigint AS position
FROM unnest(:banks::text[]) AS b (bank)
CROSS JOIN (SELECT (:now::timestamptz AT TIME ZONE :zone::text - :by::interval)::date - 1 AS last) AS due
CROSS JOIN LATERAL (
  SELECT coalesce(min(taken_on), due.last) AS first FROM taken_list
  WHERE hospital_id = :hospital AND institution_id = b.bank
) AS known
CROSS JOIN LATERAL (
  SELECT due.last - ago AS taken_on FROM generate_series(0, least(due.last - known.first, 31)) AS ago
) AS d
WHERE (
  SELECT count(*) < coalesce(max(parts), 1) FROM taken_list t
  WHERE t.hospital_id = :hospital AND t.institution_id = b.bank AND t.taken_on = d.taken_on)
LIMIT 100
"""
    """From the first list on that a bank has ever sent."""

    def __init__(self, expected: ListsExpected, zone: ZoneInfo) -> None:
        by = datetime.combine(date.min, expected.by) - datetime.combine(date.min, time())
        self.parameters = {"banks": list(expected.banks), "by": by, "zone": str(zone)}
