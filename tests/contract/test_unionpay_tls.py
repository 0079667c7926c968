"""TLS on a line: the connector and the sandbox's bank on real sockets, with an authority of the test's own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop
from bank_lab import OUTPATIENT, TERMINAL, lab
from tls_papers import Authority
from wechatpay_lab import MovingClock

from yinyi.access.payment.unionpay import client
from yinyi.access.payment.unionpay.config import Address, LineSettings, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import Approved, Desk, NeverSent
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.bank.credentials import PROFILE_OF, write_settings
from yinyi_sandbox.bank.papers import own_file, shown_file
from yinyi_sandbox.bank.sandbox import Pace, Tls

HOST = "bank.example"
Run = Callable[[Awaitable[None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param


class Dialled(UnionPay):
    """``failed``: an attempt has; then it dials no more."""

    failed: asyncio.Event


@asynccontextmanager
async def dialling(tls: Tls | None, monkeypatch: pytest.MonkeyPatch, **address: Any) -> AsyncGenerator[Dialled]:
    """A connector to the first address of a bank."""
    failed = asyncio.Event()

    async def pause(_: float) -> None:
        failed.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(client, "pause", pause)
    async with lab(pace=Pace(tls=tls)) as bank, asyncio.timeout(20):
        given: dict[str, Any] = {"port": bank.port()} | address
        at = Address(host="127.0.0.1", **given)
        settings = Settings(name="bank", addresses=(at,), send_within_s=0.2)
        connector = Dialled(settings, Surroundings(clock=MovingClock(), callback_url=""))
        connector.failed = failed
        await connector.start()
        try:
            yield connector
        finally:
            await connector.stop()


def desk() -> Desk:
    return Desk(PosSession("bank", OUTPATIENT, TERMINAL), 1, 1, MovingClock().now())


async def is_reached(connector: Dialled) -> None:
    while not isinstance(await connector.echo(desk()), Approved):
        assert not connector.failed.is_set(), connector.why_down


async def is_refused(connector: Dialled, why: str) -> None:
    await connector.failed.wait()
    assert isinstance(await connector.echo(desk()), NeverSent)
    assert not connector.is_up
    address, _, said = connector.why_down.partition(": ")
    assert address.startswith("127.0.0.1:")
    assert said == why


def test_the_bank_is_spoken_to_under_its_name(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        ours = Authority(tmp_path, "ours")
        tls = Tls(own_file=ours.papers(HOST))
        async with dialling(tls, monkeypatch, tls_name=HOST, tls_ca_file=ours.ca_file) as connector:
            await is_reached(connector)
            assert connector.why_down == ""

    run(story())


def test_the_sandboxs_bank_has_papers_of_its_own(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once; the settings that it leads the connector with name them, and the key is not among what is shown."""

    papers = own_file(tmp_path, HOST, datetime.now(UTC))
    made = Path(papers).read_bytes()
    assert own_file(tmp_path, HOST, datetime.now(UTC)) == papers
    assert Path(papers).read_bytes() == made
    file = tmp_path / "unionpay.json"
    addresses: dict[str, tuple[str, ...]] = dict.fromkeys(PROFILE_OF.values(), ("127.0.0.1:1", "127.0.0.1:2"))
    write_settings(file, tmp_path, addresses, "", tls_name=HOST, tls_ca_file=shown_file(papers))
    told = msgspec.json.decode(file.read_bytes(), type=LineSettings).acquirers["bank"].addresses[0]
    assert b"PRIVATE" not in Path(told.tls_ca_file).read_bytes()

    async def story() -> None:
        by = {"tls_name": told.tls_name, "tls_ca_file": told.tls_ca_file}
        async with dialling(Tls(own_file=papers), monkeypatch, **by) as connector:
            await is_reached(connector)

    run(story())


