"""Whether code of a connector reaches out of the hospital by anything but ``access.way_out``: what it imports and names
has to be on lists of what reaches nobody. What is written to deceive it does not see."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

FREE = frozenset(
    {
        *("__future__", "abc", "base64", "binascii", "bisect", "calendar", "collections", "collections.abc", "copy"),
        *("contextlib", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib"),
        *("heapq", "hmac", "html", "io", "itertools", "json", "math", "operator", "pathlib", "random", "re"),
        *("secrets", "stat", "statistics", "string", "struct", "textwrap", "time", "tomllib", "types", "typing"),
        *("unicodedata", "uuid", "zlib", "zoneinfo", "os.path", "urllib.parse"),
        *("cryptography", "msgspec", "multidict", "structlog", "typing_extensions"),
    }
)
"""Modules that reach nobody; of packages from elsewhere all that is in them."""
PARTS = {
    "asyncio": {
        *("BaseTransport", "CancelledError", "Condition", "Event", "Future", "IncompleteReadError", "Lock", "Protocol"),
        *("Queue", "QueueEmpty", "Semaphore", "StreamReader", "Task", "TaskGroup", "TimeoutError", "TimerHandle"),
        *("Transport", "create_task", "current_task", "gather", "get_running_loop", "shield", "sleep", "timeout"),
        *("timeout_at", "to_thread", "wait", "wait_for", "FIRST_COMPLETED", "InvalidStateError", "QueueFull"),
    },
    "aiohttp": {"BasicAuth", "ClientTimeout", "DummyCookieJar", "FormData", "InvalidURL", "hdrs"},
    "ssl": {"SSLContext", "Purpose", "TLSVersion", "VerifyMode", "create_default_context"},
    "logging": {"Logger", "LoggerAdapter", "getLogger"},
    "urllib": {"parse"},
    "socket": {"gaierror", "herror", "inet_ntop", "inet_pton"},
    "os": {"PathLike", "environ", "fsencode", "fspath", "getpid", "path", "sep", "urandom"},
}
"""Of these modules only this, besides constants and errors; as types all of them may be named."""
INSIDE = ("hospital", "keys", "insurance.certificates", "notification.mllp")
"""Of ``yinyi.access``: what stays in the hospital's own network, and dials there."""
OTHERS = ("yinyi.app", "yinyi.interface", "yinyi.conformance", *(f"yinyi.access.{each}" for each in INSIDE))
MODULES = frozenset({*PARTS, "ctypes", "http", "importlib", "multiprocessing", "subprocess", "sys"})
"""Not even through another module that imports them."""
NEVER = frozenset(
    {
        *("create_connection", "create_unix_connection", "create_datagram_endpoint", "sock_connect", "subprocess_exec"),
        *("subprocess_shell", "open_connection", "open_unix_connection", "create_subprocess_exec"),
        *("create_subprocess_shell", "__import__", "__builtins__", "__globals__", "__loader__", "__spec__"),
        *("__subclasses__", "eval", "exec", "globals"),
    }
)
"""Of whatever it is."""


def dials_in(source: str, own: str = "yinyi", sandbox: str = "") -> list[str]:
    """What it should not import or name, with its line. ``own``: the package that it stands in; ``sandbox``: the module
    in it that plays the other side, and is no part of the connector.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source)
    looked = _Looked(own, sandbox, annotations(tree))
    return [f"{line}: {what}" for line, what in sorted({*looked.imported(tree), *looked.named(tree)})]


def annotations(tree: ast.AST) -> set[ast.AST]:
    """All that stands where only a type is named."""
    types: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            types.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            types.append(node.returns)
    return {each for kind in types if kind is not None for each in ast.walk(kind) if not isinstance(each, ast.Call)}


@dataclass
class _Looked:
    own: str
    sandbox: str
    types: set[ast.AST]
    modules: dict[str, str] = field(default_factory=dict[str, str])
    """What local names of modules stand for."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """What local names stand for that only types may use: ``S`` for ``aiohttp.ClientSession``."""

    def imported(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    local = each.asname or each.name.partition(".")[0]
                    self.modules[local] = each.name if each.asname else local
                    if not self._may_import(each.name):
                        yield node.lineno, each.name
            elif isinstance(node, ast.ImportFrom):
                module = (f"{self.own}." * bool(node.level) + (node.module or "")).rstrip(".")
                yield from ((node.lineno, f"{module}.{each.name}") for each in node.names if self._takes(module, each))

    def _takes(self, module: str, name: ast.alias) -> bool:
        """Whether that is more than may be."""
        whole, local = f"{module}.{name.name}", name.asname or name.name
        if module in PARTS:
            self.names[local] = whole
            return not (name.name[0].isupper() or self._harmless(module, name.name))
        if name.name in MODULES | NEVER or whole.startswith(OTHERS) or self._plays(whole):
            return True
        return not (self._may_import(module) or self._may_import(whole))

    def _may_import(self, module: str) -> bool:
        top = module.partition(".")[0]
        if top in (self.own, "yinyi"):
            return not module.startswith(OTHERS) and not self._plays(module)
        return module in PARTS or module in FREE or top in FREE

    def _plays(self, module: str) -> bool:
        return bool(self.sandbox) and f"{module}.".startswith(f"{self.sandbox}.")

    def named(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        bases = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(attr=name) | ast.Name(id=name) if name in NEVER:
                    yield node.lineno, name
                case ast.Attribute(value=ast.Name(id=base), attr=name) if base in self.modules:
                    if not self._harmless(self.modules[base], name, node):
                        yield node.lineno, f"{self.modules[base]}.{name}"
                case ast.Attribute(attr=name) if name in MODULES - {"ssl", "http", "logging"}:
                    yield node.lineno, name
                case ast.Name(id=name) if self.modules.get(name) in PARTS and id(node) not in bases:
                    yield node.lineno, name
                case ast.Name(id=name) if name in self.names:
                    module, _, taken = self.names[name].rpartition(".")
                    if not self._harmless(module, taken, node):
                        yield node.lineno, self.names[name]
                case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]) if (
                    name in NEVER
                ):
                    yield node.lineno, name
                case _:
                    pass

    def _harmless(self, module: str, name: str, node: ast.AST | None = None) -> bool:
        if module not in PARTS:
            return name not in MODULES or name == "path"
        constant = name.isupper() or name.endswith(("Error", "Exception"))
        return node in self.types or constant or name in PARTS[module]
