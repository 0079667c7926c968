"""The operations about codes that scanners have read."""

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.terminals import code_store as store
from yinyi.business.terminals.codes import CODE_KINDS, USUAL, CodeKind, CodeRule, kinds_of
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.messages_codes import (
    ClassifyCode,
    CodeRules,
    CodeRulesView,
    CodeRuleView,
    KindsOfCode,
    ListCodeRules,
    ReadHospitalNumber,
    ScannedNumber,
    SetCodeRules,
)
from yinyi.business.terminals.presented import Presented
from yinyi.kernel.errors import InvalidField


class CodeDesk:
    """Tells kinds, and of codes only hospital numbers."""

    def __init__(self, directory: Directory, presented: Presented) -> None:
        self._directory = directory
        self._presented = presented

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ClassifyCode, self.classify)
        dispatcher.reads(ReadHospitalNumber, self.number)
        dispatcher.reads(ListCodeRules, self._list)
        dispatcher.changes(SetCodeRules, Change(make=self._set, show=self._show))

    async def classify(self, tx: Tx, call: Call, message: ClassifyCode) -> KindsOfCode:
        at = call.hospital_id, call.principal.terminal_id
        text = await self._presented.scanned_code(tx, *at, message.after)
        if text is None:
            return KindsOfCode(scanned=False)
        rules = await self._directory.codes(tx, call.hospital_id, call.now)
        return KindsOfCode(scanned=True, kinds=kinds_of(text.strip(), rules))

    async def number(self, tx: Tx, call: Call, message: ReadHospitalNumber) -> ScannedNumber:
        """No other code is told to a page."""
        at = call.hospital_id, call.principal.terminal_id
        text = (await self._presented.scanned_code(tx, *at, message.after) or "").strip()
        rules = await self._directory.codes(tx, call.hospital_id, call.now)
        return ScannedNumber(number=text if "hospital_number" in kinds_of(text, rules) else "")

    async def _set(self, tx: Tx, call: Call, message: SetCodeRules, _: None) -> str:
        for each in message.rules:
            if each.least > each.most:
                raise InvalidField("least: more than most")
        if message.usual:
            await store.forget(tx, call.hospital_id, message.kind)
        else:
            rules = [_rule(message.kind, each) for each in message.rules]
            await store.keep(tx, call.hospital_id, message.kind, rules)
        return message.kind

    async def _list(self, tx: Tx, call: Call, message: ListCodeRules) -> CodeRules:
        return await self._show(tx, call, "")

    async def _show(self, tx: Tx, call: Call, _: str) -> CodeRules:
        self._directory.forget()
        own = await store.own(tx, call.hospital_id)
        usual = {kind: [rule for rule in USUAL if rule.kind == kind] for kind in CODE_KINDS}
        return CodeRules(
            kinds=[
                CodeRulesView(kind=kind, own=kind in own, rules=[_view(rule) for rule in own.get(kind, usual[kind])])
                for kind in CODE_KINDS
            ]
        )


def _rule(kind: CodeKind, view: CodeRuleView) -> CodeRule:
    return msgspec.convert({**msgspec.structs.asdict(view), "kind": kind}, CodeRule)


def _view(rule: CodeRule) -> CodeRuleView:
    said = {name: value for name, value in msgspec.structs.asdict(rule).items() if name != "kind"}
    return msgspec.convert(said, CodeRuleView)
