"""The bank as a whole: its memory, keys, rules, faults and addresses."""

import contextlib
import ssl
from pathlib import Path

import msgspec

from yinyi.kernel.clock import Clock
from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.model import Profile
from yinyi.wire.iso8583.working_keys import KeyLayout
from yinyi_sandbox.bank.cards import CARDS
from yinyi_sandbox.bank.days import Days
from yinyi_sandbox.bank.faults import Faults
from yinyi_sandbox.bank.host import Host
from yinyi_sandbox.bank.keys import LAYOUTS
from yinyi_sandbox.bank.lines import Line
from yinyi_sandbox.bank.model import Session
from yinyi_sandbox.bank.store import Store

PROFILES: tuple[Profile, ...] = (CUP_POS, CUP_ASCII)
ADDRESSES = (1, 2)


class Tls(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """own_file: the bank's certificate and its key, PEM. client_ca_file: whose certificates terminals have to show;
    empty: they need none. addresses: which of each dialect speak TLS."""

    own_file: str
    client_ca_file: str = ""
    addresses: tuple[int, ...] = ADDRESSES

    def context(self) -> ssl.SSLContext:
        """
        Raises:
            OSError: a file cannot be read, or is something else.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.own_file)
        if self.client_ca_file:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.client_ca_file)
        return context


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """idle_s: so long a connection may say nothing. most_connections: at each address.

    layouts: of field 62, by network management code, where they are not the usual ones. tls: None: no address has it.
    """

    idle_s: float = 600.0
    most_connections: int = 256
    layouts: dict[str, KeyLayout] = {}
    tls: Tls | None = None


class Bank:
    """Everything but HTTP. Make it inside the running event loop, then ``start`` it."""

    def __init__(
        self,
        sessions: list[Session],
        clock: Clock,
        path: Path | None = None,
        pace: Pace | None = None,
        profiles: tuple[Profile, ...] = PROFILES,
    ) -> None:
        """``path``: the SQLite file; None forgets everything at the end. Sessions and cards that it knows already stay
        as they are."""
        pace = pace or Pace()
        self.faults = Faults()
        self.store = Store(path)
        self.days = Days(clock, self.store)
        self._admit(sessions)
        host = Host(self.store, self.days, self.faults, LAYOUTS | pace.layouts)
        tls = pace.tls.context() if pace.tls else None
        self.lines = {
            name: Line(
                name,
                profile,
                host.answer,
                self.store.together,
                idle_s=pace.idle_s,
                most=pace.most_connections,
                tls=tls if pace.tls and number in pace.tls.addresses else None,
            )
            for profile in profiles
            for number in ADDRESSES
            for name in (f"{profile.name}-{number}",)
        }

    async def start(self, port: int = 0) -> None:
        """The first address takes ``port``, the others those that they had last time, if nobody else has them now.

        Raises:
            OSError: ``port`` is taken.
        """
        for name, line in self.lines.items():
            if port:
                await line.start(port)
            else:
                await self._start_where_it_was(line)
            self.store.put_fact(f"port {name}", str(line.port))
            port = 0

    async def stop(self) -> None:
        for line in self.lines.values():
            await line.stop()
        self.store.close()

    def addresses(self) -> dict[str, tuple[str, ...]]:
        """Host and port of every line, by profile."""
        found: dict[str, tuple[str, ...]] = {}
        for line in self.lines.values():
            found[line.profile.name] = (*found.get(line.profile.name, ()), f"127.0.0.1:{line.port}")
        return found

    def release(self, *, backwards: bool = False) -> int:
        """Sends the answers that are held; returns how many. backwards: the last one first."""
        return sum(line.release(backwards=backwards) for line in self.lines.values())

    def _admit(self, sessions: list[Session]) -> None:
        with self.store.together():
            for session in sessions:
                known = self.store.session(session.merchant_no, session.terminal_no)
                if known is None or known.tmk != session.tmk:
                    self.store.put_session(session)
            for card in CARDS:
                if self.store.card(card.pan) is None:
                    self.store.put_card(card)

    async def _start_where_it_was(self, line: Line) -> None:
        last = int(self.store.fact(f"port {line.name}") or 0)
        with contextlib.suppress(OSError):
            return await line.start(last)
        await line.start(0)
