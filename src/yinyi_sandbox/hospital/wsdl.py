"""The WSDL 1.1 of the hospital's web services: document/literal, SOAP 1.1 and 1.2."""

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from yinyi_sandbox.hospital.trades import Field, Trade

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
HIS = "urn:cloudhill-hospital:his"
HL7 = "urn:hl7-org:v3"
_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_BINDINGS = {"11": f"{_WSDL}soap/", "12": f"{_WSDL}soap12/"}
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_XS = "http://www.w3.org/2001/XMLSchema"


def of_methods(trades: Iterable[Trade], location: str) -> bytes:
    """One method for each trade; its answer holds a ``Row`` for each row."""
    trades = list(trades)
    types = "".join(_method_types(trade) for trade in trades)
    return _document("HisService", HIS, types, [trade.method for trade in trades], location)


def of_message(namespace: str, method: str, first: str, second: str, result: str, location: str) -> bytes:
    """One method for everything: a code and a string of XML, which a string of XML answers."""
    asked = "".join(f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>' for name in (first, second))
    types = _element(method, asked) + _element(
        f"{method}Response", f'<xs:element name="{result}" type="xs:string" minOccurs="0"/>'
    )
    return _document("HIPService", namespace, types, [method], location)


def _method_types(trade: Trade) -> str:
    row = f'<xs:element name="Row" minOccurs="0" maxOccurs="unbounded">{_complex(_fields(trade.columns))}</xs:element>'
    return _element(trade.method, _fields(trade.parameters)) + _element(f"{trade.method}Response", row)


def _fields(fields: Iterable[Field]) -> str:
    return "".join(
        f'<xs:element name="{one.word}" type="xs:{one.xsd}" minOccurs="0"'
        + (' maxOccurs="unbounded"/>' if one.many else ' nillable="true"/>')
        for one in fields
    )


def _element(name: str, content: str) -> str:
    return f'<xs:element name="{name}">{_complex(content)}</xs:element>'


def _complex(content: str) -> str:
    return f"<xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType>"


def _document(name: str, namespace: str, types: str, methods: list[str], location: str) -> bytes:
    messages = "".join(
        f'<wsdl:message name="{method}{way}"><wsdl:part name="parameters" element="tns:{method}{ending}"/>'
        "</wsdl:message>"
        for method in methods
        for way, ending in (("In", ""), ("Out", "Response"))
    )
    operations = "".join(
        f'<wsdl:operation name="{method}"><wsdl:input message="tns:{method}In"/>'
        f'<wsdl:output message="tns:{method}Out"/></wsdl:operation>'
        for method in methods
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="{name}" targetNamespace="{namespace}" xmlns:tns="{namespace}" xmlns:wsdl="{_WSDL}"
 xmlns:soap11="{_BINDINGS["11"]}" xmlns:soap12="{_BINDINGS["12"]}" xmlns:xs="{_XS}">
<wsdl:types><xs:schema targetNamespace="{namespace}" elementFormDefault="qualified">{types}</xs:schema></wsdl:types>
{messages}
<wsdl:portType name="{name}">{operations}</wsdl:portType>
{"".join(_binding(name, namespace, methods, edition) for edition in _BINDINGS)}
<wsdl:service name="{name}">{"".join(_port(name, edition, location) for edition in _BINDINGS)}</wsdl:service>
</wsdl:definitions>
"""
    return text.encode()


def _binding(name: str, namespace: str, methods: list[str], edition: str) -> str:
    soap = f"soap{edition}"
    operations = "".join(
        f'<wsdl:operation name="{method}"><{soap}:operation soapAction="{namespace}/{method}"/>'
        f'<wsdl:input><{soap}:body use="literal"/></wsdl:input>'
        f'<wsdl:output><{soap}:body use="literal"/></wsdl:output></wsdl:operation>'
        for method in methods
    )
    head = f'<wsdl:binding name="{name}Soap{edition}" type="tns:{name}">'
    return f'{head}<{soap}:binding style="document" transport="{_HTTP}"/>{operations}</wsdl:binding>'


def _port(name: str, edition: str, location: str) -> str:
    at = f"<soap{edition}:address location={quoteattr(location)}/>"
    return f'<wsdl:port name="{name}Soap{edition}" binding="tns:{name}Soap{edition}">{at}</wsdl:port>'
