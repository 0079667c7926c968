"""News of the hospital's systems in numbers."""

from yinyi.business.watch.model import Figure


class NewsParked(Figure):
    """What the hospital's systems have told and people have to look into"""

    name = "news_parked"
    statement = """
SELECT '' AS label, count(*) AS value FROM hospital_news n WHERE n.hospital_id = :hospital AND n.state = 'parked'
"""


class NewsWaiting(Figure):
    """What the hospital's systems have told and was not seen to yet"""

    name = "news_waiting"
    statement = """
SELECT '' AS label, count(*) AS value FROM hospital_news n WHERE n.hospital_id = :hospital AND n.state = 'waiting'
"""


class BulletinsParked(Figure):
    """What systems of the hospital refuse to be told and people have to look into"""

    name = "bulletins_parked"
    label = "receiver"
    statement = """
SELECT b.receiver AS label, count(*) AS value FROM hospital_bulletin b
WHERE b.hospital_id = :hospital AND b.state = 'parked' GROUP BY b.receiver
"""


class BulletinsWaiting(Figure):
    """What systems of the hospital are to be told and have not taken yet"""

    name = "bulletins_waiting"
    label = "receiver"
    statement = """
SELECT b.receiver AS label, count(*) AS value FROM hospital_bulletin b
WHERE b.hospital_id = :hospital AND b.state = 'waiting' GROUP BY b.receiver
"""


FIGURES = (NewsParked(), NewsWaiting(), BulletinsParked(), BulletinsWaiting())
