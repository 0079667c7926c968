"""Our connector to acquirers keeps every behaviour of its port, in both dialects; the others are told."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from yinyi.access.payment.unionpay import client, tls
from yinyi.access.payment.unionpay.config import Address
from yinyi.access.payment.unionpay.plugin import PLUGIN, UnionPay
from yinyi.business.lines.session_model import Declined, Desk, LineAnswer, NoAnswer
from yinyi.conformance.behaviour import Behaviour
from yinyi.conformance.kits import KITS
from yinyi.conformance.line import addresses, sessions
from yinyi.conformance.place import ground
from yinyi.conformance.run import Finding, played
from yinyi.kernel.far_side import FarDatabase
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583.working_keys import KeyLayout
from yinyi_sandbox.bank.far_side import far_side
from yinyi_sandbox.bank.sandbox import Pace

KIT = KITS["line"]


async def no_database() -> FarDatabase:
    raise AssertionError("a bank needs none")


def findings(folder: Path, dialect: str, behaviours: list[Behaviour], pace: Pace | None = None) -> list[Finding]:
    async def go() -> list[Finding]:
        async with (
            ground(folder, no_database) as place,
            far_side(place, dialect, pace) as far,
            KIT.on_stage(PLUGIN, far, place) as (connector, stage),
        ):
            return [each async for each in played(behaviours, connector, stage)]

    return asyncio.run(go())


EACH = [
    pytest.param(dialect, script, marks=[pytest.mark.slow] if (dialect, script) == ("cup_ascii", "faults") else [])
    for dialect in ("cup_pos", "cup_ascii")
    for script in KIT.scripts
]


@pytest.mark.parametrize(("dialect", "script"), EACH)
def test_it_keeps_every_behaviour(tmp_path: Path, dialect: str, script: str) -> None:
    found = findings(tmp_path, dialect, KIT.scripts[script].behaviours)
    assert found
    wrong = [each for each in found if each.verdict != "ok"]
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize("layout", [50, 56, 60, 75, 100])
def test_it_takes_keys_of_every_layout(tmp_path: Path, layout: KeyLayout) -> None:
    """Of 56 bytes with a key that has no check value, in blocks with check values of eight."""
    signing_on = [each for each in KIT.behaviours() if each.name == "signing on brings keys of their check values"]
    (found,) = findings(tmp_path, "cup_pos", signing_on, Pace(layouts={"003": layout}))
    assert found.verdict == "ok", str(found)


async def believes(self: UnionPay, *_: object) -> bool:
    return True


def says_no(ask: Any) -> Any:
    async def purchase(self: UnionPay, desk: Desk, amount_fen: Fen, card: Any) -> LineAnswer:
        answer = await ask(self, desk, amount_fen, card)
        return Declined(code="91") if isinstance(answer, NoAnswer) else answer

    return purchase


def trusts_anybody(address: Address) -> ssl.SSLContext | None:
    context = tls.tls_of(address)
    if context is not None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def the_first(_: object) -> int:
    return 0


def nobody(_: object) -> str:
    return ""


def stays_there(_: object, __: object) -> None:
    """Another address is not tried."""


def broken(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector that does not compare MACs, takes silence for a no, trusts anybody, has no name, is always up,
    or stays where nobody is."""
    if how == "believes":
        monkeypatch.setattr(UnionPay, "_is_believed", believes)
    elif how == "says no":
        monkeypatch.setattr(UnionPay, "purchase", says_no(UnionPay.purchase))
    elif how == "trusts":
        monkeypatch.setattr(client, "tls_of", trusts_anybody)
    elif how == "anonymous":
        monkeypatch.setattr(UnionPay, "name", property(nobody, stays_there), raising=False)
    elif how == "always up":
        monkeypatch.setattr(UnionPay, "is_up", True)
        monkeypatch.setattr(sessions, "_WITHIN_S", 0.5)
    else:
        monkeypatch.setattr(client.Line, "_at", property(the_first, stays_there), raising=False)
        monkeypatch.setattr(addresses, "_WITHIN_S", 0.5)


@pytest.mark.parametrize(
    ("how", "behaviour", "said"),
    [
        ("believes", "nothing that moves money is believed without its mac (void, wrong_mac)", "expected NoAnswer"),
        ("says no", "a purchase without an answer may have happened and is reversed (cut)", "expected NoAnswer"),
        ("trusts", "whoever shows another certificate is told nothing", "expected NeverSent"),
        ("anonymous", "it says whose line it is", "saw ''"),
        ("always up", "whether the line is up is told and why not", "saw that it is up"),
        ("stays", "when an address is gone the other one is used", "nobody answers, at any address"),
    ],
)
def test_a_broken_connector_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, behaviour: str, said: str
) -> None:
    broken(how, monkeypatch)
    [tried] = [each for each in KIT.behaviours() if each.name == behaviour]
    [seen] = findings(tmp_path, "cup_pos", [tried])
    assert seen.verdict == "not"
    assert said in seen.seen
