"""``InsuranceScheme``: a bill is divided, settled once, and as if it had never been settled where it is reversed."""

import asyncio
import itertools
import secrets

import msgspec

from yinyi.business.insurance.model import Claim, Split
from yinyi.business.insurance.ports import InsuranceScheme
from yinyi.conformance.behaviour import NotKept, Script, equal, expect
from yinyi.conformance.insurance.stage import Stage
from yinyi.kernel.far_side import Mishap
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, NotSent, Outcome, Refused, Unknown

SCRIPT = Script((InsuranceScheme,))
_UNANSWERED: tuple[Mishap, ...] = ("cut", "half", "spoilt", "silent", "slow")
_TOO_LATE: tuple[Mishap, ...] = ("silent", "slow")
_TRIES = 4
_numbers = itertools.count(1)
_RUN = secrets.token_hex(3).upper()


def reference() -> str:
    """One that was never used here."""
    return f"I{_RUN}{next(_numbers):06d}"


def parts(outcome: object) -> Split:
    """
    Raises:
        NotKept: its evidence does not say who pays how much.
    """
    try:
        return msgspec.convert(expect(outcome, Done).evidence, Split)
    except msgspec.ValidationError as error:
        raise NotKept(f"expected fund_fen, account_fen and cash_fen, saw {outcome!r}: {error}") from None


async def quoted(stage: Stage) -> tuple[Claim, Split]:
    claim = stage.claim()
    return claim, parts(await stage.scheme.quote(reference(), claim))


async def settled(stage: Stage) -> tuple[str, Claim, Done]:
    """A reference, and what was settled by it."""
    claim, split = await quoted(stage)
    ref = reference()
    return ref, claim, expect(await stage.scheme.settle(ref, claim, split), Done)


@SCRIPT.behaviour()
async def it_says_who_it_is_and_how_patient_to_be(stage: Stage) -> None:
    assert stage.scheme.scheme, "no name of the scheme"
    assert 0 < stage.scheme.call_timeout_s <= 60
    assert stage.scheme.settles_after.total_seconds() >= 0


@SCRIPT.behaviour()
async def a_quote_divides_the_whole_bill_and_settles_nothing(stage: Stage) -> None:
    claim, split = await quoted(stage)
    assert split.is_sound, f"a part is below nothing: {split!r}"
    equal(split.whole_fen, claim.amount_fen)
    equal(parts(await stage.scheme.quote(reference(), claim)), split)
    equal(stage.owed_fen(claim), 0)


@SCRIPT.behaviour()
async def an_account_that_is_not_to_be_used_pays_nothing(stage: Stage) -> None:
    claim = msgspec.structs.replace(stage.claim(), use_account=False)
    split = parts(await stage.scheme.quote(reference(), claim))
    equal((split.account_fen, split.whole_fen), (0, claim.amount_fen))


@SCRIPT.behaviour()
async def what_is_settled_is_what_was_quoted_and_has_a_number(stage: Stage) -> None:
    claim, split = await quoted(stage)
    ref = reference()
    expect(await stage.scheme.ask_settlement(ref, claim), NotFound)
    done = expect(await stage.scheme.settle(ref, claim, split), Done)
    equal(parts(done), split)
    assert done.evidence.get("settlement_no"), "a settlement without a number"
    equal(await stage.scheme.ask_settlement(ref, claim), done)
    equal(stage.owed_fen(claim), split.scheme_fen)


@SCRIPT.behaviour()
async def one_reference_is_one_settlement(stage: Stage) -> None:
    ref, claim, done = await settled(stage)
    split = parts(done)
    equal(await stage.scheme.settle(ref, claim, split), done)
    again = await asyncio.gather(*(stage.scheme.settle(ref, claim, split) for _ in range(3)))
    for each in again:
        expect(each, Done, Unknown)
    equal(stage.owed_fen(claim), split.scheme_fen)


@SCRIPT.behaviour()
async def what_is_settled_otherwise_than_quoted_is_told(stage: Stage) -> None:
    """Refused, or done with the parts that the scheme owes by; never done with ours where it owes by others."""
    claim, split = await quoted(stage)
    other = msgspec.structs.replace(split, fund_fen=Fen(split.fund_fen - 1), cash_fen=Fen(split.cash_fen + 1))
    outcome = expect(await stage.scheme.settle(reference(), claim, other), Refused, Done)
    equal(stage.owed_fen(claim), parts(outcome).scheme_fen if isinstance(outcome, Done) else 0)


