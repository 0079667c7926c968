"""The demo's bank at its own branch, over its line: what it has taken is delivered or given back, and whatever breaks
in between is followed until both sides know it."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from holder_stage import HolderStage, InProcess
from whole_stage import on_sale, play

from yinyi.app.business_start import DEMO_BANK
from yinyi.app.embedded.folder import free_port
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.conformance.hospital.stage import Stage
from yinyi.interface.metrics import Metrics
from yinyi.interface.socket.server import Socket
from yinyi.kernel.clock import Clock, ShiftedClock
from yinyi.wire.institution_message import ANSWERED
from yinyi.wire.iso8583.framing import framed
from yinyi_sandbox.bank.cards import CARDS
from yinyi_sandbox.bank.store import Store
from yinyi_sandbox.demo.branch import Branch, Taken
from yinyi_sandbox.demo.branch_book import Book, Taking
from yinyi_sandbox.demo.branch_line import INSTITUTION, BranchLine
from yinyi_sandbox.demo.signed import PlatformAway, Problem

CUSTOMER, OTHER = "wang-fang", "sun-xiaomei"
CARD = CARDS[0].pan


def branch_at(port: int, folder: Path, clock: Clock) -> Branch:
    accounts = Store(None)
    for card in CARDS:
        accounts.put_card(card)
    return Branch(BranchLine("127.0.0.1", port, folder / "secret", clock), accounts, Book(None), clock)


def balance_fen(branch: Branch) -> int:
    [card] = next(each for each in branch.customers() if each["key"] == CUSTOMER)["cards"]
    return card["balance_fen"]


def test_a_branch_pays_and_gives_back(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        clock, port = stage.line.clock, free_port()
        async with stage.line.database.transaction() as tx:
            secret = await stage.business.institutions.add(tx, DEMO_BANK, "FRAME-HMAC-SM3", clock.now())
        (tmp_path / "secret").write_text(secret + "\n", encoding="ascii")
        bus = BusClient(InProcess(stage.business.dispatcher), Caller.INSTITUTION.value, clock)
        socket, branch = Socket(bus, Metrics(), clock, Caller.INSTITUTION), branch_at(port, tmp_path, clock)
        with pytest.raises(PlatformAway):
            await branch.departments()
        await socket.listen("127.0.0.1", port)
        try:
            await is_paid(branch, hospital)
            await is_given_back(branch, hospital)
            await is_bound(branch)
            payment = await registered(branch, hospital, "cut-off")
            await socket.close()
            await is_not_heard(branch, payment)
            await socket.listen("127.0.0.1", port)
            await branch.follow_once()
            assert standing(branch, payment).verdict == "delivered"
        finally:
            await branch.close()
            await socket.close()

    play(platform_url, tmp_path, postgres, story)


async def registered(branch: Branch, hospital: Stage, key: str) -> dict[str, Any]:
    async for chosen in on_sale(hospital):
        with suppress(Problem):  # already registered with this doctor
            return await branch.register(chosen.department_id, chosen.schedule_id, f"{key}-{chosen.schedule_id}")
    raise AssertionError("nothing is sold")


def taken(payment: dict[str, Any], key: str, more_fen: int = 0, **how: Any) -> Taken:
    amount_fen = payment["owed_fen"] + more_fen
    return Taken(payment["payment_no"], payment["purpose"], amount_fen, f"taken-{key}", CARD, **how)


def standing(branch: Branch, payment: dict[str, Any]) -> Taking:
    return next(each for each in branch.book.takings() if each.payment_no == payment["payment_no"])


async def is_paid(branch: Branch, hospital: Stage) -> None:
    """Once, however often it is pressed."""
    with pytest.raises(KeyError):
        await branch.bills()
    assert (await branch.come(OTHER))["credentials"], "the hospital has made a record"
    await branch.come(CUSTOMER)
    payment, before = await registered(branch, hospital, "first"), balance_fen(branch)
    with pytest.raises(Problem, match="NotEnough"):
        await branch.take(taken(payment, "too-much", before))
    for _ in range(2):
        assert (await branch.take(taken(payment, "first"))).verdict == "delivered"
    assert before - balance_fen(branch) == payment["owed_fen"]
    assert branch.book.orders() == []


async def is_given_back(branch: Branch, hospital: Stage) -> None:
    """Another amount was taken than is owed."""
    payment, before = await registered(branch, hospital, "second"), balance_fen(branch)
    assert (await branch.take(taken(payment, "second", 100))).verdict == "give_back"
    [order] = branch.book.orders()
    assert (order.amount_fen, order.reason, order.confirmed) == (payment["owed_fen"] + 100, "changed", False)
    for _ in range(2):
        assert (await branch.give_back(order.reference)).confirmed
    assert balance_fen(branch) == before
    assert standing(branch, payment).verdict == "given_back"
    assert (await branch.cancel(payment["payment_no"], "key-cancels"))["state"] in ("closing", "returned")


async def is_bound(branch: Branch) -> None:
    """The card says who it is from then on."""
    with pytest.raises(Problem, match="HolderUnknown"):
        await branch.come(CUSTOMER, CARD)
    await branch.bind(CARD, "key-binds-it")
    kinds = [each["kind"] for each in (await branch.come(CUSTOMER, CARD))["credentials"]]
    assert "bank_card" in kinds


async def is_not_heard(branch: Branch, payment: dict[str, Any]) -> None:
    """The money is taken, and the hospital was not told first, then could not be."""
    kept = await branch.take(taken(payment, "third", kept_back=True))
    assert (kept.kept_back, kept.verdict) == (True, "")
    with pytest.raises(PlatformAway):
        await branch.tell(kept.reference)
    assert not standing(branch, payment).kept_back, "from now on it is said until it is heard"


@pytest.mark.parametrize("seal", ["NONE -", f"FRAME-HMAC-SM3 {'0' * 64}"])
def test_an_answer_is_believed_only_under_its_mac(seal: str, tmp_path: Path) -> None:
    async def lies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        head = f'"institution": "{INSTITUTION}", "operation": "", "line": "", "sequence": 0, "time": "", "code": "OK"'
        document = f'{{"head": {{{head}}}, "body": {{"line": "x", "first_sequence": 1}}}}'
        writer.write(framed(ANSWERED["ascii-8"], f"{seal}\n{document}".encode()))
        await writer.drain()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(lies, "127.0.0.1", 0)
        (tmp_path / "secret").write_text("s" * 32, encoding="ascii")
        branch = branch_at(server.sockets[0].getsockname()[1], tmp_path, ShiftedClock())
        with pytest.raises(PlatformAway, match="without our MAC"):
            await branch.departments()
        await branch.close()
        server.close()

    asyncio.run(story())
