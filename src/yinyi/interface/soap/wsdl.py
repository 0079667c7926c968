"""WSDL 1.1 of everything that the hospital may ask, document/literal, SOAP 1.1 and 1.2, with its XSD."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from yinyi.bus.operation import OperationSpec
from yinyi.interface.soap.shapes import NAMESPACE, complex_types

HL7 = "urn:hl7-org:v3"
PROCESS = "urn:yinyi:process:v1"
_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_XS = "http://www.w3.org/2001/XMLSchema"
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_EDITIONS = {"11": f"{_WSDL}soap/", "12": f"{_WSDL}soap12/"}

KEY = "idempotency_key"
_KEY = (
    f'<xs:element name="{KEY}"><xs:simpleType><xs:restriction base="xs:string">'
    '<xs:pattern value="[!-~]{8,64}"/></xs:restriction></xs:simpleType></xs:element>'
)
_PROBLEM = (
    '<xs:element name="Problem"><xs:complexType><xs:sequence>'
    + "".join(
        f'<xs:element name="{name}" type="xs:string" minOccurs="{least}"/>'
        for name, least in (("code", 1), ("title", 1), ("title_zh", 1), ("detail", 0), ("correlation_id", 1))
    )
    + "</xs:sequence></xs:complexType></xs:element>"
)


def schema(served: Mapping[str, OperationSpec]) -> str:
    """The XSD: ``Operation`` and ``OperationResponse`` for each, and ``Problem`` for what goes wrong."""
    travels = [each for spec in served.values() for each in (spec.request, spec.reply)]
    elements = "".join(_elements(name, spec) for name, spec in served.items())
    return (
        f'<xs:schema xmlns:xs="{_XS}" xmlns:tns="{NAMESPACE}" targetNamespace="{NAMESPACE}"'
        f' elementFormDefault="qualified">{complex_types(travels)}{elements}{_PROBLEM}</xs:schema>'
    )


def _elements(name: str, spec: OperationSpec) -> str:
    """A change carries its idempotency key behind its fields."""
    request = f"tns:{spec.request.__name__}"
    if spec.changes:
        extended = f'<xs:extension base="{request}"><xs:sequence>{_KEY}</xs:sequence></xs:extension>'
        content = f"<xs:complexType><xs:complexContent>{extended}</xs:complexContent></xs:complexType>"
        asked = f'<xs:element name="{name}">{content}</xs:element>'
    else:
        asked = f'<xs:element name="{name}" type="{request}"/>'
    return f'{asked}<xs:element name="{name}Response" type="tns:{spec.reply.__name__}"/>'


def of_operations(served: Mapping[str, OperationSpec], location: str) -> bytes:
    """location: where they are asked."""
    return _document("Yinyi", NAMESPACE, schema(served), list(served), location, fault=True)


def of_message(namespace: str, method: str, parameters: Sequence[str], location: str) -> bytes:
    """One method for everything: a code and a string of XML, which a string of XML answers."""
    return _document("HIPService", namespace, schema_of_message(namespace, method, parameters), [method], location)


def schema_of_message(namespace: str, method: str, parameters: Sequence[str]) -> str:
    asked = "".join(f'<xs:element name="{name}" type="xs:string"/>' for name in parameters)
    answered = f'<xs:element name="{method}Result" type="xs:string"/>'
    elements = "".join(
        f'<xs:element name="{name}"><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>'
        for name, content in ((method, asked), (f"{method}Response", answered))
    )
    return (
        f'<xs:schema xmlns:xs="{_XS}" targetNamespace="{namespace}" elementFormDefault="qualified">{elements}'
        "</xs:schema>"
    )


def _document(
    name: str, namespace: str, types: str, methods: Sequence[str], location: str, *, fault: bool = False
) -> bytes:
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="{name}" targetNamespace="{namespace}" xmlns:tns="{namespace}" xmlns:wsdl="{_WSDL}"
 xmlns:soap11="{_EDITIONS["11"]}" xmlns:soap12="{_EDITIONS["12"]}">
<wsdl:types>{types}</wsdl:types>
{"".join(_messages(method) for method in methods)}
{_message("Problem", "Problem") if fault else ""}
<wsdl:portType name="{name}">{"".join(_operation(method, fault) for method in methods)}</wsdl:portType>
{"".join(_binding(name, namespace, methods, edition, fault) for edition in _EDITIONS)}
<wsdl:service name="{name}">{"".join(_port(name, edition, location) for edition in _EDITIONS)}</wsdl:service>
</wsdl:definitions>
"""
    return text.encode()


def _messages(method: str) -> str:
    return _message(f"{method}In", method) + _message(f"{method}Out", f"{method}Response")


def _message(name: str, element: str) -> str:
    return f'<wsdl:message name="{name}"><wsdl:part name="parameters" element="tns:{element}"/></wsdl:message>'


def _operation(method: str, fault: bool) -> str:
    said = '<wsdl:fault name="Problem" message="tns:Problem"/>' if fault else ""
    return (
        f'<wsdl:operation name="{method}"><wsdl:input message="tns:{method}In"/>'
        f'<wsdl:output message="tns:{method}Out"/>{said}</wsdl:operation>'
    )


def _binding(name: str, namespace: str, methods: Sequence[str], edition: str, fault: bool) -> str:
    soap = f"soap{edition}"
    said = f'<wsdl:fault name="Problem"><{soap}:fault name="Problem" use="literal"/></wsdl:fault>' if fault else ""
    body = f'<{soap}:body use="literal"/>'
    operations = "".join(
        f'<wsdl:operation name="{method}"><{soap}:operation soapAction="{namespace}/{method}"/>'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output>{said}</wsdl:operation>"
        for method in methods
    )
    head = f'<wsdl:binding name="{name}Soap{edition}" type="tns:{name}">'
    return f'{head}<{soap}:binding style="document" transport="{_HTTP}"/>{operations}</wsdl:binding>'


def _port(name: str, edition: str, location: str) -> str:
    at = f"<soap{edition}:address location={quoteattr(location)}/>"
    return f'<wsdl:port name="{name}Soap{edition}" binding="tns:{name}Soap{edition}">{at}</wsdl:port>'
