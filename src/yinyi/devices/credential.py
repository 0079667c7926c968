"""What an agent is known by: kept in one file, mode 0600, complete or not at all."""

import os
from pathlib import Path

import msgspec

from yinyi.kernel.ids import random_text


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """installation_id: made at the first start. terminal_token: given at enrolment, empty before."""

    installation_id: str
    terminal_token: str = ""


class CredentialDamaged(Exception):
    """The agent's credential cannot be read. Restore terminal.json, or remove it and enrol this machine again."""


class CredentialFile:
    """``terminal.json`` in the agent's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "terminal.json"

    def read(self) -> Credential:
        """The credential; at the very first start a new installation without a token.

        Raises:
            OSError: the folder cannot be written or the file not be read.
            CredentialDamaged: see there.
        """
        if self._path.exists():
            try:
                return msgspec.json.decode(self._path.read_bytes(), type=Credential)
            except msgspec.DecodeError as error:
                raise CredentialDamaged(CredentialDamaged.__doc__) from error
        fresh = Credential(installation_id=random_text(20))
        self.write(fresh)
        return fresh

    def write(self, credential: Credential) -> None:
        write_private(self._path, msgspec.json.encode(credential))


def write_private(path: Path, data: bytes) -> None:
    """Replace a file by one with this content, mode 0600, on disk when this returns."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
