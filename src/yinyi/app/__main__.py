"""``python -m yinyi.app``: the command line."""

from yinyi.app.cli import main

main()
