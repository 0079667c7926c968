"""Everything that changes something, asked twice under one reference: the second answer is the first one.

A hospital that has booked and refuses the repeat would be believed, and the money given back.
"""

from collections.abc import Mapping
from typing import Any

from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.hospital.actions import told
from yinyi.conformance.hospital.changes import CHANGES
from yinyi.conformance.hospital.stage import Stage, Verb
from yinyi.kernel.outcome import Done

SCRIPT = Script(())
_MOVES = "queue_ahead"
"""What the hospital counts anew each time."""


async def posting_again_answers_the_same(stage: Stage, verb: Verb) -> None:
    prepared = await CHANGES[verb].prepare(stage, False)
    first = _lasting(expect(await prepared.call(), Done))
    for _ in range(2):
        equal(_lasting(expect(await prepared.call(), Done)), first)
    answer = await prepared.ask()
    if prepared.after != "done":
        equal(told(answer), prepared.after)
    else:
        expect(answer, Done)


def _lasting(outcome: Done) -> Mapping[str, Any]:
    return {name: value for name, value in outcome.evidence.items() if name != _MOVES}


for _verb, _change in CHANGES.items():
    SCRIPT.behaviour([_verb], also=(_change.port,))(posting_again_answers_the_same)
