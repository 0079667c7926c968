"""The services of the first page, and how many of them stand on it."""

from collections.abc import Sequence
from itertools import chain

import pytest
from kiosk_platform import paired, run

from yinyi.interface.journeys.paths import Paths
from yinyi.interface.journeys.services import SERVICES, TABLE, choices, words
from yinyi.interface.journeys.views_start import ServiceName
from yinyi.interface.kiosk.addresses import ADDRESSES, BASE

NAMES = tuple(SERVICES)


@pytest.mark.parametrize("most", [4, 6])
@pytest.mark.parametrize("how_many", range(len(NAMES) + 1))
def test_every_service_stands_on_exactly_one_page(how_many: int, most: int) -> None:
    pages: list[Sequence[ServiceName]] = []
    page = 1
    while page:
        shown = choices(NAMES[:how_many], most, page)
        assert len(shown.names) <= most
        assert shown.more in (0, page + 1)
        pages.append(shown.names)
        page = shown.more
    assert tuple(chain.from_iterable(pages)) == NAMES[:how_many]
    assert how_many < 2 or all(len(names) > 1 for names in pages), "a page for a single thing"


@pytest.mark.parametrize("page", [-1, 0, 3, 99])
def test_a_page_that_is_not_there_is_the_nearest_one(page: int) -> None:
    assert choices(NAMES, 6, page) == choices(NAMES, 6, 1 if page < 1 else 2)


def test_each_service_has_its_words_its_icon_and_a_place_of_its_own() -> None:
    said = words(str)
    assert set(said["service"]) == set(said["service_for"]) == set(NAMES)
    assert len({service.icon for service in TABLE}) == len(TABLE)
    assert len(SERVICES) == len(TABLE)


def test_a_service_is_offered_where_the_skin_has_its_pages() -> None:
    paths = Paths(BASE)
    offered = [name for name in NAMES if paths.service(name)]
    assert {"register", "inpatient", "account", "find_payment", "reprint"} <= set(offered)
    served = {BASE + address.path for address in ADDRESSES if address.get}
    assert {paths.service(name) for name in offered} <= served
    assert paths.service("no_such_service") == ""


@pytest.mark.parametrize(("query", "page"), [("", 1), ("?page=2", 2), ("?page=x", 1), ("?page=²", 1), ("?page=123", 1)])
def test_more_services_have_an_address(query: str, page: int) -> None:
    async def see() -> None:
        assert (await paired(known=False).see(f"/{query}"))["v"]["page"] == page

    run(see())
