"""The messages of institutions' lines, from the operations: a page with an example of each, and the XSD."""

import msgspec

from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller, OperationSpec
from yinyi.interface.examples import example_of
from yinyi.interface.served import served_operations
from yinyi.wire import wsdl
from yinyi.wire.institution_message import AnswerHead, Head
from yinyi.wire.xml_shapes import NAMESPACE, complex_types

INTRODUCTION = """
# Messages over a line of one's own

What a bank may ask ([how](../integrate/socket.md)), with a document of each as JSON; the frame and its MAC stand around
it. As XML the same fields are elements of the same names: [socket.xsd](socket.xsd) has their types, `Head`, the body of
a request under its operation's name, `AnswerHead`, and the body of an answer under the name behind →. What the fields
mean stands in [all operations](operations.md).
"""


def page() -> str:
    """Markdown."""
    declared_operations()
    served = served_operations(Caller.INSTITUTION, lines=True)
    return "\n\n".join([INTRODUCTION.strip(), *(_message(served[name]) for name in sorted(served))]) + "\n"


def _message(spec: OperationSpec) -> str:
    marks = [("a patient's session", spec.needs_patient), ("a key", spec.changes), ("money", spec.money)]
    needs = ", ".join(word for word, wanted in marks if wanted)
    title = f"## {spec.name} → {spec.reply.__name__}" + (f" ({needs})" if needs else "")
    document = msgspec.json.encode({"head": _head(spec), "body": example_of(spec.request)})
    shown = msgspec.json.format(document, indent=1).decode()
    codes = " ".join(f"`{error.code()}`" for error in spec.errors) or "none of its own"
    return f"{title}\n\n```json\n{shown}\n```\n\nErrors: {codes}"


def _head(spec: OperationSpec) -> dict[str, str | int]:
    """As a well-made request has it."""
    opens = spec.name == "OpenInstitutionLine"
    head: dict[str, str | int] = {
        "institution": "icbc",
        "operation": spec.name,
        "time": "2026-11-23T08:30:00Z",
        "line": "" if opens else "LINE",
        "sequence": 0 if opens else 17,
    }
    if spec.changes:
        head["key"] = "icbc-20261123-000123"
    return head | ({"patient": "SESSION"} if spec.needs_patient else {})


def xsd() -> str:
    """Of everything that travels over such a line."""
    declared_operations()
    served = served_operations(Caller.INSTITUTION, lines=True)
    travels = [each for spec in served.values() for each in (spec.request, spec.reply)]
    return wsdl.schema(NAMESPACE, complex_types([Head, AnswerHead, *travels])) + "\n"
