"""Where a value stands in a resource, in JSON.

identifier[invoice].value               the one whose system is "invoice"
~fee.valueMoney                         the extension "fee"
participant[actor.type=Patient].actor   the one of which this is true
resultsInterpreter[1].display           the second one
contained[0].entry[*].item              of every one: a list
parameter[*line].valueInteger           of every one whose name is "line": a list
"""

import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from yinyi.wire.fhir.words import Words

Node = dict[str, Any]

_STEP = re.compile(r"(?P<name>\w+)(\[(?P<every>\*?)(?P<token>[^\]]*)\])?")
_TOLD_APART_BY = {"identifier": "system", "coding": "system", "telecom": "system", "part": "name", "parameter": "name"}
_DOTS_OUTSIDE_BRACKETS = re.compile(r"\.(?![^\[]*\])")


class Step(msgspec.Struct, frozen=True):
    """``many``: it is a list. ``nth``: which one; None: one of which ``key`` is ``value``, where there is a key.
    ``every``: all of them."""

    name: str
    many: bool = False
    every: bool = False
    nth: int | None = None
    key: tuple[str, ...] = ()
    value: str = ""


Path = tuple[Step, ...]


def path(text: str, words: Words) -> Path:
    """
    Raises:
        ValueError: it is none.
    """
    return tuple(_step(part, words) for part in _DOTS_OUTSIDE_BRACKETS.split(text))


def _step(text: str, words: Words) -> Step:
    if text.startswith("~"):
        return Step("extension", many=True, key=("url",), value=words.extension(text[1:]))
    found = _STEP.fullmatch(text)
    if found is None:
        raise ValueError(f"no step of a path: {text}")
    name, every, token = found["name"], bool(found["every"]), found["token"]
    if token is None:
        return Step(name)
    if token.isdecimal():
        return Step(name, many=True, nth=int(token))
    if not token:
        return Step(name, many=True, every=every)
    key, sign, value = token.partition("=")
    if sign:
        return Step(name, many=True, every=every, key=tuple(key.split(".")), value=value)
    if name == "extension":
        return Step(name, many=True, every=every, key=("url",), value=words.extension(token))
    told_by = _TOLD_APART_BY[name]
    full = words.system(token) if told_by == "system" and name != "telecom" else token
    return Step(name, many=True, every=every, key=(told_by,), value=full)


def put(node: Node, way: Path, value: Any) -> None:
    """Makes whatever is missing on the way."""
    step, rest = way[0], way[1:]
    if step.every:
        for nth, one in enumerate(value):
            put(_made(node, step, nth), rest, one)
    elif not rest:
        node[step.name] = value
    else:
        put(_made(node, step, step.nth or 0) if step.many else node.setdefault(step.name, {}), rest, value)


def get(node: Node, way: Path) -> Any:
    """None: there is none; a list where the way leads to every one.

    Raises:
        ValueError: something on the way is of another kind.
    """
    step, rest = way[0], way[1:]
    if step.every:
        return [_needed(get(one, rest), step) for one in _matching(node, step)]
    if step.many:
        found, nth = _matching(node, step), step.nth or 0
        return get(found[nth], rest) if nth < len(found) else None
    value = node.get(step.name)
    if not rest or value is None:
        return value
    if not isinstance(value, dict):
        raise ValueError(f"{step.name} is of another kind")
    return get(cast(Node, value), rest)


def _needed(value: Any, step: Step) -> Any:
    if value is None:
        raise ValueError(f"one of {step.name} is not whole")
    return value


def _matching(node: Node, step: Step) -> list[Node]:
    found = node.get(step.name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in cast(list[Any], found)):
        raise ValueError(f"{step.name} is of another kind")
    every = cast(list[Node], found)
    return [one for one in every if _deep(one, step.key) == step.value] if step.key else every


def _deep(node: Node, key: Sequence[str]) -> Any:
    value: Any = node
    for name in key:
        value = cast(Node, value).get(name) if isinstance(value, dict) else None
    return value


def _made(node: Node, step: Step, nth: int) -> Node:
    """The nth one, with all before it."""
    every: list[Node] = node.setdefault(step.name, [])
    while len(found := _matching(node, step)) <= nth:
        new: Node = {}
        if step.key:
            put(new, tuple(Step(name) for name in step.key), step.value)
        every.append(new)
    return found[nth]
