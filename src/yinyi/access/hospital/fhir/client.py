"""Trades over FHIR R4 in JSON, each with a time-out, and the truth about what may have happened."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog

from yinyi.access.hospital.fhir import answers
from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.fhir.mapping import Asked, NothingAsked, Speech, speeches
from yinyi.access.hospital.trades.failures import Breaker, CallFailed, NotReached, Rejected, Unanswered
from yinyi.access.hospital.trades.trade import Row, Trade
from yinyi.access.hospital.trades.web import WebLine
from yinyi.bus.guard import assert_no_transaction
from yinyi.wire.fhir.paths import Node

log = structlog.get_logger()

_JSON = "application/fhir+json"
_FORM = "application/x-www-form-urlencoded"


class FhirClient:
    """Carries trades. ``start()`` does not connect yet."""

    def __init__(self, config: FhirConfig, trades: Sequence[Trade]) -> None:
        """
        Raises:
            ValueError: the mapping file does not fit, or the address is none.
        """
        self._config = config
        self._base = config.url.rstrip("/")
        if urlsplit(self._base).scheme not in ("http", "https") or not urlsplit(self._base).hostname:
            raise ValueError("the address of the FHIR server is none")
        self._speeches, self._refusals = speeches(config.mapping, trades)
        self._breaker = Breaker(config.rest_after, config.rest_s)
        self._line = WebLine(config)

    async def start(self) -> None:
        await self._line.start()

    async def stop(self) -> None:
        await self._line.stop()

    async def misfits(self, trades: Sequence[Trade]) -> list[str]:
        """A sentence for each trade whose resource the server does not have; nothing while it cannot be reached.
        Searches and operations are told by servers in so many ways that only resources are looked at."""
        line = WebLine(self._config)  # of its own: it is looked before anything is started
        await line.start()
        try:
            had = answers.resources(await self._page("GET", f"{self._base}/metadata", b"", {}, line))
        except CallFailed as error:
            log.warning("hospital.names_not_looked_at", why=str(error))
            return []
        finally:
            await line.stop()
        spoken = [self._speeches[one.name] for one in trades if one.name in self._speeches]
        return [f"{one.trade.name}: the server has no {one.resource}" for one in spoken if one.resource not in had]

    async def call(self, trade: Trade, *values: Any) -> Sequence[Row]:
        """
        Raises:
            NotReached, Unanswered, Rejected
        """
        assert_no_transaction()
        self._breaker.require()
        speech = self._speeches.get(trade.name)
        if speech is None:
            raise Rejected(f"the hospital has no {trade.name}")
        try:
            asked = speech.asked(values)
        except NothingAsked:
            return speech.rows([], values)
        try:
            rows = await self._answered(speech, asked, values)
        except Rejected:
            self._breaker.succeeded()
            raise
        except (NotReached, Unanswered):
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return rows

    async def _answered(self, speech: Speech, asked: Asked, values: Sequence[Any]) -> list[Row]:
        try:
            if speech.does == "search":
                return await self._searched(speech, asked, values)
            found = await self._once(speech, asked)
        except _Told as told:
            if not speech.takes_codes:
                raise Unanswered(f"{told.code} {told.text}"[:200]) from told
            return [speech.coded(told.code, told.text)]
        return speech.rows(found, values)

    async def _once(self, speech: Speech, asked: Asked) -> list[Node]:
        headers = {"prefer": "return=representation", "content-type": _JSON} if asked.body else {}
        if asked.unless:
            headers["if-none-exist"] = asked.unless
        address = f"{self._base}/{asked.at}" + (f"?{asked.query}" if asked.query else "")
        try:
            return speech.parts(await self._page(asked.method, address, asked.body, headers))
        except ValueError as error:
            raise Unanswered(f"{speech.trade.name}: {error}"[:200]) from error
        except _Missing:
            return []

    async def _searched(self, speech: Speech, asked: Asked, values: Sequence[Any]) -> list[Row]:
        """In a body, so that nobody's papers stand in an address; page by page until enough is there."""
        most = values[[one.name for one in speech.trade.parameters].index(speech.most)] if speech.most else None
        page = self._config.page if most is None else min(most, self._config.page)
        body, headers = f"{asked.query}&_count={page}".lstrip("&").encode(), {"content-type": _FORM}
        bundle = await self._page("POST", f"{self._base}/{asked.at}", body, headers)
        rows = speech.rows(answers.matches(bundle, speech.answers), values)
        for _ in range(self._config.most_pages):
            further = answers.next_page(bundle)
            if not further or (most is not None and len(rows) >= most):
                return rows[:most]
            bundle = await self._page("GET", self._own(further), b"", {})
            rows += speech.rows(answers.matches(bundle, speech.answers), values)
        raise Unanswered(f"{speech.trade.name}: a search without an end")

    def _own(self, address: str) -> str:
        """A page's address, which the server has made: it leads nowhere else, and no token goes there.

        Raises:
            Unanswered
        """
        try:
            base, told = urlsplit(self._base), urlsplit(address)
        except ValueError as error:
            raise Unanswered("a page without an address") from error
        if (told.scheme, told.netloc) not in (("", ""), (base.scheme, base.netloc)):
            raise Unanswered("a page of another server")
        if told.scheme:
            return address
        return f"{base.scheme}://{base.netloc}{address}" if address.startswith("/") else f"{self._base}/{address}"

    async def _page(
        self, method: str, address: str, body: bytes, headers: dict[str, str], line: WebLine | None = None
    ) -> Node:
        """
        Raises:
            _Told: the hospital's own code.
            _Missing: there is no such thing.
            NotReached, Unanswered, Rejected
        """
        headers = {"accept": _JSON, **headers}
        if self._config.token:
            headers["authorization"] = f"Bearer {self._config.token}"
        status, text = await (line or self._line).asked(method, address, headers, body)
        if status in (200, 201):
            return answers.decoded(text)
        if status in (404, 410) and answers.says_missing(text):
            raise _Missing
        meant = self._refusals.meant(status, text)
        raise meant if isinstance(meant, CallFailed) else _Told(*meant)


class _Told(Exception):
    """The hospital has refused by a code of its own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


class _Missing(Rejected):
    """What was to be read is not there."""
