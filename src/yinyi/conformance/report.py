"""What was seen of a connector, for people."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from yinyi.conformance.run import Finding, Verdict

_WIDE = max(len(each) for each in get_args(Verdict))
_MISHAPS = {
    "cut": "the line breaks before the call reaches the other side",
    "half": "the call takes effect, half of its answer comes, then the line breaks",
    "spoilt": "the call takes effect, and the end of its answer comes altered",
    "silent": "the call takes effect, and its answer never comes",
    "slow": "the call is held back until its caller has given up, and takes effect then",
    "page": "a page of the web answers in the other side's place",
    "busy": "the other side has too much to do, and says so",
}


def told(finding: Finding) -> str:
    """One behaviour; what is not offered is told once for each port, at the end."""
    if finding.verdict == "not offered":
        return ""
    rows = (finding.seen, finding.step and f"at {finding.step}", finding.advice)
    more = "".join(f"{'':{_WIDE}}  {row}\n" for row in rows if row)
    return f"{finding.verdict:{_WIDE}}  {'+'.join(finding.ports)}: {finding.behaviour}\n{more}"


def summary(found: Sequence[Finding], command: str) -> str:
    """``command``: as it was given, for whoever wants to play one behaviour again."""
    missing = Counter(each.seen for each in found if each.verdict == "not offered")
    lines = [f"{'not offered':{_WIDE}}  {seen}: {_behaviours(count)}" for seen, count in missing.items()]
    verdicts = Counter(each.verdict for each in found)
    counted = ", ".join(f"{verdicts[each]} {each}" for each in get_args(Verdict) if verdicts[each])
    wrong = [each.behaviour for each in found if each.verdict == "not"]
    again = [f"{'not':{_WIDE}}  {each}" for each in wrong]
    return "\n".join([*again, *lines, f"{_behaviours(len(found))}: {counted}", *_to_go_on(wrong, command)]) + "\n"


def _behaviours(count: int) -> str:
    return "1 behaviour" if count == 1 else f"{count} behaviours"


def _to_go_on(wrong: Sequence[str], command: str) -> list[str]:
    """What the words in brackets mean, and how the first one is played again."""
    if not wrong:
        return []
    cases = {word for each in wrong for word in re.findall(r"\w+", each.rpartition(" (")[2])}
    words = [f"{mishap}: {meaning}" for mishap, meaning in _MISHAPS.items() if mishap in cases]
    return [*words, f'Play one again: {command} --only "{wrong[0]}"']
