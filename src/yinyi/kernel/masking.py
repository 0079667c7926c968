"""What people may see of a name or a number."""

_FIRST_IDEOGRAPHS = "\u2e80"


def masked_name(name: str) -> str:
    """``张建国`` → ``张*国``, ``李明`` → ``李*``; names in letters keep the first one of each word."""
    name = name.strip()
    if name and max(name) < _FIRST_IDEOGRAPHS:
        return " ".join(f"{word[0]}***" for word in name.split())
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def masked_number(number: str, head: int = 0, tail: int = 4) -> str:
    """All but ``head`` first and ``tail`` last characters starred; a short number is starred whole."""
    hidden = len(number) - head - tail
    if hidden <= 0:
        return "*" * len(number)
    return f"{number[:head]}{'*' * hidden}{number[len(number) - tail :]}"
