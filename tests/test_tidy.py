"""Style is a test. Each rule shows a line that breaks it and one that does not; the limits only ever get tighter."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = "tests/test_tidy.py"
FOLDERS = (".ci", "bench", "deploy", "docs", "migrations", "src", "tests")
TEXT = {".py", ".sql", ".js", ".mjs", ".css", ".html", ".typ", ".md", ".toml", ".mako", ".sh", ""}

FILE_LINES = 500
FUNCTION_LINES = 70
GROWN = "migrations/versions/"
"""Written by Alembic from the tables and compared with them by ``test_migrations``: of whatever length it takes."""

PINYIN = """
brid|brxm|brxx|cfxx|czybh|ddbh|ddh|fyxx|ghf|ghid|ghlb|ghsj|ghxx|grzh|guahao|hylx|hyxx|hzid|hzxm|hzxx|jfje|jfxx|jiaofei
jiuzhen|jklx|jsje|jylsh|jzk|jzkh|jzlb|jzlx|jzsj|kpje|ksbm|ksdm|ksmc|lxdh|mzh|pbid|pbxx|sfje|sfxm|sfzh|sfzhm|tfje|tkje
xjzf|ybje|ybk|ybkh|ybxx|ybzf|yibao|yjj|yqdm|ysbm|ysdm|ysgh|ysxm|yydm|yygh|yyid|yyxx|zffs|zfje|zflsh|zfzt|zhifu|zyh
zyxx|zzj|zzjbh|zzjid
""".replace("\n", "|").strip("|")
"""就诊卡 as ``jzk``, 预约挂号 as ``yygh``: what the glossary's English words are for."""


@dataclass(frozen=True)
class Rule:
    """What no line may say. ``where``: paths begin with one of these; ``but``: except these."""

    pattern: re.Pattern[str]
    bad: str
    good: str
    where: tuple[str, ...] = ("",)
    but: tuple[str, ...] = ()

    def concerns(self, path: str) -> bool:
        return path.startswith(self.where) and not path.startswith(self.but) and path != OURS


def rule(pattern: str, bad: str, good: str, **more: tuple[str, ...]) -> Rule:
    return Rule(re.compile(pattern), bad, good, **more)


RULES = {
    "nothing is left for later": rule(r"\b(FIXME|TODO|XXX|HACK)\b", "# TODO: ask", "a todo list"),
    "no checker is told to look away": rule(
        r"(?i)#\s*noqa|#\s*type:\s*ignore|#\s*pyright:|pragma:\s*no\s*cover|eslint-disable|@ts-(ignore|nocheck)",
        "import x  # noqa: F401",
        "whatever the type is: ignored",
    ),
    "no method only says that it is missing": rule(
        r"\bNotImplemented(Error)?\b", "raise NotImplementedError", "implemented = True"
    ),
    "no test is passed over": rule(
        r"\bpytest\s*\.\s*(skip|xfail|importorskip)|\bmark\s*\.\s*(skip|skipif|xfail)\b",
        "@pytest.mark.skipif(True)",
        "skip = next(pages)",
        where=("tests", "bench", "src"),
    ),
    "no initials of pinyin": rule(
        rf"(?<![a-z])(?:{PINYIN})(?![a-z])|(?<![A-Z])(?:{PINYIN.upper()})(?![A-Z])",
        "jzk_no = row['KSDM']",
        "zyhang = shzzj",
        but=("docs",),
    ),
    "only the clock tells the time": rule(
        r"\bdatetime\s*\.\s*(now|today|utcnow)\b|\bdate\s*\.\s*today\b|\btime\s*\.\s*(time|time_ns|localtime|gmtime)\(",
        "at = datetime.now(UTC)",
        "at = clock.now() + time.monotonic()",
        where=("src",),
        but=("src/yinyi/kernel/clock.py",),
    ),
    "no path of one machine": rule(
        r"(?<![\w.:/>\]-])/(work|root|Users|home/\w+)/", 'open("/root/x")', "https://yinyi.test/work/x"
    ),
    "no registry but in lock files": rule(
        r"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|npmmirror\.com|mirrors?\.[\w.]+|\w*(nexus|artifactory)[\w.]*/)",
        "index = https://mirrors.example.cn/simple",
        "import pypinyin",
        but=("deploy/laptop/fetch_uv.py", "deploy/laptop/install.py"),
    ),
}
SQL_TIME = re.compile(
    r"(?i)(?<![\w.])(now|(clock|statement|transaction)_timestamp)\(\)|\bcurrent_(timestamp|time|date)\b|\blocaltime"
    r"|'(now|today|tomorrow|yesterday)'\s*(::|$)"
)
PATTERN_NAME = re.compile(r"^_?(Default|Abstract)[A-Z]|(Manager|Helper|Util|Utils|Impl)$")
PATTERN_FILE = re.compile(r"^_?(utils?|helpers?|manager|misc|common|impl)\.py$")


