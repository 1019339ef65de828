"""What a simulated platform remembers: JSON documents by kind and id, in SQLite.

Kinds that begin with an underscore are internal (the kit's own, and a vendor's tokens and the like): they
are not listed by `kinds` and are never served stale. Nothing here awaits, so on one event loop each call,
and each `transaction` without an `await` inside, is atomic towards other requests.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Document = dict[str, Any]
Scalar = str | int | float | bool | None

_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*")

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, doc TEXT NOT NULL,
  UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS documents_in_order ON documents (kind, seq);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""


class State:
    """Documents by (kind, id); `path` is a file or ":memory:". Decimals are kept as strings by callers."""

    def __init__(self, path: str) -> None:
        self._live = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        if path != ":memory:":
            self._live.execute("PRAGMA journal_mode=WAL")
            self._live.execute("PRAGMA synchronous=NORMAL")
        self._live.executescript(_TABLES)
        self._shadow: sqlite3.Connection | None = None
        self._depth = 0

    def put(self, kind: str, id: str, doc: Document) -> None:
        """Insert, or replace and keep the place in the order of insertion."""
        self._database(kind).execute(
            "INSERT INTO documents (kind, id, doc) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc",
            (kind, id, _encoded(doc)),
        )

    def get(self, kind: str, id: str) -> Document | None:
        row = (
            self._database(kind)
            .execute("SELECT doc FROM documents WHERE kind = ? AND id = ?", (kind, id))
            .fetchone()
        )
        return None if row is None else _decoded(row)

    def delete(self, kind: str, id: str) -> bool:
        """Whether there was such a document."""
        cursor = self._database(kind).execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))
        return cursor.rowcount > 0

    def all(self, kind: str) -> list[Document]:
        rows = self._database(kind).execute("SELECT doc FROM documents WHERE kind = ? ORDER BY seq", (kind,))
        return [_decoded(row) for row in rows]

    def find(self, kind: str, **equals: Scalar) -> list[Document]:
        """Those whose top-level fields equal the given ones (None: null or absent), in order of insertion."""
        database = self._database(kind)
        terms, values = ["kind = ?"], [kind]
        for field, value in equals.items():
            expression = _indexed(database, field)
            terms.append(f"{expression} IS NULL" if value is None else f"{expression} = ?")
            values += [] if value is None else [_searchable(value)]
        query = f"SELECT doc FROM documents WHERE {' AND '.join(terms)} ORDER BY seq"  # noqa: S608
        return [_decoded(row) for row in database.execute(query, values)]

    def find_one(self, kind: str, **equals: Scalar) -> Document | None:
        """The first that `find` gives."""
        found = self.find(kind, **equals)
        return found[0] if found else None

    def count(self, kind: str) -> int:
        row = (
            self._database(kind).execute("SELECT count(*) FROM documents WHERE kind = ?", (kind,)).fetchone()
        )
        return int(row[0])

    def kinds(self) -> list[str]:
        """The platform's own kinds; internal ones (with a leading underscore) are left out."""
        rows = self._live.execute("SELECT kind FROM documents GROUP BY kind ORDER BY min(seq)").fetchall()
        return [kind for (kind,) in rows if not kind.startswith("_")]

    def next_number(self, name: str) -> int:
        """1, 2, 3, … for each name; a number given is never given again, except after `reset`."""
        row = self._live.execute(
            "INSERT INTO numbers (name, last) VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            (name,),
        ).fetchone()
        return int(row[0])

    def reset(self) -> None:
        """Forget everything, internal kinds and numbers too."""
        self.drop_shadow()
        with self.transaction():
            self._live.execute("DELETE FROM documents")
            self._live.execute("DELETE FROM numbers")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested. Never await inside: other requests' writes would join it."""
        name = f"depth_{self._depth}"
        self._live.execute("BEGIN IMMEDIATE" if self._depth == 0 else f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._live.execute("ROLLBACK")
            else:
                self._live.execute(f"ROLLBACK TO {name}")
                self._live.execute(f"RELEASE {name}")
            raise
        self._depth -= 1
        self._live.execute("COMMIT" if self._depth == 0 else f"RELEASE {name}")

    def close(self) -> None:
        self.drop_shadow()
        self._live.close()

    # Stale reads: what the platform still shows while the latest writes are not visible yet.

    @property
    def has_shadow(self) -> bool:
        return self._shadow is not None

    def keep_shadow(self) -> None:
        """Remember everything as it is now, for `reading_shadow`."""
        self.drop_shadow()
        self._shadow = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._live.backup(self._shadow)

    def drop_shadow(self) -> None:
        if self._shadow is not None:
            self._shadow.close()
            self._shadow = None

    @contextmanager
    def reading_shadow(self) -> Iterator[None]:
        """Within the block (and its task) documents are read from the shadow; what is written is lost."""
        token = _reading_shadow_of.set(self)
        try:
            yield
        finally:
            _reading_shadow_of.reset(token)

    def _database(self, kind: str) -> sqlite3.Connection:
        if self._shadow is not None and not kind.startswith("_") and _reading_shadow_of.get() is self:
            return self._shadow
        return self._live


_reading_shadow_of: ContextVar[State | None] = ContextVar("reading_shadow_of", default=None)


def _decoded(row: tuple[str]) -> Document:
    doc: Document = json.loads(row[0])
    return doc


def _searchable(value: Scalar) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise TypeError(f"can search for strings, numbers and booleans, not {type(value).__name__}")
    return value


def _indexed(database: sqlite3.Connection, field: str) -> str:
    """The SQL expression of a top-level field; an index on it is made at its first use."""
    if not _FIELD.fullmatch(field):
        raise ValueError(f"not a field name: {field!r}")
    expression = f"""json_extract(doc, '$."{field}"')"""
    database.execute(f'CREATE INDEX IF NOT EXISTS "by_{field}" ON documents (kind, {expression})')
    return expression
