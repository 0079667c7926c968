"""The files of a former system, read line by line: never more of them in memory than one request carries."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from yinyi.app.errors import CannotStart
from yinyi.business.imports.messages import LINES_AT_ONCE, MOST_LINES

MOST_BYTES = 512 * 1024 * 1024
LINE_BYTES = 4000
REQUEST_BYTES = 200_000
"""Of JSON in one request, well below what the bus lets pass."""
_BOM = b"\xef\xbb\xbf"


def header_of(path: Path | None) -> str:
    """The first line; empty: there is no file.

    Raises:
        CannotStart: it is empty, and whoever has named the file wants what stands in it; or see ``slices``.
    """
    if path is None:
        return ""
    header = next(_lines(path), "")
    if not header.strip():
        raise CannotStart(f"{path}: no header in line 1.")
    return header


def slices(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines without their ends), without the header, which is line 1.

    Raises:
        CannotStart: it cannot be read, is too large, or is no text in UTF-8; the sentence names the line.
    """
    first, lines, size = 2, list[str](), 0
    for number, line in enumerate(_lines(path), start=1):
        if number == 1:
            continue
        length = len(msgspec.json.encode(line)) + 1
        if lines and (len(lines) >= LINES_AT_ONCE or size + length > REQUEST_BYTES):
            yield first, lines
            first, lines, size = number, [], 0
        lines.append(line)
        size += length
    if lines:
        yield first, lines


def _lines(path: Path) -> Iterator[str]:
    try:
        if not path.is_file():
            raise CannotStart(f"{path} is not a file.")
        if path.stat().st_size > MOST_BYTES:
            raise CannotStart(f"{path} is larger than {MOST_BYTES // 1024 // 1024} MB.")
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LINE_BYTES + len(_BOM) + 2):
                number += 1
                yield _text(path, number, line.removeprefix(_BOM) if number == 1 else line)
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from error


def _text(path: Path, number: int, line: bytes) -> str:
    where = f"{path}, line {number}"
    if number > MOST_LINES:
        raise CannotStart(f"{path} has more than {MOST_LINES} lines.")
    if len(line.rstrip(b"\r\n")) > LINE_BYTES:
        raise CannotStart(f"{where}: longer than {LINE_BYTES} bytes.")
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise CannotStart(f"{where}: not UTF-8. Save the file as CSV in UTF-8.") from None
