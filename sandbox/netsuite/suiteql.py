"""SuiteQL: SELECT over the account's tables, run by SQLite.

Supported is what SQLite and the vendor's SQL-92 have in common, and TO_CHAR, TO_DATE, NVL, BUILTIN.DF (of a
plain column), TOP and FETCH FIRST. All values are strings, nulls are left out, names are lower case.
"""

import datetime as dt
import re
import sqlite3
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.netsuite.errors import NsError
from sandbox.netsuite.store import Store
from sandbox.netsuite.tables import AMOUNT, COLUMNS, RECORD_KINDS, key_column, rows_of, tables_of
from sandbox.netsuite.wire_numbers import plain

ALL_ROWS = 100_000
_ALLOWED = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
_FETCH = re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS?\s+ONLY\s*$", re.IGNORECASE)
_TOP = re.compile(r"^\s*SELECT\s+TOP\s+(\d+)\s+", re.IGNORECASE)
_STRINGS = re.compile(r"'(?:[^']|'')*'")


class SuiteQl:
    """The tables, brought up to date with the records that have changed before each query."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database: sqlite3.Connection | None = None
        self._changed: dict[tuple[str, str], None] = {}

    def note(self, record: str, id_: str) -> None:
        if record in RECORD_KINDS:
            self._changed[record, id_] = None

    def forget(self) -> None:
        self._database = None
        self._changed.clear()

    def query(self, text: str, *, limit: int, offset: int) -> tuple[list[dict[str, str]], int]:
        """One page of rows, and how many there are in all."""
        statement = _translated(text)
        database = self._current()
        database.set_authorizer(_only_reading)
        try:
            cursor = database.execute(statement)
            names = [column[0].lower() for column in cursor.description]
            rows = cursor.fetchmany(ALL_ROWS)
        except (sqlite3.Error, ValueError) as error:
            raise _invalid(f"Search error occurred: {error}") from error
        finally:
            database.set_authorizer(None)
        page = [_shown(names, row) for row in rows[offset : offset + limit]]
        return page, len(rows)

    def _current(self) -> sqlite3.Connection:
        if self._store.state.has_shadow:  # what a reader sees depends on who reads
            return self._filled(_database())
        if self._database is None:
            self._database = self._filled(_database())
        else:
            for record, id_ in self._changed:
                self._refresh(self._database, record, id_)
        self._changed.clear()
        return self._database

    def _filled(self, database: sqlite3.Connection) -> sqlite3.Connection:
        for record in RECORD_KINDS:
            for doc in self._store.state.all(record):
                _insert(database, self._store, record, doc)
        return database

    def _refresh(self, database: sqlite3.Connection, record: str, id_: str) -> None:
        for table in tables_of(record):
            database.execute(f'DELETE FROM "{table}" WHERE "{key_column(table)}" = ?', (int(id_),))  # noqa: S608
        doc = self._store.get(record, id_)
        if doc is not None:
            _insert(database, self._store, record, doc)


def _database() -> sqlite3.Connection:
    database = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, detect_types=sqlite3.PARSE_DECLTYPES
    )
    database.create_collation("nsdecimal", _compared)
    database.create_function("TO_CHAR", -1, _to_char, deterministic=True)
    database.create_function("TO_DATE", 2, _to_date, deterministic=True)
    database.create_function("NVL", 2, lambda value, other: other if value is None else value)
    database.create_function("BUILTIN_DF", 1, lambda value: value)
    database.create_aggregate("SUM", 1, _Sum)  # type: ignore[arg-type]
    for table, columns in COLUMNS.items():
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        database.execute(f'CREATE TABLE "{table}" ({listed})')
        database.execute(f'CREATE INDEX "of_{table}" ON "{table}" ("{key_column(table)}")')
    return database


def _insert(database: sqlite3.Connection, store: Store, record: str, doc: dict[str, Any]) -> None:
    for table, rows in rows_of(store, record, doc).items():
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            cells = [_kept(COLUMNS[table][name], value) for name, value in row.items()]
            database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', cells)  # noqa: S608


def _kept(type_: str, value: Any) -> Any:
    return plain(Decimal(value)) if type_ == AMOUNT and value is not None else value


def _translated(text: str) -> str:
    code = _STRINGS.sub("''", text)
    if not re.match(r"\s*(SELECT|WITH)\b", code, re.IGNORECASE):
        raise _invalid("Only SELECT statements are supported.")
    if ";" in code or re.search(r"\bLIMIT\b|\bOFFSET\b", code, re.IGNORECASE):
        raise _invalid("Invalid or unsupported search: unexpected token.")
    text = _outside_strings(text)
    rows = _TOP.match(text) or _FETCH.search(text)
    text = _FETCH.sub("", _TOP.sub("SELECT ", text))
    return f"{text} LIMIT {rows.group(1)}" if rows else text


def _outside_strings(text: str) -> str:
    """`transaction` is a word of SQLite's own, and its functions have no dots."""
    pieces, end = [], 0
    for literal in [*_STRINGS.finditer(text), None]:
        piece = text[end : literal.start() if literal else len(text)]
        piece = re.sub(r"\bBUILTIN\.DF\b", "BUILTIN_DF", piece, flags=re.IGNORECASE)
        pieces.append(re.sub(r"\btransaction\b", '"transaction"', piece, flags=re.IGNORECASE))
        if literal:
            pieces.append(literal.group())
            end = literal.end()
    return "".join(pieces)


def _only_reading(action: int, *arguments: Any) -> int:
    if action == sqlite3.SQLITE_READ and arguments[0] not in COLUMNS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _shown(names: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    values = {name: str(value) for name, value in zip(names, row, strict=True) if value is not None}
    return {"links": [], **values}


def _us_date(value: bytes) -> str:
    day = dt.date.fromisoformat(value.decode())
    return f"{day.month}/{day.day}/{day.year}"


sqlite3.register_converter("nsdate", _us_date)


def _compared(left: str, right: str) -> int:
    try:
        first, second = Decimal(left), Decimal(right)
    except InvalidOperation:
        return (left > right) - (left < right)
    return (first > second) - (first < second)


def _to_char(value: Any, form: str | None = None) -> str | None:
    if value is None or form is None:
        return None if value is None else str(value)
    if form.upper() != "YYYY-MM-DD":
        raise ValueError("only YYYY-MM-DD is supported")
    return str(value)[:10]


def _to_date(value: str, form: str) -> str:
    if form.upper() != "YYYY-MM-DD":
        raise ValueError("only YYYY-MM-DD is supported")
    return dt.date.fromisoformat(value).isoformat()


class _Sum:
    """SUM of decimals, without binary floating point."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, value: Any) -> None:
        if value is not None:
            self._sum = (self._sum or Decimal(0)) + Decimal(str(value))

    def finalize(self) -> str | None:
        return None if self._sum is None else plain(self._sum)


def _invalid(detail: str) -> NsError:
    return NsError(
        "INVALID_PARAMETER", f"Invalid search query. Detailed unprocessed description follows. {detail}"
    )
