"""The page of all operations, from their declarations: who may ask, what travels, what it can end in."""

import re
from typing import Any

import msgspec
from msgspec import inspect as shape

from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller, OperationSpec
from yinyi.interface.queue import documents as queue
from yinyi.interface.rest.errors import status_of
from yinyi.interface.rest.openapi import PREFIXES, document
from yinyi.interface.served import served_operations
from yinyi.interface.server import ACCOUNTS, HOSPITAL_SOCKET, SOCKET, Surroundings
from yinyi.interface.soap import wsdl
from yinyi.interface.soap.server import HIP, HIP_PATH, PROCESS, PROCESS_PATH
from yinyi.interface.soap.server import PATH as SOAP
from yinyi.kernel.errors import YinyiError, every_error

INTRODUCTION = """
# Operations

What anyone can ask of the platform. Each is one class in `src/yinyi/business/<domain>/messages.py`; the bus subject
`op.<account>.<domain>.<Operation>.v1`, the permissions of each account on the bus, the REST addresses and this page
are derived from it.

**callers** are the accounts on the bus. In this release there are interfaces for {accounts}; nobody
asks as another account yet. `hospital` asks by [REST](../integrate/rest.md), [SOAP](../integrate/soap.md),
[queue](../integrate/queue.md), and over [lines of its own](../integrate/socket.md), `institution` by REST, queue and
lines; `hl7` tells by [HL7](../integrate/hl7.md).
**needs**: *patient*: a patient's session travels with it · *or form*, *or specimen*: one will do that
a request form or a tube has opened and that is good for it alone · *key*: it changes something and carries an
idempotency key · *¥*: it starts or changes a money plan · *person*: who of the staff asks proves it by
[the PIN of his staff card](../operate/people.md).

Beside the errors named in its row, any operation can end in `Invalid`, `InvalidField`, `NotAllowed` and what hangs
under it, `Busy`, `DeadlineExceeded`, `PlatformUnavailable` or `InternalError`; one with a key also in
`IdempotencyConflict`.
"""


def page() -> str:
    """Markdown."""
    specs = declared_operations()
    domains = sorted({spec.domain for spec in specs})
    sections = [_domain(domain, [spec for spec in specs if spec.domain == domain]) for domain in domains]
    asking = {caller for caller in ACCOUNTS.values() if served_operations(caller)}
    accounts = ", ".join(f"`{caller}`" for caller in sorted(asking))
    parts = [
        INTRODUCTION.strip().replace("{accounts}", accounts),
        *sections,
        _interfaces(specs),
        _shapes(specs),
        _errors(specs),
    ]
    return "\n\n".join(parts) + "\n"


def descriptions_of_rest() -> dict[str, str]:
    """OpenAPI by file name."""
    declared_operations()
    names = {Caller.HOSPITAL: "openapi.json", Caller.INSTITUTION: "openapi-institutions.json"}
    told = {name: document(served_operations(caller), caller) for caller, name in names.items()}
    return {
        name: msgspec.json.format(msgspec.json.encode(each), indent=1).decode() + "\n" for name, each in told.items()
    }


# ---- operations


def _domain(domain: str, specs: list[OperationSpec]) -> str:
    rows = ["| operation | what it does | callers | needs | errors |", "| --- | --- | --- | --- | --- |"]
    rows += [
        f"| `{spec.name}` | {_said(spec.request)} | {_callers(spec)} | {_needs(spec)} | {_ends(spec)} |"
        for spec in specs
    ]
    fields = [_travels(spec) for spec in specs]
    return "\n".join([f"## {domain}", "", *rows, "", *fields])


def _callers(spec: OperationSpec) -> str:
    return " ".join(f"`{caller}`" for caller in sorted(spec.callers))


def _needs(spec: OperationSpec) -> str:
    wanted = (
        ("patient", spec.needs_patient),
        (f"or {' or '.join(sorted(spec.opened_by))}", bool(spec.opened_by)),
        ("key", spec.changes),
        ("¥", spec.money),
        ("person", spec.by_person),
    )
    return " ".join(word for word, needed in wanted if needed)


def _ends(spec: OperationSpec) -> str:
    return " ".join(f"[`{error.code()}`](#errors)" for error in spec.errors)


def _travels(spec: OperationSpec) -> str:
    asked = ", ".join(_fields(spec.request)) or "nothing"
    return f"- **{spec.name}** takes {asked}; answers {_type(shape.type_info(spec.reply))}."


def _interfaces(specs: list[OperationSpec]) -> str:
    names = [name for name, caller in ACCOUNTS.items() if served_operations(caller)]
    rows = [
        f"| `{spec.name}` | " + " | ".join("●" if _serves(name, spec) else "" for name in names) + " |"
        for spec in sorted(specs, key=lambda each: each.name)
        if spec.callers.intersection(ACCOUNTS.values())
    ]
    return "\n".join(
        [
            "## Interfaces",
            "",
            f"REST: `POST {PREFIXES[Caller.HOSPITAL]}{{Operation}}` ([how to sign](../integrate/rest.md), "
            f"[OpenAPI](openapi.json)); `POST {PREFIXES[Caller.INSTITUTION]}{{Operation}}` for banks and vendors "
            "([OpenAPI](openapi-institutions.json)).",
            f"SOAP: a method of `{SOAP}?wsdl` for each ([how to ask](../integrate/soap.md), [WSDL](soap.wsdl)).",
            "Lines: frames over TCP ([how to sign on](../integrate/socket.md), [messages](socket.md)).",
            "Queue: a message to `yinyi.hospital` ([how to ask](../integrate/queue.md), [AsyncAPI](queue.json), "
            "[XSD](queue.xsd)); for banks and vendors to `yinyi.institution` ([AsyncAPI](queue-institutions.json), "
            "[XSD](queue-institutions.xsd)).",
            "What is not here is asked by the staff on the machine itself (`yinyi ask`).",
            "",
            "| operation | " + " | ".join(f"`{name}`" for name in names) + " |",
            "| --- |" + " :-: |" * len(names),
            *rows,
        ]
    )


