"""Somebody comes with a child: for whom is it, which child, and may he?"""

from datetime import date
from typing import Literal

from yinyi.interface.journeys.views import Part, View

Relation = Literal["mother", "father", "grandparent", "other"]
Sex = Literal["male", "female", "unknown"]
ChildDocument = Literal["card", "resident_number", "birth_certificate", "travel_permit"]
ChildProblem = Literal[
    "no_card",
    "unreadable",
    "wrong",  # number or name cannot be right
    "not_a_child",
    "too_young",  # whoever wants to act for one
    "too_many_children",
    "already",
    "at_window",  # on record with other details
    "window_only",  # the card has run out
    "too_many_tries",
]
ChildStage = Literal["number", "letter", "digits", "name", "pick", "sex", "born", "region"]


class ChildRow(Part, frozen=True, kw_only=True):
    child_id: int
    name: str
    age: int | None
    sex: Sex
    relation: Relation
    number_tail: str


class ChildrenView(View, frozen=True, kw_only=True):
    """For whom? may_add: another child can be taken on. acting: it is for a child just now."""

    rows: tuple[ChildRow, ...]
    may_add: bool
    acting: bool = False
    key: str


class ChildLeaveView(View, frozen=True, kw_only=True):
    """For whom does he not act any more? chosen: is it this one?"""

    rows: tuple[ChildRow, ...]
    chosen: ChildRow | None = None
    key: str


class ChildDocumentView(View, frozen=True, kw_only=True):
    """By which document? card: one lies on the reader. below_age: whoever is younger is a child."""

    card: bool
    below_age: int
    problem: ChildProblem | None = None
    key: str


class ChildTypingView(View, frozen=True, kw_only=True):
    """What no card says is typed, one thing after the other. document, number, name, sex: what was typed so far; spelt:
    the letters of the character that is looked for; choices: what is spelt so; page: of them, from 1; more: there are.
    """

    stage: ChildStage
    document: ChildDocument
    number: str = ""
    name: str = ""
    sex: Sex = "unknown"
    spelt: str = ""
    choices: tuple[str, ...] = ()
    page: int = 1
    more: bool = False
    wrong: bool = False
    key: str


class ChildConsentView(View, frozen=True, kw_only=True):
    """Is it this child, what is he to it, and does he agree? on_record: the hospital knows it already."""

    ticket: str
    name: str
    sex: Sex
    born_on: date | None
    number_tail: str
    on_record: bool
    key: str
