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


FIGURES = (NewsParked(), NewsWaiting())
