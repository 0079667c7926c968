"""An insurance scheme, as it is laid down, keeps what the kit asks of ``InsuranceScheme``, and so does the simulation's
as far as it goes; wrong ones are told."""

import asyncio
import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from laid_connectors import brought, findings

from yinyi.app.faults.far_bills import SimScheme
from yinyi.business.insurance.model import Claim, Split
from yinyi.conformance.insurance.settlement import SCRIPT
from yinyi.conformance.insurance.stage import Stage
from yinyi.conformance.run import Finding, played
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Unknown
from yinyi.kernel.plugin import Plugin
from yinyi_sandbox.insurance.scheme import PlainScheme

NAMES = [each.name for each in SCRIPT.behaviours]


@pytest.fixture
def connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Plugin, Any]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    return brought("scheme", tmp_path)


def test_it_keeps_every_behaviour_as_it_is_laid_down(tmp_path: Path, connector: tuple[Plugin, Any]) -> None:
    found = findings(tmp_path, *connector, lambda name: name in NAMES)
    assert len(found) == len(NAMES)
    assert [each for each in found.values() if each.verdict != "ok"] == []


class Recorded(SimScheme):
    """``of``: the visit that each reference was settled for."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, str] = {}

    async def settle(self, reference: str, claim: Claim, quoted: Split) -> Outcome:
        self.of[reference] = claim.encounter_no
        return await super().settle(reference, claim, quoted)

    def owed_fen(self, encounter_no: str) -> int:
        return self.settled_fen({each for each, of in self.of.items() if of == encounter_no})


async def nothing() -> None:
    """There is no line that anything could happen on."""


def test_the_simulations_scheme_settles_as_a_real_one() -> None:
    scheme = Recorded()
    line = SimpleNamespace(calm=nothing)
    far = SimpleNamespace(visit=PlainScheme().visit, owed_fen=scheme.owed_fen, line=line)
    on_a_line = ("answer", "connection")
    no_dictionary = ("not insured", "not to be used")
    tried = [each for each in SCRIPT.behaviours if not any(word in each.name for word in on_a_line + no_dictionary)]

    async def go() -> list[Finding]:
        return [each async for each in played(tried, scheme, Stage(scheme, scheme, far))]

    found = asyncio.run(go())
    assert len(found) == 8
    assert [each for each in found if each.verdict != "ok"] == []


# ---- wrong ones: each is the laid down one but for a method


async def keeps_a_fen(self: Any, reference: str, claim: Claim) -> Outcome:
    outcome: Outcome = await self.right_quote(reference, claim)
    if not isinstance(outcome, Done):
        return outcome
    return Done(evidence=outcome.evidence | {"cash_fen": outcome.evidence["cash_fen"] - 1})


async def settles_at_once(self: Any, reference: str, claim: Claim) -> Outcome:
    outcome: Outcome = await self.right_quote(reference, claim)
    if isinstance(outcome, Done):
        await self.settle(reference, claim, msgspec.convert(outcome.evidence, Split))
    return outcome


async def always_by_the_account(self: Any, reference: str, claim: Claim) -> Outcome:
    return await self.right_quote(reference, msgspec.structs.replace(claim, use_account=True))


async def for_everybody(self: Any, reference: str, claim: Claim) -> Outcome:
    outcome: Outcome = await self.right_quote(reference, claim)
    parts = {"fund_fen": 0, "account_fen": 0, "cash_fen": claim.amount_fen}
    return Done(evidence=parts) if isinstance(outcome, Refused) else outcome


async def guesses(self: Any, reference: str, claim: Claim) -> Outcome:
    outcome: Outcome = await self.right_quote(reference, claim)
    parts = {"fund_fen": 0, "account_fen": 0, "cash_fen": claim.amount_fen}
    return Done(evidence=parts) if isinstance(outcome, Unknown) else outcome


async def by_a_number_of_its_own(self: Any, reference: str, claim: Claim, quoted: Split) -> Outcome:
    """Every call is a settlement."""
    self.calls = getattr(self, "calls", 0) + 1
    return await self.right_settle(f"{reference}x{self.calls}", claim, quoted)


async def says_what_we_said(self: Any, reference: str, claim: Claim, quoted: Split) -> Outcome:
    outcome: Outcome = await self.right_settle(reference, claim, quoted)
    told = msgspec.to_builtins(quoted) | {"settlement_no": "S"}
    return Done(evidence=told) if isinstance(outcome, Refused) else outcome


async def takes_doubt_for_a_no(self: Any, reference: str, claim: Claim, quoted: Split) -> Outcome:
    outcome: Outcome = await self.right_settle(reference, claim, quoted)
    return Refused(reason="declined") if isinstance(outcome, Unknown | NotSent) else outcome


async def reverses_nothing(self: Any, reference: str, claim: Claim, settlement_no: str) -> Answer:
    return Done()


async def numberless(self: Any, reference: str, claim: Claim, settlement_no: str) -> Answer:
    return Done() if not settlement_no else await self.right_reverse(reference, claim, settlement_no)


async def says_it_is_undone(self: Any, reference: str, claim: Claim, settlement_no: str) -> Answer:
    answer: Answer = await self.right_reverse(reference, claim, settlement_no)
    return Done() if isinstance(answer, Unknown | NotSent) else answer


async def misses_what_never_was(self: Any, reference: str, claim: Claim, settlement_no: str) -> Answer:
    known = await self.right_ask_settlement(reference, claim)
    return known if isinstance(known, NotFound) else await self.right_reverse(reference, claim, settlement_no)


async def finds_nothing(self: Any, reference: str, claim: Claim) -> Answer:
    answer: Answer = await self.right_ask_settlement(reference, claim)
    return NotFound() if isinstance(answer, Unknown) else answer


def each(name: str, *cases: str) -> list[str]:
    return [f"{name} ({case})" for case in cases]


ALL = ("cut", "half", "spoilt", "silent", "slow")
WRONG: list[tuple[str, Any, list[str]]] = [
    ("scheme", "", ["it says who it is and how patient to be"]),
    ("quote", keeps_a_fen, ["a quote divides the whole bill and settles nothing"]),
    ("quote", settles_at_once, ["a quote divides the whole bill and settles nothing"]),
    ("quote", always_by_the_account, ["an account that is not to be used pays nothing"]),
    ("quote", for_everybody, ["who is not insured is refused"]),
    (
        "settle",
        by_a_number_of_its_own,
        ["one reference is one settlement", "what is settled is what was quoted and has a number"],
    ),
    ("settle", says_what_we_said, ["what is settled otherwise than quoted is told"]),
    (
        "settle",
        takes_doubt_for_a_no,
        [
            *each("a settlement whose answer did not come is unknown and made once", *ALL),
            "without a connection nothing has left",
        ],
    ),
    ("reverse", reverses_nothing, each("what is reversed was never settled", "True", "False")),
    ("reverse", numberless, ["what is reversed was never settled (False)"]),
    (
        "reverse",
        says_it_is_undone,
        each("a reversal whose answer did not come is unknown and asked again", *ALL),
    ),
    ("reverse", misses_what_never_was, ["reversing what was never settled is done"]),
    (
        "ask_settlement",
        finds_nothing,
        each("a question that is not answered tells nothing", *(f"ask_settlement, {mishap}" for mishap in ALL)),
    ),
    (
        "quote",
        guesses,
        each("a question that is not answered tells nothing", *(f"quote, {mishap}" for mishap in ALL)),
    ),
]


@pytest.mark.parametrize(("name", "wrong", "told"), WRONG)
def test_a_wrong_one_is_told_so(
    tmp_path: Path, connector: tuple[Plugin, Any], name: str, wrong: Any, told: list[str]
) -> None:
    plugin, sandbox = connector
    right: Any = plugin.build
    methods = {f"right_{each}": getattr(right, each) for each in ("quote", "settle", "reverse", "ask_settlement")}
    scheme = type("Wrong", (right,), methods | {name: wrong})
    found = findings(tmp_path, dataclasses.replace(plugin, build=scheme), sandbox, lambda each: each in told)
    assert {name for name, each in found.items() if each.verdict == "not"} == set(told)


def test_each_behaviour_has_a_wrong_one() -> None:
    told = {each for *_, behaviours in WRONG for each in behaviours}
    assert set(NAMES) == told
