"""The operations about what people hold against terminals."""

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.terminals import media_store as store
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.media import MEDIUM_KINDS, Media, MediumKind, MediumRule, read_by
from yinyi.business.terminals.messages_media import (
    ClassifyCode,
    KindsOfCode,
    ListMedia,
    MediaTable,
    MediumRuleView,
    MediumView,
    ReadHospitalNumber,
    ScannedNumber,
    SetMedium,
)
from yinyi.business.terminals.presented import Presented
from yinyi.kernel.errors import InvalidField


class MediaDesk:
    """Tells kinds, and of codes only hospital numbers."""

    def __init__(self, directory: Directory, presented: Presented) -> None:
        self._directory = directory
        self._presented = presented

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ClassifyCode, self.classify)
        dispatcher.reads(ReadHospitalNumber, self.number)
        dispatcher.reads(ListMedia, self._list)
        dispatcher.changes(SetMedium, Change(make=self._set, show=self._show))

    async def classify(self, tx: Tx, call: Call, message: ClassifyCode) -> KindsOfCode:
        at = call.hospital_id, call.principal.terminal_id
        text = await self._presented.scanned_code(tx, *at, message.after)
        if text is None:
            return KindsOfCode(scanned=False)
        media = await self._directory.media(tx, call.hospital_id, call.now)
        return KindsOfCode(scanned=True, kinds=media.codes(text.strip()))

    async def number(self, tx: Tx, call: Call, message: ReadHospitalNumber) -> ScannedNumber:
        """No other code is told to a page."""
        at = call.hospital_id, call.principal.terminal_id
        text = (await self._presented.scanned_code(tx, *at, message.after) or "").strip()
        media = await self._directory.media(tx, call.hospital_id, call.now)
        return ScannedNumber(number=text if "hospital_number" in media.codes(text) else "")

    async def _set(self, tx: Tx, call: Call, message: SetMedium, _: None) -> str:
        rules = [_rule(message.kind, each) for each in message.rules]
        own = await store.own(tx, call.hospital_id)
        own.pop(message.kind, None)
        if not message.usual:
            own[message.kind] = rules
        _check(message.kind, self._directory.table(own))
        if message.usual:
            await store.forget(tx, call.hospital_id, message.kind)
        else:
            await store.keep(tx, call.hospital_id, message.kind, rules)
        return message.kind

    async def _list(self, tx: Tx, call: Call, message: ListMedia) -> MediaTable:
        return await self._show(tx, call, "")

    async def _show(self, tx: Tx, call: Call, _: str) -> MediaTable:
        self._directory.forget()
        media = await self._directory.media(tx, call.hospital_id, call.now)
        return MediaTable(
            media=[
                MediumView(
                    kind=kind,
                    read_by=read_by(kind),
                    own=kind in media.own,
                    rules=[_view(rule) for rule in media.rules(kind)],
                )
                for kind in MEDIUM_KINDS
            ]
        )


def _check(kind: MediumKind, media: Media) -> None:
    """
    Raises:
        InvalidField: no number is so long; or nobody could say whose card it is that begins so.
    """
    if any(rule.least > rule.most for rule in media.rules(kind)):
        raise InvalidField("least: more than most")
    if read_by(kind) != "card_terminal":
        return
    others = {
        each for other in MEDIUM_KINDS if other != kind and read_by(other) == read_by(kind)
        for each in media.prefixes(other)
    }  # fmt: skip
    if any(not rule.prefixes for rule in media.rules(kind)):
        raise InvalidField("prefixes: a card is known by how it begins")
    if both := sorted(others.intersection(media.prefixes(kind))):
        raise InvalidField(f"prefixes: cards of another kind begin with {', '.join(both)}")


def _rule(kind: MediumKind, view: MediumRuleView) -> MediumRule:
    return msgspec.convert({**msgspec.structs.asdict(view), "kind": kind}, MediumRule)


def _view(rule: MediumRule) -> MediumRuleView:
    said = {name: value for name, value in msgspec.structs.asdict(rule).items() if name != "kind"}
    return msgspec.convert(said, MediumRuleView)
