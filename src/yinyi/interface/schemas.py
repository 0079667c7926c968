"""JSON schemas of everything that travels, from its types."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import inspect as shape

REF = "#/components/schemas/{name}"


def schemas(travels: Sequence[type[Any]]) -> dict[str, Any]:
    """By name, with those of what they hold."""
    _, components = msgspec.json.schema_components(travels, ref_template=REF)
    return {name: _said_well(schema) for name, schema in sorted(_dated(components, travels).items())}


def _dated(components: dict[str, Any], travels: Sequence[type[Any]]) -> dict[str, Any]:
    """msgspec names the format of an instant only where its zone is checked; ours always have one."""
    for struct in _structs(travels):
        for field in struct.fields:
            schema = components[struct.cls.__name__]["properties"][field.encode_name]
            kinds = field.type.types if isinstance(field.type, shape.UnionType) else (field.type,)
            if any(isinstance(kind, shape.DateTimeType) for kind in kinds):
                text = next(each for each in schema.get("anyOf", [schema]) if each.get("type") == "string")
                text["format"] = "date-time"
    return components


def _structs(travels: Sequence[type[Any]]) -> list[shape.StructType]:
    found: dict[type[Any], shape.StructType] = {}

    def collect(info: shape.Type) -> None:
        match info:
            case shape.Metadata(type=inner) | shape.ListType(item_type=inner) | shape.VarTupleType(item_type=inner):
                collect(inner)
            case shape.UnionType(types=types):
                for each in types:
                    collect(each)
            case shape.StructType(cls=cls, fields=fields) if cls not in found:
                found[cls] = info
                for field in fields:
                    collect(field.type)
            case _:
                pass

    for each in travels:
        collect(shape.type_info(each))
    return list(found.values())


def _said_well(schema: dict[str, Any]) -> dict[str, Any]:
    said = schema.get("description")
    return schema if said is None else {**schema, "description": " ".join(said.split()).replace("``", "`")}
