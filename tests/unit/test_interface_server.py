"""The interfaces of a process together: one application, one health, one set of counts."""

import asyncio
import socket
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from kiosk_platform import NOW, SCREEN, USUAL, ZONE, JsonPages, Platform
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from yinyi.access.payment.alipay import config as alipay
from yinyi.access.payment.wechatpay import config as wechatpay
from yinyi.app.errors import CannotStart
from yinyi.app.interfaces import checked, papers_of
from yinyi.app.operations import declared_operations
from yinyi.app.settings import Settings
from yinyi.bus.operation import Caller
from yinyi.business.terminals.messages import Health
from yinyi.business.watch.messages import Figures, FigureView
from yinyi.interface.queue.address import addresses
from yinyi.interface.server import ACCOUNTS, WITHIN_TLS, Interfaces, Surroundings, account_of, server_for
from yinyi.kernel.errors import InternalError
from yinyi_sandbox.serve import KEEPALIVE_S

declared_operations()
FIGURES = Figures(
    figures=[
        FigureView(name="payments_open", meaning="Payments that have not ended", label="", values={"": 3}),
        FigureView(name="invariant_holds", meaning="Whether", label="invariant", values={"a": 1, "b": 0}),
    ]
)
ANSWERS = {**USUAL, "GetHealth": Health(at=NOW), "GetFigures": FIGURES}


def around(platform: Platform, **more: Any) -> Surroundings:
    return Surroundings(clock=platform.clock, zone=ZONE, pages=JsonPages(), **more)


def get(interfaces: Interfaces, *paths: str) -> list[httpx.Response]:
    async def work() -> list[httpx.Response]:
        transport = httpx.ASGITransport(interfaces.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as client:
            return [await client.get(path, headers={"cookie": f"yinyi_screen={SCREEN}"}) for path in paths]

    return asyncio.run(work())


def test_interfaces_share_an_account_only_where_the_same_callers_come_by_both() -> None:
    assert ACCOUNTS["rest"] is ACCOUNTS["soap"] is ACCOUNTS["queue"] is Caller.HOSPITAL
    assert ACCOUNTS["socket-hospital"] is Caller.HOSPITAL
    assert ACCOUNTS["socket"] is ACCOUNTS["queue-institution"] is ACCOUNTS["rest-institution"] is Caller.INSTITUTION
    shared = ("soap", "queue", "socket-hospital", "queue-institution", "rest-institution")
    others = [caller for name, caller in ACCOUNTS.items() if name not in shared]
    assert len(set(others)) == len(others)
    assert {account_of(name) for name in WITHIN_TLS} == {"hospital-tls", "institution-tls"}
    assert not {account_of(name) for name in ACCOUNTS} & {account_of(name) for name in WITHIN_TLS}


def test_what_ends_tls_is_served_where_there_is_a_certificate_and_a_port() -> None:
    told = Settings(tls_certificate="ours.pem", https_port=8443, socket_tls_port=7443)
    assert not set(WITHIN_TLS) & set(checked([], Settings()))
    assert set(WITHIN_TLS) - set(checked([], told)) == {"socket-hospital-tls"}
    with pytest.raises(CannotStart, match="YINYI_TLS_CERTIFICATE"):
        checked(["soap-tls"], Settings())
    with pytest.raises(CannotStart, match=r"cannot be read: ours\.pem"):
        papers_of(told)


def test_what_is_served_within_tls_is_not_served_beside_it() -> None:
    platform = Platform(answers=ANSWERS)
    within = Interfaces(dict.fromkeys(WITHIN_TLS, platform), Surroundings(clock=platform.clock, zone=ZONE))
    paths = ("/api/v1/GetPayment", "/institutions/v1/GetPayment", "/soap")
    assert [answer.status_code for answer in get(within, *paths)] == [404, 404, 404]


def test_only_the_named_interfaces_are_there() -> None:
    platform = Platform(answers=ANSWERS)
    everything = Interfaces(dict.fromkeys(ACCOUNTS, platform), around(platform))
    only_rest = Interfaces({"rest": platform}, Surroundings(clock=platform.clock, zone=ZONE))
    paths = ("/kiosk/", "/callbacks/wechatpay", "/api/v1/GetPayment", "/healthz", "/metrics")
    assert [answer.status_code for answer in get(everything, *paths)] == [200, 405, 405, 200, 200]
    assert [answer.status_code for answer in get(only_rest, *paths)] == [404, 404, 405, 200, 200]


def test_there_are_queues_for_each_kind_of_caller_where_there_is_a_broker() -> None:
    platform = Platform(answers=ANSWERS)
    buses = {"queue": platform, "queue-institution": platform}
    quiet = Surroundings(clock=platform.clock, zone=ZONE)
    assert "yinyi_queue_open{" not in get(Interfaces(buses, quiet), "/metrics")[0].text
    told = Surroundings(clock=platform.clock, zone=ZONE, brokers=addresses("stomp://nowhere"), queue_name="east")
    shown = get(Interfaces(buses, told), "/metrics")[0].text
    for name in ("east.hospital", "east.institution"):
        assert f'yinyi_queue_open{{queue="queue {name}"}} 0.0' in shown


def test_a_queue_is_served_only_where_there_is_a_broker() -> None:
    assert not {"queue", "queue-institution"} & set(checked([], Settings()))
    assert {"queue", "queue-institution"} <= set(checked([], Settings(queue_nats_url="nats://letters:4222")))
    with pytest.raises(CannotStart, match="YINYI_QUEUE_URL"):
        checked(["queue"], Settings())


def test_a_kiosk_without_pages_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="pages"):
        Interfaces({"kiosk": Platform()}, Surroundings(clock=Platform().clock, zone=ZONE))


