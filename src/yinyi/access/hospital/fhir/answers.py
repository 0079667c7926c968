"""What a FHIR server answers: bundles page by page, and what an outcome means."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import msgspec

from yinyi.access.hospital.trades.failures import CallFailed, Unanswered, http_failure
from yinyi.wire.fhir.paths import Node
from yinyi.wire.fhir.words import Words

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Refusals:
    """What an answer that is no success means."""

    def __init__(self, words: Words, codes: Mapping[str, str]) -> None:
        """``codes``: the hospital's, or those of FHIR's own issues, = ours."""
        self._system, self._codes = words.system("result"), codes

    def meant(self, status: int, answer: bytes) -> tuple[str, str] | CallFailed:
        """A code of ours and the hospital's words, or what is known where there is none."""
        told, issue, text = _outcome(answer, self._system)
        code = self._codes.get(told, told) or self._codes.get(issue, "")
        return (code, text) if code else http_failure(status, text)


def says_missing(answer: bytes) -> bool:
    """Whether the server itself says that there is no such thing; that an address is wrong, says somebody else."""
    try:
        outcome = decoded(answer)
        issues = listed(outcome, "issue") if outcome.get("resourceType") == "OperationOutcome" else []
    except (Unanswered, ValueError):
        return False
    return any(one.get("code") in ("not-found", "deleted") for one in issues)


def decoded(answer: bytes) -> Node:
    """
    Raises:
        Unanswered: it is no resource in JSON.
    """
    try:
        found = _DECODER.decode(answer)
    except (msgspec.DecodeError, RecursionError, InvalidOperation, UnicodeDecodeError) as error:
        raise Unanswered(f"the answer is no JSON: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Unanswered("the answer is no resource")
    return cast(Node, found)


def matches(bundle: Node, kind: str) -> list[Node]:
    """What a search has found, without what comes along.

    Raises:
        Unanswered: it is no such bundle.
    """
    try:
        if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
            raise ValueError("no searchset")
        entries = [one for one in listed(bundle, "entry") if _mode(one) == "match"]
        return [found for one in entries if (found := resource(one)).get("resourceType") in (kind, None)]
    except ValueError as error:
        raise Unanswered(f"a search: {error}") from error


def next_page(bundle: Node) -> str:
    """ "": there is none."""
    try:
        address = next((one.get("url") for one in listed(bundle, "link") if one.get("relation") == "next"), "")
    except ValueError as error:
        raise Unanswered(f"a search: {error}") from error
    return address if isinstance(address, str) else ""


def resources(statement: Node) -> frozenset[str]:
    """All that a server says it has.

    Raises:
        Unanswered: it is no CapabilityStatement.
    """
    try:
        rest = [one for one in listed(statement, "rest") if one.get("mode") == "server"]
        return frozenset(str(one.get("type")) for server in rest for one in listed(server, "resource"))
    except ValueError as error:
        raise Unanswered(f"what the server has: {error}") from error


def _outcome(answer: bytes, system: str) -> tuple[str, str, str]:
    """The hospital's own code, the first issue's, and the words; "" of what is not told."""
    try:
        outcome = decoded(answer)
        issues = listed(outcome, "issue") if outcome.get("resourceType") == "OperationOutcome" else []
        code, text = "", ""
        for details in [cast(Node, one["details"]) for one in issues if isinstance(one.get("details"), dict)]:
            told = [one.get("code") for one in listed(details, "coding") if one.get("system") == system]
            code, text = code or str(told[0] if told else ""), text or str(details.get("text") or "")
    except (Unanswered, ValueError):
        return "", "", ""
    return code, str(issues[0].get("code") or "") if issues else "", text


def _mode(entry: Node) -> str:
    search = entry.get("search")
    return str(cast(Node, search).get("mode", "match")) if isinstance(search, dict) else "match"


def resource(entry: Node) -> Node:
    found = entry.get("resource")
    if not isinstance(found, dict):
        raise ValueError("an entry without a resource")
    return cast(Node, found)


def listed(node: Node, name: str) -> list[Node]:
    found = node.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in cast(list[Any], found)):
        raise ValueError(f"{name} is no list")
    return cast(list[Node], found)
