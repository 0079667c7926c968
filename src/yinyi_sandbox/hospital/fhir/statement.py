"""What the FHIR server can do, as it says itself."""

from yinyi.wire.fhir.paths import Node
from yinyi_sandbox.hospital.fhir.asked import WORDS
from yinyi_sandbox.hospital.fhir.changes import CREATIONS, OPERATIONS
from yinyi_sandbox.hospital.fhir.searches import READINGS, SEARCHES


def statement(base: str) -> Node:
    operations = [one.split("/$") for one in (*READINGS, *OPERATIONS)]
    kinds = sorted({*SEARCHES, *CREATIONS, *(kind for kind, _ in operations)})
    resources = [_resource(kind, [name for owner, name in operations if owner == kind]) for kind in kinds]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-27",
        "kind": "instance",
        "implementation": {"description": "云山医院", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": resources}],
    }


def _resource(kind: str, operations: list[str]) -> Node:
    does = [{"code": "search-type"}] * (kind in SEARCHES) + [{"code": "create"}] * (kind in CREATIONS)
    named = [{"name": one, "definition": WORDS.extension(f"{kind}-{one}")} for one in operations]
    told = {"interaction": does, "operation": named}
    return {"type": kind, **{name: value for name, value in told.items() if value}}
