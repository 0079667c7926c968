"""Operations: what is declared of each is whole, somebody handles it, and permissions follow from it alone."""

import importlib
import pkgutil
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from yinyi import business
from yinyi.app import business as wiring
from yinyi.app.business import Business
from yinyi.app.outside import Outside
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.operation import (
    Caller,
    Operation,
    OperationSpec,
    called_by,
    every_operation,
    operation,
    spec_at,
    spec_of,
    vouching,
)
from yinyi.bus.permissions import BUSINESS, Permissions, business_permissions, every_account, interface_permissions
from yinyi.business.payments.channels import MerchantTable
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import InternalError, PersonUnproven, SecondPersonNeeded, YinyiError
from yinyi.kernel.secrets import Vault

for found in pkgutil.walk_packages(business.__path__, f"{business.__name__}."):
    if found.name.rpartition(".")[2].startswith("messages"):
        importlib.import_module(found.name)

SPECS = [spec for spec in every_operation() if spec.request.__module__.startswith("yinyi.")]
every = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.path)


# ---- what is declared


@every
def test_it_names_itself(spec: OperationSpec) -> None:
    assert spec.path == f"{spec.domain}.{spec.name}.v{spec.version}"
    assert spec.request.__module__.startswith(f"yinyi.business.{spec.domain}.messages")
    assert spec_at(spec.path) is spec
    assert spec_of(spec.request) is spec
    assert vars(spec.request).get("__doc__"), "documents are made of it"


@every
def test_request_and_reply_travel_as_json(spec: OperationSpec) -> None:
    """They have a JSON schema, so every interface can be derived from them; nothing unknown gets in."""
    (request, _), components = msgspec.json.schema_components([spec.request, spec.reply])
    described = components[request["$ref"].rsplit("/", 1)[-1]]
    assert described["additionalProperties"] is False
    msgspec.json.Decoder(spec.reply)


@every
def test_somebody_may_call_it(spec: OperationSpec) -> None:
    assert spec.callers
    assert all(isinstance(caller, Caller) for caller in spec.callers)


@every
def test_money_is_a_change(spec: OperationSpec) -> None:
    assert spec.changes or not spec.money


@every
def test_its_errors_are_of_the_tree(spec: OperationSpec) -> None:
    assert len(set(spec.errors)) == len(spec.errors)
    for error in spec.errors:
        assert issubclass(error, YinyiError)
        assert error not in (YinyiError, InternalError), "says nothing about this operation"


def test_paths_are_given_once() -> None:
    assert len(SPECS) >= 45
    with pytest.raises(ValueError, match="declared twice"):
        operation(callers=[Caller.KIOSK])(SPECS[0].request)


# ---- who handles it


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """How a whole business process, wired as in real life, handles each operation: by path."""
    ways: dict[str, str] = {}

    class Recording(Dispatcher):
        def reads(self, request: type[Operation[Any]], handler: Any) -> None:
            ways[spec_of(request).path] = "reads"
            super().reads(request, handler)

        def asks(self, request: type[Operation[Any]], handler: Any) -> None:
            ways[spec_of(request).path] = "asks"
            super().asks(request, handler)

        def changes(self, request: type[Operation[Any]], change: Any) -> None:
            ways[spec_of(request).path] = "changes"
            super().changes(request, change)

    async def publish(subject: str, body: bytes, message_id: str) -> None: ...

    def say(subject: str, body: bytes) -> None: ...

    monkeypatch.setattr(wiring, "Dispatcher", Recording)
    hospital = SimpleNamespace(call_timeout_s=5.0)
    outside = Outside(hospital=hospital, channels={}, merchants=MerchantTable({}), keys=cast(Any, None))
    vault = Vault({1: bytes(32)}, bytes(32))
    built = Business(Database(cast(Any, None)), outside, vault, ShiftedClock(), publish, say)
    assert built.dispatcher.handled == ways.keys()
    return ways


def test_everything_that_is_declared_is_handled(handled: dict[str, str]) -> None:
    assert handled.keys() == {spec.path for spec in SPECS}


def test_what_declares_a_change_is_idempotent(handled: dict[str, str]) -> None:
    """``changes`` handlers are given the transaction that holds their key; no other handler checks for one."""
    assert {path for path, way in handled.items() if way == "changes"} == {spec.path for spec in SPECS if spec.changes}


# ---- what each account may say and hear

callers = pytest.mark.parametrize("caller", list(Caller), ids=lambda caller: caller.value)


