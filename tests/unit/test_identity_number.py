"""Identified by a typed hospital number and a proof that it is one's own."""

import pytest
from identity_house import HALL, WARD, House, Mishap, Run, house, on_record, resident

from yinyi.business.identity.attempts import A_DAY, PER_NUMBER, PER_NUMBER_A_DAY, PER_TERMINAL, WITHIN
from yinyi.business.identity.errors import PatientUnknown, TooManyTries
from yinyi.business.identity.identification import proves
from yinyi.business.identity.messages import IdentifyByNumber
from yinyi.kernel.errors import HospitalUnavailable

WANG = resident()
NUMBER = "2021000001"
RECORD = on_record(WANG, NUMBER, phone="13900000123")


def by(proof: str, number: str = NUMBER) -> IdentifyByNumber:
    return IdentifyByNumber(patient_no=number, proof=proof)


def arranged(it: House) -> None:
    it.index.put(WANG, RECORD)


@pytest.mark.parametrize("proof", ["0123", "0416", " 0416 "])
def test_the_end_of_the_telephone_or_the_birthday_proves_it(platform_url: str, run: Run, proof: str) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            assert (await it.ask(by(proof))).status == "known"
            it.index.mishaps.append("down")
            assert (await it.ask(by(proof))).status == "known"  # by what we know ourselves
            assert it.index.calls == ["by_number"]

    run(story())


NOT_PROVEN = [
    ("9999", NUMBER),
    ("", NUMBER),
    ("01230", NUMBER),
    ("０１２３", NUMBER),
    ("0123", "2021000002"),
    ("0123", ""),
    ("0123", "x" * 100),
    ("' OR 1=1 --", "' OR 1=1 --"),
]


def test_unknown_numbers_and_wrong_proofs_end_alike(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            await it.ask(by("0123"))
            for proof, number in NOT_PROVEN:
                with pytest.raises(PatientUnknown) as refused:
                    await it.ask(by(proof, number))
                assert refused.value.detail == ""

    run(story())


def test_known_and_unknown_numbers_are_asked_about_alike(platform_url: str, run: Run) -> None:
    """The hospital is asked before either is refused, so that the time taken tells nothing."""

    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            await it.ask(by("0123"))
            for number in (NUMBER, "2021000002"):
                it.index.calls.clear()
                with pytest.raises(PatientUnknown):
                    await it.ask(by("9999", number))
                assert it.index.calls == ["by_number"]

    run(story())


def test_a_new_telephone_at_the_hospital_counts(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            await it.ask(by("0123"))
            it.index.put(WANG, on_record(WANG, NUMBER, phone="13900000777"))
            assert (await it.ask(by("0777"))).status == "known"
            it.index.mishaps.append("down")
            assert (await it.ask(by("0777"))).status == "known"

    run(story())


def test_a_number_is_guessed_at_five_times_wherever(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            for turn in range(PER_NUMBER):
                with pytest.raises(PatientUnknown):
                    await it.ask(by("9999"), terminal=WARD if turn % 2 else HALL)
            with pytest.raises(TooManyTries):
                await it.ask(by("0123"))
            it.clock.instant += WITHIN
            assert (await it.ask(by("0123"))).status == "known"

    run(story())


def test_a_number_is_guessed_at_ten_times_a_day(platform_url: str, run: Run) -> None:
    """Whoever waits after each few is sent to the window in the end. What he is refused for his haste is no try, nor is
    what succeeds."""

    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            for _ in range(PER_NUMBER_A_DAY // PER_NUMBER):
                assert (await it.ask(by("0123"))).status == "known"
                for _ in range(PER_NUMBER):
                    with pytest.raises(PatientUnknown):
                        await it.ask(by("9999"))
                for _ in range(PER_NUMBER):
                    with pytest.raises(TooManyTries):
                        await it.ask(by("9999"))
                it.clock.instant += WITHIN
            with pytest.raises(TooManyTries):
                await it.ask(by("0123"), terminal=WARD)
            it.clock.instant += A_DAY
            assert (await it.ask(by("0123"))).status == "known"

    run(story())


def test_a_terminal_guesses_twenty_times_at_whatever_number(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            for turn in range(PER_TERMINAL):
                with pytest.raises(PatientUnknown):
                    await it.ask(by("9999", f"20{turn:02d}"))
            with pytest.raises(TooManyTries):
                await it.ask(by("0123"))
            assert (await it.ask(by("0123"), terminal=WARD)).status == "known"

    run(story())


@pytest.mark.parametrize("mishap", ["down", "hangs"])
def test_the_hospital_being_away_uses_up_no_try(platform_url: str, run: Run, mishap: Mishap) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            for _ in range(PER_NUMBER + 1):
                it.index.mishaps.append(mishap)
                with pytest.raises(HospitalUnavailable):
                    await it.ask(by("0123"))
            assert (await it.ask(by("0123"))).status == "known"

    run(story())


def test_whoever_succeeds_is_not_counted(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            arranged(it)
            for _ in range(PER_NUMBER + 1):
                await it.ask(by("0123"))

    run(story())


def test_nothing_known_is_proved_by_nothing() -> None:
    bare = on_record(WANG, NUMBER, born_on=None)
    assert not any(proves(proof, bare) for proof in ("", "0000", "0416"))
