"""``yinyi keys``: what it asks for, what it shows, and that a component is never seen on its way."""

import getpass
from datetime import UTC, datetime
from typing import Any

import pytest
from command_desk import Desk
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from yinyi.app.cli import application
from yinyi.app.commands import keys
from yinyi.app.errors import CannotStart
from yinyi.app.person import NOBODY, Person
from yinyi.business.lines.errors import KeyRefused
from yinyi.business.lines.messages import (
    ComponentView,
    ConfirmKey,
    DiscardKeyComponents,
    KeyInventory,
    KeyLoading,
    KeyRotation,
    KeyStatus,
    KeyView,
    LoadKeyComponent,
    RotateKeys,
    SlotKeys,
)
from yinyi.wire.key_entry import context_of, unseal

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SLOT = {"acquirer": "bank", "merchant_no": "104110070110001", "terminal_no": "00000001"}
WORDS = ("--acquirer", "bank", "--merchant", "104110070110001", "--terminal", "00000001")
HIS = ("--staff", "3021")
COMPONENT = "6B1D0F3A5C7E9B2D4F61830C2E5A7D94"
ENTRY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
TMK = KeyView(
    purpose="tmk",
    check_value="08D7B4FB",
    master_key_id="1-5f0c11a9",
    loaded_at=AT,
    loaded_by="operator",
    first_by="3021",
    second_by="3022",
)
HALF = ComponentView(part=1, check_value="12345678", entered_by="operator", entered_at=AT, expires_at=AT)


def inventory(**more: Any) -> KeyInventory:
    fields: dict[str, Any] = {"slots": [], "more": False, "waiting": [], "master_key_id": "1-5f0c11a9"}
    fields |= {"in_use": ["1-5f0c11a9"], "not_opening": [], "entry_key": ENTRY.public_key().public_bytes_raw()}
    return KeyInventory(**fields | more)


def said(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(application("keys"), ["keys", *words], input=typed)


def test_a_component_leaves_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    view = KeyLoading(**SLOT, components=[HALF], combined="08D7B4FB")
    desk = Desk(monkeypatch, keys, inventory(), view)
    spaced = " ".join(COMPONENT.lower()[at : at + 4] for at in range(0, 32, 4))
    done = said("load", *WORDS, "--part", "2", *HIS, "--as", "supervisor", typed=f"271828\n{spaced}\n12345678\n")
    assert done.exit_code == 0, done.output
    load = desk.asked[1]
    assert isinstance(load, LoadKeyComponent)
    assert (load.part, load.check_value, desk.names) == (2, "12345678", ["supervisor", "supervisor"])
    assert desk.people == [NOBODY, Person("3021", "271828")]
    assert "271828" not in done.output
    context = context_of("bank/104110070110001/00000001", 2)
    assert unseal(ENTRY, context, load.entry).hex().upper() == COMPONENT
    assert COMPONENT.lower() not in f"{load!r} {done.output}".lower()
    assert done.stdout.splitlines() == [
        "slot         bank/104110070110001/00000001",
        "component 1  12345678, entered by operator, waits until 2026-03-02 09:00",
        "together     08D7B4FB: is it what the bank's letter says? Then: yinyi keys confirm",
        "TMK          none",
    ]


@pytest.mark.parametrize("typed", ["", COMPONENT[:-1], COMPONENT + "0", COMPONENT[:-1] + "G"])
def test_a_mistyped_component_is_not_repeated(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    desk = Desk(monkeypatch, keys, inventory())
    done = said("load", *WORDS, "--part", "1", *HIS, typed=f"271828\n{typed}\n12345678\n")
    assert isinstance(done.exception, CannotStart)
    assert str(done.exception) == f"That is not 32 hexadecimal digits; {len(typed)} characters were read."
    assert len(desk.asked) == 1


def test_on_a_terminal_it_is_asked_for_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, keys, inventory(), KeyLoading(**SLOT, components=[HALF]))
    asked: list[str] = []

    def hidden(question: str) -> str:
        asked.append(question)
        return "271828" if question.startswith("PIN") else COMPONENT

    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self, most: int) -> str:
            return "12345678\n"

    monkeypatch.setattr(getpass, "getpass", hidden)
    monkeypatch.setattr(keys.sys, "stdin", Terminal())
    keys.command(keys.Action.LOAD, "bank", "104110070110001", "00000001", 1, "3021", "operator")
    assert asked == ["PIN of 3021: ", "Component 1 of bank/104110070110001/00000001: "]
    assert isinstance(desk.asked[1], LoadKeyComponent)


