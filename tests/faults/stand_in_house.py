"""A house of stand-in parts under the real supervisor: ``python stand_in_house.py FOLDER NAME=BEHAVIOUR[<NEED] …``.

Behaviours: ``good``; ``refuses`` says that it cannot start; ``crashes`` before it is ready; ``deaf`` to SIGTERM.
"""

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import FolderLock
from yinyi.app.embedded.server import Command
from yinyi.app.errors import CannotStart
from yinyi.app.keeper import Patience
from yinyi.app.part import Part
from yinyi.app.supervisor import Supervisor
from yinyi.kernel.clock import ShiftedClock

_PART = """
import os, signal, sys
name, behaviour, folder = sys.argv[1:]
pipe = int(os.environ["YINYI_READY_FD"])
if behaviour == "refuses":
    os.write(pipe, b"FAILED the moon is in the wrong house\\n")
    sys.exit(1)
if behaviour == "crashes":
    sys.exit("boom")
def leave(*_):
    if behaviour == "deaf":
        return
    with open(folder + "/farewells", "a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
os.write(pipe, b"READY\\n")
while True:
    signal.pause()
"""


def command(folder: Path, name: str, behaviour: str) -> Command:
    return Command(
        argv=[sys.executable, "-S", "-c", _PART, name, behaviour, str(folder)],
        log=folder / f"{name}.log",
        preexec=tied_to_parent(signal.SIGKILL),
    )


def part(folder: Path, text: str) -> Part:
    name, _, rest = text.partition("=")
    behaviour, _, need = rest.partition("<")
    return Part(name, partial(command, folder, name, behaviour), needs=(need,) if need else ())


def say(line: str) -> None:
    print(line, flush=True)


async def live(folder: Path, parts: list[Part]) -> None:
    patience = Patience(stop_within_s=600 if "patient" in sys.argv else 0.2, first_pause_s=0.01)
    supervisor = Supervisor(parts, folder / "status.json", say, ShiftedClock(), patience)
    await supervisor.run(announce)


async def announce() -> None:
    say("all ready")


if __name__ == "__main__":
    home = Path(sys.argv[1])
    lock = FolderLock(home)
    try:
        asyncio.run(live(home, [part(home, text) for text in sys.argv[2:] if "=" in text]))
    except CannotStart as problem:
        sys.exit(str(problem))
