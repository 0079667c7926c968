"""What the page of the bank's branch asks for."""

from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.demo.answering import answering, body_of, json_of
from yinyi_sandbox.demo.branch import Branch, Id, Key, Taken


class Come(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``pan``: with this card; "": with his document."""

    customer: Id
    pan: Annotated[str, msgspec.Meta(max_length=19)] = ""


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pan: Annotated[str, msgspec.Meta(min_length=12, max_length=19)]
    key: Key


class Department(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    department_id: Id


class Registered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    department_id: Id
    schedule_id: Id
    key: Key


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    invoice_no: Id
    version: int


class Billed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    chosen: list[Chosen]
    key: Key


class Payment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payment_no: Id


class Cancelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payment_no: Id
    key: Key


class Numbered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``reference``: of money that was taken, or of an order to give some back."""

    reference: Id


def routes(branch: Branch) -> list[Route]:
    """GET /customers /departments /book; everything else is POST."""
    return [*_about_people(branch), *_about_money(branch)]


def _about_people(branch: Branch) -> list[Route]:
    async def customers(_: Request) -> Response:
        return json_of(branch.customers())

    async def departments(_: Request) -> Response:
        return json_of(await branch.departments())

    async def come(request: Request) -> Response:
        who = await body_of(request, Come)
        return json_of(await branch.come(who.customer, who.pan))

    async def bind(request: Request) -> Response:
        wanted = await body_of(request, Bound)
        return json_of(await branch.bind(wanted.pan, wanted.key))

    async def doctors(request: Request) -> Response:
        return json_of(await branch.doctors((await body_of(request, Department)).department_id))

    async def register(request: Request) -> Response:
        wanted = await body_of(request, Registered)
        return json_of(await branch.register(wanted.department_id, wanted.schedule_id, wanted.key))

    gets = {"/customers": customers, "/departments": departments}
    posts = {"/come": come, "/bind": bind, "/doctors": doctors, "/register": register}
    return [*_routes(gets, "GET"), *_routes(posts, "POST")]


def _about_money(branch: Branch) -> list[Route]:
    async def book(_: Request) -> Response:
        return json_of({"takings": branch.book.takings(), "orders": branch.book.orders()})

    async def bills(_: Request) -> Response:
        return json_of(await branch.bills())

    async def pay_bills(request: Request) -> Response:
        wanted = await body_of(request, Billed)
        return json_of(await branch.pay_bills(list(map(msgspec.structs.asdict, wanted.chosen)), wanted.key))

    async def payment(request: Request) -> Response:
        return json_of(await branch.payment((await body_of(request, Payment)).payment_no))

    async def cancel(request: Request) -> Response:
        wanted = await body_of(request, Cancelled)
        return json_of(await branch.cancel(wanted.payment_no, wanted.key))

    async def take(request: Request) -> Response:
        return json_of(await branch.take(await body_of(request, Taken)))

    async def tell(request: Request) -> Response:
        return json_of(await branch.tell((await body_of(request, Numbered)).reference))

    async def give_back(request: Request) -> Response:
        return json_of(await branch.give_back((await body_of(request, Numbered)).reference))

    posts = {
        "/bills": bills,
        "/pay-bills": pay_bills,
        "/payment": payment,
        "/cancel": cancel,
        "/take": take,
        "/tell": tell,
        "/give-back": give_back,
    }
    return [*_routes({"/book": book}, "GET"), *_routes(posts, "POST")]


def _routes(table: dict[str, Any], method: str) -> list[Route]:
    return [Route(path, answering(endpoint), methods=[method]) for path, endpoint in table.items()]