def test_the_letter_confirms(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, keys, KeyLoading(**SLOT, components=[], loaded="08D7B4FB"))
    done = said("confirm", *WORDS, typed="08d7 b4fb\n")
    assert desk.asked == [ConfirmKey(**SLOT, check_value="08D7B4FB")]
    assert done.stdout.splitlines()[-1] == "TMK          08D7B4FB"


def test_what_is_refused_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(monkeypatch, keys, KeyRefused("its check value is another one"))
    done = said("confirm", *WORDS, typed="08D7B4FB\n")
    sentence = "This key does not agree with its check value, or cannot be a key. Nothing was loaded."
    assert str(done.exception) == f"KeyRefused: {sentence} its check value is another one"


def test_discard(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, gone = KeyLoading(**SLOT, components=[HALF]), KeyLoading(**SLOT, components=[])
    other = KeyLoading(**SLOT | {"terminal_no": "00000002"}, components=[HALF])
    for before, told in (
        ([other, waiting], "1 of its components discarded."),
        ([other], "No component of it was waiting: nothing to discard."),
    ):
        desk = Desk(monkeypatch, keys, inventory(waiting=before), gone)
        assert said("discard", *WORDS).stdout.splitlines()[-1] == told
        assert desk.asked == [KeyStatus(**SLOT), DiscardKeyComponents(**SLOT)]


def test_status_goes_through_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = SlotKeys(**SLOT, keys=[TMK]), SlotKeys(**SLOT | {"terminal_no": "00000002"}, keys=[TMK])
    waiting = KeyLoading(**SLOT, components=[HALF])
    gone = {"in_use": ["1-5f0c11a9", "2-aa"], "not_opening": ["2-aa"]}
    desk = Desk(
        monkeypatch, keys, inventory(slots=[first], more=True, waiting=[waiting], **gone), inventory(slots=[second])
    )
    done = said("status")
    after = {"after_acquirer": "bank", "after_merchant_no": "104110070110001", "after_terminal_no": "00000001"}
    assert desk.asked == [KeyStatus(), KeyStatus(**after)]
    by = "loaded by 3021 + 3022, confirmed by operator, under 1-5f0c11a9"
    key = f"  TMK  check value 08D7B4FB  2026-03-02 09:00  {by}"
    waits = "  no keys of the day: the bank brings them when the session signs on"
    assert [line for line in done.stdout.splitlines() if line] == [
        "master key   1-5f0c11a9 is here; in use: 1-5f0c11a9, 2-aa",
        "             2-aa is NOT HERE, or another one: what is under it cannot be used",
        "slot         bank/104110070110001/00000001",
        "component 1  12345678, entered by operator, waits until 2026-03-02 09:00",
        "TMK          none",
        *("bank/104110070110001/00000001", key, waits, "bank/104110070110001/00000002", key, waits),
    ]


def test_a_rotation_is_asked_for_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    still, over = (
        KeyRotation(master_key_id="2-b", in_use=["1-a", "2-b"]),
        KeyRotation(master_key_id="2-b", in_use=["2-b"]),
    )
    desk = Desk(monkeypatch, keys, still, over)
    done = said("rotate")
    assert desk.asked == [RotateKeys(), RotateKeys()]
    assert done.stdout.splitlines()[:2] == [
        "Still in use: 1-a, 2-b; it goes on.",
        "Everything is under 2-b: put it into the safe now.",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("load",), "Whose key?"),
        (("confirm", *WORDS[:4]), "Whose key?"),
        (("load", *WORDS), "Which component?"),
        (("load", *WORDS, "--part", "3"), "Which component?"),
        (("load", *WORDS, "--part", "1"), "Who are you?"),
    ],
)
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str) -> None:
    Desk(monkeypatch, keys)
    done = said(*words)
    assert isinstance(done.exception, CannotStart)
    assert str(done.exception).startswith(sentence)


@pytest.mark.parametrize("typed", ["", "12345", "1234567890123", "27182x"])
def test_a_mistyped_pin_is_not_repeated(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    desk = Desk(monkeypatch, keys, inventory())
    done = said("load", *WORDS, "--part", "1", *HIS, typed=f"{typed}\n{COMPONENT}\n12345678\n")
    assert str(done.exception) == "A PIN is 6 to 12 digits."
    assert desk.asked == []
