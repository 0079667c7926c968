"""The pages of a guardian who comes with a child."""

from typing import get_args

import msgspec
from sample_facts import CHROME, KEY, NOW, PATIENT, SOMEONE, Sample

from yinyi.interface.journeys import spelling, views_children
from yinyi.interface.journeys.views_children import (
    ChildConsentView,
    ChildDocumentView,
    ChildLeaveView,
    ChildProblem,
    ChildrenView,
    ChildRow,
    ChildStage,
    ChildTypingView,
)

FOR_A_CHILD = msgspec.structs.replace(
    CHROME, patient=msgspec.structs.replace(PATIENT, name="陈*桐", age=7, guardian="王*")
)
_RELATIONS: tuple[views_children.Relation, ...] = get_args(views_children.Relation)
ROWS = tuple(
    ChildRow(child_id=n, name="陈*桐", age=n, sex="female", relation=_RELATIONS[n % 4], number_tail=f"000{n}")
    for n in range(1, 6)
)
TYPED: dict[ChildStage, dict[str, object]] = {
    "number": {"document": "resident_number"},
    "letter": {},
    "digits": {"number": "Q"},
    "name": {"document": "resident_number", "number": "11019920190601008X", "name": "陈雨"},
    "pick": {"number": "Q110000123", "name": "陈", "spelt": "yi"},
    "sex": {"number": "Q110000123", "name": "陈雨桐"},
    "born": {"number": "Q110000123", "name": "陈雨桐", "sex": "female"},
}


def _typing(stage: ChildStage, *, elder: bool = False, wrong: bool = False) -> Sample:
    view = ChildTypingView(stage=stage, document="birth_certificate", key=KEY, wrong=wrong)
    view = msgspec.structs.replace(view, **TYPED[stage])
    if stage == "pick":
        choices = spelling.characters(view.spelt)[: 8 if elder else 12]
        view = msgspec.structs.replace(view, choices=tuple(choices), more=True)
    return view, SOMEONE


_CONSENT = ChildConsentView(
    ticket="ticket", name="陈*桐", sex="female", born_on=NOW.date(), number_tail="008X", on_record=False, key=KEY
)
CHILDREN: dict[str, Sample] = {
    "children": (ChildrenView(rows=ROWS[:2], may_add=True, key=KEY), SOMEONE),
    "children-most": (ChildrenView(rows=ROWS, may_add=False, acting=True, key=KEY), FOR_A_CHILD),
    "children-none": (ChildrenView(rows=(), may_add=True, key=KEY), SOMEONE),
    "child-leave": (ChildLeaveView(rows=ROWS, key=KEY), FOR_A_CHILD),
    "child-leave-sure": (ChildLeaveView(rows=ROWS, chosen=ROWS[1], key=KEY), SOMEONE),
    "child": (ChildDocumentView(card=True, below_age=14, key=KEY), SOMEONE),
    **{
        f"child-{problem.replace('_', '-')}": (
            ChildDocumentView(card=False, below_age=14, problem=problem, key=KEY),
            SOMEONE,
        )
        for problem in get_args(ChildProblem)
    },
    **{f"child-{stage}": _typing(stage) for stage in get_args(ChildStage) if stage != "region"},
    **{f"child-{stage}-wrong": _typing(stage, wrong=True) for stage in ("number", "name", "born")},
    "child-consent": (_CONSENT, SOMEONE),
    "child-consent-known": (msgspec.structs.replace(_CONSENT, on_record=True), SOMEONE),
}

_PERMIT = ChildTypingView(stage="region", document="travel_permit", key=KEY)
PERMITS: dict[str, Sample] = {
    "child-region": (_PERMIT, SOMEONE),
    "child-permit": (msgspec.structs.replace(_PERMIT, stage="digits", number="H"), SOMEONE),
    "child-permit-wrong": (msgspec.structs.replace(_PERMIT, stage="digits", number="T", wrong=True), SOMEONE),
}
