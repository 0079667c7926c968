"""Logs: one JSON line an event, through one formatter that hides what must not be read."""

import logging
import re
import sys
import traceback
from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Any, cast

import structlog

_WORDS = r"password|passwd|passphrase|secret|token|credential|authori[sz]ation|cookie|signature|private_key"
_HIDDEN_KEYS = re.compile(
    rf"{_WORDS}|number_full|phone|mobile_no|id_number|(?:^|_)(?:pan|pin|track\d?|block|cvv)(?:_|$)",
    re.IGNORECASE,
)
_NUMBERS = (
    # resident numbers, with their date of birth in the middle; then anything of that length
    re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"),
    re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])"),
    # telephones and cards, as people write them; payment numbers have letters in them and stay
    re.compile(r"(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)"),
    re.compile(r"(?<![0-9A-Za-z])\d{13,19}(?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z-])\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,7})?(?![0-9A-Za-z-])"),
)
_SECRETS = (
    re.compile(r"(\b(?:Bearer|Basic)\s+)\S+", re.IGNORECASE),
    re.compile(r"(://[^:/@\s]*:)\S*(?=@)"),
    re.compile(rf"((?:{_WORDS})[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]+", re.IGNORECASE),
)


def set_up_logs(level: str) -> None:
    """Everything goes to standard error, ours and the libraries'."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s", force=True
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_redact_record)
    logging.captureWarnings(True)
    sys.excepthook = _last_words
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=12)
            ),
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last processor before the line is written."""
    return {key: "***" if _HIDDEN_KEYS.search(key) else hidden(value) for key, value in event.items()}


def hidden(value: Any) -> Any:
    """The same without numbers of documents, telephones and cards, and without secrets in addresses and headers."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if str(value) == _cleared(str(value)) else "***"
    if isinstance(value, dict):
        fields = cast(dict[Any, Any], value)
        return {_cleared(str(key)): "***" if _HIDDEN_KEYS.search(str(key)) else hidden(fields[key]) for key in fields}
    if isinstance(value, list | tuple | set | frozenset):
        return [hidden(each) for each in cast(Iterable[Any], value)]
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    return _cleared(value if isinstance(value, str) else repr(value))


def _cleared(text: str) -> str:
    for pattern in _NUMBERS:
        text = pattern.sub("***", text)
    for pattern in _SECRETS:
        text = pattern.sub(r"\1***", text)
    return text


def _redact_record(record: logging.LogRecord) -> bool:
    """Of the libraries' loggers: the message, and what the exception says."""
    record.msg = _cleared(record.getMessage())
    record.args = ()
    if record.exc_info:
        record.exc_text = _cleared("".join(traceback.format_exception(*record.exc_info)).rstrip())
        record.exc_info = None
    if record.stack_info:
        record.stack_info = _cleared(record.stack_info)
    return True


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught ends the process, through the same formatter."""
    structlog.get_logger().critical("process.failed", exc_info=(kind, error, trace))
