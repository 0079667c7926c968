"""How an exchange on the line can end without an answer. Never quotes a message."""


class NothingSent(Exception):
    """Not one byte of it has left."""


class AnswerLost(Exception):
    """It may have arrived, and no answer came."""
