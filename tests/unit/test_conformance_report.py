"""What is said of a behaviour that was not kept: what was seen, what it means, and how to go on."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from yinyi.conformance import run
from yinyi.conformance.behaviour import NotTried, Script, expect, raises
from yinyi.conformance.report import summary, told
from yinyi.conformance.run import Finding, played
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Done, NotSent, Refused, Unknown


class Calm:
    async def calm(self) -> None:
        """Nothing goes wrong here."""


def found(play: Callable[..., Awaitable[None]], *cases: list[str]) -> list[Finding]:
    script = Script(())
    script.behaviour(*cases)(play)

    async def go() -> list[Finding]:
        return [each async for each in played(script.behaviours, object(), Calm())]

    return asyncio.run(go())


async def it_waits_in_vain(_: Calm) -> None:
    raise TimeoutError("by itself")


async def it_never_ends(_: Calm) -> None:
    await asyncio.Event().wait()


async def it_lacks_something(_: Calm) -> None:
    raise NotTried("the sandbox has no hands")


async def doubt_is_taken_for_a_no(_: Calm) -> None:
    expect(Refused(reason="declined"), Unknown)


async def nobody_was_reached(_: Calm) -> None:
    expect(Unknown(), NotSent)


async def nothing_was_read(_: Calm) -> None:
    async def read() -> list[str]:
        return []

    await raises(HospitalUnavailable, read())


async def it_was_done(_: Calm) -> None:
    expect(Unknown(), Done)


async def on_a_bad_line(_: Calm, mishap: str) -> None:
    expect(Refused(reason="declined"), Unknown if mishap == "cut" else Refused)


@pytest.mark.parametrize(
    ("play", "seen", "means"),
    [
        (it_waits_in_vain, "TimeoutError: by itself (", "nothing else may come out of it"),
        (doubt_is_taken_for_a_no, "expected Unknown, saw Refused(", "surely did not"),
        (nobody_was_reached, "expected NotSent, saw Unknown(", "nothing has left"),
        (nothing_was_read, "expected HospitalUnavailable, saw []", "has nothing"),
        (it_was_done, "expected Done, saw Unknown(", "has answered"),
    ],
)
def test_what_was_seen_is_said_with_what_it_means(play: Callable[..., Awaitable[None]], seen: str, means: str) -> None:
    [finding] = found(play)
    assert finding.verdict == "not"
    assert finding.seen.startswith(seen)
    assert means in finding.advice
    assert told(finding).count("\n") == 3


def test_what_does_not_end_is_told_apart_from_what_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_LONGEST_S", 0.01)
    [finding] = found(it_never_ends)
    assert (finding.verdict, finding.seen) == ("not", "it does not end within 0.01 s")
    assert "call_timeout_s" in finding.advice


def test_what_was_not_tried_has_no_advice() -> None:
    [finding] = found(it_lacks_something)
    assert (finding.verdict, finding.seen, finding.advice) == ("not tried", "the sandbox has no hands", "")


def test_the_summary_says_again_what_is_wrong_what_the_words_mean_and_how_to_go_on() -> None:
    lines = summary(found(on_a_bad_line, ["cut", "slow"]), "yinyi check-plugin acme").splitlines()
    assert lines == [
        "not          on a bad line (cut)",
        "2 behaviours: 1 ok, 1 not",
        "cut: the line breaks before the call reaches the other side",
        'Play one again: yinyi check-plugin acme --only "on a bad line (cut)"',
    ]
    assert summary(found(it_lacks_something), "acme") == "1 behaviour: 1 not tried\n"
