"""``/soap``: one method for each operation, by WSDL. ``/soap/hip`` and ``/soap/process``: all of them behind one method
that takes a code and a string of XML, as hospitals in China have them."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from yinyi.bus.client import BusClient
from yinyi.bus.operation import OperationSpec
from yinyi.interface.body import body_of
from yinyi.interface.metrics import Metrics
from yinyi.interface.problem import ours, problem
from yinyi.interface.soap import envelope, message, wsdl
from yinyi.interface.soap.asking import NAME, Asking, Wanted, fresh_id, taken_key
from yinyi.interface.soap.envelope import SOAP_11, SOAP_12, NotSoap, Opened
from yinyi.interface.within_tls import certificate_of
from yinyi.interface.xml_schema import schema
from yinyi.kernel.errors import Invalid, InvalidField
from yinyi.wire.xml import Element
from yinyi.wire.xml_shapes import NAMESPACE, text_of, written

PATH = "/soap"
HIP_PATH, PROCESS_PATH = f"{PATH}/hip", f"{PATH}/process"
BODY_LIMIT = 128 * 1024
HIP = (wsdl.HL7, "HIPMessageServer", ("action", "message"))
PROCESS = (wsdl.PROCESS, "process", ("code", "xml"))

Endpoint = Callable[[Request], Awaitable[Response]]
Answers = Callable[[Opened, str, str], Awaitable[str]]
"""By what was opened, a correlation id and a language: the body of the answer, as XML."""


class Soap:
    """All forms of it."""

    def __init__(self, bus: BusClient, metrics: Metrics, served: Mapping[str, OperationSpec]) -> None:
        self._asking = Asking(bus, metrics, served)
        self._metrics = metrics
        self._schema = etree.XMLSchema(etree.fromstring(schema(served).encode()))

    def routes(self) -> list[BaseRoute]:
        hip, process = (message.Messages(self._asking, *form) for form in (HIP, PROCESS))
        return [
            self._route(PATH, lambda at: wsdl.of_operations(self._asking.served, at), self._operation),
            self._route(HIP_PATH, lambda at: wsdl.of_message(*HIP, at), hip.answer),
            self._route(PROCESS_PATH, lambda at: wsdl.of_message(*PROCESS, at), process.answer),
        ]

    def _route(self, path: str, description: Callable[[str], bytes], answers: Answers) -> BaseRoute:
        async def endpoint(request: Request) -> Response:
            started = time.perf_counter()
            if request.method != "POST":
                return _described(request, description)
            answer = await self._answer(request, answers)
            self._metrics.answered(NAME, path, answer.status_code, time.perf_counter() - started)
            return answer

        return Route(path, endpoint, methods=["GET", "POST"])

    async def _answer(self, request: Request, answers: Answers) -> Response:
        kind, charset = _content(request)
        edition = SOAP_12 if kind == "application/soap+xml" else SOAP_11
        language = "en" if request.headers.get("accept-language", "").startswith("en") else "zh-CN"
        correlation_id = fresh_id()
        try:
            body = await body_of(request.scope, request.receive, BODY_LIMIT)
            opened = envelope.opened(body, charset, request.url.path, certificate_of(request.scope))
            edition = opened.edition
            answer = envelope.enveloped(edition, await answers(opened, correlation_id, language))
            return _response(edition, 200, answer, correlation_id)
        except NotSoap as error:
            said = Invalid(str(error))
            return self._fault(edition, error.blame, said, language, correlation_id)
        except Exception as error:
            return self._fault(edition, "", error, language, correlation_id)

    def _fault(
        self, edition: str, blame: envelope.Blame | str, error: Exception, language: str, correlation_id: str
    ) -> Response:
        known = self._asking.known(error, correlation_id)
        whose: Any = blame or ("Server" if ours(known) else "Client")
        told = written("Problem", problem(known, correlation_id))
        body = envelope.fault(edition, whose, known.sentence(language), language, told)
        return _response(edition, envelope.fault_status(edition, whose), body, correlation_id)

    async def _operation(self, opened: Opened, correlation_id: str, language: str) -> str:
        """What is named by the element in the body."""
        name = etree.QName(opened.call)
        spec = self._asking.spec(name.localname if name.namespace == NAMESPACE else "")
        self._check(opened.call)
        key = taken_key(opened.call) if spec.changes else ""
        wanted = Wanted(spec, opened.call, opened.token, key, language, opened.certificate)
        reply = await self._asking.ask(wanted, correlation_id)
        return written(f"{spec.name}Response", reply)

    def _check(self, call: Element) -> None:
        """
        Raises:
            InvalidField: it is not what the XSD says.
        """
        if not self._schema.validate(call):
            first = self._schema.error_log[0]
            raise InvalidField(text_of(first.message.replace(f"{{{NAMESPACE}}}", ""))[:300])


def _described(request: Request, description: Callable[[str], bytes]) -> Response:
    if "wsdl" not in {name.lower() for name in request.query_params}:
        return Response(status_code=405, headers={"allow": "POST", "content-length": "0"})
    at = str(request.url.replace(query=""))
    return Response(description(at), media_type="text/xml", headers={"cache-control": "max-age=300"})


def _content(request: Request) -> tuple[str, str]:
    """The kind of the body and its characters, as its header says."""
    kind, *parameters = [each.strip() for each in request.headers.get("content-type", "").split(";")]
    said = [each.partition("=") for each in parameters]
    charset = next((value for name, _, value in said if name.strip().lower() == "charset"), "")
    return kind.lower(), charset.strip("\"' ")


def _response(edition: str, status: int, body: bytes, correlation_id: str) -> Response:
    headers = {"content-type": envelope.CONTENT[edition], "cache-control": "no-store"}
    return Response(body, status, headers={**headers, "x-correlation-id": correlation_id})