def matches(pattern: str, subject: str) -> bool:
    """As NATS matches: ``*`` is one token, ``>`` all that follow, at least one."""
    wanted, has = pattern.split("."), subject.split(".")
    for place, token in enumerate(wanted):
        if token == ">":
            return len(has) > place
        if place >= len(has) or token not in ("*", has[place]):
            return False
    return len(wanted) == len(has)


def may(allowed: tuple[str, ...], subject: str) -> bool:
    return any(matches(pattern, subject) for pattern in allowed)


@callers
def test_an_account_may_call_its_operations_and_no_other(caller: Caller) -> None:
    account = interface_permissions(caller)
    assert account.account == caller.value
    assert set(account.publish) == {f"op.{caller.value}.{spec.path}" for spec in SPECS if caller in spec.callers}
    assert not any("*" in subject or ">" in subject for subject in account.publish)


@callers
def test_an_account_hears_its_own_replies_and_no_others(caller: Caller) -> None:
    account = interface_permissions(caller)
    inboxes = [each for each in (other.value for other in Caller) if may(account.subscribe, f"_INBOX.{each}.a.b")]
    assert inboxes == [caller.value]
    assert not may(account.subscribe, f"_INBOX.{BUSINESS}.a.b")
    assert not any(may(account.subscribe, spec.subject(other.value)) for spec in SPECS for other in Caller)


@callers
def test_an_account_neither_makes_events_nor_administers_the_stream(caller: Caller) -> None:
    account = interface_permissions(caller)
    for subject in ("event.terminal.T1.CardLaid", "business.x", "$JS.API.STREAM.DELETE.EVENTS", "_INBOX.kiosk.a"):
        assert not may(account.publish, subject)


@pytest.mark.parametrize(
    ("caller", "hears"),
    [(Caller.KIOSK, True), (Caller.TERMINAL, True), (Caller.STAFF, False), (Caller.HOSPITAL, False)],
)
def test_only_who_needs_them_hears_the_pushes_of_terminals(caller: Caller, hears: bool) -> None:
    assert may(interface_permissions(caller).subscribe, "event.terminal.T1.CardLaid") is hears


def test_business_answers_everybody_and_asks_nobody() -> None:
    account = business_permissions()
    for spec in SPECS:
        for caller in spec.callers:
            assert may(account.subscribe, spec.subject(caller.value))
            assert not may(account.publish, spec.subject(caller.value))
    assert all(may(account.publish, f"_INBOX.{caller.value}.a.b") for caller in Caller)
    assert may(account.publish, "event.terminal.T1.CardLaid")


def test_there_is_one_account_for_each_interface() -> None:
    names = [account.account for account in every_account()]
    vouching = ["hospital-tls", "institution-tls"]
    assert sorted(names) == sorted([BUSINESS, *(caller.value for caller in Caller), *vouching])


def test_an_account_within_tls_may_what_its_caller_may_and_hears_nothing_of_it() -> None:
    plain = interface_permissions(Caller.INSTITUTION)
    within = interface_permissions(Caller.INSTITUTION, vouching(Caller.INSTITUTION))
    asks = {subject.removeprefix("op.institution-tls.") for subject in within.publish}
    assert asks == {subject.removeprefix("op.institution.") for subject in plain.publish}
    assert not set(within.publish) & set(plain.publish)
    assert within.subscribe == ("_INBOX.institution-tls.>",)
    assert [called_by(each.account) for each in (plain, within)] == [
        (Caller.INSTITUTION, False),
        (Caller.INSTITUTION, True),
    ]


@pytest.mark.parametrize(
    ("pattern", "subject", "does"),
    [("a.>", "a.b.c", True), ("a.>", "a", False), ("a.*", "a.b", True), ("a.*", "a.b.c", False), ("a", "a.b", False)],
)
def test_subjects_match_as_on_the_bus(pattern: str, subject: str, does: bool) -> None:
    assert may(Permissions("x", (pattern,), ()).publish, subject) is does


# ---- what two people decide


def test_what_two_people_decide_is_asked_by_persons() -> None:
    """Whoever can be refused as the second one has proved who he is; but for the letter, which anybody may compare."""
    two = {spec.name for spec in SPECS if SecondPersonNeeded in spec.errors}
    assert two == {
        *("LoadKeyComponent", "ConfirmKey", "ConfirmImport", "ConfirmMerge", "ConfirmStaffCard"),
        *("SettleByHand", "SettleNotice", "BookSuspense", "SettleTakenDifference"),
    }
    by_person = [spec for spec in SPECS if spec.by_person]
    assert {spec.name for spec in by_person} == two - {"ConfirmKey"} | {"ProposeImport", "EnrolStaffCard"}
    assert all(spec.callers == {Caller.STAFF} and PersonUnproven in spec.errors for spec in by_person)
