"""Which address a request means: found by its whole path, or by its first word and its length where parts vary."""

from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


class Found(BaseRoute):
    """So many addresses as one: to try all of their patterns in turn was a cost of every page."""

    def __init__(self, base: str, routes: Iterable[Route]) -> None:
        """All of them begin with ``base``, and go on with a word that does not vary; no part of one is several."""
        self._base = f"{base}/"
        self._whole: dict[str, Route] = {}
        self._varying: dict[tuple[str, int], list[Route]] = {}
        for route in routes:
            if route.param_convertors:
                self._varying.setdefault(self._shape(route.path), []).append(route)
            else:
                self._whole[route.path] = route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path: str = scope["path"]
        whole = self._whole.get(path)
        if whole is not None:
            return Match.FULL, {"endpoint": whole.endpoint, "path_params": {}}
        for route in self._varying.get(self._shape(path), ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, found
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["endpoint"](scope, receive, send)

    def _shape(self, path: str) -> tuple[str, int]:
        return path.removeprefix(self._base).partition("/")[0], path.count("/")
