"""A hospital's bus that asks badly: one method, a code, and a string of XML that a string of XML answers."""

from typing import ClassVar
from xml.sax.saxutils import escape

from bad_peers import SoapPeer, as_xml, damaged_xml, enveloped, kind_of
from bad_requests import Attempt, Damage
from lxml import etree

FAULTS: frozenset[Damage] = frozenset({"not_utf_8", "unknown_charset", "oversize", "slow"})
"""There is no string yet in which it could be said what is wrong."""
BROKEN: frozenset[Damage] = frozenset({"cut", "empty", "deep", "other_kind"})
"""Nor is there where it is the envelope that is so."""


class HipPeer(SoapPeer):
    """Who asks stands in the envelope's header, and it is the envelope that is damaged."""

    path: ClassVar[str] = "/soap/hip"
    namespace: ClassVar[str] = "urn:hl7-org:v3"
    method: ClassVar[str] = "HIPMessageServer"
    parameters: ClassVar[tuple[str, str]] = ("action", "message")
    faults: ClassVar[frozenset[Damage]] = FAULTS | BROKEN

    def ask(self, attempt: Attempt) -> tuple[str, str]:
        code, answer = super().ask(attempt)
        assert ("Fault>" in answer) == (attempt.damage in self.faults), answer
        return code, answer

    def request(self, attempt: Attempt) -> tuple[str, dict[str, str], bytes]:
        header = "" if attempt.unsigned else self.token(attempt)
        text = damaged_xml(attempt, enveloped(header, self.call(attempt, self.string(attempt, ""))))
        return self.path, kind_of(attempt), text

    def call(self, attempt: Attempt, string: str) -> str:
        code, text = self.parameters
        inner = f"<{code}>{attempt.operation}</{code}><{text}>{escape(string)}</{text}>"
        return f'<{self.method} xmlns="{self.namespace}">{inner}</{self.method}>'

    def string(self, attempt: Attempt, who: str) -> str:
        header = as_xml({"MessageID": attempt.key}) + who
        return f"<Request><Header>{header}</Header><Body>{as_xml(attempt.fields)}</Body></Request>"

    def code(self, answer: str) -> str:
        envelope = etree.fromstring(answer[answer.index("<?xml") :].encode())
        string = envelope.findtext(f".//{{{self.namespace}}}{self.method}Result")
        if string is None:
            return super().code(answer)
        body = etree.fromstring(string).find("Body")
        assert body is not None
        done = body.findtext("ResultCode") == "0"
        assert body.findtext("ResultContent"), "a person reads what has become of it"
        return "" if done else body.findtext("code") or "it says no code"


class ProcessPeer(HipPeer):
    """Who asks stands in the string's header, and it is the string that is damaged wherever it can be."""

    path = "/soap/process"
    namespace = "urn:yinyi:process:v1"
    method = "process"
    parameters = ("code", "xml")
    faults = FAULTS

    def request(self, attempt: Attempt) -> tuple[str, dict[str, str], bytes]:
        nonce, created, digest = self.told(attempt)
        who = {"UserName": attempt.who, "Nonce": nonce, "Created": created, "PasswordDigest": digest}
        string = self.string(attempt, "" if attempt.unsigned else as_xml(who))
        if attempt.damage in FAULTS:
            return self.path, kind_of(attempt), damaged_xml(attempt, enveloped("", self.call(attempt, string)))
        damaged = "<a>" * 2500 if attempt.damage == "deep" else damaged_xml(attempt, string).decode()
        return self.path, {"content-type": "text/xml"}, enveloped("", self.call(attempt, damaged)).encode()
