"""The reference for pages: bare Starlette, one indexed read, a few words of HTML (``python -m bench.bare_page FD``)."""

import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

URL = "BENCH_DATABASE_URL"
ROWS = 10_000
SET_UP = f"""
CREATE TABLE IF NOT EXISTS bench_page (id int PRIMARY KEY, words text NOT NULL);
INSERT INTO bench_page SELECT g, 'page ' || g FROM generate_series(1, {ROWS}) g ON CONFLICT DO NOTHING;
"""


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    pool = await asyncpg.create_pool(os.environ[URL], min_size=4, max_size=10)
    app.state.pool = pool
    yield
    await pool.close()


async def _page(request: Request) -> Response:
    words = await request.app.state.pool.fetchval(
        "SELECT words FROM bench_page WHERE id = $1", int(request.path_params["id"])
    )
    return HTMLResponse(f"<!doctype html><title>{words}</title><p>{words}")


def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    app = Starlette(routes=[Route("/{id:int}", _page)], lifespan=_lifespan)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning", lifespan="on")
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
