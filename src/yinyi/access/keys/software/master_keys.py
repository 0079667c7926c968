"""Master keys: out of files that nobody else may read, or handed over by whoever started us.

A master key's id is its number and a fingerprint of it, ``2-5f0c11a9``: the same id is always the same key, so a
mistyped one is another one and opens nothing. One that was retired opens what it has wrapped for some time still:
a database that is restored to before a rotation is under it.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from yinyi.kernel.buffers import wipe
from yinyi.kernel.clock import Clock

KEY_BYTES = 32
_NONCE = 12
_TAG = 16
_GONE = ".gone"
_RETIRED = ".retired"
_FILE = re.compile(r"master-([1-9][0-9]{0,5})\.key")


class MasterKey:
    """One master key, ready to wrap and unwrap. The buffer it is made of belongs to it from then on."""

    def __init__(self, number: int, key: bytearray) -> None:
        self.number = number
        self.id = f"{number}-{hmac.new(key, b'yinyi master key', hashlib.sha256).hexdigest()[:8]}"
        self._key = key
        self._cipher = AESGCM(key)
        derived = HKDF(SHA256(), KEY_BYTES, None, b"yinyi key entry").derive(key)
        self.entry_key = X25519PrivateKey.from_private_bytes(derived)

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    def wrap(self, clear: bytearray, context: bytes) -> bytes:
        """``nonce ‖ ciphertext ‖ tag``, bound to ``context``."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, clear, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytearray:
        """
        Raises:
            ValueError: altered, or wrapped for something else.
        """
        if len(wrapped) < _NONCE + _TAG:
            raise ValueError("a wrapped key is longer than this")
        clear = bytearray(len(wrapped) - _NONCE - _TAG)
        try:
            self._cipher.decrypt_into(wrapped[:_NONCE], wrapped[_NONCE:], context, clear)
        except InvalidTag:
            raise ValueError("it does not open") from None
        return clear

    def forget(self) -> None:
        wipe(self._key)


class MasterKeys:
    """All that are here, by id."""

    def __init__(self, folder: Path, given: Mapping[int, bytearray], clock: Clock, keep_retired: timedelta) -> None:
        """``given``: by number; then no file is read or made. ``keep_retired``: so long a file stays after that.

        Raises:
            ValueError: a file of a key cannot be read, may be read by others, or is none.
        """
        self._folder = folder
        self._is_given = bool(given)
        self._clock = clock
        self._keep_retired = keep_retired
        self._keys: dict[str, MasterKey] = {}
        self._retired: dict[str, MasterKey] = {}
        for number, key in given.items():
            self._add(MasterKey(number, key))
        self._look()
        if not self._keys:
            self.make(1)

    @property
    def newest(self) -> MasterKey:
        """Files are looked for every time: another process may have made one. It is asked for when a key is loaded or
        delivered, not for each message."""
        self._look()
        return max(self._keys.values(), key=lambda each: each.number)

    def get(self, key_id: str) -> MasterKey | None:
        """Also one that was retired, while its file is still there."""
        if key_id not in self._keys and key_id not in self._retired:
            self._look()
            self._look_among_retired(key_id)
        return self._keys.get(key_id) or self._retired.get(key_id)

    def make(self, number: int) -> bool:
        """A new one, on disk for good before it is used. False: they come from the environment."""
        if self._is_given:
            return False
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(number)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        key = bytearray(os.urandom(KEY_BYTES))
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
                file.write(key)
                os.fsync(file.fileno())
            if not path.exists():
                os.link(draft, path)
        except FileExistsError:  # another process was quicker: its key is the one
            pass
        finally:
            wipe(key)
            draft.unlink(missing_ok=True)
        _settle(self._folder)
        self._look()
        return True

    def drop(self, number: int) -> bool:
        """Those with lower numbers are retired: nothing is wrapped under them any more. Those that were given stay:
        whoever gave them takes them away. Whether there was one."""
        self._look()
        older = [each for each in self._keys.values() if each.number < number and not self._is_given]
        now = self._clock.now().timestamp()
        for old in older:
            old.forget()
            del self._keys[old.id]
            with suppress(FileNotFoundError):
                os.utime(self._path(old.number), (now, now))
                self._path(old.number).rename(self._path(old.number, _RETIRED))
        self._clear_away()
        return bool(older)

    def forget(self) -> None:
        """Nothing opens after this."""
        for keys in (self._keys, self._retired):
            for each in keys.values():
                each.forget()
            keys.clear()

    def _look(self) -> None:
        if self._is_given or not self._folder.is_dir():
            return
        known = {each.number for each in self._keys.values()}
        for path in self._folder.iterdir():
            match = _FILE.fullmatch(path.name)
            if match and int(match[1]) not in known:
                self._add(MasterKey(int(match[1]), _read(path)))
        self._clear_away()

    def _look_among_retired(self, key_id: str) -> None:
        number = key_id.partition("-")[0]
        path = self._folder / f"master-{number}{_RETIRED}"
        if self._is_given or not number.isdecimal() or not path.is_file():
            return
        key = MasterKey(int(number), _read(path))
        self._retired[key.id] = key

    def _clear_away(self) -> None:
        """What was retired long enough ago is gone for good: overwritten as far as the disk does that, and deleted."""
        if self._is_given:
            return
        until = (self._clock.now() - self._keep_retired).timestamp()
        for path in self._folder.glob(f"master-*{_RETIRED}"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= until:
                    path.rename(self._folder / f".{path.stem}{_GONE}")
        for path in self._folder.glob(f".master-*{_GONE}"):
            _erase(path)

    def _add(self, key: MasterKey) -> None:
        self._keys[key.id] = key

    def _path(self, number: int, ending: str = ".key") -> Path:
        return self._folder / f"master-{number}{ending}"


def _read(path: Path) -> bytearray:
    key = bytearray(KEY_BYTES + 1)
    try:
        with path.open("rb", buffering=0) as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise ValueError(f"others may read the master key {path}: `chmod 600` it, and think of who has read it")
            size = file.readinto(key)
    except OSError as error:
        raise ValueError(f"the master key {path} cannot be read: {error.strerror}") from None
    if size != KEY_BYTES:
        wipe(key)
        raise ValueError(f"the master key {path} has not {KEY_BYTES} bytes")
    del key[KEY_BYTES:]
    return key


def _erase(path: Path) -> None:
    with suppress(FileNotFoundError):
        with path.open("r+b", buffering=0) as file:
            file.write(bytes(KEY_BYTES))
            os.fsync(file.fileno())
        path.unlink()
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """The folder's own entries are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
