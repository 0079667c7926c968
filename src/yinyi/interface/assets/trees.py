"""Folders of static files whose name carries a digest of what is in them, so that browsers keep them for ever.

Inside a tree files name each other by plain relative addresses; nothing is rewritten.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

COMPRESSED = {".css", ".js", ".svg", ".json"}
LAYOUT = b"3"
"""Counted up when trees are made another way."""


def digest(parts: Iterable[bytes]) -> str:
    """Twelve hex digits."""
    total = hashlib.sha256(LAYOUT)
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()[:12]


def digest_of_folder(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest(part for file in files for part in (str(file.relative_to(folder)).encode(), file.read_bytes()))


def tree(build: Path, name: str, of: str, fill: Callable[[Path], None]) -> Path:
    """The tree ``build/NAME-DIGEST``; filled if it does not exist yet.

    Several processes may do this at once: each fills a folder of its own and the first to rename it wins.
    """
    done = build / f"{name}-{of}"
    if done.is_dir():
        return done
    build.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=build))
    try:
        making.chmod(0o755)
        fill(making)
        for file in [path for path in making.rglob("*") if path.suffix in COMPRESSED]:
            file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
        os.replace(making, done)
    except OSError:
        shutil.rmtree(making, ignore_errors=True)
        if not done.is_dir():
            raise
    return done
