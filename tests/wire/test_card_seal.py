"""A card sealed on its way: it opens in its place and nowhere else, and shows nothing on the way."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from yinyi.wire.card_seal import CardRead, Place, seal_card, unseal_card
from yinyi.wire.key_entry import seal
from yinyi.wire.terminal_line import SEALED_LIMIT

PLACE = Place("K03", "request-1", "bank/898999900000001/80000001")
KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
CARD = CardRead(
    pan="6299910000000010019",
    entry_mode="chip",
    sequence_no="001",
    expiry="9912",
    chip_data=bytes(range(255)),
    pin_block=b"PINBLOCK",
    pin_key_check=bytes(4),
)


def test_it_opens_in_its_place() -> None:
    assert unseal_card(KEY, PLACE, seal_card(PUBLIC, PLACE, CARD)) == CARD
    assert repr(CARD) == "CardRead(chip)"


@pytest.mark.parametrize(
    "place",
    [Place("K04", PLACE.request_id, PLACE.slot), Place("K03", "request-2", PLACE.slot), Place("K03", "request-1", "")],
)
def test_it_does_not_open_in_another(place: Place) -> None:
    sealed = seal_card(PUBLIC, PLACE, CARD)
    with pytest.raises(ValueError, match="does not open"):
        unseal_card(KEY, place, sealed)
    with pytest.raises(ValueError, match="does not open"):
        unseal_card(X25519PrivateKey.generate(), PLACE, sealed)


def test_nothing_can_be_told_from_outside() -> None:
    least = CardRead(pan="629991000001", entry_mode="contactless")
    lengths = {len(seal_card(PUBLIC, PLACE, card)) for card in (CARD, least)}
    assert len(lengths) == 1
    assert lengths.pop() <= SEALED_LIMIT
    assert seal_card(PUBLIC, PLACE, CARD) != seal_card(PUBLIC, PLACE, CARD)


@pytest.mark.parametrize(
    "change",
    [
        {"pan": "62999100000"},
        {"pan": "62999100000000100190"},
        {"pan": "6299910000000010019\n"},
        {"pan": "６２９９９１０００００１"},
        {"sequence_no": "1\n"},
        {"sequence_no": "0001"},
        {"expiry": "991"},
        {"expiry": "99-1"},
        {"pin_block": base64.b64encode(bytes(9)).decode()},
        {"chip_data": base64.b64encode(bytes(256)).decode()},
        {"entry_mode": "stored"},
        {"pin": "123456"},
    ],
)
def test_what_is_no_card_is_refused_and_not_repeated(change: dict[str, str]) -> None:
    told = {"pan": CARD.pan, "entry_mode": "chip", **change}
    sealed = seal(PUBLIC, PLACE.context, json.dumps(told).encode())
    with pytest.raises(ValueError, match="no card") as refused:
        unseal_card(KEY, PLACE, sealed)
    assert refused.value.__cause__ is None
    assert "629991" not in str(refused.value)