def test_others_may_add_their_routes() -> None:
    async def demo(request: Any) -> PlainTextResponse:
        return PlainTextResponse("demo")

    platform = Platform(answers=ANSWERS)
    interfaces = Interfaces({"kiosk": platform}, around(platform, more=[Route("/demo", demo)]))
    assert get(interfaces, "/demo")[0].text == "demo"


# ---- health


@pytest.mark.parametrize(
    ("parts", "changes", "status"),
    [
        ({}, {}, 200),
        ({"postgres": "ready", "interface": "starting"}, {}, 200),
        ({"postgres": "ready", "business": "restarting"}, {}, 503),
        ({}, {"connected": False}, 503),
        ({}, {"away": True}, 503),
        ({}, {"answers": {"GetHealth": InternalError()}}, 503),
    ],
)
def test_health_is_all_of_it_or_none(parts: dict[str, str], changes: dict[str, Any], status: int) -> None:
    platform = Platform(answers=ANSWERS)
    for name, value in changes.items():
        setattr(platform, name, value)
    answer = get(Interfaces({"kiosk": platform}, around(platform, parts=lambda: parts)), "/healthz")[0]
    assert (answer.status_code, answer.json()["status"]) == (status, "ready" if status == 200 else "not_ready")
    told = answer.json()["parts"]
    assert {name: told[name] for name in parts if name != "interface"} == {
        name: state for name, state in parts.items() if name != "interface"
    }
    assert {"interface", "bus", "platform"} <= set(told)


