"""The HIS's own line to the platform: who is admitted and goes home, whose record is made, changed or merged, and which
visits are booked, changed, missed and given back."""

from typing import Any

from yinyi.wire.hl7.codec import Message
from yinyi_sandbox.hospital.hl7.messages import HIS, header, merge, parted, record, stay, visit
from yinyi_sandbox.hospital.hl7.news_line import LOOKED_BACK, NewsLine

_MOST = 10
"""At once: on a busy day the rest comes with the next look."""
_REMEMBERED = 2000
_STAYS = """
SELECT 'ADT^' || e.event AS event, e.event || '-' || s.admission_no AS control_id, s.admission_no AS number,
  s.patient_no, p.full_name, s.ward_code, s.bed_no, e.at
FROM his.stay s JOIN his.patient p USING (patient_no)
CROSS JOIN LATERAL (VALUES ('A01', s.admitted_at), ('A03', s.discharged_at)) AS e (event, at)
WHERE e.at BETWEEN $1 AND $2 ORDER BY e.at, number LIMIT 500
"""
_VISITS = """
SELECT 'SIU^' || e.event AS event, e.event || '-' || r.ref AS control_id, r.ref,
  coalesce(r.registration_no, r.ref) AS number, r.patient_no, p.full_name, r.schedule_id,
  his.slot_starts_(s, r.no) AS starts_at
FROM his.registration r JOIN his.patient p USING (patient_no) JOIN his.schedule s USING (schedule_id)
CROSS JOIN LATERAL (SELECT CASE r.state WHEN 'confirmed' THEN 'S12' ELSE 'S15' END AS event) AS e
WHERE r.state = 'confirmed' AND coalesce(r.paid_at, r.made_at) BETWEEN $1 AND $2
  OR r.state = 'released' AND r.ref = ANY($3)
    AND NOT EXISTS (SELECT FROM his.told_event t WHERE t.ref = r.ref AND t.event = 'SIU^S17')
ORDER BY r.made_at, r.ref LIMIT 500
"""
_RECORDS = """
SELECT e.event, e.control_id, e.ref, e.patient_no, e.merged_no, e.at, p.full_name, p.sex_code, p.birth_date,
  o.full_name AS other_name,
  coalesce(r.registration_no, r.ref) AS number, r.schedule_id, his.slot_starts_(s, r.no) AS starts_at
FROM his.told_event e JOIN his.patient p USING (patient_no) LEFT JOIN his.patient o ON o.patient_no = e.merged_no
LEFT JOIN his.registration r ON r.ref = e.ref LEFT JOIN his.schedule s ON s.schedule_id = r.schedule_id
WHERE e.at BETWEEN $1 AND $2 ORDER BY e.at, e.control_id LIMIT 500
"""
_WRITTEN = {
    "ADT^A01": stay,
    "ADT^A03": stay,
    "ADT^A04": record,
    "ADT^A08": record,
    "ADT^A37": parted,
    "ADT^A40": merge,
}


class FrontDesk(NewsLine):
    """A visit is told to be given back only after it was told to be booked."""

    async def tell_new(self) -> int:
        """See ``NewsLine``."""
        now = self.clock.now()
        booked = [control_id.removeprefix("S12-") for control_id, _ in self.told if control_id.startswith("S12-")]
        stays = await self.pool.fetch(_STAYS, now - LOOKED_BACK, now)
        visits = await self.pool.fetch(_VISITS, now - LOOKED_BACK, now, booked)
        records = await self.pool.fetch(_RECORDS, now - LOOKED_BACK, now)
        happened = (*stays, *visits, *records)
        fresh = [each for each in happened if (each["control_id"], 0) not in self.told][:_MOST]
        for row in fresh:
            self.told[row["control_id"], 0] = await self.say(self._message(row), row["control_id"])
        for key in list(self.told)[:-_REMEMBERED]:
            del self.told[key]
        return len(fresh)

    def _message(self, row: Any) -> Message:
        first = header(HIS, self.key, row["event"], row["control_id"], self.clock.now())
        return _WRITTEN.get(row["event"], visit)(first, row)
