"""Whose day a refund names: the bank's, as it has dated the purchase, and not ours; end to end, in both dialects."""

from pathlib import Path

import msgspec
import pytest
from unionpay_lab import BANK, Hall, play

from yinyi.business.lines.session_model import Approved
from yinyi.kernel.money import Fen

both = pytest.mark.parametrize("dialect", ["cup_pos", "cup_ascii"])
ON_RECORD = "UPDATE line_message SET {} WHERE reference = 'bought1'"


async def refunded(it: Hall) -> None:
    before = it.bank.balance()
    answer = await it.sessions.refund(BANK, "back1", "bought1", Fen(700))
    assert isinstance(answer, Approved), answer
    assert it.bank.balance() == before + 700


async def changed(it: Hall, what: str) -> None:
    async with it.database.transaction() as tx:
        await tx.execute(ON_RECORD.format(what))


@both
@pytest.mark.parametrize("by", ["- interval '1 day'", "+ interval '1 day'"])
def test_what_the_bank_has_dated_otherwise_than_we_is_refunded(
    platform_url: str, tmp_path: Path, dialect: str, by: str
) -> None:
    """As around midnight, where one of the two clocks is ahead."""

    async def story(it: Hall) -> None:
        assert isinstance(await it.buy("bought1", 5000), Approved)
        await changed(it, f"sent_at = sent_at {by}")
        await refunded(it)

    play(platform_url, tmp_path, dialect, story)


@both
def test_what_was_bought_after_the_banks_cut_over_is_refunded(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        it.bank.bank.days.cut_over()
        bought = await it.buy("bought1", 5000)
        assert isinstance(bought, Approved)
        assert bought.on_day != bought.settled_on
        await refunded(it)

    play(platform_url, tmp_path, dialect, story)


@both
def test_another_day_than_the_banks_is_refused_and_none_is_not(platform_url: str, tmp_path: Path, dialect: str) -> None:
    """The bank does compare; and 0000 says that nobody has told us."""

    async def story(it: Hall) -> None:
        bought = await it.buy("bought1", 5000)
        assert isinstance(bought, Approved)
        other = "0102" if bought.on_day != "0102" else "0103"
        for number, (day, accepted) in enumerate([(other, False), ("", True)]):
            answer = msgspec.json.encode(msgspec.structs.replace(bought, on_day=day)).decode()
            async with it.database.transaction() as tx:
                await tx.execute(ON_RECORD.format("answer = $1::jsonb"), answer)
            told = await it.sessions.refund(BANK, f"back{number}", "bought1", Fen(700))
            assert isinstance(told, Approved) == accepted, told

    play(platform_url, tmp_path, dialect, story)
