"""``yinyi ask``: staff's way to the bus of this machine, until there is a console."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from yinyi.app.embedded.folder import free_port
from yinyi.app.embedded.nats import EmbeddedNats
from yinyi.app.nats_config import account_names, nats_config
from yinyi.app.operations import declared_operations
from yinyi.app.secret_files import secret
from yinyi.bus.envelope import Failure, ReplyEnvelope, RequestEnvelope
from yinyi.bus.transport import connect
from yinyi.business.payments.messages_queue import Attention

PATIENCE_S = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder with a bus that runs, as `yinyi up` makes it."""
    assert declared_operations()
    passwords = {account: secret(tmp_path / "secrets", f"nats-{account}") for account in account_names()}
    port = free_port()
    config = nats_config(passwords, tmp_path / "nats" / "store", port)
    with EmbeddedNats(tmp_path / "nats", config, port):
        yield tmp_path


def ask(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error; a business process answers meanwhile."""

    async def story() -> tuple[int, str, str]:
        port = (folder / "nats/nats.conf").read_text("utf-8").split("port: ")[1].split("\n")[0]
        business = await connect(f"nats://127.0.0.1:{port}", "business", secret(folder / "secrets", "nats-business"))
        await business.serve(answer)
        try:
            return await run(folder, *words)
        finally:
            await business.close()

    return asyncio.run(story())


async def answer(subject: str, data: bytes) -> bytes:
    asked = msgspec.json.decode(data, type=RequestEnvelope)
    if subject == "op.console.payments.ListAttention.v1":
        body = msgspec.json.encode(Attention(items=[]))
        return msgspec.json.encode(ReplyEnvelope(correlation_id=asked.correlation_id, body=msgspec.Raw(body)))
    failure = Failure(code="PaymentUnknown", detail=msgspec.json.decode(asked.body)["payment_no"])
    return msgspec.json.encode(ReplyEnvelope(correlation_id=asked.correlation_id, failure=failure))


async def run(folder: Path, *words: str) -> tuple[int, str, str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "yinyi.app", "ask", *words),
        env={**inherited, "YINYI_DATA_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def test_the_reply_is_json(folder: Path) -> None:
    code, out, err = ask(folder, "ListAttention")
    assert (code, msgspec.json.decode(out), err) == (0, {"items": [], "unreadable": []}, "")


def test_an_error_is_one_sentence(folder: Path) -> None:
    code, out, err = ask(folder, "AskAgain", '{"payment_no": "2611231505"}')
    assert (code, out) == (1, "")
    assert err == "PaymentUnknown: There is no payment with this number. 2611231505\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["RegisterToday"],
            "Staff cannot ask RegisterToday; they can ask AddClientCertificate, AddInstitution, AddTerminal, ",
        ),
        (["AskAgain", "{}"], "The fields of AskAgain cannot be understood: "),
        (["AskAgain", "payment"], "The fields of AskAgain cannot be understood: "),
        (["ListAttention"], "No Yinyi was started on "),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, words: list[str], said: str) -> None:
    code, out, err = asyncio.run(run(tmp_path, *words))
    assert (code, out) == (1, "")
    assert err.startswith(said)
    assert err.count("\n") == 1
