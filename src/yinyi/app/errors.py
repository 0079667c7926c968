"""What can keep Yinyi from starting, as one sentence that a person can act on."""


class CannotStart(Exception):
    """The message is the whole story: the command line prints it and leaves with exit code 1, without a traceback."""
