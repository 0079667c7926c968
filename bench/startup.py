"""How soon Yinyi answers, warm and with a fresh data folder, and how much memory all its processes take when idle."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bench.figures import Figures, Target, family, options, pss_bytes, report
from yinyi.app.embedded.folder import free_port
from yinyi.app.status import read_status

TARGETS = {
    "warm_s": Target("<=", 5),
    "fresh_s": Target("<=", 20),
    "idle_pss_mb": Target("<=", 500),
}
_PATIENCE_S = 120
_MIB = 2**20


@dataclass(frozen=True)
class Running:
    """A Yinyi that answers."""

    pid: int
    folder: Path
    ready_after_s: float


def measure(quick: bool) -> Figures:
    """Starts Yinyi once in a fresh folder, then again and again in the same one, and lets the last one idle."""
    with tempfile.TemporaryDirectory(prefix="yinyi-bench-") as name:
        folder = Path(name)
        with running(folder) as first:
            fresh_s = first.ready_after_s
        warm_s: list[float] = []
        for _ in range(0 if quick else 2):
            with running(folder) as again:
                warm_s.append(again.ready_after_s)
        with running(folder) as last:
            warm_s.append(last.ready_after_s)
            time.sleep(2 if quick else 20)
            memory = memory_of(last)
    slowest = max(warm_s)
    return {"warm_s": round(slowest, 2), "fresh_s": round(fresh_s, 2), **memory}


@contextmanager
def running(folder: Path) -> Generator[Running]:
    """From `yinyi up` until its health page answers 200; stopped afterwards, as by Ctrl-C."""
    port = free_port()
    env = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")}
    env |= {"YINYI_DATA_DIR": str(folder), "YINYI_HTTP_PORT": str(port)}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, Path(sys.executable).with_name("yinyi"), "up"], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "Everything answers" in line:
                break
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=_PATIENCE_S) as answer:
            assert answer.status == 200
        yield Running(process.pid, folder, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_PATIENCE_S)


def memory_of(house: Running) -> dict[str, float]:
    """Proportional set size in MiB: of everything together, and by part with its own children."""
    status = read_status(house.folder / "run" / "status.json")
    assert status is not None
    parts = {part.name: family(part.pid) for part in status.parts if part.pid}
    everything = pss_bytes(family(house.pid)) / _MIB
    by_part = {f"idle_pss_{name}_mb": round(pss_bytes(pids) / _MIB, 1) for name, pids in parts.items()}
    return {"idle_pss_mb": round(everything, 1), **by_part}


if __name__ == "__main__":
    chosen = options(__doc__)
    sys.exit(report("startup", measure(chosen.quick), TARGETS, chosen.as_json))
