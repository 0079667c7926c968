"""Templates compiled before, kept beside the other files that are made once. One that does not fit is made anew."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

COMPILER = Path(__file__).parent
"""What it is made by is part of what it is made of."""


class Compiled(FileSystemBytecodeCache):
    """For one language; ``made_of``: everything that goes into a page besides its own file."""

    def __init__(self, folder: Path, language: str, made_of: Iterable[bytes]) -> None:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        super().__init__(str(folder), f"{language}-%s.cache")
        state = hashlib.sha256(jinja2.__version__.encode())
        for part in made_of:
            state.update(hashlib.sha256(part).digest())
        for file in sorted(COMPILER.glob("*.py")):
            state.update(file.read_bytes())
        self._made_of = state.hexdigest()

    def get_source_checksum(self, source: str) -> str:
        return hashlib.sha256(f"{self._made_of} {source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # cut off by a full disk or a power cut
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):  # a folder that cannot be written: compiled at every start
            super().dump_bytecode(bucket)
