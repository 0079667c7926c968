"""Doors within TLS before all of the business layer, with certificates of every kind to knock with."""

import asyncio
import secrets
import shutil
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from holder_stage import TILL, HolderStage, InProcess
from line_stage import ZONE
from tls_papers import Authority

from yinyi.app.embedded.folder import free_port
from yinyi.app.interfaces import answers
from yinyi.bus.operation import Caller
from yinyi.business.institutions.messages import AddClientCertificate, Institutions
from yinyi.business.institutions.model import Institution
from yinyi.interface.server import Interfaces, Server, Surroundings, server_for
from yinyi.interface.tls_files import TlsFiles
from yinyi.interface.within_tls import Papers
from yinyi.wire.institution import timestamp_of

ICBC = Institution(hospital_id=1, institution_id="icbc", kind="bank", name="工商银行")
CCB = Institution(hospital_id=1, institution_id="ccb", kind="bank", name="建设银行")
HIS = Institution(hospital_id=1, institution_id="his", kind="hospital", name="HIS")
HOST = "front.example"
ASKED = "/institutions/v1/ListGiveBacks"
OURS, CLIENTS = "ours.pem", "clients.pem"
"""The files of the doors."""


class OnTheBus(InProcess):
    """The dispatcher as interfaces have the bus."""

    connected = True

    async def listen(self, subject: str, heard: Any) -> None: ...


@dataclass
class TlsHall:
    """``secrets``: of each institution, for signatures, and of those that have lines (``line …``). ``authority``: whose
    certificates are let in. ``socket_port``: of the banks; ``socket_hospital_port``: of the hospital's own systems."""

    stage: HolderStage
    folder: Path
    secrets: dict[str, str]
    authority: Authority
    server: Server
    socket_port: int
    socket_hospital_port: int
    made: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.tls_port}"

    def papers(self, name: str, **more: Any) -> str:
        """A certificate by the platform's clock, in a file with its key; the same one again."""
        if name not in self.made:
            self.made[name] = self.authority.papers(name, at=self.stage.line.clock.now(), **more)
        return self.made[name]

    def knocks_with(self, papers: str = "", ca: str = "") -> ssl.SSLContext:
        """Somebody who shows this, or nothing."""
        made = ssl.create_default_context(cafile=ca or self.authority.ca_file)
        made.check_hostname = False  # 127.0.0.1 has no name
        if papers:
            made.load_cert_chain(papers)
        return made

    async def staff(self, message: Any) -> Any:
        return await self.stage.ask(Caller.STAFF, message, staff=TILL)

    async def named(self, institution_id: str, papers: str, *, suffices: bool = True) -> Institutions:
        pem = await asyncio.to_thread(Path(papers).read_text)
        certificate = pem[: pem.index("-----BEGIN PRIVATE")]
        return await self.staff(
            AddClientCertificate(institution_id=institution_id, certificate=certificate, suffices=suffices)
        )

    def head(self, institution_id: str = "icbc", age_s: int = 0, nonce: str = "") -> dict[str, str]:
        """Of a request that nothing but the connection vouches for."""
        return {
            "content-type": "application/json",
            "x-yinyi-institution": institution_id,
            "x-yinyi-timestamp": timestamp_of(self.stage.line.clock.now() - timedelta(seconds=age_s)),
            "x-yinyi-nonce": nonce or secrets.token_hex(16),
        }

    async def asks(self, tls: ssl.SSLContext, head: dict[str, str], path: str = ASKED) -> str:
        """The code of the error; empty: it was answered."""
        async with httpx.AsyncClient(base_url=self.url, verify=tls, timeout=30, trust_env=False) as http:
            answer = await http.post(path, content=b"{}", headers=head)
        return "" if answer.status_code == 200 else answer.json()["code"]


@asynccontextmanager
async def tls_hall(
    stage: HolderStage, folder: Path, his: Institution = HIS, icbc: Institution = ICBC, ccb: Institution = CCB
) -> AsyncGenerator[TlsHall]:
    clock, institutions = stage.line.clock, stage.business.institutions
    async with stage.line.database.transaction() as tx:
        made = {"icbc": await institutions.add(tx, icbc, "HMAC-SHA256", clock.now())}
        made["ccb"] = await institutions.add(tx, ccb, "HMAC-SHA256", clock.now())
        made["his"] = await institutions.add(tx, his, "UsernameToken", clock.now())
        for who in ("icbc", "ccb", "his"):
            made[f"line {who}"] = await institutions.add_secret(tx, 1, who, "FRAME-HMAC-SM3", clock.now())
    authority = Authority(folder, "authority")
    ours, clients = str(folder / OURS), str(folder / CLIENTS)
    shutil.copyfile(authority.papers(HOST), ours)
    shutil.copyfile(authority.ca_file, clients)
    names = ("rest-tls", "rest-institution-tls", "soap-tls", "socket-tls", "socket-hospital-tls")
    port, hospital_port = free_port(), free_port()
    around = Surroundings(
        clock=clock,
        zone=ZONE,
        sockets={"socket-tls": ("127.0.0.1", port), "socket-hospital-tls": ("127.0.0.1", hospital_port)},
        papers=Papers(TlsFiles(certificate=ours, key=ours, clients=clients)),
    )
    interfaces = Interfaces(dict.fromkeys(names, OnTheBus(stage.business.dispatcher)), around)
    server = server_for(interfaces, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve())
    await answers(server, serving)
    try:
        yield TlsHall(stage, folder, made, authority, server, port, hospital_port)
    finally:
        server.should_exit = True
        await serving
