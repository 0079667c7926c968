"""Cards paid with in every way that goes wrong, and what of them might be left somewhere."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from card_hands import POOR, RICH, CardHands
from kiosk_client import KioskClient, patients
from real_platform import RealPlatform, until
from yinyi.devices.credential import Credential
from yinyi.wire.iso8583.des import decrypt_ecb, xor
from yinyi.wire.iso8583.pin import encrypt_pin_block, pin_block
from yinyi_sandbox.bank.credentials import KeyLetter, keys_file

WRONG_PIN = "739105826417"
"""As long as a PIN can be: nothing else looks like it."""
CLINIC = "0101"
_PIN_KEY = "SELECT acquirer, merchant_no, terminal_no, pin_key FROM line_session WHERE pin_key IS NOT NULL"


def play(house: RealPlatform) -> Iterator[str]:
    """A wrong PIN, a bank that refuses, one that talks rubbish, a broken line, a stripe, a card that pays; then frames
    that are none, and an address that is none. What the pages and doors said."""
    hands, client = CardHands(house), KioskClient(house)
    client.identify(*patients(house)[0])
    payment_no = client.hold(CLINIC)
    client.show_code(payment_no)
    yield _page(_pays(client, hands, payment_no, RICH.pan, WRONG_PIN))
    yield _page(_pays(client, hands, payment_no, "", RICH.pin, fault={"behaviour": "code", "code": "51"}))
    for fault in ("garbage", "torn"):
        yield _page(_pays(client, hands, payment_no, "", RICH.pin, fault={"behaviour": fault}))
    hands.take()
    yield _page(_pays(client, hands, payment_no, POOR.pan, POOR.pin, entry_mode="stripe"))
    hands.take()
    yield _page(_pays(client, hands, payment_no, RICH.pan, RICH.pin))
    assert client.at == f"/done/{payment_no}", client.heading
    hands.take()
    client.get(f"/pay/{RICH.pan}")
    client.close()
    yield from _bad_frames(house)
    yield house.control.post("/card_terminal/bring", json={"pan": f"{RICH.pan}x"}).text


def secrets(house: RealPlatform, folder: Path) -> dict[str, bytes]:
    """What must be found nowhere: card numbers in text and in BCD, PINs and their blocks, clear and encrypted."""
    letters = msgspec.json.decode(keys_file(folder).read_bytes(), type=list[KeyLetter])
    found = {"wrong PIN": WRONG_PIN.encode()}
    for card in (RICH, POOR):
        found[f"PAN {card.holder}"] = card.pan.encode()
        found[f"BCD {card.holder}"] = bytes.fromhex(card.pan + "0" * (len(card.pan) % 2))
        found[f"BCD behind {card.holder}"] = bytes.fromhex("0" * (len(card.pan) % 2) + card.pan)
    for pin in (RICH.pin, WRONG_PIN):
        found[f"clear block {pin}"] = pin_block(pin, RICH.pan)
        for row in house.rows(_PIN_KEY):
            slot = "/".join((row["acquirer"], row["merchant_no"], row["terminal_no"]))
            letter = next((each for each in letters if _slot(each) == slot), None)
            if letter is not None:
                tmk = xor(*(bytes.fromhex(half.component) for half in letter.components))
                key = decrypt_ecb(tmk, row["pin_key"])
                found[f"block {pin} {slot}"] = encrypt_pin_block(key, pin, RICH.pan)
    assert any(name.startswith("block") for name in found), "some session has a PIN key"
    return found


def _slot(letter: KeyLetter) -> str:
    return f"{letter.acquirer}/{letter.merchant_no}/{letter.terminal_no}"


def _pays(
    client: KioskClient,
    hands: CardHands,
    payment_no: str,
    pan: str,
    pin: str,
    *,
    entry_mode: str = "chip",
    fault: dict[str, str] | None = None,
) -> httpx.Response:
    """pan: empty: the card is in the slot already. A stripe asks for no PIN. The page that says what became of it."""
    client.get(f"/pay/{payment_no}")
    client.send(client.form("/pay/"), to=f"/pay/{payment_no}/card")
    if fault is not None:
        hands.bank_fault("purchase", **fault)
    if pan:
        hands.until_asked()
        hands.bring(pan, entry_mode)
    if entry_mode != "stripe":
        hands.until_asked("pin")
        hands.type(pin)
    until(lambda: _has_ended(client, payment_no), "the page says what became of it")
    return client.page


def _has_ended(client: KioskClient, payment_no: str) -> bool:
    text = client.get(f"/pay/{payment_no}").text
    return client.at.startswith("/done/") or 'class="scr pay refused"' in text


def _page(page: httpx.Response) -> str:
    return page.text


def _bad_frames(house: RealPlatform) -> Iterator[str]:
    """Cards that come unsealed, as the first word and behind a hello; the agent's own line ends for a while."""
    token = msgspec.json.decode((house.folder / "devices" / "terminal.json").read_bytes(), type=Credential)
    hello: dict[str, Any] = {"type": "hello", "version": 1, "installation_id": "i", "agent_version": "1", "devices": []}
    told: dict[str, Any] = {
        "event_id": "e1",
        "device": "card_terminal",
        "at": "2026-11-23T01:30:00Z",
        "request_id": "r",
        "slot": "s",
    }
    read = {"type": "pay_card_read", **told, "pan": RICH.pan, "entry_mode": "chip", "pin_block": "QUJDREVGR0g="}
    frames = [{**hello, "terminal_token": token.terminal_token}, read]
    for begin in (frames, frames[1:], [{**read, "sealed": f"{RICH.pan};{RICH.pan}"}]):
        with connect(f"{house.base.replace('http', 'ws')}/terminal/line", proxy=None) as line:
            for frame in begin:
                line.send(msgspec.json.encode(frame).decode())
            with suppress(ConnectionClosed):
                while True:
                    yield str(line.recv(timeout=20))
