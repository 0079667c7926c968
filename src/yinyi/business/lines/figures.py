"""The bank line in numbers: no card data, and never more rows than this page of numbers can bear."""

from yinyi.business.watch.model import Figure

MOST = 4000
"""Sessions shown one by one, two merchant numbers on two thousand terminals; those that need people first. How many
more there are is a figure of its own, and the totals of an acquirer count them all."""
MOST_IN_TROUBLE = 1000
"""Sessions with messages in doubt, or stuck, the most of them first: no page can bear more beside the others."""
_SLOT = "s.acquirer || '/' || s.merchant_no || '/' || s.terminal_no"
_SIGNED_ON = """
(NOT s.must_sign_on AND coalesce(s.signed_on_day = (:now::timestamptz AT TIME ZONE (
   SELECT h.zone FROM hospital h WHERE h.hospital_id = :hospital))::date, false))::int
"""
_DOUBTS = """
SELECT :slot AS label, count(*) AS value
FROM line_message m JOIN line_session s ON s.hospital_id = :hospital AND s.session_id = m.session_id
WHERE m.hospital_id = :hospital AND m.state IN ('sent', 'in_doubt', 'stuck') AND m.state = ':state'
GROUP BY s.acquirer, s.merchant_no, s.terminal_no ORDER BY value DESC, label LIMIT :most
""".replace(":slot", _SLOT).replace(":most", str(MOST_IN_TROUBLE))


class LineUp(Figure):
    """Business processes whose line to this acquirer is up"""

    name = "line_up"
    label = "acquirer"
    statement = """
SELECT l.acquirer AS label, count(*) FILTER (WHERE l.is_up) AS value FROM line_link l
WHERE l.hospital_id = :hospital AND l.seen_at > :now::timestamptz - interval '90 seconds' GROUP BY l.acquirer
"""


class LineDown(Figure):
    """Business processes whose line to this acquirer is down"""

    name = "line_down"
    label = "acquirer"
    statement = """
SELECT l.acquirer AS label, count(*) FILTER (WHERE NOT l.is_up) AS value FROM line_link l
WHERE l.hospital_id = :hospital AND l.seen_at > :now::timestamptz - interval '90 seconds' GROUP BY l.acquirer
"""


class LineSessions(Figure):
    """Sessions with this acquirer, of terminals that are not retired"""

    name = "line_sessions"
    label = "acquirer"
    statement = """
SELECT s.acquirer AS label, count(*) AS value FROM line_session s
WHERE s.hospital_id = :hospital AND NOT s.retired GROUP BY s.acquirer
"""


class LineSessionsSignedOn(Figure):
    """Those of them that are signed on today"""

    name = "line_sessions_signed_on"
    label = "acquirer"
    statement = """
SELECT s.acquirer AS label, sum(:signed_on) AS value FROM line_session s
WHERE s.hospital_id = :hospital AND NOT s.retired GROUP BY s.acquirer
""".replace(":signed_on", _SIGNED_ON)


class LineSessionsBeyond(Figure):
    """Sessions that are not shown one by one, because there are too many"""

    name = "line_sessions_beyond"
    statement = """
SELECT '' AS label, greatest(count(*) - :most, 0) AS value FROM line_session s
WHERE s.hospital_id = :hospital AND NOT s.retired
""".replace(":most", str(MOST))


class LineSessionSignedOn(Figure):
    """Whether this session is signed on today: 1 or 0; those that are not come first"""

    name = "line_session_signed_on"
    label = "session"
    statement = (
        """
SELECT :slot AS label, :signed_on AS value FROM line_session s
WHERE s.hospital_id = :hospital AND NOT s.retired ORDER BY value, label LIMIT :most
""".replace(":slot", _SLOT)
        .replace(":signed_on", _SIGNED_ON)
        .replace(":most", str(MOST))
    )


class LineSessionHeardAge(Figure):
    """Since the bank was heard last in this session; those that have been silent longest come first"""

    name = "line_session_heard_age_seconds"
    label = "session"
    statement = """
SELECT :slot AS label, greatest(extract(epoch FROM :now - s.heard_at), 0)::float AS value FROM line_session s
WHERE s.hospital_id = :hospital AND NOT s.retired AND s.heard_at IS NOT NULL ORDER BY value DESC, label LIMIT :most
""".replace(":slot", _SLOT).replace(":most", str(MOST))


class LineSessionInDoubt(Figure):
    """Messages of this session that are in doubt and to be reversed; no line: none"""

    name = "line_session_in_doubt"
    label = "session"
    statement = _DOUBTS.replace(":state", "in_doubt")


class LineSessionStuck(Figure):
    """Messages of this session whose reversal is stuck; no line: none"""

    name = "line_session_stuck"
    label = "session"
    statement = _DOUBTS.replace(":state", "stuck")


class LineMessages(Figure):
    """Messages of the last five minutes, by acquirer, kind and state"""

    name = "line_messages"
    label = "messages"
    statement = """
SELECT s.acquirer || ' ' || m.kind || ' ' || m.state AS label, count(*) AS value
FROM line_message m JOIN line_session s ON s.hospital_id = :hospital AND s.session_id = m.session_id
WHERE m.sent_at > :now::timestamptz - interval '5 minutes' AND m.hospital_id = :hospital
GROUP BY s.acquirer, m.kind, m.state
"""


FIGURES = (
    *(LineUp(), LineDown(), LineSessions(), LineSessionsSignedOn(), LineSessionsBeyond()),
    *(LineSessionSignedOn(), LineSessionHeardAge(), LineSessionInDoubt(), LineSessionStuck(), LineMessages()),
)
