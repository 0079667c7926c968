"""Cards of people who do not exist, as many as a test wants; the county 99 in their numbers is given to nobody."""

import itertools
from datetime import date, timedelta

from yinyi.wire import gb11643
from yinyi.wire.resident_card import CardText

_days = itertools.count()


def fresh_card(name: str = "钱多多") -> CardText:
    """Somebody who has never been to this hospital."""
    born_on = date(1975, 1, 1) + timedelta(days=next(_days))
    return CardText(
        name=name,
        sex="female",
        nation="01",
        born_on=born_on,
        address="江苏省海州市云台区秋水路19号",
        number=gb11643.number_of("320199", born_on, 2),
        authority="海州市公安局",
        valid_from=date(2022, 5, 9),
    )
