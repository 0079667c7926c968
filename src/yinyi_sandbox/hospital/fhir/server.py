"""The hospital by FHIR R4 in JSON, mounted under ``/hospital/fhir``: over the same procedures as its other services."""

import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi.kernel.clock import Clock
from yinyi.wire.fhir import money
from yinyi.wire.fhir.paths import Node
from yinyi_sandbox.channel.hanging_up import HangUp, Silence
from yinyi_sandbox.hospital.fhir.asked import WORDS, Call, NotServed, Query, table
from yinyi_sandbox.hospital.fhir.changes import BOOKINGS, CREATIONS, OPERATIONS
from yinyi_sandbox.hospital.fhir.searches import READINGS, SEARCHES
from yinyi_sandbox.hospital.fhir.statement import statement
from yinyi_sandbox.hospital.services import Mishap, Refusal, Services
from yinyi_sandbox.hospital.trades import pascal

MEDIA_TYPE = "application/fhir+json"
_LONGEST_BODY = 1 << 20
_USUAL_PAGE, _LONGEST_PAGE = 50, 100
_MOST_PAGES_KEPT = 200
_BUSY, _NO_SUCH = "S01", "N00"
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

Endpoint = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """The hospital says no, by a code of its own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


class FhirServer:
    """Answers for the hospital. ``base``: where its pages stand."""

    def __init__(self, services: Services, repeated: str = "") -> None:
        """repeated: its code for what is booked already, where it refuses that; "": it answers as the first time."""
        self._services = services
        self._repeated = repeated
        self._booked: set[tuple[str, str]] = set()
        self._pages: OrderedDict[str, Node] = OrderedDict()
        self._numbers = itertools.count(1)

    async def search(self, kind: str, query: Query, base: str) -> Node:
        """
        Raises:
            NotServed, Refused, Refusal, Mishap
        """
        call = SEARCHES[kind](query)
        rows = await self._rows(call)
        found = [
            _resource(call, row, self._services.clock) for row in rows if not call.only or row["state"] in call.only
        ]
        entries = [{"resource": one, "search": {"mode": "match"}} for one in found]
        size = max(1, min(query.number("_count", _USUAL_PAGE), _LONGEST_PAGE))
        return self._paged(entries, size, base)

    def page(self, name: str) -> Node:
        """
        Raises:
            NotServed: it is long gone.
        """
        if name not in self._pages:
            raise NotServed("no such page")
        return self._pages[name]

    async def read(self, what: str, query: Query) -> Node:
        """
        Raises:
            NotServed, Refused, Refusal, Mishap
        """
        call = READINGS[what](query)
        found = [_resource(call, row, self._services.clock) for row in await self._rows(call)]
        if call.part:
            return {"resourceType": "Parameters", "parameter": found} if found else {"resourceType": "Parameters"}
        if what == "DiagnosticReport/$versions":
            return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]}
        if not found:
            raise Refused(_NO_SUCH, "没有这份文件")
        return found[0]

    async def change(self, call: Call) -> Node:
        """
        Raises:
            Refused, Refusal, Mishap
        """
        booking = (call.procedure, str(call.given.get("ref")))
        if booking in self._booked:
            raise Refused(self._repeated, "已入账")
        [row] = await self._rows(call)
        if self._repeated and call.procedure in BOOKINGS:
            self._booked.add(booking)
        return _resource(call, row, self._services.clock)

    async def _rows(self, call: Call) -> list[dict[str, Any]]:
        trade = next(one for one in await self._services.trades() if one.procedure == call.procedure)
        wanted = {one.name for one in trade.parameters}
        given = {
            pascal(name): _texts(value) for name, value in call.given.items() if name in wanted and value is not None
        }
        rows = await self._services.answer(trade, given)
        if rows and (code := rows[0].get("ret_code", "0")) != "0":
            if code == _NO_SUCH:
                return []
            raise Refused(code, rows[0]["ret_msg"])
        return rows

    def _paged(self, entries: list[dict[str, Any]], size: int, base: str) -> Node:
        """The first page; those that follow are kept, so that they fit together."""
        parts = [entries[start : start + size] for start in range(0, len(entries), size)] or [[]]
        names = [f"{next(self._numbers)}" for _ in parts]
        for nth, (part, name) in enumerate(zip(parts, names, strict=True)):
            page: Node = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
            if nth + 1 < len(parts):
                page["link"] = [{"relation": "next", "url": f"{base}?_page={names[nth + 1]}"}]
            if part:
                page["entry"] = part
            self._pages[name] = page
        first = self._pages.pop(names[0])
        while len(self._pages) > _MOST_PAGES_KEPT:
            self._pages.popitem(last=False)
        return first


def routes(services: Services, repeated: str = "") -> list[Route]:
    """Mounted under ``/hospital``. repeated: see ``FhirServer``."""
    server = FhirServer(services, repeated)
    return [
        Route("/fhir", _answered(_page_of(server)), methods=["GET"]),
        Route("/fhir/metadata", _answered(_metadata), methods=["GET"]),
        Route("/fhir/{kind}/_search", _answered(_search_of(server)), methods=["POST"]),
        Route("/fhir/{kind}/{operation}", _answered(_operate_with(server)), methods=["GET", "POST"]),
        Route("/fhir/{kind}", _answered(_type_of(server)), methods=["GET", "POST"]),
    ]


def _page_of(server: FhirServer) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return _json(server.page(request.query_params.get("_page", "")))

    return endpoint


def _search_of(server: FhirServer) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = (await _limited(request)).decode()
        pairs = [*request.query_params.multi_items(), *parse_qsl(form, keep_blank_values=True)]
        return await _searched(server, request, Query(pairs))

    return endpoint


def _type_of(server: FhirServer) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if request.method == "GET":
            return await _searched(server, request, Query(request.query_params.multi_items()))
        kind = _kind(request, CREATIONS)
        return _json(await server.change(CREATIONS[kind](await _body(request))), 201)

    return endpoint


def _operate_with(server: FhirServer) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        what = f"{request.path_params['kind']}/{request.path_params['operation']}"
        if request.method == "GET" and what in READINGS:
            return _json(await server.read(what, Query(request.query_params.multi_items())))
        if request.method == "POST" and what in OPERATIONS:
            return _json(await server.change(OPERATIONS[what](await _body(request))))
        raise NotServed(f"no {what}")

    return endpoint


async def _metadata(request: Request) -> Response:
    return _json(statement(_base(request)))


def _answered(endpoint: Endpoint) -> Endpoint:
    """What goes wrong, as an OperationOutcome or no answer at all."""

    async def served(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ClientDisconnect:
            return Silence()
        except Mishap as mishap:
            return HangUp() if mishap.hangs_up else Silence()
        except Refused as refused:
            busy, nothing = refused.code == _BUSY, refused.code == _NO_SUCH
            status = 503 if busy else 404 if nothing else 422
            kind = "transient" if busy else "not-found" if nothing else "business-rule"
            return _outcome(status, kind, refused.text, refused.code)
        except Refusal as refusal:
            return _outcome(400 if refusal.sender else 500, "invalid" if refusal.sender else "exception", str(refusal))
        except NotServed as error:
            return _outcome(404, "not-supported", str(error))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _outcome(400, "invalid", f"{type(error).__name__}: {error}"[:200])

    return served


async def _searched(server: FhirServer, request: Request, query: Query) -> Response:
    return _json(await server.search(_kind(request, SEARCHES), query, _base(request)))


def _kind(request: Request, known: Any) -> str:
    kind = request.path_params["kind"]
    if kind not in known:
        raise NotServed(f"no {kind}")
    return kind


def _base(request: Request) -> str:
    return str(request.url.replace(query="")).partition("/fhir")[0] + "/fhir"


async def _body(request: Request) -> Node:
    found = _DECODER.decode(await _limited(request))
    if not isinstance(found, dict):
        raise ValueError("no resource")
    return cast(Node, found)


async def _limited(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise ValueError("too long")
    return body


def _resource(call: Call, row: dict[str, Any], clock: Clock) -> Node:
    shown = {name: value for name, value in {**call.more, **row}.items() if value != []}
    shown.setdefault("created", clock.now())
    if shown.get("value", 0) is None:
        shown["word"], shown["unit"], shown["value_text"] = shown["value_text"], "", ""
    back = call.answers is money.POSTING and row["kind"] == "refund"
    resource = table(money.POSTED_BACK if back else call.answers).written(shown)
    if call.subsetted:
        resource.setdefault("meta", {})["tag"] = [_SUBSETTED]
    return resource


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in cast(list[Any], value)]
    return [str(value)]


def _json(resource: Node, status: int = 200) -> Response:
    return Response(_ENCODER.encode(resource), status, media_type=MEDIA_TYPE)


def _outcome(status: int, kind: str, text: str, code: str = "") -> Response:
    details: Node = {"text": text}
    if code:
        details["coding"] = [{"system": WORDS.system("result"), "code": code}]
    issue = {"severity": "error", "code": kind, "details": details}
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, status)
