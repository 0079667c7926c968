"""Every interface gets the same book of bad requests: the same error underneath, in its own form, and nothing leaks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from bad_lines import CANNOT_SAY, CCB, ICBC, Sm3Peer, X919Peer, XmlPeer
from bad_messages import HipPeer, ProcessPeer
from bad_peers import HIS, NO_TLS, Peer, RestPeer, SoapPeer, SocketPeer, Within, ask_badly
from bank_hall import BROUGHT, SESSION_KEY, load_master_key
from bank_terminal import BankTerminal, hmac_sm3
from holder_stage import HolderStage, InProcess, holder_stage, play, store_of
from starlette.applications import Starlette
from tls_hall import tls_hall
from web_line import serving

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.interface import body
from yinyi.interface.metrics import Metrics
from yinyi.interface.rest.server import Rest
from yinyi.interface.served import served_operations
from yinyi.interface.soap.server import Soap
from yinyi.interface.socket.server import Socket

_GROWN = "".join(f'<!ENTITY {name} "{f"&{before};" * 8}">' for before, name in pairwise("abcdefghijk"))
BOMB = f'<!DOCTYPE a [<!ENTITY a "ha">{_GROWN}]><a>&k;</a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
BY_ATTRIBUTE = "<a " + " ".join(f'b{n}="1"' for n in range(9000)) + "/>"


@asynccontextmanager
async def everywhere(url: str, folder: Path) -> AsyncGenerator[tuple[HolderStage, dict[str, Peer], str]]:
    async with holder_stage(url, folder) as stage:
        clock = stage.line.clock
        async with stage.line.database.transaction() as tx:
            secret = await stage.business.institutions.add(tx, HIS, "HMAC-SHA256", clock.now())
            password = await stage.business.institutions.add_secret(tx, 1, "his", "UsernameToken", clock.now())
            framed = await stage.business.institutions.add_secret(tx, 1, "his", "FRAME-HMAC-SM3", clock.now())
            other = await stage.business.institutions.add(tx, ICBC, "FRAME-HMAC-SM3", clock.now())
            banks = await stage.business.institutions.add(tx, CCB, "FRAME-HMAC-SM3", clock.now())
        await load_master_key(stage)
        bus = BusClient(InProcess(stage.business.dispatcher), Caller.HOSPITAL.value, clock)
        rest, soap = Rest(bus, Metrics()), Soap(bus, Metrics(), served_operations(Caller.HOSPITAL))
        async with serving(Starlette(routes=[*rest.routes(), *soap.routes()])) as port:
            address = f"http://127.0.0.1:{port}"
            socket = Socket(bus, Metrics(), clock, Caller.HOSPITAL)
            at = await socket.listen("127.0.0.1", 0)
            lines = Socket(
                BusClient(InProcess(stage.business.dispatcher), Caller.INSTITUTION.value, clock),
                Metrics(),
                clock,
                Caller.INSTITUTION,
            )
            at_banks = await lines.listen("127.0.0.1", 0)
            try:
                yield (
                    stage,
                    {
                        "rest": RestPeer(address, secret, clock),
                        "soap": SoapPeer(address, password, clock),
                        "hip": HipPeer(address, password, clock),
                        "process": ProcessPeer(address, password, clock),
                        "socket": SocketPeer(at, framed, clock),
                        "bank, X9.19": X919Peer(at_banks, "", clock, CANNOT_SAY),
                        "bank, SM3": Sm3Peer(at_banks, other, clock, CANNOT_SAY),
                        "bank, XML": XmlPeer(at_banks, banks, clock, CANNOT_SAY),
                    },
                    address,
                )
            finally:
                await socket.close()
                await lines.close()


def test_the_book_of_bad_requests(platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "WITHIN_S", 0.3)

    async def story() -> None:
        async with everywhere(platform_url, tmp_path) as (stage, peers, _):
            await asyncio.to_thread(ask_badly, peers)
            assert await stage.one("SELECT count(*) FROM idempotency WHERE actor ~ '^(hospital|institution):'") == 0

    asyncio.run(story())


def test_who_brings_a_key_is_not_heard_by_his_secret(platform_url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with everywhere(platform_url, tmp_path) as (stage, peers, _):
            bank = peers["bank, SM3"]
            assert isinstance(bank, Sm3Peer)
            by_key, by_secret = [
                BankTerminal("icbc", bank.algorithm, partial(hmac_sm3, made_with), bank.clock.now)
                for made_with in (SESSION_KEY, bank.secret)
            ]
            for terminal in (by_key, by_secret):
                await terminal.connect(bank.port)
            assert (await by_secret.sign_on(**BROUGHT)).code == "SignatureRefused"
            assert (await by_key.sign_on()).code == "SignatureRefused", "it was not brought"
            assert (await by_key.sign_on(**{**BROUGHT, "check_value": "00000000"})).code == "SignatureRefused"
            assert (await by_key.sign_on(**BROUGHT)).sealed
            document = by_key.document("ListGiveBacks", {})
            under_secret = by_key.sealed(document, hmac_sm3(bank.secret, document))
            assert (await by_key.send(under_secret)).code == "SignatureRefused"
            assert (await by_secret.sign_on()).sealed
            for terminal in (by_key, by_secret):
                answer = await terminal.ask("ListGiveBacks", {})
                assert (answer.code, answer.sealed) == ("OK", True)
                await terminal.hang_up()
            held = await stage.one("SELECT string_agg(master_key_id, ', ') FROM institution_line")
            assert held == await store_of(stage.line).master_key_id(), "one of them, in the key store"

    asyncio.run(story())


NOT_SIGNED = frozenset({"altered on the way"})
"""Nothing covers it but the connection, on which nobody alters anything."""


def test_the_same_book_within_tls_by_whoever_shows_a_certificate(
    platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "WITHIN_S", 0.3)

    async def story(stage: HolderStage) -> None:
        await load_master_key(stage)
        async with tls_hall(stage, tmp_path, HIS, ICBC, CCB) as hall:
            for who in ("his", "icbc", "ccb"):
                await hall.named(who, hall.papers(who))
            his, icbc, ccb, nobodys = (
                hall.knocks_with(hall.papers(who) if who else "") for who in ("his", "icbc", "ccb", "")
            )
            within, clock, at_banks = Within(his, icbc, nobodys), stage.line.clock, hall.socket_port
            peers: dict[str, Peer] = {
                "rest": RestPeer(hall.url, "none", clock, NOT_SIGNED, within),
                "soap": SoapPeer(hall.url, "none", clock, NOT_SIGNED, within),
                "socket": SocketPeer(hall.socket_hospital_port, hall.secrets["line his"], clock, tls=his),
                "bank, X9.19": X919Peer(at_banks, "", clock, CANNOT_SAY, icbc),
                "bank, SM3": Sm3Peer(at_banks, hall.secrets["line icbc"], clock, CANNOT_SAY, icbc),
                "bank, XML": XmlPeer(at_banks, hall.secrets["line ccb"], clock, CANNOT_SAY, ccb),
            }
            await asyncio.to_thread(ask_badly, peers)

    play(platform_url, tmp_path, story)


def test_xml_that_would_look_elsewhere_or_grow_is_refused(platform_url: str, tmp_path: Path) -> None:
    def send(address: str) -> None:
        for text in (BOMB, OUTSIDE, BY_ATTRIBUTE, "<a>" * 300 + "</a>" * 300):
            for path in ("/soap", "/soap/hip", "/soap/process"):
                answer = httpx.post(
                    address + path, content=text, headers={"content-type": "text/xml"}, timeout=20, verify=NO_TLS
                )
                assert (answer.status_code, "Invalid" in answer.text) == (500, True)
                assert "root:" not in answer.text
                assert len(answer.content) < 2000

    async def story() -> None:
        async with everywhere(platform_url, tmp_path) as (_, _, address):
            await asyncio.to_thread(send, address)

    asyncio.run(story())
