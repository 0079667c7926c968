"""Lines of institutions: whose a frame is, by which algorithm, and what a number on a line was used for."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal

import pytest
from identity_house import HOSPITAL, START, HandClock, Run
from msgspec.structs import replace
from test_institutions_signature import HIS, enlisted

from yinyi.bus.envelope import Signed
from yinyi.business.institutions import lines_store
from yinyi.business.institutions.errors import LineEnded, SequenceUsed
from yinyi.business.institutions.lines import LASTS, InstitutionLines
from yinyi.business.institutions.model import Institution
from yinyi.business.institutions.service import WINDOW
from yinyi.kernel.errors import AskedTooOften, NotGranted, SignatureRefused
from yinyi.kernel.secrets import digest
from yinyi.wire import institution_message as wire

ASKED = "ListGiveBacks"
Hashed = Literal["FRAME-HMAC-SM3", "FRAME-HMAC-SHA256"]
SM3: Hashed = "FRAME-HMAC-SM3"
SHA256: Hashed = "FRAME-HMAC-SHA256"
LINE = "line-of-the-his-0001"
BANK = Institution(hospital_id=HOSPITAL, institution_id="bank", kind="bank", name="银行")


class Desk:
    """Who seals frames, and what hears them."""

    def __init__(self, lines: InstitutionLines, secrets: dict[tuple[str, Hashed], str]) -> None:
        self.lines = lines
        self._secrets = secrets

    async def ask(
        self, sequence: int, at: datetime = START, *, now: datetime | None = None, who: str = "his",
        algorithm: Hashed = SM3, operation: str = ASKED, note: str = "",
    ) -> str:  # fmt: skip
        """Whose it is. at: by the clock of whoever seals it; now: by ours, the same unless told otherwise."""
        head = {"institution": who, "operation": operation, "time": wire.time_of(at), "line": LINE}
        document = json.dumps({"head": {**head, "sequence": sequence}, "body": {"note": note}}).encode()
        signed = Signed(
            institution_id=who,
            algorithm=algorithm,
            timestamp="",
            nonce="",
            signature=wire.hmac_of(algorithm, self._secrets[who, algorithm], document),
            method="",
            path="",
            body=document,
        )
        heard = await self.lines.verify(signed, wire.opened(document), operation, now or at)
        return heard.institution.institution_id


@asynccontextmanager
async def desk(url: str, his: Institution = HIS) -> AsyncGenerator[Desk]:
    """The HIS has signed on by SM3; it has a secret for SHA-256 too, and a bank has one for SM3."""
    async with enlisted(url, his) as (database, institutions, _):
        async with database.transaction() as tx:
            secrets: dict[tuple[str, Hashed], str] = {
                ("his", SM3): await institutions.add_secret(tx, HOSPITAL, "his", SM3, START),
                ("his", SHA256): await institutions.add_secret(tx, HOSPITAL, "his", SHA256, START),
                ("bank", SM3): await institutions.add(tx, BANK, SM3, START),
            }
            await lines_store.open_line(tx, (HOSPITAL, "his"), digest(LINE), SM3, None, START, START + LASTS)
        yield Desk(InstitutionLines(institutions, database, None, HandClock()), secrets)


def test_a_line_is_of_one_institution_and_of_one_algorithm(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with desk(platform_url) as his:
            assert await his.ask(1) == "his"
            with pytest.raises(SignatureRefused):
                await his.ask(2, who="bank")
            with pytest.raises(SignatureRefused):
                await his.ask(2, algorithm=SHA256)
            assert await his.ask(2) == "his", "what was refused has used no number"
            with pytest.raises(LineEnded):
                await his.ask(3, START + LASTS)

    run(story())


def test_a_number_is_known_for_as_long_as_a_frame_under_it_could_pass(platform_url: str, run: Run) -> None:
    """A clock that is five minutes ahead seals what passes for ten; others ask meanwhile, and make the house forget."""

    async def story() -> None:
        async with desk(platform_url) as his:
            await his.ask(1, START + WINDOW, now=START)
            for number, minutes in enumerate((1, 5, 10), start=2):
                now = START + timedelta(minutes=minutes)
                await his.ask(number, now)
                with pytest.raises(SequenceUsed):
                    await his.ask(1, now, note="something else")
                await his.ask(1, START + WINDOW, now=now)  # the very same frame, sent again
            with pytest.raises(SignatureRefused):
                await his.ask(1, START + WINDOW, now=START + WINDOW + WINDOW + timedelta(seconds=1))

    run(story())


def test_no_more_is_asked_over_a_line_than_was_granted_and_agreed(platform_url: str, run: Run) -> None:
    async def story() -> None:
        few = replace(HIS, operations=(ASKED,), per_minute=2)
        async with desk(platform_url, few) as his:
            with pytest.raises(NotGranted):
                await his.ask(1, operation="GetTaken")
            assert [await his.ask(number) for number in (2, 3)] == ["his", "his"]
            with pytest.raises(AskedTooOften):
                await his.ask(4)

    run(story())