def _serves(interface: str, spec: OperationSpec) -> bool:
    lines = interface in (SOCKET, HOSPITAL_SOCKET)
    return ACCOUNTS[interface] in spec.callers and (lines or not spec.of_line)


def descriptions_of_soap() -> dict[str, str]:
    """WSDL by file name, as they are served, for a platform at its first address."""
    declared_operations()
    served = served_operations(Caller.HOSPITAL)
    at = "http://127.0.0.1:8080"
    return {
        "soap.wsdl": wsdl.of_operations(served, at + SOAP).decode(),
        "soap-hip.wsdl": wsdl.of_message(*HIP, at + HIP_PATH).decode(),
        "soap-process.wsdl": wsdl.of_message(*PROCESS, at + PROCESS_PATH).decode(),
    }


def descriptions_of_queues() -> dict[str, str]:
    """AsyncAPI and XSD by file name, for queues that have the names of the laptop."""
    declared_operations()
    found: dict[str, str] = {}
    for caller, xsd in queue.XSD.items():
        served = served_operations(caller)
        told = msgspec.json.encode(queue.document(f"{Surroundings.queue_name}.{caller.value}", served, caller))
        found[xsd.replace(".xsd", ".json")] = msgspec.json.format(told, indent=1).decode() + "\n"
        found[xsd] = queue.xsd(served)
    return found


# ---- shapes


def _shapes(specs: list[OperationSpec]) -> str:
    found: dict[str, type[Any]] = {}
    for spec in specs:
        for info in (*_of_fields(spec.request), shape.type_info(spec.reply)):
            _collect(info, found)
    parts = [
        "## Shapes",
        "",
        "JSON objects that travel. A field with `?` may be left out of a request; replies carry all of theirs.",
    ]
    for name, struct in sorted(found.items()):
        said = _said(struct)
        parts += ["", f"### {name}", *(["", said] if said else [])]
        parts += ["", *(f"- {field}" for field in _fields(struct))] if _fields(struct) else []
    return "\n".join(parts)


def _collect(info: shape.Type, found: dict[str, type[Any]]) -> None:
    match info:
        case shape.StructType(cls=struct):
            if _name(struct) not in found:
                found[_name(struct)] = struct
                for each in _of_fields(struct):
                    _collect(each, found)
        case shape.ListType(item_type=item):
            _collect(item, found)
        case shape.UnionType(types=types):
            for each in types:
                _collect(each, found)
        case _:
            pass


def _of_fields(struct: type[Any]) -> list[shape.Type]:
    info = shape.type_info(struct)
    return [field.type for field in info.fields] if isinstance(info, shape.StructType) else []


def _fields(struct: type[Any]) -> list[str]:
    info = shape.type_info(struct)
    if not isinstance(info, shape.StructType):
        return []
    return [f"`{field.encode_name}{'' if field.required else '?'}` {_type(field.type)}" for field in info.fields]


def _name(struct: type[Any]) -> str:
    """``scheduling.Slot``."""
    return f"{struct.__module__.split('.')[-2]}.{struct.__name__}"


_PLAIN: dict[type[shape.Type], str] = {
    shape.BoolType: "boolean",
    shape.FloatType: "number",
    shape.BytesType: "bytes as base64",
    shape.DateTimeType: "instant (RFC 3339)",
    shape.DateType: "date",
    shape.TimeType: "time of day",
    shape.NoneType: "null",
    shape.AnyType: "anything",
}


def _type(info: shape.Type) -> str:
    match info:
        case shape.Metadata(type=inner):
            return _type(inner)
        case shape.StructType(cls=struct):
            return f"[{struct.__name__}](#{_name(struct).replace('.', '').lower()})"
        case shape.ListType(item_type=item):
            return f"list of {_type(item)}"
        case shape.UnionType(types=types):
            return " or ".join(_type(each) for each in types)
        case shape.LiteralType(values=values):
            return " · ".join(f'`"{value}"`' for value in values)
        case shape.StrType():
            return "text" + _range(info.min_length, info.max_length)
        case shape.IntType():
            return "integer" + _range(info.ge, info.le)
        case shape.DictType():
            return "object"
        case _:
            return _PLAIN[type(info)]


def _range(least: int | None, most: int | None) -> str:
    if least is None and most is None:
        return ""
    return f" ({'' if least is None else least}…{'' if most is None else most})"


# ---- errors


def _errors(specs: list[OperationSpec]) -> str:
    rows = ["## Errors", "", "| code | HTTP | English | 中文 |", "| --- | --- | --- | --- |"]
    named = {error for spec in specs for error in spec.errors}
    for error in sorted({*named, *_common()}, key=lambda each: each.code()):
        rows.append(f"| `{error.code()}` | {status_of(error())} | {error.sentence('en')} | {error.zh} |")
    return "\n".join(rows)


def _common() -> set[type[YinyiError]]:
    """The kernel's own, without its root: what any operation can end in."""
    return {each for each in every_error() if each.__module__ == "yinyi.kernel.errors" and each is not YinyiError}


def _said(documented: type[Any]) -> str:
    """The docstring as one line of Markdown, fit for a table."""
    own = documented.__dict__.get("__doc__") or ""
    return " ".join(re.sub(r"``([^`]*)``", r"`\1`", own).split()).replace("|", "\\|")
