"""The hospital's master index, asked with care: never inside a transaction, never longer than it promised."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from yinyi.bus.guard import assert_no_transaction
from yinyi.business.identity.model import PatientRecord, Person
from yinyi.business.identity.ports import PatientIndex
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Answer, Outcome, Unknown

log = structlog.get_logger()

T = TypeVar("T")


class Hospital:
    """Reads that take too long raise ``HospitalUnavailable``; changes that end in any mishap answer ``Unknown``."""

    def __init__(self, index: PatientIndex) -> None:
        self._index = index

    async def find(self, person: Person) -> list[PatientRecord]:
        assert_no_transaction()
        return await self._read(self._index.find(person.kind, person.number))

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        assert_no_transaction()
        return await self._read(self._index.by_number(patient_no))

    async def create(self, reference: str, person: Person) -> Outcome:
        assert_no_transaction()
        try:
            return await self._within(self._index.create(reference, person))
        except Exception as error:  # whatever the connector met, the number may have been made
            return _doubt("create", reference, error)

    async def ask_created(self, reference: str) -> Answer:
        assert_no_transaction()
        try:
            return await self._within(self._index.ask_created(reference))
        except Exception as error:
            return _doubt("ask_created", reference, error)

    async def _read(self, call: Coroutine[Any, Any, T]) -> T:
        try:
            return await self._within(call)
        except TimeoutError:
            raise HospitalUnavailable("no answer in time") from None

    async def _within(self, call: Coroutine[Any, Any, T]) -> T:
        async with asyncio.timeout(self._index.call_timeout_s):
            return await call


def _doubt(what: str, reference: str, error: Exception) -> Unknown:
    log.warning("identity.hospital_in_doubt", call=what, reference=reference, why=type(error).__name__)
    return Unknown(detail=type(error).__name__)
