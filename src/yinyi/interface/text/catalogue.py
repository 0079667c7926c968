"""The texts people read. English is written where it is used; the Chinese stands in ``zh_CN.po`` beside this file.

A text may hold ``{names}`` for what is put in, and ``<b>…</b>``; it is otherwise finished HTML.
"""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

Sentences = dict[str, str]
LANGUAGES = ("zh-CN", "en")


class UntranslatedText(Exception):
    """A text is not in the catalogue of its language."""


class Catalogue:
    """All texts of one language."""

    def __init__(self, language: str, sentences: Sentences | None) -> None:
        self.language = language
        self._sentences = sentences

    @property
    def fingerprint(self) -> bytes:
        """Changes with every text."""
        return repr(self._sentences).encode()

    def say(self, english: str) -> str:
        """The text in this language.

        Raises:
            UntranslatedText: it has none.
        """
        if self._sentences is None:
            return english
        try:
            return self._sentences[english]
        except KeyError:
            raise UntranslatedText(f"{self.language}: {english!r}") from None


@cache
def catalogue(language: str) -> Catalogue:
    """``zh-CN`` or ``en``."""
    return Catalogue(language, None if language == "en" else read(Path(__file__).with_name("zh_CN.po")))


def read(file: Path) -> Sentences:
    """Every finished entry of a ``.po`` file; fuzzy and empty ones do not count."""
    with file.open("rb") as opened:
        messages = read_po(opened)
    return {
        message.id: message.string
        for message in messages
        if isinstance(message.id, str) and isinstance(message.string, str) and message.id
        if message.string and not message.fuzzy
    }