# ---- what there is to look at


@cache
def files() -> tuple[str, ...]:
    """Ours, relative to the project, in order; nothing that is made or downloaded."""
    walked = chain.from_iterable((ROOT / folder).rglob("*") for folder in FOLDERS)
    found = (path for path in (*walked, *ROOT.iterdir()) if path.is_file() and "__pycache__" not in path.parts)
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in found))


@cache
def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def nodes(path: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text(path), path)))


def texts() -> list[str]:
    """Everything that people write and read, without lock files."""
    return [path for path in files() if Path(path).suffix in TEXT and not path.endswith(".lock")]


def python() -> list[str]:
    return [path for path in files() if path.endswith(".py")]


def at(path: str, line: int, what: str) -> str:
    return f"{path}:{line}: {what}"


# ---- rules for lines


def broken(rule: Rule, path: str, words: str) -> Iterator[str]:
    for match in rule.pattern.finditer(words):
        yield at(path, words.count("\n", 0, match.start()) + 1, match.group())


@pytest.mark.parametrize("name", RULES)
def test_a_rule_finds_what_it_forbids(name: str) -> None:
    each = RULES[name]
    found = list(broken(each, "x.py", f"\n{each.bad}\n"))
    assert found
    assert all(line.startswith("x.py:2: ") for line in found)
    assert list(broken(each, "x.py", each.good)) == []


@pytest.mark.parametrize("name", RULES)
def test_rules_for_lines(name: str) -> None:
    each = RULES[name]
    found = chain.from_iterable(broken(each, path, text(path)) for path in texts() if each.concerns(path))
    assert list(found) == []


# ---- sizes and names


def test_packages_say_nothing_of_themselves() -> None:
    """A re-export hides an import from the import contracts."""
    assert [path for path in files() if path.endswith("__init__.py") and text(path)] == []


def test_files_are_short() -> None:
    lengths = {path: text(path).count("\n") for path in texts() if path.startswith(("src", "tests", "bench", "deploy"))}
    assert [at(path, lines, "too long") for path, lines in lengths.items() if lines > FILE_LINES] == []


