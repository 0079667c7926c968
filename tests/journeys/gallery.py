"""Every sample page in every look, served for tests and for the contact sheet.

``python tests/journeys/gallery.py 8099`` shows them at ``/``.
"""

import functools
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from samples import SAMPLES
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

sys.path.append(str(Path(__file__).parents[1]))  # run by itself, too, it finds what tests share

from receipt_paper import receipt_pdf
from yinyi.app.interfaces import PROJECT, kiosk_pages
from yinyi.business.fiscal.drawing import drawn
from yinyi.interface.assets.assets import PRINT_FACE, PRINT_FONT, Assets
from yinyi.interface.journeys.pages import Pages
from yinyi.interface.kiosk.page import HTML, SAFE
from yinyi_sandbox.hospital.catalogue.pictures import pictures

_PICTURE = "/kiosk/reports/{order_no}/pictures/{nth:int}"
_RECEIPT = "/kiosk/receipt/{payment_no}/file/{nth:int}"
LOOKS = ("language", "mode", "theme", "reach")


@functools.cache
def kiosks() -> tuple[Assets, Pages]:
    """As the kiosk has them: compiled when the project was installed, not by every module that shows some."""
    return kiosk_pages()


def rendered(pages: Pages, name: str, *, swap: bool = False, **looks: Any) -> str:
    """The page of this sample."""
    view, chrome = SAMPLES[name]
    return pages.render(view, msgspec.structs.replace(chrome, **looks), swap=swap).decode()


def gallery(pages: Pages | None = None) -> Starlette:
    """``/NAME?language=en&mode=elder&theme=contrast&reach=low``; ``/print.ttf``: what papers are set in. ``pages``: in
    place of the kiosk's."""
    assets, shown = kiosks()
    shown = pages or shown

    def page(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in SAMPLES:
            return Response(status_code=404)
        looks: dict[str, Any] = {look: request.query_params[look] for look in LOOKS if look in request.query_params}
        looks["can_time_out"] = "can_time_out" not in request.query_params
        html = rendered(shown, name, swap="hx-request" in request.headers, **looks)
        return Response(html, headers={name.decode(): value.decode() for name, value in [*SAFE, *HTML]})

    def index(request: Request) -> Response:
        return HTMLResponse("".join(f'<p><a href="/{name}">{name}</a>' for name in SAMPLES))

    def picture(request: Request) -> Response:
        drawn = [data for modality, *_, data in pictures() if modality == "CT"]
        return Response(drawn[request.path_params["nth"] % len(drawn)], media_type="image/jpeg")

    def receipt(request: Request) -> Response:
        return Response(drawn(receipt_pdf())[0].jpeg, media_type="image/jpeg")

    def printed(request: Request) -> Response:
        return FileResponse(PROJECT / "node_modules" / PRINT_FONT / PRINT_FACE, media_type="font/ttf")

    return Starlette(
        routes=[
            Route("/", index),
            assets.route(),
            Route("/print.ttf", printed),
            Route(_PICTURE, picture),
            Route(_RECEIPT, receipt),
            Route("/{name}", page),
        ],
    )


if __name__ == "__main__":
    uvicorn.run(gallery(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
