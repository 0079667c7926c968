"""Who tells news by HL7 gets the same book of bad requests as all others, answered in its own form; nothing leaks."""

import asyncio
from pathlib import Path

import pytest
from bad_news import FORMS, OF_ITS_OWN, SECRETS, Bad, bytes_of, damaged
from bad_requests import BOOK, LEAKS
from holder_stage import holder_stage
from news_stage import SENDERS, Teller, teller

from yinyi.wire.hl7.codec import Message, written


def test_the_book_of_bad_requests_by_hl7(platform_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert list(FORMS) == list(BOOK), "whoever adds to the book says what it is by HL7"
    bad = {what: form for what, form in FORMS.items() if isinstance(form, Bad)} | OF_ITS_OWN
    found: dict[str, tuple[str, str]] = {}
    answered: list[str] = []

    async def story() -> None:
        async with (
            holder_stage(platform_url, tmp_path, news=SENDERS) as stage,
            teller(stage, whole_within_s=0.3) as one,
        ):
            for what, (sent, _) in bad.items():
                answer = await one.sends(sent())
                found[what] = _said(answer)
                answered.append(_whole(answer))
                await _hung_up(one, found[what])
            assert await stage.one("SELECT count(*) FROM hospital_news") == 0
            assert _said(await one.sends(bytes_of(damaged()))) == ("AA", ""), "it still takes what is good"

    asyncio.run(story())
    assert found == {what: each.answer for what, each in bad.items()}
    shown = "".join(capfd.readouterr()) + "".join(answered)
    assert [each for each in (*SECRETS, *LEAKS) if each in shown] == []


def _said(answer: Message | None) -> tuple[str, str]:
    if answer is None:
        return "", ""
    return answer.first("MSA").text(1), answer.first("MSA").text(3).partition(":")[0]


def _whole(answer: Message | None) -> str:
    return "" if answer is None else written(Message(answer.segments[1:]))


async def _hung_up(one: Teller, said: tuple[str, str]) -> None:
    """Behind a message that was too large nothing is read any more."""
    if said[1] == "TooLarge":
        reader, _ = await one.line()
        await one.half_closes()
        assert await reader.read() == b""
        await one.hangs_up()
