"""Comparing another side's words with ours, and cutting ours to its measure."""


def difference(**pairs: tuple[object, object]) -> str:
    """Says where their word (the first) is not ours; a word they left out (None) is no difference."""
    return "; ".join(
        f"{name} is {theirs!r}, ours {ours!r}"
        for name, (theirs, ours) in pairs.items()
        if theirs is not None and theirs != ours
    )


def cut(text: str, longest_bytes: int) -> str:
    """The text, cut to so many bytes of UTF-8 without breaking a character: whether the limit counts characters or
    bytes is not settled in public (m)."""
    return text.encode()[:longest_bytes].decode(errors="ignore")