def test_health_asks_the_platform_no_more_often_than_it_needs() -> None:
    platform = Platform(answers=ANSWERS)
    get(Interfaces({"kiosk": platform}, around(platform)), *["/healthz"] * 5)
    assert platform.names() == ["GetHealth"]


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_what_is_only_to_be_read_takes_no_other_method(path: str) -> None:
    platform = Platform(answers=ANSWERS)
    interfaces = Interfaces({"rest": platform}, Surroundings(clock=platform.clock, zone=ZONE))

    async def work() -> None:
        transport = httpx.ASGITransport(interfaces.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as client:
            for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
                answer = await client.request(method, path)
                assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"}), method
            assert platform.names() == [], "nobody was asked"
            assert [(await client.request(method, path)).status_code for method in ("GET", "HEAD")] == [200, 200]

    asyncio.run(work())


# ---- counts


def test_requests_are_counted_by_route_never_by_what_was_asked_about() -> None:
    platform = Platform(answers=ANSWERS)
    interfaces = Interfaces(dict.fromkeys(ACCOUNTS, platform), around(platform))
    paths = ("/kiosk/", "/kiosk/pay/SECRET-NUMBER", "/kiosk/nowhere/SECRET", "/api/v1/SECRET", "/metrics")
    counts = get(interfaces, *paths)[-1].text
    assert 'yinyi_http_requests_total{interface="kiosk",route="/kiosk/",status="200"} 1.0' in counts
    assert 'route="/kiosk/pay/{payment_no}",status="403"' in counts
    assert 'route="/api/v1/{operation}",status="404"' in counts
    assert "yinyi_event_streams 0.0" in counts
    assert "SECRET" not in counts


def test_what_the_bus_does_not_answer_is_counted() -> None:
    platform = Platform(answers=ANSWERS, away=True)
    counts = get(Interfaces({"kiosk": platform}, around(platform)), "/kiosk/", "/metrics")[-1].text
    assert 'yinyi_bus_errors_total{account="kiosk",error="PlatformUnavailable"} 1.0' in counts


def test_the_platforms_own_figures_are_asked_for() -> None:
    platform = Platform(answers=ANSWERS)
    counts = get(Interfaces({"kiosk": platform}, around(platform)), *["/metrics"] * 3)[-1].text
    assert "# HELP yinyi_payments_open Payments that have not ended\n" in counts
    assert "yinyi_payments_open 3.0\n" in counts
    assert 'yinyi_invariant_holds{invariant="b"} 0.0\n' in counts
    assert "yinyi_platform_answers 1.0\n" in counts
    assert "process_resident_memory_bytes " in counts
    assert platform.names() == ["GetFigures"], "no more often than it needs"


def test_figures_that_cannot_be_asked_for_are_not_shown() -> None:
    platform = Platform(answers=ANSWERS)
    interfaces = Interfaces({"kiosk": platform}, around(platform))
    assert "yinyi_payments_open 3.0\n" in get(interfaces, "/metrics")[0].text
    platform.away = True
    platform.clock.at += timedelta(seconds=6)
    counts = get(interfaces, "/metrics")[0].text
    assert "yinyi_payments_open" not in counts
    assert "yinyi_platform_answers 0.0\n" in counts


# ---- a whole server


def test_a_server_leaves_at_once_although_a_page_listens() -> None:
    async def work() -> None:
        platform = Platform(answers=ANSWERS)
        interfaces = Interfaces(dict.fromkeys(ACCOUNTS, platform), around(platform))
        server = server_for(interfaces, "127.0.0.1", 0)
        door = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve([door]))
        async with asyncio.timeout(20):
            port = door.getsockname()[1]
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies={"yinyi_screen": SCREEN})
            async with client, client.stream("GET", "/kiosk/events?card=1") as stream:
                chunks = stream.aiter_bytes()
                assert await anext(chunks) == b"retry: 1000\n\n"
                await platform.heard("event.terminal.K01.CardLaid", b'{"number": "K01", "version": 1}')
                server.should_exit = True
                rest = b"".join([chunk async for chunk in chunks])
                assert rest.startswith(b": here\n\n")
            await serving

    asyncio.run(work())


def test_who_calls_hangs_up_an_idle_line_before_the_server_does() -> None:
    """Otherwise a request now and then meets a line that is just closing. Proxies keep theirs for a minute."""
    platform = Platform(answers=ANSWERS)
    interfaces = Interfaces(dict.fromkeys(ACCOUNTS, platform), around(platform))
    assert server_for(interfaces, "127.0.0.1", 0).config.timeout_keep_alive > 60
    for settings in (alipay.Settings, wechatpay.Settings):
        kept_s = next(each.default for each in msgspec.structs.fields(settings) if each.name == "keepalive_s")
        assert kept_s < KEEPALIVE_S
