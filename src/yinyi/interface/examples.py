"""An example of everything that travels, made from its type: a document with examples that a reader can send off.

Where the name of a field says more than its type, ``_BY_NAME`` knows something that looks like the real thing.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import inspect as shape

_AT = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
_BY_NAME: Mapping[str, Any] = {
    "topic": "payment",
    "number": "7Q4-8XK9",
    "ask_no": "7Q4-8XK9",
    "payment_no": "26112316300001K7M2Q9XD",
    "invoice_no": "B20261123-00017",
    "patient_no": "P0001234",
    "operator": "0417",
    "receipt_no": "W3-000123",
    "reason": "检查取消",
    "card_no": "6222020000000000018",
    "nonce": "0123456789abcdef01234567",
    "reference": "26112316300001K7M2Q9XD01",
    "schedule_id": "S-20261124-CARD-AM",
    "practitioner_id": "D0021",
    "department_id": "CARD",
    "department_name": "心血管内科",
    "practitioner_name": "李静",
    "terminal_id": "K03",
    "place": "门诊大厅",
    "amount_fen": 1850,
    "owed_fen": 1850,
    "code_url": "weixin://wxpay/bizpayurl?pr=example",
    "ends_at": _AT + dt.timedelta(hours=2),
    "expires_at": _AT + dt.timedelta(minutes=3),
}

_SAID: Mapping[str, tuple[str, ...]] = {"FindPayment": ("number",)}
"""What an example says besides what it must: asked for nothing, nothing is found."""


def example_of(struct: type[Any]) -> Any:
    """Plain JSON values. It decodes to this type, which a test sees to."""
    return msgspec.to_builtins(_example(shape.type_info(struct), ""))


def _example(info: shape.Type, name: str) -> Any:
    known = _BY_NAME.get(name)
    if known is not None and _fits(known, info):
        return known
    match info:
        case shape.Metadata(type=inner):
            return _example(inner, name)
        case shape.StructType(cls=cls, fields=fields):
            said = _SAID.get(cls.__name__, ())
            return {each.encode_name: _field(each, is_said=each.encode_name in said) for each in fields}
        case shape.ListType(item_type=item):
            return [_example(item, name)]
        case shape.VarTupleType(item_type=item):
            return [_example(item, name)]
        case shape.UnionType(types=types):
            return _example(next((each for each in types if not isinstance(each, shape.NoneType)), types[0]), name)
        case shape.LiteralType(values=values):
            return values[0]
        case shape.StrType(min_length=least):
            return "x" * (least or 0)
        case shape.IntType(ge=least):
            return least or 1
        case _:
            return _PLAIN.get(type(info))


_PLAIN: Mapping[type[shape.Type], Any] = {
    shape.BoolType: False,
    shape.FloatType: 1.0,
    shape.BytesType: b"",
    shape.DateTimeType: _AT,
    shape.DateType: _AT.date(),
    shape.TimeType: dt.time(8, 30),
}


def _field(field: shape.Field, *, is_said: bool) -> Any:
    """What is left out mostly is left at its default: an example that says everything explains nothing."""
    if field.required or is_said:
        return _example(field.type, field.encode_name)
    default = field.default if field.default is not msgspec.NODEFAULT else None
    if default is None and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return default


def _fits(value: Any, info: shape.Type) -> bool:
    match info:
        case shape.Metadata(type=inner):
            return _fits(value, inner)
        case shape.UnionType(types=types):
            return any(_fits(value, each) for each in types)
        case shape.StrType(max_length=most, min_length=least):
            return isinstance(value, str) and (least or 0) <= len(value) <= (most or len(value))
        case shape.IntType():
            return isinstance(value, int)
        case shape.DateTimeType():
            return isinstance(value, dt.datetime)
        case _:
            return False
