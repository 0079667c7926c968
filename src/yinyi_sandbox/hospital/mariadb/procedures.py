"""The procedures of the hospital in MariaDB. Each hands its call over to the hospital's desk, waits for what it says,
and answers in parameters and rows of its own names and types."""

from collections.abc import Iterator
from importlib.resources import files

from yinyi_sandbox.hospital.mariadb.dictionary import SCHEMA, Dictionary
from yinyi_sandbox.hospital.trades import Field, Trade

_TYPES = {
    "text": "LONGTEXT",
    "integer": "INT",
    "bigint": "BIGINT",
    "boolean": "CHAR(1)",
    "date": "CHAR(8)",
    "timestamp with time zone": "DATETIME(6)",
    "double precision": "DOUBLE",
}
_MONEY = "DECIMAL(14,2)"


def common() -> list[str]:
    """What they stand on: the database first."""
    text = (files("yinyi_sandbox.hospital.mariadb") / "common.sql").read_text(encoding="utf-8")
    return [one for one in text.split("\n//\n") if one.strip()]


def statement(trade: Trade, words: Dictionary) -> str:
    """That makes the procedure of a trade. Its parameters stand in another order than the sandbox's own."""
    asked = [(words.word(one.name), _type(one), one.name) for one in trade.parameters]
    outs = [one for one in trade.columns if one.name in words.outs_of(trade.procedure)]
    inner = [one for one in trade.columns if one not in outs]
    parameters = [f"IN `{name}` VARCHAR(40)" for name in words.given]
    parameters += [f"IN `{name}` {kind}" for name, kind, _ in reversed(asked)]
    parameters += [f"OUT `{words.word(one.name)}` VARCHAR(400)" for one in outs]
    told = ", ".join(f"'{ours}', `{name}`" for name, _, ours in asked)
    return "\n".join(
        (
            f"CREATE PROCEDURE {SCHEMA}.`{words.procedures[trade.procedure]}`({', '.join(parameters)})",
            "BEGIN",
            "DECLARE v_answer LONGTEXT;",
            f"CALL {SCHEMA}.转办_('{trade.procedure}', JSON_OBJECT({told}), v_answer);",
            *(f"SET `{words.word(one.name)}` = JSON_VALUE(v_answer, '$[0].{one.name}');" for one in outs),
            *_rows(inner, words, bool(outs)),
            "END",
        )
    )


def _rows(columns: list[Field], words: Dictionary, is_coded: bool) -> Iterator[str]:
    """A refusal has none."""
    if not columns:
        return
    typed = ", ".join(f"`{words.word(one.name)}` {_type(one)} PATH '$.{one.name}'" for one in columns)
    where = f" WHERE `{words.word('ret_code')}` = '0'" if is_coded else ""
    yield " ".join(("SELECT found.* FROM", f"JSON_TABLE(v_answer, '$[*]' COLUMNS ({typed})) AS found{where};"))


def _type(field: Field) -> str:
    if field.name.endswith("_fen"):
        return _MONEY
    return "LONGTEXT" if field.many else _TYPES[field.sql]
