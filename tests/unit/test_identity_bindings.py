"""Several media lead to one number; what is taken off stays as history."""

import asyncio
from datetime import date

import pytest
from identity_house import House, Run, house, on_record, resident

from yinyi.business.identity.errors import CheckDigitWrong, CredentialTaken, LastCredential, NoCard, WindowOnly
from yinyi.business.identity.messages import (
    BindCredential,
    Credentials,
    Identify,
    ListCredentials,
    UnbindCredential,
)
from yinyi.kernel.errors import HospitalUnavailable, NotFound, NotYours, SessionEnded, YinyiError
from yinyi.wire import gb11643

BINDING = "the-key-of-binding"
WANG = resident()
PERMIT = resident(form="hmt", nation="", travel_permit="12345678", number=gb11643.number_of("810000", WANG.born_on, 42))


async def session_of_wang(it: House) -> str:
    """She is on record and her resident card is bound."""
    it.index.put(WANG, on_record(WANG, "2021000001"))
    it.readers.lay(WANG)
    return (await it.ask(Identify())).session_token


async def with_both(it: House) -> tuple[str, Credentials]:
    session = await session_of_wang(it)
    it.readers.lay(PERMIT)
    return session, await it.ask(BindCredential(), session=session, key=BINDING)


def test_a_second_card_leads_to_the_same_number(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            session, bound = await with_both(it)
            assert [one.kind for one in bound.credentials] == ["resident_card", "hmt_resident_card"]
            assert await it.ask(BindCredential(), session=session) == bound
            assert (await it.ask(Identify())).status == "known"
            assert await it.how_many("SELECT count(*) FROM patient") == 1

    run(story())


def test_what_is_unbound_stays_as_history_and_is_not_bound_again_by_itself(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            session, bound = await with_both(it)
            it.index.records["hmt_resident_card", PERMIT.number] = [on_record(PERMIT, "2021000001")]
            message = UnbindCredential(credential_id=bound.credentials[1].credential_id)
            left = await it.ask(message, session=session, key="the-same-key")
            assert [one.kind for one in left.credentials] == ["resident_card"]
            assert await it.ask(message, session=session, key="the-same-key") == left
            assert await it.how_many("SELECT count(*) FROM credential WHERE unbound_at IS NOT NULL") == 1
            assert (await it.ask(Identify())).status == "several"
            rebound = await it.ask(BindCredential(), session=session)
            assert len(rebound.credentials) == 2
            assert await it.how_many("SELECT count(*) FROM credential") == 3

    run(story())


def test_the_last_one_stays(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            session = await session_of_wang(it)
            (only,) = (await it.ask(ListCredentials(), session=session)).credentials
            with pytest.raises(LastCredential):
                await it.ask(UnbindCredential(credential_id=only.credential_id), session=session)

    run(story())


def test_two_taken_off_at_once_leave_one(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            session, bound = await with_both(it)
            off = [UnbindCredential(credential_id=one.credential_id) for one in bound.credentials]
            ends = await asyncio.gather(*(it.ask(one, session=session) for one in off), return_exceptions=True)
            assert [type(end) for end in ends if isinstance(end, YinyiError)] == [LastCredential]
            assert len((await it.ask(ListCredentials(), session=session)).credentials) == 1

    run(story())


def test_nobody_takes_off_what_is_not_his(platform_url: str, run: Run) -> None:
    li = resident("李强", born=date(1970, 1, 2), sequence=3)

    async def story() -> None:
        async with house(platform_url) as it:
            session, bound = await with_both(it)
            it.index.put(li, on_record(li, "2010000003"))
            it.readers.lay(li)
            other = (await it.ask(Identify())).session_token
            his = await it.ask(BindCredential(), session=other, key=BINDING)
            theirs = {credential.credential_id for credential in bound.credentials}
            assert not theirs & {credential.credential_id for credential in his.credentials}, "a key is its owner's"
            for number in (bound.credentials[0].credential_id, 10**12, 0):
                with pytest.raises(NotFound):
                    await it.ask(UnbindCredential(credential_id=number), session=other)
            with pytest.raises(SessionEnded):
                await it.ask(UnbindCredential(credential_id=bound.credentials[0].credential_id), session=session)

    run(story())


def test_only_ones_own_valid_card_is_bound(platform_url: str, run: Run) -> None:
    """Another's card on the reader must not open this record from then on."""

    async def story() -> None:
        async with house(platform_url) as it:
            session = await session_of_wang(it)
            it.readers.lay(resident("李强", sequence=3))
            with pytest.raises(NotYours):
                await it.ask(BindCredential(), session=session)
            namesake = resident(sequence=44)
            it.index.put(namesake, on_record(namesake, "2010000003"))
            it.readers.lay(namesake)
            with pytest.raises(CredentialTaken):
                await it.ask(BindCredential(), session=session)
            it.readers.lay(resident(sequence=46, valid_to=date(2026, 11, 22)))
            with pytest.raises(WindowOnly):
                await it.ask(BindCredential(), session=session)
            it.readers.lay(resident(number=WANG.number[:-1] + "1"))
            with pytest.raises(CheckDigitWrong):
                await it.ask(BindCredential(), session=session)
            it.readers.lay(PERMIT)
            it.index.mishaps.append("down")
            with pytest.raises(HospitalUnavailable):
                await it.ask(BindCredential(), session=session)
            it.readers.blocks.clear()
            with pytest.raises(NoCard):
                await it.ask(BindCredential(), session=session)
            assert len((await it.ask(ListCredentials(), session=session)).credentials) == 1

    run(story())


def test_a_card_bound_to_a_namesake_is_taken(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            await with_both(it)
            it.index.records["hmt_resident_card", PERMIT.number] = []
            namesake = resident(sequence=44)
            it.index.put(namesake, on_record(namesake, "2010000003"))
            it.readers.lay(namesake)
            session = (await it.ask(Identify())).session_token
            it.readers.lay(PERMIT)
            with pytest.raises(CredentialTaken):
                await it.ask(BindCredential(), session=session)

    run(story())
