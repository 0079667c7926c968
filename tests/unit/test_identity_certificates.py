"""An insurance certificate's code under the scanner says who somebody is, as his card would."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, get_args

import pytest
from identity_house import HALL, WARD, House, Run, house, on_record, resident
from msgspec.structs import replace

from yinyi.bus.database import Tx
from yinyi.business.identity.attempts import PER_TERMINAL
from yinyi.business.identity.certificates import Certificates
from yinyi.business.identity.errors import (
    CertificateExpired,
    CertificateForeign,
    CertificateUnreadable,
    CertificateUsed,
    CheckDigitWrong,
    DecoderUnavailable,
    TooManyTries,
)
from yinyi.business.identity.messages import Identify, ListCredentials, RegisterPatient
from yinyi.business.identity.messages_cards import IdentifyByCertificate
from yinyi.business.identity.model import CertificateHolder, CertificateRefused
from yinyi.kernel.errors import HospitalUnavailable, InvalidField

WANG = resident()
CODE = "3100000000000000000000000017"
HOLDER = CertificateHolder(number=WANG.number, name=WANG.name)


class Phone:
    """A code under the scanner of a terminal, and what the decoder says of it: None: nothing."""

    def __init__(self) -> None:
        self.says: CertificateHolder | CertificateRefused | None = HOLDER
        self.held: dict[str, str] = {}
        self.asked: list[str] = []

    async def take_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int) -> str | None:
        return self.held.pop(terminal_id, None)

    async def decode(self, code: str) -> CertificateHolder | CertificateRefused:
        self.asked.append(code)
        if self.says is None:
            raise DecoderUnavailable
        return self.says


@asynccontextmanager
async def phone_house(url: str, decoder: bool = True) -> AsyncGenerator[tuple[House, Phone]]:
    async with house(url) as it:
        phone = Phone()
        of_phones = (it.database, phone if decoder else None, phone, it.service.identification, it.vault)
        Certificates(*of_phones).register(it.dispatcher)
        yield it, phone


async def held(it: House, phone: Phone, code: str = CODE, terminal: str = HALL) -> Any:
    phone.held[terminal] = code
    return await it.ask(IdentifyByCertificate(after=0), terminal=terminal)


def test_its_holder_is_known_and_his_number_bound(platform_url: str, run: Run) -> None:
    """The same record as his card leads to, which is bound with it."""

    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            it.index.put(WANG, on_record(WANG, "2021000001"))
            known = await held(it, phone)
            assert (known.status, phone.asked) == ("known", [CODE])
            bound = (await it.ask(ListCredentials(), session=known.session_token)).credentials
            assert [each.kind for each in bound] == ["resident_card"]
            it.readers.lay(WANG)
            it.index.mishaps.append("down")
            assert (await it.ask(Identify())).status == "known", "his card is known without the hospital now"

    run(story())


def test_a_first_visit_goes_on_as_with_a_card(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            found = await held(it, phone)
            assert found.status == "first_visit"
            assert (found.first_visit.name, found.first_visit.sex, found.first_visit.born_year) == (
                "王*",
                "female",
                1991,
            )
            made = await it.ask(RegisterPatient(ticket=found.ticket, phone="13912345678"))
            assert made.status == "known"

    run(story())


def test_what_the_number_does_not_say_he_says_himself(platform_url: str, run: Run) -> None:
    """The old number of a permanent-resident card names neither sex nor birth date; what a number does say counts."""

    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            phone.says = CertificateHolder(number="USA110120010110", name="Ann Smith")
            found = await held(it, phone)
            assert found.first_visit.born_year is None
            said = RegisterPatient(ticket=found.ticket, sex="male", born_on=date(1985, 3, 14))
            for day in (date(2999, 1, 1), date(1850, 1, 1)):
                with pytest.raises(InvalidField):
                    await it.ask(replace(said, born_on=day))
            await it.ask(said)
            phone.says = HOLDER
            await it.ask(replace(said, ticket=(await held(it, phone)).ticket))
            made = [(each.kind, each.sex, each.born_on) for each in it.index.created]
            assert made == [
                ("permanent_resident_card", "male", date(1985, 3, 14)),
                ("resident_card", "female", WANG.born_on),
            ]

    run(story())


def test_another_name_on_record_is_asked_about(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            it.index.put(WANG, on_record(WANG, "2021000001", name="王方"))
            assert (await held(it, phone)).status == "several"

    run(story())


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("unreadable", CertificateUnreadable),
        ("expired", CertificateExpired),
        ("used", CertificateUsed),
        ("foreign", CertificateForeign),
        (CertificateHolder(number="110105194912310021", name="王芳"), CheckDigitWrong),
        (CertificateHolder(number="E12345678", name="王芳"), CheckDigitWrong),
    ],
)
def test_codes_that_name_nobody_count_as_tries(platform_url: str, run: Run, says: Any, error: type[Exception]) -> None:
    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            phone.says = says
            for tried in range(PER_TERMINAL):
                with pytest.raises(error):
                    await held(it, phone, f"31{tried:026}")
            phone.says = HOLDER
            with pytest.raises(TooManyTries):
                await held(it, phone)
            assert (await held(it, phone, terminal=WARD)).status == "first_visit"

    run(story())


def test_every_refusal_of_a_decoder_has_an_error() -> None:
    assert set(get_args(CertificateRefused)) == {"unreadable", "expired", "used", "foreign"}


@pytest.mark.parametrize("code", ["", "12 34", "二维码" * 10, "1" * 129])
def test_what_is_no_code_is_never_decoded(platform_url: str, run: Run, code: str) -> None:
    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            with pytest.raises(CertificateUnreadable):
                await held(it, phone, code)
            assert phone.asked == []

    run(story())


def test_a_silent_decoder_costs_no_try_and_neither_does_a_silent_hospital(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with phone_house(platform_url) as (it, phone):
            for _ in range(PER_TERMINAL + 1):
                phone.says = None
                with pytest.raises(DecoderUnavailable):
                    await held(it, phone)
                phone.says = HOLDER
                it.index.mishaps.append("down")
                with pytest.raises(HospitalUnavailable):
                    await held(it, phone)
            assert (await held(it, phone)).status == "first_visit"
        async with phone_house(platform_url, decoder=False) as (it, phone):
            with pytest.raises(DecoderUnavailable):
                await held(it, phone)

    run(story())
