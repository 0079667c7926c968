"""WSDL 1.1, document/literal, for SOAP 1.1 and 1.2 (W3C Note of 15 March 2001, sections 2 and 3)."""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_XS = "http://www.w3.org/2001/XMLSchema"
_EDITIONS = {"11": f"{_WSDL}soap/", "12": f"{_WSDL}soap12/"}


def schema(namespace: str, content: str) -> str:
    """An XSD whose own names stand under ``tns``."""
    head = f'<xs:schema xmlns:xs="{_XS}" xmlns:tns="{namespace}" targetNamespace="{namespace}"'
    return f'{head} elementFormDefault="qualified">{content}</xs:schema>'


def document(
    name: str, namespace: str, types: str, methods: Sequence[str], location: str, *, fault: bool = False
) -> bytes:
    """types: the XSD, which has ``Method`` and ``MethodResponse`` for each, and ``Problem`` where there is a fault."""
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
