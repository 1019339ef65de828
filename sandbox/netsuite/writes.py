"""Creating, changing and transforming records, each all or nothing."""

from copy import deepcopy
from decimal import Decimal

from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.fields import RecordType
from sandbox.netsuite.journals import change_journal, reverse_on_its_date, settle_journal
from sandbox.netsuite.payments import change_cash_applications, settle_cash, settle_cash_applications
from sandbox.netsuite.periods import close
from sandbox.netsuite.sales import change_sale, settle_applications, settle_sale
from sandbox.netsuite.store import Doc, Store, duplicate

_SALES = ("invoice", "creditMemo")
_CASH = ("customerPayment", "customerDeposit", "depositApplication", "customerRefund")
_LINE_KEYS = {
    "item": "line",
    "line": "line",
    "apply": "doc",
    "deposit": "doc",
    "taxDetails": "taxDetailsReference",
    "addressBook": "internalId",
}
_REQUIRED = {
    "customer": ("subsidiary",),
    "subsidiary": ("name", "currency"),
    "account": ("acctName", "acctType"),
    "currency": ("name", "symbol"),
    "accountingPeriod": ("periodName", "startDate", "endDate"),
    "serviceSaleItem": ("itemId", "incomeAccount"),
    "nonInventorySaleItem": ("itemId", "incomeAccount"),
    "salesTaxItem": ("itemId", "taxType", "taxAccount"),
}


