"""The queues: how many operations a second by ActiveMQ, beside a bare echo behind the same broker, which reads each
message and sends it back; one that reads (a payment) and one that writes (a closure that is planned).

Each round measures the echo and the queue one after the other; a ratio is of the best round of each.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Sequence

import msgspec
import uvloop

from bench.activemq import ECHO, activemq, echo, greeted
from bench.figures import Figures, Target, options, report
from bench.house import House, house
from bench.http_load import Load
from bench.interfaces import AT_ONCE, Makes, forget_closures, kinds_of, new_institution
from bench.signed_load import Institution
from yinyi.wire import institution
from yinyi.wire.stomp import Frames, encoded

LEAST = 0.7
TARGETS = {
    **{f"queue_{kind}_ratio_at_{at_once}": Target(">=", LEAST) for kind in ("read", "write") for at_once in AT_ONCE},
    "errors": Target("==", 0),
}


async def measure(quick: bool) -> Figures:
    """Every figure of this file, by name."""
    counts, rounds = ({1: 150, 16: 400, 64: 600}, 1) if quick else ({1: 400, 16: 1500, 64: 2500}, 3)
    figures: dict[str, float] = {}
    errors = 0
    with activemq() as broker, echo(broker):
        async with house(YINYI_QUEUE_URL=f"stomp://platform:platform@127.0.0.1:{broker}") as it:
            who = await new_institution(it)
            for kind, makes in (await kinds_of(it)).items():
                for at_once in AT_ONCE:
                    best, failed = await _rounds(it, broker, who, makes, (counts[at_once], at_once, rounds))
                    figures |= _told(kind, at_once, best)
                    errors += failed
                    await forget_closures(it)
    return {**figures, "errors": errors}


async def _rounds(
    it: House, broker: int, who: Institution, makes: Makes, sizes: tuple[int, int, int]
) -> tuple[dict[str, Load], int]:
    count, at_once, rounds = sizes
    best: dict[str, Load] = {}
    errors = 0
    for turn in range(-1, rounds):  # one to get warm
        size = count if turn >= 0 else max(at_once, count // 5)
        letters = [_letter(who, makes, n, f"queue-{at_once}-{turn}-{n:06d}") for n in range(size)]
        found = {
            "echo": await _over_stomp(broker, ECHO, letters, at_once),
            "queue": await _over_stomp(broker, "/queue/yinyi.hospital", letters, at_once),
        }
        errors += found["queue"].errors
        if turn >= 0:
            best = {way: max(each, best.get(way, each), key=lambda one: one.per_second) for way, each in found.items()}
    return best, errors


def _letter(who: Institution, makes: Makes, number: int, key: str) -> tuple[dict[str, str], bytes]:
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


async def _over_stomp(port: int, queue: str, letters: Sequence[tuple[dict[str, str], bytes]], at_once: int) -> Load:
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
            found.errors += reply["correlation-id"] != str(each) or reply.get("YinyiOutcome", "done") != "done"
            writer.write(encoded("ACK", {"id": reply["ack"]}))

    begun = time.perf_counter()
    await asyncio.gather(*map(work, range(at_once)))
    found.took_s = time.perf_counter() - begun
    for _, writer in lines:
        writer.close()
    return found


def _told(kind: str, at_once: int, best: dict[str, Load]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for way, each in best.items():
        figures[f"{way}_{kind}_per_second_at_{at_once}"] = round(each.per_second)
        figures[f"{way}_{kind}_p99_ms_at_{at_once}"] = round(each.percentile_ms(0.99), 1)
    figures[f"queue_{kind}_ratio_at_{at_once}"] = round(best["queue"].per_second / best["echo"].per_second, 2)
    return figures


if __name__ == "__main__":
    given = options(__doc__)
    sys.exit(report("queues", uvloop.run(measure(given.quick)), TARGETS, given.as_json))
