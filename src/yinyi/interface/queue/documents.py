"""AsyncAPI 3.0 of a queue, and the XSD of what may travel there as XML: from the operations' own declarations."""

from collections.abc import Mapping
from typing import Any

from yinyi.bus.operation import Caller, OperationSpec
from yinyi.interface.examples import example_of
from yinyi.interface.problem import Problem
from yinyi.interface.queue.letter import ANSWERED, ASKED, DEAD, KEY
from yinyi.interface.schemas import REF, schemas
from yinyi.interface.xml_schema import schema

VERSION = "1"

_INTRODUCTION = """What {who} ask of the platform by message queue. A request is a TextMessage
(JSON or XML) or a BytesMessage (JSON in UTF-8, or XML that says what characters it is in); the reply is of the same
kind and goes to JMSReplyTo with the request's JMSCorrelationID. Without JMSReplyTo nothing is answered, and what cannot
be done lies in the queue of dead letters, with the reason. The fields of XML are those of {xsd}."""
_WHO = {Caller.HOSPITAL: "the hospital's own systems", Caller.INSTITUTION: "banks and vendors"}
XSD = {Caller.HOSPITAL: "queue.xsd", Caller.INSTITUTION: "queue-institutions.xsd"}
"""What the file is called in which the fields of XML stand."""
_TEXT = {"type": "string"}


def document(queue: str, served: Mapping[str, OperationSpec], caller: Caller = Caller.HOSPITAL) -> dict[str, Any]:
    """Plain JSON values. ``queue``: its name; ``caller``: who asks there."""
    travels = [each for spec in served.values() for each in (spec.request, spec.reply)]
    names = sorted(served)
    said = " ".join(_INTRODUCTION.format(who=_WHO[caller], xsd=XSD[caller]).split())
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Yinyi", "version": VERSION, "description": said},
        "defaultContentType": "application/json",
        "channels": {
            "requests": _channel(queue, names),
            "replies": _channel(None, [*(f"{name}Reply" for name in names), "Problem"]),
            "dead": _channel(f"{queue}.dead", ["DeadLetter"]),
        },
        "operations": {name: _operation(name, served[name]) for name in names},
        "components": {
            "messages": {
                **{name: _request(served[name]) for name in names},
                **{f"{name}Reply": _reply(served[name].reply) for name in names},
                "Problem": _reply(Problem),
                "DeadLetter": _dead(),
            },
            "schemas": schemas([*travels, Problem]),
        },
    }


def xsd(served: Mapping[str, OperationSpec]) -> str:
    """The idempotency key travels as a property, not among the fields."""
    return schema(served, keyed=False)


def _channel(address: str | None, messages: list[str]) -> dict[str, Any]:
    """None: whoever asks says where."""
    return {"address": address, "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages}}


def _operation(name: str, spec: OperationSpec) -> dict[str, Any]:
    return {
        "action": "receive",
        "summary": " ".join((spec.request.__doc__ or "").split()).replace("``", "`"),
        "channel": {"$ref": "#/channels/requests"},
        "messages": [{"$ref": f"#/channels/requests/messages/{name}"}],
        "reply": {
            "address": {"location": "$message.header#/JMSReplyTo"},
            "channel": {"$ref": "#/channels/replies"},
            "messages": [{"$ref": f"#/channels/replies/messages/{each}"} for each in (f"{name}Reply", "Problem")],
        },
        "x-errors": sorted(error.code() for error in spec.errors),
    }


def _request(spec: OperationSpec) -> dict[str, Any]:
    needed = [name for name, (_, always) in ASKED.items() if always or (name == KEY and spec.changes)]
    properties = {name: {**_TEXT, "description": told} for name, (told, _) in ASKED.items()}
    properties["YinyiOperation"] = {"const": spec.name}
    if not spec.changes:
        del properties[KEY]
    return {
        "headers": {"type": "object", "properties": properties, "required": needed},
        "correlationId": {"location": "$message.header#/JMSCorrelationID"},
        **_payload(spec.request),
    }


def _reply(struct: type[Any]) -> dict[str, Any]:
    told = {name: {**_TEXT, "description": said} for name, said in ANSWERED.items()}
    return {
        "headers": {"type": "object", "properties": told},
        "correlationId": {"location": "$message.header#/JMSCorrelationID"},
        **_payload(struct),
    }


def _payload(struct: type[Any]) -> dict[str, Any]:
    return {"payload": {"$ref": REF.format(name=struct.__name__)}, "examples": [{"payload": example_of(struct)}]}


def _dead() -> dict[str, Any]:
    told = {name: {**_TEXT, "description": said} for name, said in DEAD.items()}
    return {
        "headers": {"type": "object", "properties": told},
        "summary": "The message as it came, and why it lies here.",
    }
