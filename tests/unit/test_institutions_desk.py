"""What the staff says of institutions: asked as staff asks, and felt by the institution at once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

import pytest
from identity_house import HOSPITAL, START, ZONE, HandClock, Run
from test_institutions_signature import COLLECT, institutions_of, nonce_of, signed

from yinyi.bus.call import Principal
from yinyi.bus.client import BusClient
from yinyi.bus.database import open_database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import RequestEnvelope
from yinyi.bus.operation import Caller, Operation, OperationSpec
from yinyi.business.institutions.desk import MOST_SECRETS, InstitutionDesk
from yinyi.business.institutions.errors import InstitutionKnown, InstitutionUnknown, SecretsEnough
from yinyi.business.institutions.messages import (
    AddInstitution,
    CloseInstitution,
    ListInstitutions,
    ReplaceSecret,
    SetInstitution,
)
from yinyi.kernel.errors import NotGranted, SignatureRefused

R = TypeVar("R")


class Office:
    """Somebody of the staff, and the institution that asks the same process."""

    def __init__(self, dispatcher: Dispatcher, desk: InstitutionDesk, clock: HandClock) -> None:
        desk.register(dispatcher)
        self._dispatcher = dispatcher
        self._client = BusClient(self, "console", clock)
        self._clock = clock
        self._asked = 0
        self.institutions = desk.institutions

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)

    async def says(self, message: Operation[R], key: str = "") -> R:
        self._asked += 1
        return (await self._client.ask(message, key=key or f"office-{self._asked:04}")).reply

    async def passes(self, secret: str) -> bool:
        """Whether a request signed with it does."""
        self._asked += 1
        now = self._clock.now()
        try:
            await self.institutions.verify(signed(secret, nonce=nonce_of(self._asked), at=now), COLLECT, now)
        except SignatureRefused:
            return False
        return True


class Staff:
    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        return Principal(caller=caller, hospital_id=HOSPITAL, staff_id="operator")


@asynccontextmanager
async def office(url: str, clock: HandClock) -> AsyncGenerator[Office]:
    database = await open_database(url)
    try:
        desk = InstitutionDesk(institutions_of(database), ZONE)
        yield Office(Dispatcher(database, Staff(), clock), desk, clock)
    finally:
        await database.close()


ADD = AddInstitution(institution_id="his", kind="hospital", name="医院信息系统")


def test_an_institution_is_added_once_and_its_secret_is_told_once(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with office(platform_url, HandClock()) as desk:
            added = await desk.says(ADD, "key-of-adding")
            assert await desk.passes(added.secret)
            again = await desk.says(ADD, "key-of-adding")
            assert (again.secret, again.institution) != (added.secret, None)
            assert again.secret == ""
            assert again.institution.institution_id == "his"
            with pytest.raises(InstitutionKnown):
                await desk.says(ADD)
            listed = (await desk.says(ListInstitutions())).institutions
            assert [each.requests_today for each in listed] == [0]
            assert [each.algorithm for each in listed[0].secrets] == ["HMAC-SHA256"]

    run(story())


def test_a_secret_is_replaced_while_the_old_one_is_good_for_a_while(platform_url: str, run: Run) -> None:
    async def story() -> None:
        clock = HandClock()
        async with office(platform_url, clock) as desk:
            old = (await desk.says(ADD)).secret
            new = (await desk.says(ReplaceSecret(institution_id="his", overlap_minutes=60))).secret
            assert await desk.passes(old)
            assert await desk.passes(new)
            clock.pass_by(minutes=60)
            assert not await desk.passes(old)
            assert await desk.passes(new)
            newest = (await desk.says(ReplaceSecret(institution_id="his", overlap_minutes=0))).secret
            assert not await desk.passes(new)
            assert await desk.passes(newest)

    run(story())


def test_an_overlap_never_makes_a_secret_good_for_longer(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with office(platform_url, HandClock()) as desk:
            await desk.says(ADD)
            await desk.says(ReplaceSecret(institution_id="his", overlap_minutes=30))
            shown = await desk.says(ReplaceSecret(institution_id="his", overlap_minutes=600))
            until = [each.until for each in shown.institution.secrets]
            assert until == [START + timedelta(minutes=30), START + timedelta(minutes=600), None]
            for _ in range(MOST_SECRETS - len(until)):
                await desk.says(ReplaceSecret(institution_id="his"))
            with pytest.raises(SecretsEnough):
                await desk.says(ReplaceSecret(institution_id="his"))
            last = await desk.says(ReplaceSecret(institution_id="his", overlap_minutes=0))
            assert len(last.institution.secrets) == 1

    run(story())


def test_what_is_granted_counts_from_the_next_request(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with office(platform_url, HandClock()) as desk:
            secret = (await desk.says(ADD)).secret
            assert await desk.passes(secret)
            await desk.says(SetInstitution(institution_id="his", name="HIS", operations=["GetPayment"]))
            with pytest.raises(NotGranted):
                await desk.passes(secret)
            shown = await desk.says(SetInstitution(institution_id="his", name="HIS", per_minute=7))
            assert await desk.passes(secret)
            (his,) = shown.institutions
            assert (his.name, his.operations, his.per_minute) == ("HIS", None, 7)

    run(story())


def test_a_closed_institution_asks_nothing_and_its_id_is_not_given_again(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with office(platform_url, HandClock()) as desk:
            secret = (await desk.says(ADD)).secret
            (closed,) = (await desk.says(CloseInstitution(institution_id="his"))).institutions
            assert closed.closed_at == START
            assert not await desk.passes(secret)
            for message in (
                CloseInstitution(institution_id="his"),
                ReplaceSecret(institution_id="his"),
                SetInstitution(institution_id="his", name="HIS"),
            ):
                with pytest.raises(InstitutionUnknown):
                    await desk.says(message)
            with pytest.raises(InstitutionKnown):
                await desk.says(ADD)

    run(story())
