"""The static files of the screens: npm packages and the skins' own, gathered once into ``build/assets``."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from yinyi.interface.assets import trees
from yinyi.interface.assets.icons import Icons

MOUNT = "/assets"
WEB_FONT = "@fontsource-variable/noto-sans-sc"
PRINT_FONT = "@expo-google-fonts/noto-sans-sc"
PRINT_FACE = "600SemiBold/NotoSansSC_600SemiBold.ttf"
SCRIPTS = {"htmx.js": "htmx.org/dist/htmx.min.js", "sse.js": "htmx-ext-sse/dist/sse.min.js"}
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
}
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
_WOFF2_URL = re.compile(r"url\(\./files/([\w.-]+)\)")


class Assets:
    """What is served under ``/assets``, by plain name: ``kiosk/frame.css``."""

    def __init__(self, folders: Mapping[str, Path], icons: Icons) -> None:
        self.icons = icons
        self._urls: dict[str, str] = {}
        self._files: dict[str, Path] = {}
        for name, folder in folders.items():
            for file in folder.rglob("*"):
                if file.suffix not in TYPES:
                    continue
                inside = file.relative_to(folder).as_posix()
                url = f"{MOUNT}/{folder.name}/{inside}"
                self._urls[f"{name}/{inside}"] = url
                self._files[url] = file

    def url(self, name: str) -> str:
        """The address that carries the digest.

        Raises:
            KeyError: there is no such file.
        """
        return self._urls[name]

    def file(self, url: str) -> Path:
        """What is served at this address, as it was gathered.

        Raises:
            KeyError: nothing is.
        """
        return self._files[url]

    @property
    def fingerprint(self) -> bytes:
        """Changes with every address and every icon."""
        return f"{sorted(self._urls.items())} {self.icons.fingerprint}".encode()

    def route(self) -> Route:
        return Route(MOUNT + "/{path:path}", self._serve, methods=["GET", "HEAD"])

    async def _serve(self, request: Request) -> Response:
        file = self._files.get(request.url.path)
        if file is None:
            return Response(status_code=404)
        headers = dict(_FOR_EVER)
        if file.suffix in trees.COMPRESSED:
            headers["vary"] = "accept-encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
                file = file.with_name(file.name + ".gz")
        kind = TYPES[Path(request.url.path).suffix]
        return FileResponse(file, headers=headers, media_type=kind)


def gather(project: Path, skins: Mapping[str, Path]) -> Assets:
    """Make what is missing in ``PROJECT/build/assets`` and open it. The first time takes seconds (the fallback
    face is cut), later a few milliseconds.

    Raises:
        FileNotFoundError: the npm packages are not installed.
    """
    modules, build = project / "node_modules", project / "build" / "assets"
    folders = {
        "fonts": _font_tree(modules, build),
        "vendor": _script_tree(modules, build),
        **{name: _skin_tree(build, name, folder) for name, folder in skins.items()},
    }
    return Assets(folders, Icons(modules / "lucide-static" / "icons"))


def _font_tree(modules: Path, build: Path) -> Path:
    web, rare = modules / WEB_FONT, modules / PRINT_FONT / PRINT_FACE

    def fill(into: Path) -> None:
        from yinyi.interface.assets import fallback  # half a second of font tools, needed once

        for file in (web / "files").glob("*-wght-normal.woff2"):
            shutil.copyfile(file, into / file.name)
        css = _WOFF2_URL.sub(r"url(\1)", (web / "wght.css").read_text(encoding="utf-8"))
        css = css.replace("font-display: swap", "font-display: block")  # a machine may have no Chinese font of its own
        points = fallback.declared((web / "unicode.json").read_bytes())
        (into / "fonts.css").write_text(css + fallback.cut(rare, points, into), encoding="utf-8")

    versions = (_version(modules / name).encode() for name in (WEB_FONT, PRINT_FONT))
    return trees.tree(build, "fonts", trees.digest(versions), fill)


def _script_tree(modules: Path, build: Path) -> Path:
    contents = {name: (modules / path).read_bytes() for name, path in SCRIPTS.items()}

    def fill(into: Path) -> None:
        for name, content in contents.items():
            (into / name).write_bytes(content)

    return trees.tree(build, "vendor", trees.digest(contents.values()), fill)


def _skin_tree(build: Path, name: str, folder: Path) -> Path:
    return trees.tree(build, name, trees.digest_of_folder(folder), _copier(folder))


def _copier(folder: Path) -> Callable[[Path], None]:
    def fill(into: Path) -> None:
        shutil.copytree(folder, into, dirs_exist_ok=True)

    return fill


def _version(package: Path) -> str:
    return str(json.loads((package / "package.json").read_bytes())["version"])
