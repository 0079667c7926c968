"""`yinyi-sandbox`: the far side of a demo in one process (hospital, bank, wallets), set by YINYI_… variables."""

import asyncio
import sys

from yinyi.kernel.ready import tell_failed
from yinyi_sandbox.serve import serve
from yinyi_sandbox.settings import CannotServe, settings_from


def main() -> None:
    """Exit code 1 and one sentence when it cannot start."""
    try:
        asyncio.run(serve(settings_from()))
    except CannotServe as problem:
        tell_failed(str(problem))
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
