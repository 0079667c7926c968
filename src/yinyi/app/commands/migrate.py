"""Operate: bring the database to this release."""

import asyncio
import sys

from yinyi.app.errors import CannotStart
from yinyi.app.schema_version import newest, revision_of
from yinyi.app.settings import settings_from


def command() -> None:
    """Applies the migrations that YINYI_DATABASE_URL lacks. Safe to repeat; several at once wait for each other."""
    settings = settings_from()
    if not settings.database_url:
        raise CannotStart("YINYI_DATABASE_URL names no database.")
    has = asyncio.run(revision_of(settings.database_url))
    if has != newest():
        from yinyi.app.migrations import upgrade  # only when there is something to do: it takes half a second to import

        upgrade(settings.database_url)
    sys.stdout.write(f"The schema is {newest()}.\n")
