"""The people of the demo by HTTP, mounted under ``/people``: who they are and what their cards say to a reader."""

import base64

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi.wire import resident_card
from yinyi_sandbox.people.people import PEOPLE, DemoPerson, Kind


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """block: the 256 bytes that a reader gives, in base64."""

    key: str
    kind: Kind
    name: str
    about: str
    about_en: str
    phone: str
    block: str


async def _people(_: Request) -> Response:
    return Response(msgspec.json.encode([_card(person) for person in PEOPLE]), media_type="application/json")


def _card(person: DemoPerson) -> Card:
    return Card(
        key=person.key,
        kind=person.kind,
        name=person.name,
        about=person.about,
        about_en=person.about_en,
        phone=person.phone,
        block=base64.b64encode(resident_card.encode(person.card)).decode(),
    )


routes = [Route("/", _people)]
