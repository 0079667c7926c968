"""What was seen of a connector, for people."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from yinyi.conformance.run import Finding, Verdict

_WIDE = max(len(each) for each in get_args(Verdict))


def told(finding: Finding) -> str:
    """One behaviour; what is not offered is told once for each port, at the end."""
    if finding.verdict == "not offered":
        return ""
    seen = f"{'':{_WIDE}}  {finding.seen}\n" if finding.seen else ""
    return f"{finding.verdict:{_WIDE}}  {'+'.join(finding.ports)}: {finding.behaviour}\n{seen}"


def summary(found: Sequence[Finding]) -> str:
    missing = Counter(each.seen for each in found if each.verdict == "not offered")
    lines = [f"{'not offered':{_WIDE}}  {seen}: {count} behaviours" for seen, count in missing.items()]
    verdicts = Counter(each.verdict for each in found)
    counted = ", ".join(f"{verdicts[each]} {each}" for each in get_args(Verdict) if verdicts[each])
    return "\n".join([*lines, f"{len(found)} behaviours: {counted}"]) + "\n"
