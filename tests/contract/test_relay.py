"""The relay lets whoever knows its password to what is on its list, sees TLS and nothing in it, and is bounded; and
connectors leave by no other way."""

import asyncio
import base64
import contextlib
import ssl
from pathlib import Path

import aiohttp
import msgspec
import pytest
from relay_stage import HOST, PASSWORD, asked, listener, relaying, wallet
from tls_papers import Authority
from wechatpay_lab import MovingClock, order_of, settings_for

from yinyi.access.notification.webhooks.config import WebhooksConfig
from yinyi.access.notification.webhooks.plugin import PLUGIN as WEBHOOKS
from yinyi.access.payment.wechatpay.plugin import PLUGIN as WECHATPAY
from yinyi.access.way_out import NEVER_LEFT, connected, web_session
from yinyi.app.relay.allowed import Ask, Refused, allowed_from, wanted
from yinyi.app.relay.server import Limits
from yinyi.kernel.outcome import NotSent
from yinyi.kernel.plugin import RELAY_USER, RelayAddress, Surroundings

BASIC = base64.b64encode(f"{RELAY_USER}:{PASSWORD}".encode()).decode()
NOT_ANSWERING = "127.0.0.1:1"


async def pays(relay: RelayAddress | None, port: int, trusted: ssl.SSLContext) -> str:
    timeout = aiohttp.ClientTimeout(total=5)
    async with (
        web_session(relay, connections=2, timeout=timeout, trusted=trusted) as session,
        session.post(f"https://{HOST}:{port}/pay", data=b"9") as answer,
    ):
        return await answer.text()


def tunnel(where: str, shown: str = BASIC) -> str:
    return f"CONNECT {where} HTTP/1.1\r\nProxy-Authorization: Basic {shown}\r\n\r\n"


def test_a_wallet_is_reached_through_it_and_the_certificate_is_the_wallets_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with wallet(tmp_path) as (port, trusted, _), relaying(f"{HOST}:{port}") as relay:
            assert await pays(relay, port, trusted) == "paid 9"
            stranger = Authority(tmp_path, "stranger")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await pays(relay, port, ssl.create_default_context(cafile=stranger.ca_file))
            figures = (await asked(relay, "GET /metrics HTTP/1.1\r\n\r\n")).decode()
            assert f'yinyi_relay_open{{destination="{HOST}:{port}"}} ' in figures
            assert f'yinyi_relay_bytes_total{{destination="{HOST}:{port}",direction="out"}}' in figures

    asyncio.run(story())


@pytest.mark.parametrize("why", ["not on the list", "another password", "nobody behind it"])
def test_what_it_does_not_let_through_has_surely_not_left(tmp_path: Path, why: str) -> None:
    async def story() -> None:
        async with wallet(tmp_path) as (port, trusted, _):
            allows = NOT_ANSWERING if why == "not on the list" else f"{HOST}:{port}"
            async with relaying(f"{allows},{HOST}:1") as relay:
                knows = relay.password if why != "another password" else "guessed"
                asks = RelayAddress(relay.host, relay.port, knows)
                with pytest.raises(NEVER_LEFT):
                    await pays(asks, 1 if why == "nobody behind it" else port, trusted)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (tunnel("elsewhere.example:443"), 403),
        (tunnel("localhost:x"), 403),
        (tunnel(NOT_ANSWERING, "eDp5"), 407),
        (f"CONNECT {NOT_ANSWERING} HTTP/1.1\r\n\r\n", 407),
        (tunnel(NOT_ANSWERING), 502),
        ("GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n", 405),
        ("POST /metrics HTTP/1.1\r\n\r\n", 405),
        ("\x16\x03\r\n\r\n", 400),
        (tunnel(f"127.0.0.1:{'9' * 2_000}"), 403),
        (f"GET /healthz HTTP/1.1\r\nX: {'a' * 4_096}\r\n\r\n", 431),
        ("CONNECT a:1 SPDY/3\r\n\r\n", 400),
        ("DELETE /healthz HTTP/1.1\r\n\r\n", 405),
        ("GET /healthz HTTP/1.1\r\n\r\n", 200),
        ("HEAD /metrics HTTP/1.1\r\n\r\n", 200),
    ],
)
def test_it_says_why_not(head: str, status: int) -> None:
    async def story() -> None:
        async with relaying(NOT_ANSWERING) as relay:
            answer = await asked(relay, head)
            assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
            assert (b"\r\nAllow: " in answer) == (status == 405)
            if head.startswith("HEAD"):
                assert answer.endswith(b"\r\n\r\n"), "nothing but a head"

    asyncio.run(story())


@pytest.mark.parametrize(("method", "target", "allows"), [("PUT", "/metrics", "GET, HEAD"), ("GET", "/", "CONNECT")])
def test_what_a_target_does_not_take_is_told_with_what_it_takes(method: str, target: str, allows: str) -> None:
    async def story() -> None:
        async with relaying(NOT_ANSWERING) as relay:
            answer = await asked(relay, f"{method} {target} HTTP/1.1\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 405 ")
            assert f"\r\nAllow: {allows}\r\n".encode() in answer

    asyncio.run(story())


def test_whoever_keeps_his_head_back_or_never_ends_it_is_hung_up_on() -> None:
    async def story() -> None:
        async with relaying(NOT_ANSWERING, Limits(head_within_s=0.1)) as relay:
            assert await asked(relay, "CONNECT ") == b""
            with contextlib.suppress(ConnectionResetError):
                assert await asked(relay, "CONNECT " + "a" * 200_000) == b""

    asyncio.run(story())


