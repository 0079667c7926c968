"""What the tokens in our paths are called in full: systems of identifiers and codes, and extensions."""

from collections.abc import Mapping

BASE = "http://yinyi.example/fhir/"
"""Before whatever a hospital has no address of its own for."""

_STANDARD = {
    "act-code": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "confidentiality": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "interpretation": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    "loinc": "http://loinc.org",
    "section": "http://terminology.hl7.org/CodeSystem/v2-0074",
    "ucum": "http://unitsofmeasure.org",
}
"""Source: FHIR R4 (4.0.1), "Using Codes in Resources", and HL7 terminology."""


class Words:
    """``systems``, ``extensions``: the addresses that a hospital has for some of our tokens."""

    def __init__(
        self, base: str = BASE, systems: Mapping[str, str] | None = None, extensions: Mapping[str, str] | None = None
    ) -> None:
        self._base = base
        self._systems = {**_STANDARD, **(systems or {})}
        self._extensions = dict(extensions or {})
        self._tokens = {address: token for token, address in self._systems.items()}

    def system(self, token: str) -> str:
        return self._systems.get(token) or f"{self._base}sid/{token}"

    def extension(self, token: str) -> str:
        return self._extensions.get(token) or f"{self._base}StructureDefinition/{token}"

    def token(self, system: str) -> str:
        """Of a system's address; "": it is none of ours."""
        known = self._tokens.get(system)
        return known if known is not None else system.removeprefix(f"{self._base}sid/") if self._own(system) else ""

    def _own(self, system: str) -> bool:
        return system.startswith(f"{self._base}sid/")
