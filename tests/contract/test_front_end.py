"""An interface on the front-end machine: a process with one password of the bus, and nothing else of the hospital's."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import msgspec
from bus_stage import Bus, password_of

from yinyi.app.embedded.folder import free_port
from yinyi.bus.envelope import ReplyEnvelope, RequestEnvelope
from yinyi.bus.operation import Caller
from yinyi.bus.permissions import BUSINESS
from yinyi.business.terminals.messages_offers import Closures
from yinyi.kernel.ready import READY_FD, READY_LINE

YINYI = Path(sys.executable).parent / "yinyi"
SIGNED = {
    "content-type": "application/json",
    "x-yinyi-institution": "his",
    "x-yinyi-timestamp": "1764000000",
    "x-yinyi-nonce": "0123456789abcdef",
    "x-yinyi-signature": "0" * 64,
}


async def started(folder: Path, bus: Bus, port: int) -> asyncio.subprocess.Process:
    """Returns when it says that it is ready, or that it never will be."""
    ready, said = os.pipe()
    environment = {
        "PATH": os.environ["PATH"],
        "YINYI_DATA_DIR": str(folder),
        "YINYI_NATS_URL": bus.url,
        "YINYI_HTTP_PORT": str(port),
        READY_FD: str(said),
    }
    process = await asyncio.create_subprocess_exec(YINYI, "interface", "rest", env=environment, pass_fds=[said])
    os.close(said)
    with os.fdopen(ready, encoding="utf-8") as pipe:
        assert (await asyncio.to_thread(pipe.readline)).strip() == READY_LINE
    return process


def test_rest_needs_nothing_but_the_password_of_its_account(bus: Bus, tmp_path: Path) -> None:
    folder, account = tmp_path / "front", Caller.HOSPITAL.value
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    (folder / "secrets" / f"nats-{account}").write_text(password_of(account))
    asked: list[tuple[str, str]] = []

    async def answer(subject: str, data: bytes) -> bytes:
        envelope = msgspec.json.decode(data, type=RequestEnvelope)
        signed = envelope.credentials.signed
        asked.append((subject, signed.signature if signed else ""))
        body = msgspec.Raw(msgspec.json.encode(Closures(closures=[])))
        return msgspec.json.encode(ReplyEnvelope(correlation_id=envelope.correlation_id, body=body))

    async def story() -> None:
        inside = await bus.join(BUSINESS)
        await inside.serve(answer)
        process = await started(folder, bus, port := free_port())
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
                told = await http.post("/api/v1/ListClosures", content=b"{}", headers=SIGNED)
                assert (told.status_code, told.json()) == (200, {"closures": []})
                refused = await http.post("/api/v1/ListClosures", content=b"{}")
                assert refused.status_code in (401, 415)
        finally:
            process.terminate()
            await process.wait()
        assert asked == [("op.hospital.terminals.ListClosures.v1", SIGNED["x-yinyi-signature"])]
        assert {each.name for each in (folder / "secrets").iterdir()} == {f"nats-{account}"}, "it makes no others"

    bus.play(story)