def test_a_port_that_never_ends_is_not_on_the_list() -> None:
    ask = Ask("CONNECT", f"127.0.0.1:{'9' * 5_000}", {"proxy-authorization": f"Basic {BASIC}"})
    with pytest.raises(Refused, match="not allowed"):
        wanted(ask, allowed_from(NOT_ANSWERING), PASSWORD)


def test_of_those_who_say_nothing_the_oldest_makes_room() -> None:
    async def story() -> None:
        async with relaying(NOT_ANSWERING, Limits(strangers=2, head_within_s=60)) as relay:
            (oldest, one), (other, two) = [await asyncio.open_connection(relay.host, relay.port) for _ in range(2)]
            assert (await asked(relay, "GET /healthz HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert await oldest.read() == b"", "hung up on"
            two.write(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert (await other.read()).startswith(b"HTTP/1.1 200 "), "and nobody else"
            one.close()
            two.close()

    asyncio.run(story())


def test_what_is_not_tls_does_not_pass_unless_the_list_says_so() -> None:
    heard = list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(5))
        writer.write(b"heard")
        writer.close()

    async def story() -> None:
        async with listener(serve) as port:
            async with relaying(f"127.0.0.1:{port}") as relay:
                assert (await asked(relay, tunnel(f"127.0.0.1:{port}") + "plain")).endswith(b"\r\n\r\n")
            assert heard in ([], [b""])
            async with relaying(f"127.0.0.1:{port}/plain") as relay:
                assert (await asked(relay, tunnel(f"127.0.0.1:{port}") + "plain")).endswith(b"heard")
            assert heard[-1] == b"plain"

    asyncio.run(story())


def test_one_destination_does_not_take_every_place_and_a_place_is_free_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    writers: list[asyncio.StreamWriter] = []

    async def opened(relay: RelayAddress, port: int) -> bytes:
        reader, writer = await asyncio.open_connection(relay.host, relay.port)
        writers.append(writer)
        writer.write(tunnel(f"127.0.0.1:{port}").encode())
        return await reader.readuntil(b"\r\n")

    async def all_hang_up() -> None:
        while writers:
            writer = writers.pop()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def story() -> None:
        async with listener(serve) as one, listener(serve) as other:
            allows = f"127.0.0.1:{one}/plain,127.0.0.1:{other}/plain"
            async with relaying(allows, Limits(at_once=3, to_one=2)) as relay:
                answers = [await opened(relay, one) for _ in range(3)] + [await opened(relay, other) for _ in range(2)]
                assert [answer[9:12] for answer in answers] == [b"200", b"200", b"503", b"200", b"503"]
                await all_hang_up()
                while not (await opened(relay, one)).startswith(b"HTTP/1.1 200"):
                    await all_hang_up()
                await all_hang_up()

    asyncio.run(story())


def test_a_tunnel_through_which_nothing_goes_is_closed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def story() -> None:
        async with listener(serve) as port, relaying(f"127.0.0.1:{port}/plain", Limits(idle_s=0.1)) as relay:
            assert (await asked(relay, tunnel(f"127.0.0.1:{port}"))).startswith(b"HTTP/1.1 200")
            figures = (await asked(relay, "GET /metrics HTTP/1.1\r\n\r\n")).decode()
            assert f'yinyi_relay_tunnels_total{{destination="127.0.0.1:{port}",end="idle"}} 1.0' in figures

    asyncio.run(story())


class Heard(asyncio.Protocol):
    """The bank line's end of a connection."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.answer, self.gone = loop.create_future(), loop.create_future()

    def data_received(self, data: bytes) -> None:
        self.answer.set_result(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set_result(exc)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_line_that_is_not_the_webs_goes_through_it(allowed: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4) + b" back")
        await reader.read()
        writer.close()

    async def story() -> None:
        async with listener(serve) as port, relaying(f"127.0.0.1:{port}/plain" if allowed else NOT_ANSWERING) as relay:
            heard = Heard()
            line = connected(relay, lambda: heard, "127.0.0.1", port, secured=None, server_hostname=None)
            if not allowed:
                with pytest.raises(ConnectionRefusedError, match="403"):
                    await line
                return
            transport = await line
            transport.write(b"0800")
            assert await heard.answer == b"0800 back"
            transport.close()
            await heard.gone

    asyncio.run(story())


def test_notifications_that_leave_the_hospital_go_through_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with wallet(tmp_path) as (port, _, ca_file):
            config = WebhooksConfig(ca_file=ca_file)
            for allows, problem in ((f"{HOST}:{port}", ""), (NOT_ANSWERING, "ClientHttpProxyError")):
                async with relaying(allows) as relay:
                    webhooks = WEBHOOKS.build(config, Surroundings(clock=MovingClock(), callback_url="", relay=relay))
                    assert await webhooks.notify(f"https://{HOST}:{port}/pay", {}, b"1") == problem
                    await webhooks.stop()

    asyncio.run(story())


def test_a_wallet_without_tls_is_not_asked_at_all() -> None:
    heard = list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(5))
        writer.close()

    async def story() -> None:
        async with listener(serve) as port, relaying(f"127.0.0.1:{port}/plain") as relay:
            settings = msgspec.structs.replace(
                settings_for("public_key", f"http://127.0.0.1:{port}"), base_url=f"http://127.0.0.1:{port}"
            )
            pay = WECHATPAY.build(settings, Surroundings(clock=MovingClock(), callback_url="", relay=relay))
            await pay.start()
            try:
                outcome = await pay.show_code(order_of(MovingClock(), "R00001"))
            finally:
                await pay.stop()
            assert isinstance(outcome, NotSent), outcome
        assert heard == []

    asyncio.run(story())
