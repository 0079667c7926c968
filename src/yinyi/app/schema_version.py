"""Whether a database has the schema of this release: cheap to ask, at every start."""

from pathlib import Path

import asyncpg

import yinyi
from yinyi.app.errors import CannotStart

FOLDER = Path(yinyi.__file__).parents[2] / "migrations"


def newest() -> str:
    """The revision that this release works with: files are named by their place in the order."""
    return max(path.stem.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


async def revision_of(url: str) -> str:
    """The revision that the database has; empty: none at all."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        known = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
        return await connection.fetchval("SELECT version_num FROM alembic_version") if known else ""
    finally:
        await connection.close()


async def require_schema(url: str) -> None:
    """
    Raises:
        CannotStart: the database has another schema.
    """
    has, wants = await revision_of(url), newest()
    if has > wants:
        raise CannotStart(f"The database is of a newer release (schema {has}); this one works with {wants}.")
    if has != wants:
        raise CannotStart(f"The database has schema {has or 'none'}, this release needs {wants}: run `yinyi migrate`.")
