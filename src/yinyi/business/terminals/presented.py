"""What lies on a terminal's reader and what was scanned: sealed, for minutes only, and for this terminal only."""

import base64
from datetime import datetime, timedelta

from yinyi.bus.database import Database, Tx
from yinyi.business.terminals import line_store as store
from yinyi.business.terminals import maintenance_store
from yinyi.business.terminals.directory import Directory
from yinyi.kernel.asking import cannot_come_again
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault

CARD_KEPT_FOR = timedelta(minutes=3)
CODE_KEPT_FOR = timedelta(minutes=1)


def staff_card_index(vault: Vault, hospital_id: int, serial: str) -> bytes:
    """A keyed digest of a card's number: what is kept of it."""
    return vault.index(f"{hospital_id}:{serial}", "staff_card.number")


class Presented:
    """Keeps it, shows it to who identifies people, and forgets it."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, directory: Directory) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._vault = vault

    async def card_on_reader(self, tx: Tx, hospital_id: int, terminal_id: str) -> bytes | None:
        """The 256 bytes as read. None: the reader is empty, or it was read too long ago and has to be laid again."""
        since = self._clock.now() - CARD_KEPT_FOR
        sealed = await store.presented(tx, hospital_id, terminal_id, "card", since)
        if sealed is None:
            return None
        return base64.b64decode(self._vault.open(sealed, _context("card", hospital_id, terminal_id)))

    async def takes(self, tx: Tx, hospital_id: int, kind: str, number: str, now: datetime) -> bool:
        """Whether a document of this kind and number is one of this hospital's media."""
        return kind in (await self._directory.media(tx, hospital_id, now)).kinds("reader", number)

    async def scanned_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int = 0) -> str | None:
        """The text of the latest code, if it was scanned within the last minute and after this version. It stays."""
        since = self._clock.now() - CODE_KEPT_FOR
        sealed = await store.presented(tx, hospital_id, terminal_id, "code", since, after)
        return None if sealed is None else self._vault.open(sealed, _context("code", hospital_id, terminal_id))

    async def take_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int) -> str | None:
        """The same, if it was scanned after this version of what the scanner read. Nothing of it is kept: whoever takes
        it is the only one who has it."""
        cannot_come_again()
        since = self._clock.now() - CODE_KEPT_FOR
        sealed = await store.take_code(tx, hospital_id, terminal_id, since, after)
        return None if sealed is None else self._vault.open(sealed, _context("code", hospital_id, terminal_id))

    async def is_new(self, tx: Tx, hospital_id: int, terminal_id: str, code: str, used_for: str, now: datetime) -> bool:
        """False: this code was used for that here before. A scanner may read one code several times, each time as a
        scan of its own. Kept for a day, as a keyed digest."""
        cannot_come_again()
        event_id = self._vault.index(code, f"{_context('code', hospital_id, terminal_id)}:{used_for}").hex()
        return await store.take_event(tx, hospital_id, terminal_id, event_id, now)

    async def keep_card(self, tx: Tx, hospital_id: int, terminal_id: str, block: bytes, now: datetime) -> int:
        """The version after it."""
        sealed = self._vault.seal(base64.b64encode(block).decode(), _context("card", hospital_id, terminal_id))
        return await store.present(tx, hospital_id, terminal_id, "card", sealed, now)

    async def keep_other(self, tx: Tx, hospital_id: int, terminal_id: str, serial: str, now: datetime) -> int:
        """A card that is no document: nothing of it is kept but whether it is one of the staff's. The version after
        it."""
        number = staff_card_index(self._vault, hospital_id, serial)
        card_id = await maintenance_store.valid(tx, hospital_id, number, terminal_id)
        return await store.present_other(tx, hospital_id, terminal_id, card_id, now)

    async def keep_code(self, tx: Tx, hospital_id: int, terminal_id: str, text: str, now: datetime) -> int:
        """The version after it."""
        sealed = self._vault.seal(text, _context("code", hospital_id, terminal_id))
        return await store.present(tx, hospital_id, terminal_id, "code", sealed, now)

    async def wipe(self, tx: Tx, hospital_id: int, terminal_id: str) -> None:
        """The session ended: forget what was read. That a card still lies there is still known."""
        await store.wipe(tx, hospital_id, terminal_id)

    async def wipe_old(self, now: datetime) -> None:
        """Forget everything that was read too long ago, in all hospitals."""
        async with self._database.read() as tx:
            await store.wipe_old(tx, "card", now - CARD_KEPT_FOR)
            await store.wipe_old(tx, "code", now - CODE_KEPT_FOR)


def _context(kind: str, hospital_id: int, terminal_id: str) -> str:
    return f"presented.{kind}:{hospital_id}:{terminal_id}"
