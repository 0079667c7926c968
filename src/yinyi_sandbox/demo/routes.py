"""The demo page and everything it asks, mounted under ``/demo``. JSON both ways; pictures are PNG.

What is sent must be JSON or PNG by its content type: no page of another origin can send that without being asked.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Any, Literal

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from yinyi_sandbox.alipay import routes as alipay_routes
from yinyi_sandbox.demo import branch_routes, window_deposits
from yinyi_sandbox.demo import window as window_routes
from yinyi_sandbox.demo.answering import Endpoint, answering, body_of, json_of, read
from yinyi_sandbox.demo.desk import App, Desk, OwnBehaviour
from yinyi_sandbox.demo.doctor import Asked, Charged, Looked, Reversed
from yinyi_sandbox.hospital import routes as hospital_routes
from yinyi_sandbox.wechatpay import routes as wechatpay_routes

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_SENT = ("application/json", "image/png")


class Lay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``key``: whose card."""

    key: str


class Printer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Literal["ok", "paper_low", "paper_out", "jam", "offline"]
    delay_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0


class Door(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Literal["ok", "open"]


class Camera(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Literal["ok", "offline"]


class Unplug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    for_s: Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``paper``: its number, as the printer counts."""

    paper: int


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code of his own on the payer's phone."""

    app: App
    behaviour: OwnBehaviour = "pays"


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``text``: of the code under the kiosk's scanner."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


class Brought(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``key``: of a card to pay with; ``tap``: held against the pad instead of put into the slot."""

    key: str
    tap: bool = False


class Pressed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On the PIN pad."""

    key: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "cancel", "enter"]


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    call_id: int


class Demo:
    """The routes of one desk."""

    def __init__(self, desk: Desk, controls: Mapping[str, Sequence[Route]]) -> None:
        """controls: of others that can be tried from here, by the place where they are."""
        self._desk = desk
        self._controls = controls
        folder = files("yinyi_sandbox.demo") / "static"
        self._files = {entry.name: entry for entry in folder.iterdir()}

    def routes(self) -> list[BaseRoute]:
        app = self._app()
        return [Route("/demo", app), Mount("/demo", app)]

    def _app(self) -> ASGIApp:
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/demo", self._page),
            ("GET", "/", self._page),
            ("GET", "/his", self._his),
            ("GET", "/doctor", self._doctor),
            ("GET", "/window", self._window),
            ("GET", "/bank", self._branch),
            ("GET", "/static/{name}", self._static),
            ("GET", "/people", self._people),
            ("GET", "/events", self._events),
            ("POST", "/pairing", self._pairing),
            ("POST", "/reader/lay", self._lay),
            ("POST", "/reader/remove", self._remove),
            ("POST", "/card-terminal/bring", self._bring),
            ("POST", "/card-terminal/take", self._take_out),
            ("POST", "/card-terminal/press", self._press),
            ("POST", "/scanner", self._hold),
            ("POST", "/printer", self._printer),
            ("POST", "/door", self._door),
            ("POST", "/camera", self._camera),
            ("POST", "/line", self._line),
            ("GET", "/papers/{number:int}.png", self._paper),
            ("GET", "/sheets/{number:int}.png", self._sheet),
            ("POST", "/phone/scan", self._scan),
            ("POST", "/phone/code", self._own_code),
            ("POST", "/window/collect", self._collect),
            ("POST", "/window/come", self._come),
            ("POST", "/doctor/look", self._looked),
            ("POST", "/doctor/charge", self._charged),
            ("POST", "/doctor/query", self._queried),
            ("POST", "/doctor/reverse", self._reversed),
        ]
        routes = [Route(path, answering(endpoint), methods=[method]) for method, path, endpoint in table]
        others = [
            Mount("/cashier", routes=self._cashier()),
            Mount("/branch", routes=branch_routes.routes(self._desk.branch)),
            Mount("/hospital", routes=hospital_routes.routes(self._desk.hospital)),
            Mount("/wechatpay", routes=wechatpay_routes.hands(self._desk.wechatpay)),
            Mount("/alipay", routes=alipay_routes.hands(self._desk.alipay)),
            *(Mount(f"/{name}", routes=control) for name, control in self._controls.items()),
        ]
        return _Guarded(Starlette(routes=[*routes, *others]), self._desk.watch.hurry)

    async def _page(self, _: Request) -> Response:
        return self._file("index.html")

    async def _his(self, _: Request) -> Response:
        return self._file("his.html")

    async def _doctor(self, _: Request) -> Response:
        return self._file("doctor.html")

    def _cashier(self) -> list[Route]:
        return [*window_routes.routes(self._desk.window), *window_deposits.routes(self._desk.deposits)]

    async def _window(self, _: Request) -> Response:
        return self._file("window.html")

    async def _branch(self, _: Request) -> Response:
        return self._file("branch.html")

    async def _static(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        found = self._files[name]
        return Response(found.read_bytes(), media_type=TYPES[name.rsplit(".", 1)[-1]])

    async def _people(self, _: Request) -> Response:
        return json_of(self._desk.faces())

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._desk.watch.stream(), media_type="text/event-stream")

    async def _pairing(self, _: Request) -> Response:
        return json_of(await self._desk.devices.post("/pairing"))

    async def _lay(self, request: Request) -> Response:
        await self._desk.lay((await body_of(request, Lay)).key)
        return json_of({})

    async def _remove(self, _: Request) -> Response:
        return json_of(await self._desk.devices.post("/reader/remove"))

    async def _hold(self, request: Request) -> Response:
        await self._desk.hold((await body_of(request, Held)).text)
        return json_of({})

    async def _bring(self, request: Request) -> Response:
        brought = await body_of(request, Brought)
        await self._desk.wallet.bring(brought.key, tap=brought.tap)
        return json_of({})

    async def _take_out(self, _: Request) -> Response:
        await self._desk.wallet.take()
        return json_of({})

    async def _press(self, request: Request) -> Response:
        await self._desk.wallet.press((await body_of(request, Pressed)).key)
        return json_of({})

    async def _own_code(self, request: Request) -> Response:
        wanted = await body_of(request, Shown)
        return json_of(self._desk.own_code(wanted.app, wanted.behaviour))

    async def _printer(self, request: Request) -> Response:
        return json_of(await self._desk.devices.post("/printer/state", await body_of(request, Printer)))

    async def _door(self, request: Request) -> Response:
        return json_of(await self._desk.devices.post("/door/state", await body_of(request, Door)))

    async def _camera(self, request: Request) -> Response:
        return json_of(await self._desk.devices.post("/camera/state", await body_of(request, Camera)))

    async def _line(self, request: Request) -> Response:
        return json_of(await self._desk.devices.post("/line/unplug", await body_of(request, Unplug)))

    async def _paper(self, request: Request) -> Response:
        return Response(await self._desk.devices.paper(request.path_params["number"]), media_type="image/png")

    async def _sheet(self, request: Request) -> Response:
        return Response(await self._desk.devices.sheet(request.path_params["number"]), media_type="image/png")

    async def _scan(self, request: Request) -> Response:
        return json_of(await self._desk.scan(await read(request)))

    async def _collect(self, request: Request) -> Response:
        return json_of(await self._desk.collect((await body_of(request, Paper)).paper))

    async def _come(self, request: Request) -> Response:
        return json_of(await self._desk.counter.come((await body_of(request, Answered)).call_id))

    async def _looked(self, request: Request) -> Response:
        return json_of(await self._desk.doctor.look(await body_of(request, Looked)))

    async def _charged(self, request: Request) -> Response:
        return json_of(await self._desk.doctor.charge(await body_of(request, Charged)))

    async def _queried(self, request: Request) -> Response:
        return json_of(await self._desk.doctor.query(await body_of(request, Asked)))

    async def _reversed(self, request: Request) -> Response:
        return json_of(await self._desk.doctor.reverse(await body_of(request, Reversed)))


class _Guarded:
    """Every answer carries the page's policy; what other origins could send is refused."""

    def __init__(self, app: ASGIApp, done: Callable[[], None]) -> None:
        """``done`` is told after everything that may have changed something."""
        self._app = app
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        if scope["type"] == "http" and scope["method"] == "POST" and not _is_ours(scope):
            return await json_of({"error": "JSON or PNG"}, 415)(scope, receive, sending)
        await self._app(scope, receive, sending)
        if scope["type"] == "http" and scope["method"] != "GET":
            self._done()


def _is_ours(scope: Scope) -> bool:
    kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    return kind.partition(";")[0].strip().lower() in _SENT
