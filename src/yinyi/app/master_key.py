"""YINYI_MASTER_KEY: out of the environment before anything else happens, and to the business process alone.

A process's environment can be read in ``/proc`` and is inherited by whatever it starts. So the value is taken, the
block it stood in is overwritten, and `yinyi up` hands it on through a pipe. What cannot be overwritten is the text
object that Python itself made of it; and whoever started us may have it still.
"""

import ctypes
import os
import re

from yinyi.app.errors import CannotStart

MASTER_KEY = "YINYI_MASTER_KEY"
MASTER_KEY_FD = "YINYI_MASTER_KEY_FD"
"""Names the end of a pipe on which the value comes instead."""

_LONGEST = 4096
_ONE = re.compile(rb"(?:([1-9][0-9]{0,5}):)?([0-9A-Fa-f]{64})")
_LIBC = ctypes.CDLL(None)
_LIBC.getenv.restype = ctypes.c_void_p

_held = bytearray()


def take_master_key() -> None:
    """The first thing that each of our processes does. Without a key nothing happens."""
    descriptor = os.environ.pop(MASTER_KEY_FD, "")
    if descriptor.isdigit():
        _held[:] = _read(int(descriptor))
    if MASTER_KEY in os.environ:
        value = os.environb[MASTER_KEY.encode()]
        address: int | None = _LIBC.getenv(MASTER_KEY.encode())
        if address:
            ctypes.memset(address, 0, len(value))
        del os.environ[MASTER_KEY]
        _held[:] = value


def check_master_keys() -> None:
    """
    Raises:
        CannotStart: what was given is no key; the sentence says why and not what it is.
    """
    for key in _understood(_held).values():
        key[:] = bytes(len(key))


def handed_over() -> dict[str, bytearray]:
    """What `yinyi up` hands to the business process, however often that is started."""
    return {MASTER_KEY_FD: _held} if _held else {}


def master_keys() -> dict[int, bytearray]:
    """By number, in buffers that belong to who asks; nothing is kept.

    Raises:
        CannotStart: what was given is no key.
    """
    keys = _understood(_held)
    _held[:] = bytes(len(_held))
    _held.clear()
    return keys


def _understood(text: bytearray) -> dict[int, bytearray]:
    keys: dict[int, bytearray] = {}
    for one in bytes(text).split(b",") if text else ():
        match = _ONE.fullmatch(one.strip())
        if match is None:
            raise CannotStart(
                f"{MASTER_KEY} must be 64 hexadecimal digits (256 bits), or several such keys with their numbers, "
                f"2:…,1:…; one of {len(one.strip())} characters cannot be understood."
            )
        number = int(match[1] or b"1")
        if number in keys:
            raise CannotStart(f"{MASTER_KEY} has two keys with the number {number}.")
        keys[number] = bytearray.fromhex(match[2].decode())
    return keys


def _read(descriptor: int) -> bytes:
    try:
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            return pipe.read(_LONGEST) or b""
    except OSError:
        return b""
