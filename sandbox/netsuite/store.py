"""The account's records: kept by type and internal id, found by external id."""

from collections.abc import Callable
from typing import Any

from sandbox.kit.clock import Clock
from sandbox.kit.state import State
from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.fields import ITEMS, RECORDS, TRANSACTIONS, RecordType

Doc = dict[str, Any]
_EXTERNAL, _SETTINGS = "_external_id", "_preference"


class Store:
    def __init__(self, state: State, clock: Clock, changed: Callable[[str, str], None]) -> None:
        self.state, self.clock, self._changed = state, clock, changed

    def get(self, record: str, id_: str) -> Doc | None:
        return self.state.get(record, id_)

    def must(self, record: str, id_: str) -> Doc:
        """A record that a checked reference names."""
        found = self.get(record, id_)
        if found is None:
            raise user_error(f"The record {record} {id_} does not exist.")
        return found

    def item(self, id_: str) -> Doc:
        for record in ITEMS:
            found = self.get(record, id_)
            if found is not None:
                return found
        raise user_error(f"Invalid Field Value {id_} for the following field: item")

    def transaction(self, id_: str) -> tuple[str, Doc] | None:
        for record in TRANSACTIONS:
            found = self.get(record, id_)
            if found is not None:
                return record, found
        return None

    def by_external_id(self, type_: RecordType, external_id: str) -> Doc | None:
        """The record of this very type; another type may hold the id in the same namespace."""
        holder = self._holder(type_.group, external_id)
        if holder is None or holder["record"] != type_.name:
            return None
        return self.get(type_.name, holder["id"])

    def resolve(self, targets: tuple[str, ...], reference: Doc) -> str | None:
        """The internal id that {id} or {externalId} names; None where there is no such record."""
        for record in targets:
            if "id" in reference and self.get(record, str(reference["id"])) is not None:
                return str(reference["id"])
            if "externalId" in reference:
                found = self.by_external_id(RECORDS[record], str(reference["externalId"]))
                if found is not None:
                    return str(found["id"])
        return None

    def taken(self, type_: RecordType, external_id: str) -> bool:
        """Whether any record of the type's namespace has the external id."""
        return self._holder(type_.group, external_id) is not None

    def add(self, type_: RecordType, doc: Doc) -> Doc:
        """Keep a new record; 400 where its external id is taken, by whatever type of the same group."""
        external_id = doc.get("externalId")
        if external_id is not None and self.taken(type_, external_id):
            raise duplicate(external_id)
        now = self._now()
        kept = {"id": str(self.state.next_number(f"id of {type_.group}")), **doc}
        created = "createdDate" if "createdDate" in type_.fields else "dateCreated"
        kept |= {created: now, "lastModifiedDate": now}
        self._keep(type_, kept)
        return kept

    def change(self, type_: RecordType, doc: Doc) -> Doc:
        kept = {**doc, "lastModifiedDate": self._now()}
        self._keep(type_, kept)
        return kept

    def remove(self, type_: RecordType, id_: str) -> None:
        self.state.delete(type_.name, id_)
        self._changed(type_.name, id_)

    def preference(self, name: str, default: str) -> str:
        found = self.state.get(_SETTINGS, name)
        return default if found is None else str(found["value"])

    def set_preference(self, name: str, value: str) -> None:
        self.state.put(_SETTINGS, name, {"value": value})

    def _keep(self, type_: RecordType, doc: Doc) -> None:
        self.state.put(type_.name, doc["id"], doc)
        if doc.get("externalId") is not None:
            holder = {"record": type_.name, "id": doc["id"]}
            self.state.put(_EXTERNAL, _key(type_.group, doc["externalId"]), holder)
        self._changed(type_.name, doc["id"])

    def _holder(self, group: str, external_id: str) -> Doc | None:
        return self.state.get(_EXTERNAL, _key(group, external_id))

    def _now(self) -> str:
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def duplicate(external_id: str) -> NsError:
    return NsError(
        "DUP_RCRD",
        f"This record already exists. The external ID {external_id} is in use.",
        path="externalId",
    )


def _key(group: str, external_id: str) -> str:
    """External ids differ by more than case."""
    return f"{group}:{external_id.lower()}"
