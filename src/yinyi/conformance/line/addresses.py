"""``Acquirer`` at a host with two addresses, and at one that is spoken to within TLS."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

from yinyi.business.lines.session_model import Approved, NeverSent, NoAnswer
from yinyi.business.lines.session_ports import Acquirer
from yinyi.conformance.behaviour import NotKept, NotTried, Script, equal, expect
from yinyi.conformance.line.stage import Stage, never_sent

SCRIPT = Script((Acquirer,))
Way = Literal["two_addresses", "within_tls", "another_certificate"]
_WITHIN_S = 20.0
_AGAIN_S = 0.05


@asynccontextmanager
async def reached(stage: Stage, way: Way) -> AsyncGenerator[Any]:
    """A connector to the same acquirer, with these settings of its sandbox's.

    Raises:
        NotTried: it has none of this name.
    """
    settings = getattr(stage.far, way, None)
    if settings is None:
        raise NotTried(f"its sandbox has no {way}")
    async with stage.another(settings) as connector:
        yield connector


async def is_there(stage: Stage, connector: Any) -> None:
    """
    Raises:
        NotKept: nobody answers.
    """
    try:
        async with asyncio.timeout(_WITHIN_S):
            while not isinstance(answer := await connector.echo(stage.desk()), Approved):
                expect(answer, NeverSent, NoAnswer)
                await asyncio.sleep(_AGAIN_S)
    except TimeoutError:
        raise NotKept("nobody answers, at any address") from None


@SCRIPT.behaviour()
async def when_an_address_is_gone_the_other_one_is_used(stage: Stage) -> None:
    async with reached(stage, "two_addresses") as connector:
        await is_there(stage, connector)
        await stage.far.line.down(True)
        await is_there(stage, connector)
        bought, answer = await stage.purchase(by=connector)
        expect(answer, Approved)
        equal(stage.taken_fen(), bought.amount_fen)
        await stage.far.line.down(False)
        expect((await stage.void(bought, by=connector))[1], Approved)
        equal(stage.taken_fen(), 0)


@SCRIPT.behaviour(["cut", "half"])
async def what_was_not_answered_at_one_address_is_reversed_at_the_other(stage: Stage, mishap: Any) -> None:
    async with reached(stage, "two_addresses") as connector:
        await is_there(stage, connector)
        stage.befall(mishap)
        original, answer = await stage.purchase(by=connector)
        expect(answer, NoAnswer)
        await stage.far.line.down(True)
        await is_there(stage, connector)
        equal(stage.taken_fen(), 0 if mishap == "cut" else original.amount_fen)
        expect(await stage.reverse(original, by=connector), Approved)
        equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def within_tls_the_same_is_said_and_done(stage: Stage) -> None:
    async with reached(stage, "within_tls") as connector:
        await is_there(stage, connector)
        bought, answer = await stage.purchase(by=connector)
        expect(answer, Approved)
        equal(stage.taken_fen(), bought.amount_fen)
        expect((await stage.void(bought, by=connector))[1], Approved)
        equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def whoever_shows_another_certificate_is_told_nothing(stage: Stage) -> None:
    async with reached(stage, "another_certificate") as connector:
        never_sent(await connector.echo(stage.desk()))
        never_sent((await stage.purchase(by=connector))[1])
        equal(stage.taken_fen(), 0)
