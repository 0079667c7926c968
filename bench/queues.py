"""The queues: how many operations a second by ActiveMQ, one that reads (a payment) and one that writes (a closure that
is planned). Beside them what the same broker does with a bare STOMP server behind it: one that asks the same operation
on the bus, made ready by whoever sends it, and sends back what it hears (``bare``); and one that sends back the message
itself, so that nothing is done at all (``echo``).

Each round measures them one after the other; a ratio is of the best round of each. The one that has a target is to
``bare``: what the queue adds to the operation is asked of the queue, while a literal echo looks into nothing, verifies
nothing, writes nothing and crosses to no other process, so that a share of it would say how long the operation takes.
``…_echo_ratio`` is shown beside it, to whoever wants to know that.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import uvloop

from bench.activemq import BARE, ECHO, activemq, bare_server, greeted
from bench.figures import Figures, Target, options, report
from bench.house import environment_of, house
from bench.http_load import Load
from bench.interfaces import AT_ONCE, Makes, forget_closures, kinds_of, new_institution
from bench.signed_load import Institution
from yinyi.app.secret_files import secret
from yinyi.bus.envelope import ReplyEnvelope
from yinyi.bus.operation import Caller, Operation, spec_of
from yinyi.wire import institution
from yinyi.wire.stomp import Frame, Frames, encoded

LEAST = 0.7
Letter = tuple[dict[str, str], bytes]
"""Headers and body."""
TARGETS = {
    **{f"queue_{kind}_ratio_at_{at_once}": Target(">=", LEAST) for kind in ("read", "write") for at_once in AT_ONCE},
    "errors": Target("==", 0),
}


async def measure(quick: bool) -> Figures:
    """Every figure of this file, by name."""
    counts, rounds = ({1: 150, 16: 400, 64: 600}, 1) if quick else ({1: 400, 16: 1500, 64: 2500}, 3)
    figures: dict[str, float] = {}
    errors = 0
    with activemq() as broker:
        async with house(YINYI_QUEUE_URL=f"stomp://platform:platform@127.0.0.1:{broker}") as it:
            bus_url = environment_of(it.pids()["business"])["YINYI_NATS_URL"]
            who = await new_institution(it)
            with bare_server(broker, bus_url, secret(it.folder / "secrets", "nats-hospital")):
                for kind, makes in (await kinds_of(it)).items():
                    for at_once in AT_ONCE:
                        best, failed = await _rounds(broker, who, makes, counts[at_once], at_once, rounds)
                        figures |= _told(kind, at_once, best)
                        errors += failed
                        await forget_closures(it)
    return {**figures, "errors": errors}


async def _rounds(
    broker: int, who: Institution, makes: Makes, count: int, at_once: int, rounds: int
) -> tuple[dict[str, Load], int]:
    """The best of each way, and how many were not answered well in all of them."""
    best: dict[str, Load] = {}
    errors = 0
    for turn in range(-1, rounds):  # one to get warm
        size = count if turn >= 0 else max(at_once, count // 5)
        letters = [_letter(who, makes, n, f"queue-{at_once}-{turn}-{n:06d}") for n in range(size)]
        bare = [_bare(who, makes(n), f"bare-{at_once}-{turn}-{n:06d}") for n in range(size)]
        found = {
            "echo": await _over_stomp(broker, ECHO, letters, at_once),
            "bare": await _over_stomp(broker, BARE, bare, at_once),
            "queue": await _over_stomp(broker, "/queue/yinyi.hospital", letters, at_once),
        }
        errors += sum(each.errors for each in found.values())
        if turn >= 0:
            best = {way: max(each, best.get(way, each), key=lambda one: one.per_second) for way, each in found.items()}
    return best, errors


def _bare(who: Institution, message: Operation[Any], key: str) -> Letter:
    subject = spec_of(type(message)).subject(Caller.HOSPITAL.value)
    return {"subject": subject}, who.on_the_bus(message, key)


def _letter(who: Institution, makes: Makes, number: int, key: str) -> Letter:
    message = makes(number)
    name, body = type(message).__name__, msgspec.json.encode(message)
    key = key if name == "PlanClosure" else ""
    stamp, nonce = institution.timestamp_of(who.clock.now()), secrets.token_hex(16)
    path = institution.path_in_queue(name, key)
    headers = {
        "YinyiOperation": name,
        "YinyiInstitution": who.institution_id,
        "YinyiTimestamp": stamp,
        "YinyiNonce": nonce,
        "YinyiSignature": institution.sign("HMAC-SHA256", who.hmac_secret, "SEND", path, stamp, nonce, body),
    }
    return headers | ({"YinyiKey": key} if key else {}), body


async def _over_stomp(port: int, queue: str, letters: Sequence[Letter], at_once: int) -> Load:
    """Each of so many lines sends the next one as soon as its last was answered."""
    found, numbers = Load(), iter(range(len(letters)))
    lines = [await greeted(port, "his", f"/queue/his.bench.{number}", 1) for number in range(at_once)]

    async def work(number: int) -> None:
        reader, writer = lines[number]
        frames = Frames(1 << 20)
        for each in numbers:
            headers, body = letters[each]
            told = {"destination": queue, "reply-to": f"/queue/his.bench.{number}", "correlation-id": str(each)}
            begun = time.perf_counter()
            writer.write(encoded("SEND", told | headers, body, length=False))
            while not (replies := frames.feed(await reader.read(65536))):
                pass
            found.latencies.append(time.perf_counter() - begun)
            reply = replies[0].headers
            found.errors += reply["correlation-id"] != str(each) or not _well(queue, replies[0])
            writer.write(encoded("ACK", {"id": reply["ack"]}))

    begun = time.perf_counter()
    await asyncio.gather(*map(work, range(at_once)))
    found.took_s = time.perf_counter() - begun
    for _, writer in lines:
        writer.close()
    return found


def _well(queue: str, reply: Frame) -> bool:
    if queue == BARE:
        return msgspec.json.decode(reply.body, type=ReplyEnvelope).failure is None
    return reply.headers.get("YinyiOutcome", "done") == "done"


def _told(kind: str, at_once: int, best: dict[str, Load]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for way, each in best.items():
        figures[f"{way}_{kind}_per_second_at_{at_once}"] = round(each.per_second)
        figures[f"{way}_{kind}_p99_ms_at_{at_once}"] = round(each.percentile_ms(0.99), 1)
    figures[f"queue_{kind}_ratio_at_{at_once}"] = round(best["queue"].per_second / best["bare"].per_second, 2)
    figures[f"queue_{kind}_echo_ratio_at_{at_once}"] = round(best["queue"].per_second / best["echo"].per_second, 2)
    return figures


if __name__ == "__main__":
    given = options(__doc__)
    sys.exit(report("queues", uvloop.run(measure(given.quick)), TARGETS, given.as_json))
