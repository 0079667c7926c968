"""The control of virtual devices: only for who holds the token, only what it understands, only the last papers."""

import asyncio
import io
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from yinyi.devices.device import Device, PrinterFault
from yinyi.devices.line import LineDown, LineState
from yinyi.devices.virtual.control import Control
from yinyi.devices.virtual.printer import VirtualPrinter
from yinyi.devices.virtual.reader import VirtualReader
from yinyi.devices.virtual.scanner import VirtualScanner
from yinyi.devices.virtual.sheet_printer import VirtualSheetPrinter
from yinyi.wire.receipt import encode_receipt

Run = Callable[[Coroutine[Any, Any, None]], None]
ROUTES = [
    ("GET", "/state"),
    ("POST", "/pairing"),
    ("POST", "/line/unplug"),
    ("POST", "/reader/lay"),
    ("POST", "/reader/remove"),
    ("POST", "/scanner/scan"),
    ("POST", "/printer/state"),
    ("GET", "/printer/papers"),
    ("GET", "/printer/papers/1.png"),
    ("POST", "/sheet_printer/state"),
    ("POST", "/door/state"),
    ("POST", "/camera/state"),
    ("GET", "/sheet_printer/papers"),
    ("GET", "/sheet_printer/papers/1.png"),
]


class Cable:
    """The line, as far as the control asks for it; ``codes`` are what the platform has to give."""

    def __init__(self) -> None:
        self.state = LineState(connected=True)
        self.codes = ["1-AAAAA-BBBBB"]
        self.unplugged_s = 0.0

    async def ask_pairing_code(self) -> str:
        if not self.codes:
            raise LineDown
        return self.codes.pop()

    def unplug(self, for_s: float) -> None:
        self.unplugged_s = for_s


class Client:
    """Asks the control in-process, with its token."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self.cable = Cable()
        self._app = Control("let-me-in", devices, self.cable).app()

    def request(self, method: str, path: str, content: bytes = b"", token: str = "Bearer let-me-in") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
                return await client.request(method, path, content=content, headers={"authorization": token})

        return asyncio.run(ask())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, content: bytes) -> httpx.Response:
        return self.request("POST", path, content)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client([VirtualReader("id_reader"), VirtualScanner("scanner"), VirtualPrinter("receipt_printer", tmp_path)])


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer let-me-i", "let-me-in", "Basic bGV0LW1lLWlu"])
def test_nobody_without_the_token(client: Client, method: str, path: str, given: str) -> None:
    assert client.request(method, path, token=given).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/reader/lay", b""),
        ("/reader/lay", b'{"block":"AAAA"}'),
        ("/reader/lay", b'{"block":3}'),
        ("/reader/lay", b'{"serial":"04a1"}'),
        ("/reader/lay", b"{}"),
        ("/scanner/scan", b'{"text":""}'),
        ("/scanner/scan", b'{"text":"x","count":2}'),
        ("/printer/state", b'{"state":"on fire"}'),
        ("/printer/state", b'{"state":"ok","delay_s":-1}'),
        ("/printer/state", b'{"state":"ok","delay_s":1e9}'),
        ("/printer/state", b"\xff\xfe"),
        ("/line/unplug", b'{"for_s":-1}'),
        ("/line/unplug", b'{"for_s":1e9}'),
    ],
)
def test_what_it_does_not_understand(client: Client, path: str, body: bytes) -> None:
    answer = client.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_too_much_is_refused(client: Client) -> None:
    assert client.post("/scanner/scan", b" " * 20_000).status_code == 413


def test_devices_that_are_not_there() -> None:
    assert Client([]).get("/printer/papers").status_code == 404


def test_papers_are_pictures_of_what_was_printed(client: Client, tmp_path: Path, run: Run) -> None:
    image = Image.new("1", (576, 100), 1)
    image.paste(0, (10, 10, 200, 50))
    run(VirtualPrinter("receipt_printer", tmp_path).print_receipt(encode_receipt(image) * 2))
    assert client.get("/printer/papers").json() == {"papers": [2, 1]}
    (tmp_path / "seen.png").write_bytes(client.get("/printer/papers/2.png").content)
    with Image.open(tmp_path / "seen.png") as seen:
        assert seen.tobytes() == image.tobytes()
    assert client.get("/printer/papers/3.png").status_code == 404
    assert client.get("/printer/papers/..%2Fseen.png").status_code == 404


def test_only_the_last_papers_are_kept(tmp_path: Path, run: Run) -> None:
    paper = encode_receipt(Image.new("1", (576, 8), 0))

    async def print_many() -> None:
        printer = VirtualPrinter("receipt_printer", tmp_path, keep=3)
        for _ in range(5):
            await printer.print_receipt(paper)

    run(print_many())
    again = VirtualPrinter("receipt_printer", tmp_path, keep=3)
    assert again.papers() == [5, 4, 3]
    run(again.print_receipt(paper))
    assert again.papers() == [6, 5, 4]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_fresh_pairing_code_while_the_platform_answers(client: Client) -> None:
    assert client.post("/pairing", b"").json() == {"pairing_code": "1-AAAAA-BBBBB"}
    assert client.post("/pairing", b"").status_code == 503


def test_the_cable_can_be_pulled(client: Client) -> None:
    assert client.post("/line/unplug", b'{"for_s":20}').status_code == 200
    assert client.cable.unplugged_s == 20


def test_sheets_are_pictures_of_each_page(tmp_path: Path, run: Run) -> None:
    pdf, printer = io.BytesIO(), VirtualSheetPrinter("sheet_printer", tmp_path)
    pages = [Image.new("L", (300, 400), shade) for shade in (255, 0)]
    pages[0].save(pdf, "PDF", save_all=True, append_images=pages[1:])
    client = Client([printer])
    run(printer.print_sheets(pdf.getvalue()))
    assert client.get("/sheet_printer/papers").json() == {"papers": [2, 1]}
    with Image.open(io.BytesIO(client.get("/sheet_printer/papers/2.png").content)) as seen:
        assert seen.getextrema() == (0, 0)
    with pytest.raises(PrinterFault, match="bad_data"):
        run(printer.print_sheets(b"no PDF"))
    printer.change("paper_out", 0)
    with pytest.raises(PrinterFault, match="paper_out"):
        run(printer.print_sheets(pdf.getvalue()))
    assert printer.papers() == [2, 1]