@SCRIPT.behaviour()
async def who_is_not_insured_is_refused(stage: Stage) -> None:
    claim, split = await quoted(stage)
    stranger = msgspec.structs.replace(claim, person_no="nobody")
    expect(await stage.scheme.quote(reference(), stranger), Refused)
    expect(await stage.scheme.settle(reference(), stranger, split), Refused)
    equal(stage.owed_fen(claim), 0)


@SCRIPT.behaviour([True, False])
async def what_is_reversed_was_never_settled(stage: Stage, by_number: bool) -> None:
    """By the scheme's number, and by our reference alone, where its answer was lost; twice, too."""
    ref, claim, done = await settled(stage)
    number: str = done.evidence["settlement_no"] if by_number else ""
    for _ in range(2):
        expect(await stage.scheme.reverse(ref, claim, number), Done)
        equal(stage.owed_fen(claim), 0)
    expect(await stage.scheme.ask_settlement(ref, claim), NotFound, Refused)


@SCRIPT.behaviour()
async def reversing_what_was_never_settled_is_done(stage: Stage) -> None:
    ref, claim, done = await settled(stage)
    expect(await stage.scheme.reverse(reference(), stage.claim(), ""), Done)
    equal(await stage.scheme.ask_settlement(ref, claim), done)


@SCRIPT.behaviour(_UNANSWERED)
async def a_settlement_whose_answer_did_not_come_is_unknown_and_made_once(stage: Stage, mishap: Mishap) -> None:
    claim, split = await quoted(stage)
    ref = reference()
    stage.line.befall(mishap)
    expect(await _caller(stage, mishap).settle(ref, claim, split), Unknown)
    await stage.line.settled()
    expect(await stage.scheme.ask_settlement(ref, claim), NotFound if mishap == "cut" else Done)
    expect(await stage.scheme.settle(ref, claim, split), Done)
    equal(stage.owed_fen(claim), split.scheme_fen)


@SCRIPT.behaviour(_UNANSWERED)
async def a_reversal_whose_answer_did_not_come_is_unknown_and_asked_again(stage: Stage, mishap: Mishap) -> None:
    ref, claim, done = await settled(stage)
    stage.line.befall(mishap)
    expect(await _caller(stage, mishap).reverse(ref, claim, done.evidence["settlement_no"]), Unknown)
    await stage.line.settled()
    equal(stage.owed_fen(claim), parts(done).scheme_fen if mishap == "cut" else 0)
    expect(await stage.scheme.reverse(ref, claim, done.evidence["settlement_no"]), Done)
    equal(stage.owed_fen(claim), 0)


@SCRIPT.behaviour(["quote", "ask_settlement"], _UNANSWERED)
async def a_question_that_is_not_answered_tells_nothing(stage: Stage, verb: str, mishap: Mishap) -> None:
    ref, claim, done = await settled(stage)
    scheme = _caller(stage, mishap)
    stage.line.befall(mishap)
    expect(await (scheme.quote if verb == "quote" else scheme.ask_settlement)(ref, claim), Unknown)
    await stage.line.settled()
    equal(await stage.scheme.ask_settlement(ref, claim), done)


@SCRIPT.behaviour()
async def without_a_connection_nothing_has_left(stage: Stage) -> None:
    ref, claim, done = await settled(stage)
    another, split = await quoted(stage)
    await stage.line.down(True)
    for _ in range(_TRIES):
        expect(await stage.scheme.settle(reference(), another, split), NotSent, Unknown)
    answers: list[Outcome | NotFound] = [
        await stage.scheme.settle(reference(), another, split),
        await stage.scheme.reverse(ref, claim, done.evidence["settlement_no"]),
    ]
    for each in answers:
        expect(each, NotSent)
    for each in (await stage.scheme.ask_settlement(ref, claim), await stage.scheme.quote(reference(), another)):
        expect(each, Unknown, NotSent)
    await stage.line.down(False)
    equal((stage.owed_fen(another), stage.owed_fen(claim)), (0, parts(done).scheme_fen))
    expect(await stage.scheme.settle(reference(), another, split), Done)


def _caller(stage: Stage, mishap: Mishap) -> InsuranceScheme:
    return stage.hasty_scheme if mishap in _TOO_LATE else stage.scheme