def test_another_name_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        ours = Authority(tmp_path, "ours")
        tls = Tls(own_file=ours.papers("other.example"))
        async with dialling(tls, monkeypatch, tls_name=HOST, tls_ca_file=ours.ca_file) as connector:
            await is_refused(connector, f"its certificate is not for {HOST}")

    run(story())


def test_an_authority_that_is_not_ours_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
        tls = Tls(own_file=theirs.papers(HOST))
        async with dialling(tls, monkeypatch, tls_name=HOST, tls_ca_file=ours.ca_file) as connector:
            await is_refused(connector, "its certificate is by nobody who is believed")
        async with dialling(tls, monkeypatch, tls_name=HOST) as connector:
            await is_refused(connector, "its certificate is by nobody who is believed")

    run(story())


def test_a_certificate_of_last_year_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        ours = Authority(tmp_path, "ours")
        tls = Tls(own_file=ours.papers(HOST, since_days=60))
        async with dialling(tls, monkeypatch, tls_name=HOST, tls_ca_file=ours.ca_file) as connector:
            await is_refused(connector, "its certificate is not valid now")

    run(story())


def test_a_bank_without_tls_is_not_spoken_to_in_clear(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first answer is no TLS, or none comes: this one hangs up at bytes that are no message."""

    async def story() -> None:
        ours = Authority(tmp_path, "ours")
        async with dialling(None, monkeypatch, tls_name=HOST, tls_ca_file=ours.ca_file) as connector:
            await connector.failed.wait()
            assert isinstance(await connector.echo(desk()), NeverSent)
            assert connector.why_down

    run(story())


def test_a_bank_that_asks_for_our_certificate_gets_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
        tls = Tls(own_file=theirs.papers(HOST), client_ca_file=ours.ca_file)
        named = {"tls_name": HOST, "tls_ca_file": theirs.ca_file}
        papers = ours.papers("hospital.example")
        async with dialling(tls, monkeypatch, **named, tls_own_file=papers) as connector:
            await is_reached(connector)
        async with dialling(tls, monkeypatch, **named) as connector:
            await is_refused(connector, "the other side has hung up: it may want a certificate of ours")
        strange = theirs.papers("hospital.example")
        async with dialling(tls, monkeypatch, **named, tls_own_file=strange) as connector:
            await is_refused(connector, "the other side has hung up: it may want another certificate of ours")

    run(story())


def test_a_host_that_says_why_is_understood(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenSSL does it; hosts in asyncio hang up without a word."""
    ours = Authority(tmp_path, "ours")

    def host(listener: socket.socket) -> None:
        taken, _ = listener.accept()
        tls = Tls(own_file=ours.papers(HOST), client_ca_file=ours.ca_file).context()
        with taken, contextlib.suppress(OSError):
            tls.wrap_socket(taken, server_side=True).recv(1)

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            hosting = asyncio.create_task(asyncio.to_thread(host, listener))
            named = {"tls_name": HOST, "tls_ca_file": ours.ca_file, "port": listener.getsockname()[1]}
            async with dialling(None, monkeypatch, **named) as connector:
                await is_refused(connector, "TLS failed: tlsv13 alert certificate required")
            await hosting

    run(story())


def test_a_key_that_others_may_read_is_not_used(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Authority(tmp_path, "ours")
    papers = ours.papers(HOST)
    Path(papers).chmod(0o640)

    async def story() -> None:
        tls = Tls(own_file=papers, client_ca_file=ours.ca_file)
        named = {"tls_name": HOST, "tls_ca_file": ours.ca_file, "tls_own_file": papers}
        async with dialling(tls, monkeypatch, **named) as connector:
            await is_refused(connector, f"{papers} holds a secret and may be read by others; make it 0600")
        missing = str(tmp_path / "missing.pem")
        async with dialling(tls, monkeypatch, **named | {"tls_own_file": "", "tls_ca_file": missing}) as connector:
            await is_refused(connector, f"certificates in {missing}  cannot be read")

    run(story())
