"""Those who watch over a whole platform: the command, and the numbers of an interface process."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec

from real_platform import RealPlatform, until
from yinyi.app.watched import every_invariant
from yinyi.business.watch.messages import Invariants
from yinyi.kernel.clock import offset_setting


def test_all_invariants_hold_on_a_platform_that_runs(house: RealPlatform) -> None:
    told = {"YINYI_DATA_DIR": str(house.folder), "YINYI_CLOCK": offset_setting(house.clock)}
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")}
    command = [Path(sys.executable).with_name("yinyi"), "invariants", "--now", "--json"]
    done = subprocess.run(command, env=inherited | told, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    reply = msgspec.json.decode(done.stdout, type=Invariants)
    assert [each.name for each in reply.invariants] == [each.name for each in every_invariant({})]
    assert all(each.checked_at for each in reply.invariants)

    def numbers() -> httpx.Response | None:
        answer = house.http.get("/metrics")
        return answer if 'yinyi_invariant_holds{invariant="audit_sealed"} 1.0\n' in answer.text else None

    shown = until(numbers, "/metrics shows what was found")
    assert shown is not None
    assert "yinyi_payments_open " in shown.text
