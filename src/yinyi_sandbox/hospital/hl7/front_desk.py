"""The HIS's own line to the platform: who is admitted and goes home, and which visits are booked and given back."""

from typing import Any

from yinyi_sandbox.hospital.hl7.messages import HIS, header, stay, visit
from yinyi_sandbox.hospital.hl7.news_line import LOOKED_BACK, NewsLine

_MOST = 10
"""At once: on a busy day the rest comes with the next look."""
_REMEMBERED = 2000
_STAYS = """
SELECT 'ADT^' || e.event AS event, s.admission_no AS number, s.patient_no, p.full_name, s.ward_code, s.bed_no, e.at
FROM his.stay s JOIN his.patient p USING (patient_no)
CROSS JOIN LATERAL (VALUES ('A01', s.admitted_at), ('A03', s.discharged_at)) AS e (event, at)
WHERE e.at BETWEEN $1 AND $2 ORDER BY e.at, number LIMIT 500
"""
_VISITS = """
SELECT CASE r.state WHEN 'confirmed' THEN 'SIU^S12' ELSE 'SIU^S15' END AS event, r.ref, r.state,
  coalesce(r.registration_no, r.ref) AS number, r.patient_no, p.full_name, r.schedule_id, s.starts_at
FROM his.registration r JOIN his.patient p USING (patient_no) JOIN his.schedule s USING (schedule_id)
WHERE r.state = 'confirmed' AND coalesce(r.paid_at, r.made_at) BETWEEN $1 AND $2
  OR r.state = 'released' AND r.ref = ANY($3)
ORDER BY r.made_at, r.ref LIMIT 500
"""


class FrontDesk(NewsLine):
    """A visit is told to be given back only after it was told to be booked."""

    async def tell_new(self) -> int:
        """See ``NewsLine``."""
        now = self.clock.now()
        booked = [control_id.removeprefix("S12-") for control_id, _ in self.told if control_id.startswith("S12-")]
        stays = await self.pool.fetch(_STAYS, now - LOOKED_BACK, now)
        visits = await self.pool.fetch(_VISITS, now - LOOKED_BACK, now, booked)
        fresh = [each for each in (*stays, *visits) if (_control_id(each), 0) not in self.told][:_MOST]
        for row in fresh:
            control_id = _control_id(row)
            first = header(HIS, self.key, row["event"], control_id, now)
            message = stay(first, row) if row["event"].startswith("ADT") else visit(first, row)
            self.told[control_id, 0] = await self.say(message, control_id)
        for key in list(self.told)[:-_REMEMBERED]:
            del self.told[key]
        return len(fresh)


def _control_id(row: Any) -> str:
    number = row["number"] if row["event"].startswith("ADT") else row["ref"]
    return f"{row['event'].partition('^')[2]}-{number}"
