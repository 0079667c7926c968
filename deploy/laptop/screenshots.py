"""Makes the pictures of the README: starts a Yinyi of its own, walks through a registration, and keeps what it saw.

``.venv/bin/python deploy/laptop/screenshots.py`` (after `make test`, which brings playwright and Chromium).
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
PORTRAIT: ViewportSize = {"width": 1080, "height": 1920}
DEMO: ViewportSize = {"width": 1440, "height": 1000}
PEOPLE = {"zh-CN": "wang-fang", "en": "martin-claire"}
"""Two, because nobody gets the same doctor's number twice."""
DEMO_CARDS = {"zh-CN": 4, "en": 3}
"""Which card of the tray is laid on the reader: of somebody who has been here before and sees no clinic twice."""
MOST_BYTES = 250_000
PAPER, INK = "#f3f7f6", "#0c2530"
TIMEOUT_MS = 30_000


@dataclass
class House:
    """A running Yinyi with its sandbox. ``control``: of the kiosk's virtual devices."""

    url: str
    sandbox: str
    folder: Path
    pictures: dict[str, Image.Image] = field(default_factory=dict[str, Image.Image])

    def devices(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        control = json.loads((self.folder / "devices" / "control.json").read_text("utf-8"))
        return _ask(method, control["url"] + path, body, {"Authorization": f"Bearer {control['token']}"})

    def card(self, key: str) -> str:
        people = json.loads(_ask("GET", f"{self.sandbox}/people/"))
        return next(person["block"] for person in people if person["key"] == key)

    def pay_by_phone(self) -> None:
        """The newest code is scanned and paid."""
        order = json.loads(_ask("GET", f"{self.sandbox}/wechatpay/phone/orders"))[0]
        _ask("POST", f"{self.sandbox}/wechatpay/phone/pay", {"code_url": order["code_url"]})

    def keep(self, name: str, page: Page) -> None:
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(700)
        self.pictures[name] = Image.open(io.BytesIO(page.screenshot(animations="disabled")))


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with running_house() as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for language in ("zh-CN", "en"):
            walk(house, browser, language)
            see_demo(house, browser, language)
        browser.close()
        names = ("home", "doctors", "pay", "done", "slip")
        for language in ("zh-CN", "en"):
            save(f"journey.{language}", side_by_side([house.pictures[f"{name}.{language}"] for name in names]))
            save(f"demo.{language}", house.pictures[f"demo.{language}"])


# ---- the house


@contextmanager
def running_house() -> Generator[House]:
    """On free ports, at half past nine of a hospital's morning, in a folder that is taken away afterwards."""
    now = datetime.now(timezone(timedelta(hours=8)))
    ports = _free_ports(2)
    with tempfile.TemporaryDirectory(prefix="yinyi-pictures-") as folder:
        env = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")} | {
            "YINYI_DATA_DIR": folder,
            "YINYI_HTTP_PORT": str(ports[0]),
            "YINYI_SANDBOX_PORT": str(ports[1]),
            "YINYI_CLOCK": now.replace(hour=9, minute=26, second=0, microsecond=0).isoformat(),
        }
        command = [str(Path(sys.executable).with_name("yinyi")), "up"]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            try:
                _await_ready(process)
                yield House(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", Path(folder))
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


def _await_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        if line.startswith("Everything answers"):
            return
    sys.exit("Yinyi did not start; it says why above.")


def _free_ports(how_many: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(how_many)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _ask(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


# ---- what is done before the camera


def walk(house: House, browser: Browser, language: str) -> None:
    """From the home page to the slip, as a patient with an ID card and a phone."""
    page = browser.new_page(viewport=PORTRAIT, locale=language, timezone_id="Asia/Shanghai")
    page.set_default_timeout(TIMEOUT_MS)
    code = json.loads(house.devices("POST", "/pairing"))["pairing_code"]
    page.goto(f"{house.url}/kiosk/?pair={code}")
    if language == "en":
        page.locator('button[name="language"][value="en"]').first.click()
        page.wait_for_load_state("networkidle")
    house.keep(f"home.{language}", page)
    page.locator('a[href="/kiosk/register"]').click()
    page.wait_for_url("**/identify*")
    house.devices("POST", "/reader/lay", {"block": house.card(PEOPLE[language])})
    page.wait_for_url(re.compile("/(departments|first-visit|who)"))
    house.devices("POST", "/reader/remove")
    house.keep(f"departments.{language}", page)
    page.locator("main nav.tiles a.tile").first.click()
    page.wait_for_url("**/doctors/**")
    house.keep(f"doctors.{language}", page)
    page.locator('button[name="schedule_id"]').first.click()
    page.wait_for_url("**/check/**")
    house.keep(f"check.{language}", page)
    page.locator('form[action^="/kiosk/pay/"] button.first').click()
    page.wait_for_url("**/pay/**")
    page.locator(".code svg").wait_for()
    house.keep(f"pay.{language}", page)
    house.pay_by_phone()
    page.wait_for_url("**/done/**")
    page.wait_for_timeout(2000)
    house.keep(f"done.{language}", page)
    newest = json.loads(house.devices("GET", "/printer/papers"))["papers"][0]
    house.pictures[f"slip.{language}"] = Image.open(io.BytesIO(house.devices("GET", f"/printer/papers/{newest}.png")))
    page.close()


def see_demo(house: House, browser: Browser, language: str) -> None:
    """The demo desk, with a code on the kiosk's screen and the phone about to pay it."""
    page = browser.new_page(viewport=DEMO, locale=language, timezone_id="Asia/Shanghai")
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{house.url}/demo")
    page.locator("#tray button").first.wait_for()
    if page.locator("html").get_attribute("lang") != language:
        page.locator("#language").click()
    kiosk = page.frame_locator("iframe#kiosk")
    kiosk.locator(f'html[lang="{language}"]').wait_for(state="attached")
    kiosk.locator('a[href="/kiosk/register"]').click()
    page.locator("#tray button").nth(DEMO_CARDS[language]).click()
    kiosk.locator("main nav.tiles a.tile").first.click()
    kiosk.locator('button[name="schedule_id"]').first.click()
    kiosk.locator('form[action^="/kiosk/pay/"] button.first').click()
    kiosk.locator(".code svg").wait_for()
    page.locator("#glass button.scan:enabled").click()
    page.locator("#glass button.pay").wait_for()
    house.keep(f"demo.{language}", page)
    page.locator("#glass button.pay").click()
    kiosk.locator(".slip .no").wait_for()
    house.devices("POST", "/reader/remove")
    page.close()


# ---- what is done with the film


def side_by_side(shots: list[Image.Image], height: int = 840, gap: int = 26) -> Image.Image:
    """Screens as a row on paper, each with a thin frame."""
    small = [
        shot.convert("RGB").resize((shot.width * height // shot.height, height), Image.Resampling.LANCZOS)
        for shot in shots
    ]
    width = sum(shot.width for shot in small) + gap * (len(small) + 1)
    sheet = Image.new("RGB", (width, height + 2 * gap), PAPER)
    left = gap
    for shot in small:
        sheet.paste(Image.new("RGB", (shot.width + 4, shot.height + 4), INK), (left - 2, gap - 2))
        sheet.paste(shot, (left, gap))
        left += shot.width + gap
    return sheet


def save(name: str, picture: Image.Image) -> None:
    """As a palette PNG, which is a quarter of the size."""
    path = IMAGES / f"{name}.png"
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {picture.width}×{picture.height}, {size // 1000} kB")
    if size > MOST_BYTES:
        sys.exit(f"{path.name} is larger than {MOST_BYTES // 1000} kB.")


if __name__ == "__main__":
    main()
