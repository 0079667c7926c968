"""A guardian comes with a child: he has said who he is by a medium of his own, and says now for whom it is."""

import re
from typing import Any, get_args

from yinyi.business.identity.errors import (
    AlreadyYourChild,
    CardUnreadable,
    CheckDigitWrong,
    ChildAtWindow,
    GuardianTooYoung,
    NoCard,
    NotAChild,
    TooManyChildren,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.messages_children import (
    ActForChild,
    ActForOneself,
    ChildFound,
    Children,
    LeaveChild,
    ListChildren,
    ReadChild,
    RegisterChild,
)
from yinyi.business.identity.model import Relation, Sex
from yinyi.interface.journeys import present, spelling, typed
from yinyi.interface.journeys.identify import CARDS, goes_on
from yinyi.interface.journeys.purposes.purpose import Say
from yinyi.interface.journeys.views_children import (
    ChildConsentView,
    ChildDocument,
    ChildDocumentView,
    ChildLeaveView,
    ChildProblem,
    ChildrenView,
    ChildRow,
    ChildStage,
    ChildTypingView,
)
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visit, Visitor
from yinyi.kernel.errors import YinyiError

LONGEST_NAME = 12
CHOICES = 12
"""Characters on one page."""
ELDER_CHOICES = 8
PROBLEM = "not"
"""In the address of a page: why this child could not be taken on."""
_PROBLEMS: dict[type[YinyiError], ChildProblem] = {
    NoCard: "no_card",
    CardUnreadable: "unreadable",
    CheckDigitWrong: "wrong",
    NotAChild: "not_a_child",
    GuardianTooYoung: "too_young",
    TooManyChildren: "too_many_children",
    AlreadyYourChild: "already",
    ChildAtWindow: "at_window",
    WindowOnly: "window_only",
    TooManyTries: "too_many_tries",
}
_NUMBER = re.compile(r"[0-9]{17}[0-9Xx]")
_LETTER = re.compile(r"[A-Za-z]")
_REGION = re.compile(r"[HMT]")
_DIGITS: dict[ChildDocument, re.Pattern[str]] = {
    "birth_certificate": re.compile(r"[0-9]{9}"),
    "travel_permit": re.compile(r"[0-9]{8}"),
}
_FIRST: dict[ChildDocument, ChildStage] = {
    "resident_number": "number",
    "birth_certificate": "letter",
    "travel_permit": "region",
}
"""What of it is typed first."""
_NO_LETTER = "T"
"""In place of the letter before the digits: Taiwan's permits have none."""
_SILENT: tuple[ChildDocument, ...] = ("birth_certificate", "travel_permit")
"""Their numbers say neither sex nor birth date."""
_CHINESE = re.compile(rf"[\u3400-\u9fff]{{0,{LONGEST_NAME}}}")


async def page(visitor: Visitor) -> Next:
    """GET CHILDREN."""
    if not visitor.known:
        return visitor.wanting("children")
    found = await visitor.ask(ListChildren())
    return Show(ChildrenView(rows=_rows(found), may_add=found.may_add, acting=found.acting, key=present.new_key()))


def _rows(found: Children) -> tuple[ChildRow, ...]:
    return tuple(
        ChildRow(
            child_id=each.child_id,
            name=each.name_masked,
            age=each.age,
            sex=each.sex,
            relation=each.relation,
            number_tail=each.number_tail,
        )
        for each in found.children
    )


async def choose(visitor: Visitor) -> Next:
    """POST CHILDREN [child_id]: empty: for himself."""
    visitor.back = visitor.paths.children
    if visitor.form.get("child_id", ""):
        return _acting(visitor, await visitor.ask(ActForChild(child_id=_child_id(visitor))))
    if (await visitor.ask(ListChildren())).acting:
        return _acting(visitor, await visitor.ask(ActForOneself()))
    return Go(_on(visitor))


def _child_id(visitor: Visitor) -> int:
    """
    Raises:
        StalePage: no page of ours says that.
    """
    said = visitor.form.get("child_id", "")
    if not said.isdecimal() or len(said) > 18:
        raise StalePage("child")
    return int(said)


def _acting(visitor: Visitor, found: Identified) -> Go:
    visit = Visit(session=found.session_token, wants=visitor.visit.wants, card=visitor.terminal.card_version)
    return Go(_on(visitor), visit)


def _on(visitor: Visitor) -> str:
    return visitor.paths.home if visitor.visit.wants == "children" else goes_on(visitor)


# ---- no more


async def leaving(visitor: Visitor) -> Next:
    """GET CHILD_LEAVE."""
    if not visitor.known:
        return visitor.wanting("children")
    rows = _rows(await visitor.ask(ListChildren()))
    return Show(ChildLeaveView(rows=rows, key=present.new_key())) if rows else Go(visitor.paths.children)


async def leave(visitor: Visitor) -> Next:
    """POST CHILD_LEAVE [child_id, sure]: asks once; whoever was acting for a child acts for himself afterwards."""
    visitor.back = visitor.paths.child_leave
    child_id = _child_id(visitor)
    if "sure" not in visitor.form:
        rows = _rows(await visitor.ask(ListChildren()))
        chosen = next((row for row in rows if row.child_id == child_id), None)
        if chosen is None:
            raise StalePage("child")
        return Show(ChildLeaveView(rows=rows, chosen=chosen, key=present.new_key()))
    left = await visitor.ask(LeaveChild(child_id=child_id), key=visitor.key)
    if not left.acting:
        return Go(visitor.paths.children)
    himself = await visitor.ask(ActForOneself())
    visit = Visit(session=himself.session_token, wants=visitor.visit.wants, card=visitor.terminal.card_version)
    return Go(visitor.paths.children, visit)


# ---- which child


async def document(visitor: Visitor) -> Next:
    """GET CHILD ?not=…"""
    if not visitor.known:
        return visitor.wanting("children")
    found = await visitor.ask(ListChildren())
    said = visitor.query.get(PROBLEM)
    problem = next((each for each in get_args(ChildProblem) if each == said), None)
    view = ChildDocumentView(
        card=visitor.terminal.card_in_reader, below_age=found.below_age, problem=problem, key=present.new_key()
    )
    return Show(view, listens=CARDS)


async def told(visitor: Visitor) -> Next:
    """POST CHILD [stage, document, number, name, sex, born, …]: one thing after the other."""
    visitor.back = visitor.paths.child
    by: ChildDocument = _one_of(visitor, "document", ChildDocument)
    if by == "card":
        return await _read(visitor, ReadChild(document="card"))
    stage = visitor.form.get("stage", "")
    if stage == "document":
        return _typing(visitor, _FIRST[by])
    at: ChildStage = _one_of(visitor, "stage", ChildStage)
    match at:
        case "number":
            right = bool(_NUMBER.fullmatch(_said(visitor, "number")))
            return _typing(visitor, "name") if right else _typing(visitor, "number", wrong=True)
        case "letter":
            right = bool(_LETTER.fullmatch(_said(visitor, "number")))
            return _typing(visitor, "digits" if right else "letter", wrong=not right)
        case "region":
            if not _REGION.fullmatch(_said(visitor, "number")):
                raise StalePage("region")
            return _typing(visitor, "digits")
        case "digits":
            form = _DIGITS.get(by)
            right = form is not None and bool(form.fullmatch(_said(visitor, "digits")))
            whole = _said(visitor, "number")[:1] + _said(visitor, "digits")
            return _typing(visitor, "name", number=whole) if right else _typing(visitor, "digits", wrong=True)
        case "name" | "pick":
            return await _name(visitor)
        case "sex":
            return _typing(visitor, "born")
        case "born":
            return await _born(visitor)


async def _name(visitor: Visitor) -> Next:
    """Letters, then the character among those that are spelt so; until it is said to be the whole name."""
    name = _said(visitor, "name")
    if not _CHINESE.fullmatch(name):
        raise StalePage("name")
    if "again" in visitor.form:
        return _typing(visitor, "name")
    if "shorter" in visitor.form:
        return _typing(visitor, "name", name=name[:-1])
    if "done" in visitor.form and len(name) > 1:
        if _one_of(visitor, "document", ChildDocument) in _SILENT:
            return _typing(visitor, "sex")
        return await _read(visitor, ReadChild(document="resident_number", number=_said(visitor, "number"), name=name))
    picked = visitor.form.get("pick", "")
    if picked:
        longer = name + picked
        if len(picked) != 1 or not _CHINESE.fullmatch(longer):
            raise StalePage("pick")
        return _typing(visitor, "name", name=longer)
    return _typing(visitor, "pick" if spelling.characters(_said(visitor, "spelt")) else "name", wrong=True)


async def _born(visitor: Visitor) -> Next:
    born_on = typed.birthday(visitor)
    if born_on is None:
        return _typing(visitor, "born", wrong=True)
    by: ChildDocument = _one_of(visitor, "document", ChildDocument)
    asked = ReadChild(
        document=by,
        number=_said(visitor, "number").removeprefix(_NO_LETTER if by == "travel_permit" else ""),
        name=_said(visitor, "name"),
        sex=_one_of(visitor, "sex", Sex),
        born_on=born_on,
    )
    return await _read(visitor, asked)


async def _read(visitor: Visitor, asked: ReadChild) -> Next:
    try:
        found = await visitor.ask(asked)
    except tuple(_PROBLEMS) as error:
        return Go(f"{visitor.paths.child}?{PROBLEM}={_PROBLEMS[type(error)]}")
    return Show(_consent(found))


def _consent(found: ChildFound) -> ChildConsentView:
    return ChildConsentView(
        ticket=found.ticket,
        name=found.name_masked,
        sex=found.sex,
        born_on=found.born_on,
        number_tail=found.number_tail,
        on_record=found.on_record,
        key=present.new_key(),
    )


def _typing(visitor: Visitor, stage: ChildStage, *, wrong: bool = False, **changed: str) -> Show:
    said = {name: _said(visitor, name) for name in ("number", "name", "spelt")} | changed
    spelt = said["spelt"] if stage == "pick" or wrong else ""
    every = spelling.characters(spelt) if stage == "pick" else ""
    size = ELDER_CHOICES if visitor.mode == "elder" else CHOICES
    at = visitor.form.get("page", "")
    page = min(int(at), 99) if at.isdecimal() and 0 < len(at) < 3 and int(at) else 1
    begin = (page - 1) * size
    view = ChildTypingView(
        stage=stage,
        document=_one_of(visitor, "document", ChildDocument),
        number=said["number"].upper(),
        name=said["name"],
        sex=next((each for each in get_args(Sex) if each == visitor.form.get("sex")), "unknown"),
        spelt=spelt,
        choices=tuple(every[begin : begin + size]),
        page=page,
        more=len(every) > begin + size,
        wrong=wrong and stage != "pick",
        key=present.new_key(),
    )
    return Show(view)


def _said(visitor: Visitor, name: str) -> str:
    return visitor.form.get(name, "").strip()[:40]


def _one_of(visitor: Visitor, name: str, closed_set: object) -> Any:
    """
    Raises:
        StalePage: no page of ours says that.
    """
    found = next((each for each in get_args(closed_set) if each == visitor.form.get(name)), None)
    if found is None:
        raise StalePage(name)
    return found


# ---- taken on


async def agree(visitor: Visitor) -> Next:
    """POST CHILD_CONSENT [ticket, relation]."""
    visitor.back = visitor.paths.child
    relation = _one_of(visitor, "relation", Relation)
    asked = RegisterChild(ticket=visitor.form.get("ticket", ""), relation=relation, consent=True)
    try:
        return _acting(visitor, await visitor.ask(asked, key=visitor.key))
    except TooManyChildren:
        return Go(f"{visitor.paths.child}?{PROBLEM}=too_many_children")


def words(_: Say) -> dict[str, dict[str, str]]:
    """What guardians are to children."""
    return {
        "relation": {
            "mother": _("Mother"),
            "father": _("Father"),
            "grandparent": _("Grandparent"),
            "other": _("Other guardian"),
        }
    }