class Writes:
    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, type_: RecordType, body: Doc) -> Doc:
        doc = deepcopy(body)
        wanted = (doc.pop("apply", None) or {}).get("items")
        external_id = doc.get("externalId")
        if external_id is not None and self._store.taken(type_, external_id):
            raise duplicate(external_id)
        if type_.name in _SALES:
            kept = self._store.add(type_, settle_sale(self._store, type_.name, doc))
            kept = settle_applications(self._store, type_.name, kept, wanted)
        elif type_.name in _CASH:
            with_applications = {**doc, "apply": {"items": wanted or []}}
            kept = settle_cash(self._store, type_.name, with_applications)
            kept = self._store.add(type_, {**kept, "apply": {"items": []}})
            kept = settle_cash_applications(self._store, type_.name, kept, wanted)
        elif type_.name == "journalEntry":
            kept = self._store.add(type_, settle_journal(self._store, doc))
            kept = reverse_on_its_date(self._store, kept)
        else:
            kept = self._store.add(type_, self._settle_list_record(type_, doc))
        return self._store.change(type_, self._numbered(kept))

    def change(self, type_: RecordType, old: Doc, body: Doc, replaced: frozenset[str]) -> Doc:
        """A PATCH: lines whose key is there are merged, others are added; those of `replaced` sublists go."""
        changes = deepcopy(body)
        new_id = changes.get("externalId")
        if new_id is not None and new_id != old.get("externalId") and self._store.taken(type_, new_id):
            raise duplicate(new_id)
        wanted = (changes.pop("apply", None) or {}).get("items")
        for name in [name for name, known in type_.fields.items() if known.type == "l" and name in changes]:
            lines = changes[name]["items"]
            kept_lines = [] if name in replaced else old.get(name, {}).get("items", [])
            changes[name] = {"items": _merged(kept_lines, lines, _LINE_KEYS.get(name, "id"))}
        if type_.name in _SALES:
            kept = change_sale(self._store, type_.name, old, changes)
            kept = settle_applications(self._store, type_.name, kept, wanted)
        elif type_.name in _CASH:
            kept = {**old, **changes}
            if wanted is not None:
                kept = change_cash_applications(self._store, type_.name, kept, wanted)
        elif type_.name == "journalEntry":
            kept = reverse_on_its_date(self._store, change_journal(self._store, old, changes))
        else:
            kept = self._change_list_record(type_, old, changes)
        return self._store.change(type_, self._numbered(kept))

    def transform(self, source: str, target: str, doc: Doc, body: Doc) -> Doc:
        """The body of the target record, with what it takes over from its source."""
        match source, target:
            case "customer", "invoice":
                return {"entity": {"id": doc["id"]}, **body}
            case "invoice", "creditMemo":
                return _credit_of(doc) | body
            case "invoice", "customerPayment":
                line = {"doc": {"id": doc["id"]}, "apply": True, "amount": doc["amountRemaining"]}
                base = {"customer": doc["entity"], "payment": doc["amountRemaining"]}
                return {**base, "currency": doc["currency"], "apply": {"items": [line]}, **body}
            case "customerDeposit", "depositApplication":
                return {"deposit": {"id": doc["id"]}, **body}
        raise NsError("INVALID_RCRD_TRANSFRM", f"That transformation is not possible: {source} to {target}.")

    def _numbered(self, doc: Doc) -> Doc:
        """Each address of a customer has its own id."""
        for line in (doc.get("addressBook") or {}).get("items", []):
            if line.get("internalId") is None:
                line["internalId"] = line["id"] = self._store.state.next_number("id of address")
        return doc

    def _settle_list_record(self, type_: RecordType, doc: Doc) -> Doc:
        for name in _REQUIRED.get(type_.name, ()):
            if doc.get(name) is None:
                raise user_error(f"Please enter value(s) for: {name}", name)
        doc.setdefault("isInactive", False)
        if type_.name == "customer":
            return self._new_customer(doc)
        if type_.name == "accountingPeriod":
            doc = {"isPosting": True, "closed": False, "allLocked": False, "arLocked": False, **doc}
        if type_.name == "currency":
            doc = {"currencyPrecision": 2, "exchangeRate": "1", **doc}
            if doc["currencyPrecision"] not in (0, 2):
                raise NsError("INVALID_VALUE", "Currency precision is 0 or 2.", path="currencyPrecision")
        return doc

    def _new_customer(self, doc: Doc) -> Doc:
        person = doc.setdefault("isPerson", False)
        if person and not (doc.get("firstName") and doc.get("lastName")):
            raise user_error("Please enter value(s) for: First Name, Last Name", "lastName")
        if not person and not doc.get("companyName"):
            raise user_error("Please enter value(s) for: Company Name", "companyName")
        subsidiary = self._store.must("subsidiary", doc["subsidiary"]["id"])
        doc.setdefault("currency", subsidiary["currency"])
        name = doc.get("companyName") or f"{doc.get('firstName')} {doc.get('lastName')}"
        doc.setdefault("entityId", f"{self._store.state.next_number('number of customer')} {name}")
        return doc

    def _change_list_record(self, type_: RecordType, old: Doc, changes: Doc) -> Doc:
        if type_.name == "customer":
            self._refuse_moved_customer(old, changes)
        if type_.name == "accountingPeriod" and "closed" in changes:
            close(self._store, old, closed=bool(changes["closed"]))
            old = self._store.must(type_.name, old["id"])
        return {**old, **changes}

    def _refuse_moved_customer(self, old: Doc, changes: Doc) -> None:
        for name in ("subsidiary", "currency"):
            moved = name in changes and changes[name] != old[name]
            if moved and self._has_transactions(old["id"]):
                raise user_error(f"You can't change the {name} of a customer with transactions.", name)

    def _has_transactions(self, customer: str) -> bool:
        for record in (*_SALES, *_CASH):
            name = "entity" if record in _SALES else "customer"
            if any(doc[name]["id"] == customer for doc in self._store.state.all(record)):
                return True
        return False


def _merged(kept: list[Doc], lines: list[Doc], key: str) -> list[Doc]:
    merged = [dict(line) for line in kept]
    for line in lines:
        same = [old for old in merged if line.get(key) is not None and old.get(key) == line[key]]
        if same:
            same[0].update(line)
        else:
            merged.append(line)
    return merged


def _credit_of(invoice: Doc) -> Doc:
    """A credit memo of the whole invoice, applied to what is open of it."""
    names = ("entity", "currency", "exchangeRate", "subsidiary", "department", "class", "location", "memo")
    base = {name: invoice[name] for name in names if invoice.get(name) is not None}
    lines = [{k: v for k, v in line.items() if k != "account"} for line in invoice["item"]["items"]]
    apply = {"doc": {"id": invoice["id"]}, "apply": True, "amount": invoice["amountRemaining"]}
    return {
        **base,
        "createdFrom": {"id": invoice["id"]},
        "item": {"items": lines},
        "taxDetailsOverride": invoice.get("taxDetailsOverride", False),
        "taxDetails": deepcopy(invoice["taxDetails"]),
        "apply": {"items": [apply] if Decimal(invoice["amountRemaining"]) else []},
    }