def test_functions_are_short() -> None:
    functions = (
        (path, node)
        for path in python()
        if not path.startswith(GROWN)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lengths = ((path, node, (node.end_lineno or node.lineno) - node.lineno + 1) for path, node in functions)
    too_long = [at(path, node.lineno, f"{node.name}: {n} lines") for path, node, n in lengths if n > FUNCTION_LINES]
    assert too_long == []


def test_no_pattern_names() -> None:
    """A class is named for what it is, a file for the one thing in it."""
    classes = (
        at(path, node.lineno, node.name)
        for path in python()
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and PATTERN_NAME.search(node.name)
    )
    named_so = (path for path in python() if PATTERN_FILE.search(Path(path).name))
    assert [*classes, *named_so] == []


def test_file_names_are_ascii() -> None:
    assert [path for path in files() if not path.isascii()] == []


# ---- time in SQL


def strings(path: str) -> Iterator[ast.Constant]:
    """Every string but docstrings."""
    said = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node


def clocks(path: str, words: Iterable[tuple[int, str]]) -> Iterator[str]:
    for line, sql in words:
        for match in SQL_TIME.finditer(sql):
            yield at(path, line + sql.count("\n", 0, match.start()), match.group())


def test_the_database_has_no_clock_of_its_own() -> None:
    """The sandbox hospital's has: it is somebody else's, as in real life."""
    ours = [path for path in files() if path.startswith(("src/yinyi/", "migrations/"))]
    in_python = (
        clocks(path, ((node.lineno, str(node.value)) for node in strings(path)))
        for path in ours
        if path.endswith(".py")
    )
    in_sql = (clocks(path, [(1, text(path))]) for path in ours if path.endswith(".sql"))
    assert [*chain.from_iterable(in_python), *chain.from_iterable(in_sql)] == []


@pytest.mark.parametrize("sql", ["SELECT now()", "at > CURRENT_DATE", "SET x = 'now'::timestamptz", "localtimestamp"])
def test_a_clock_in_sql_is_found(sql: str) -> None:
    assert list(clocks("x.sql", [(1, sql)])) != []


# ---- siblings look alike


def folders(under: str) -> dict[str, set[str]]:
    """The packages that stand directly in this one, each with its files."""
    found: dict[str, set[str]] = {}
    for path in files():
        parts = path.removeprefix(under + "/").split("/")
        if path.startswith(under + "/") and len(parts) == 2:
            found.setdefault(parts[0], set()).add(parts[1])
    return found


def lacking(under: str, wanted: Mapping[str, Set[str]]) -> list[str]:
    return [f"{under}/{name}/{file}" for name, each in folders(under).items() for file in wanted[name] - each]


def test_domains_have_the_same_files() -> None:
    """Every domain has a model and a service; whoever has tables has a store, and nobody else has. A domain that only
    asks so far has its words and its ports."""
    domains = folders("src/yinyi/business")
    asking = {"__init__.py", "model.py", "ports.py"}
    wanted = {name: asking if has <= asking else {"model.py", "service.py"} for name, has in domains.items()}
    wanted |= {name: wanted[name] | {"store.py", "tables.py"} for name, has in domains.items() if "tables.py" in has}
    wanted |= {name: wanted[name] | {"tables.py"} for name, has in domains.items() if "store.py" in has}
    assert len(domains) >= 7
    assert lacking("src/yinyi/business", wanted) == []


PLUGIN_FILES = frozenset({"plugin.py", "config.py", "client.py", "mapping.py"})
COMMON = frozenset({"trades"})
"""What several plugins of a kind stand on."""


@pytest.mark.parametrize("kind", ["hospital", "insurance", "payment"])
def test_plugins_have_the_same_files(kind: str) -> None:
    under = f"src/yinyi/access/{kind}"
    plugins = folders(under).keys() - COMMON
    assert plugins
    wanted = dict.fromkeys(plugins, PLUGIN_FILES) | dict.fromkeys(COMMON, frozenset[str]())
    assert lacking(under, wanted) == []


def test_interfaces_for_machines_have_the_same_files() -> None:
    under = "src/yinyi/interface"
    machines = {"callbacks", "hl7", "queue", "rest", "soap", "socket", "terminal"}
    wanted = {name: {"server.py", "errors.py"} if name in machines else set[str]() for name in folders(under)}
    assert machines & wanted.keys()
    assert lacking(under, wanted) == []


# ---- documents

LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"(?m)^#{1,6}\s+(.+?)\s*#*$")
FENCED = re.compile(r"(?ms)^```.*?^```")


def anchors(markdown: str) -> set[str]:
    """As GitHub makes them of headings."""
    plain = (re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading) for heading in HEADING.findall(FENCED.sub("", markdown)))
    return {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for words in plain}


def dead_links(path: str) -> Iterator[str]:
    for match in LINK.finditer(FENCED.sub(lambda block: "\n" * block.group().count("\n"), text(path))):
        link = match.group(1) or match.group(2)
        target, _, anchor = link.partition("#")
        there = (ROOT / path).parent.joinpath(target).resolve() if target else ROOT / path
        if re.match(r"[a-z]+:", link):
            continue
        missing = not there.is_relative_to(ROOT) or not there.exists()
        if missing or (anchor and there.suffix == ".md" and anchor not in anchors(there.read_text(encoding="utf-8"))):
            yield at(path, text(path).count("\n", 0, match.start()) + 1, link)


def test_links_in_documents_lead_somewhere() -> None:
    documents = [path for path in files() if path.endswith(".md")]
    assert "README.md" in documents
    assert list(chain.from_iterable(dead_links(path) for path in documents)) == []
