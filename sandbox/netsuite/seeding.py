"""What the account has from the beginning, and what a scenario brings in."""

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.netsuite.fields import RECORDS
from sandbox.netsuite.periods import OUTSIDE_PREFERENCE, close, period_of
from sandbox.netsuite.store import Doc, Store
from sandbox.netsuite.writes import Writes

_ACCOUNTS = (
    ("1000", "Cash", "Bank"),
    ("1200", "Accounts Receivable", "AcctRec"),
    ("1250", "Unbilled Receivable", "UnbilledRec"),
    ("1260", "Contract Asset", "OthCurrAsset"),
    ("2200", "Sales Tax Payable", "OthCurrLiab"),
    ("2300", "Customer Credits", "OthCurrLiab"),
    ("2400", "Deferred Revenue", "DeferRevenue"),
    ("4000", "Subscription Revenue", "Income"),
    ("4010", "Usage Revenue", "Income"),
    ("4020", "Termination Fees", "Income"),
    ("6100", "Bad Debt", "Expense"),
    ("6200", "Dispute Fees", "Expense"),
    ("7100", "Realised Exchange Gain or Loss", "OthIncome"),
    ("7200", "Unrealised Exchange Gain or Loss", "OthIncome"),
)
_CURRENCIES = (
    ("USD", "US Dollar", 2),
    ("EUR", "Euro", 2),
    ("GBP", "British Pound", 2),
    ("CAD", "Canadian Dollar", 2),
    ("AUD", "Australian Dollar", 2),
    ("CHF", "Swiss Franc", 2),
    ("SEK", "Swedish Krona", 2),
    ("INR", "Indian Rupee", 2),
    ("SGD", "Singapore Dollar", 2),
    ("JPY", "Japanese Yen", 0),
    ("KRW", "South Korean Won", 0),
)
_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 45", 45), ("Net 60", 60))
_YEARS = range(2023, 2033)
WRITE_OFF = "BAD-DEBT"
_FEE = "TERMINATION-FEE"
_DEFERRED, _UNBILLED, _INCOME = "2400", "1250", "4000"


class Seeding:
    def __init__(self, store: Store, writes: Writes) -> None:
        self._store, self._writes = store, writes

    def defaults(self) -> None:
        for symbol, name, digits in _CURRENCIES:
            self._make("currency", name=name, symbol=symbol, currencyPrecision=digits)
        for number, name, type_ in _ACCOUNTS:
            self._make("account", acctNumber=number, acctName=name, acctType={"id": type_})
        for name, days in _TERMS:
            self._make("term", name=name, daysUntilNetDue=days)
        tax = {"itemId": "EXTERNAL", "name": "Tax computed outside", "rate": "0", "taxType": "EXTERNAL"}
        self._make("salesTaxItem", externalId="EXTERNAL", taxAccount=self._account("2200"), **tax)
        write_off = {"itemId": WRITE_OFF, "displayName": "Bad debt", "incomeAccount": self._account("6100")}
        self._make("nonInventorySaleItem", externalId=WRITE_OFF, subtype={"id": "Sale"}, **write_off)
        for year in _YEARS:
            for month in range(1, 13):
                self._make("accountingPeriod", **_period(year, month))

    def scenario(self, scenario: Doc, *, bare: bool) -> dict[str, list[str]]:
        """The subsidiary and items of a scenario; nothing if bare, but its closed periods."""
        made: dict[str, list[str]] = {"subsidiary": [], "item": [], "closed": []}
        if not bare:
            for contract in _contracts(scenario):
                base = _base_currency(scenario, contract)
                made["subsidiary"] += self._subsidiary(contract["legal_entity"], base)
            for product in _products(scenario):
                made["item"] += self._items(product)
        for month in (scenario.get("periods") or {}).get("closed", []):
            self.close(month)
            made["closed"].append(month)
        return made

    def close(self, month: str, *, closed: bool = True) -> None:
        """Close or reopen the period of a month ("2026-01")."""
        close(self._store, period_of(self._store, f"{month}-01"), closed=closed)

    def prefer(self, preferences: dict[str, str]) -> None:
        """Accounting preferences; known is allowTransactionDateOutsideOfPostingPeriod ALLOW or DISALLOW."""
        for name, value in preferences.items():
            if name != OUTSIDE_PREFERENCE:
                raise ValueError(f"unknown preference: {name}")
            self._store.set_preference(name, value)

    def segments(self, kind: str, names: Iterable[str]) -> list[str]:
        """Departments, classifications or locations by name, which is their external id too."""
        return [self._make(kind, name=name, externalId=name)["id"] for name in names]

    def _subsidiary(self, code: str, currency: str) -> list[str]:
        if self._store.by_external_id(RECORDS["subsidiary"], code) is not None:
            return []
        base = next((c for c in self._store.state.all("currency") if c["symbol"] == currency), None)
        if base is None:
            raise ValueError(f"the account has no currency {currency}: NetSuite's have 0 or 2 decimals")
        country = {"id": code[:2]} if code[:2].isalpha() else {"id": "US"}
        doc = {"name": f"Subsidiary {code}", "currency": {"id": base["id"]}, "country": country}
        return [self._make("subsidiary", externalId=code, **doc)["id"]]

    def _items(self, product: str) -> list[str]:
        """One item for sales billed in advance, which defers, and one for sales billed in arrears, which
        takes the unbilled receivable off: in NetSuite the item decides about a line's account."""
        if self._store.by_external_id(RECORDS["serviceSaleItem"], product) is not None:
            return []
        deferring = {"deferredRevenueAccount": self._account(_DEFERRED)}
        income = {"incomeAccount": self._account(_INCOME)}
        unbilled = {"incomeAccount": self._account(_UNBILLED), "directRevenuePosting": True}
        common = {"itemType": {"id": "Service"}, "subtype": {"id": "Sale"}}
        kinds = ((product, {**income, **deferring}), (f"{product}-ARREARS", unbilled))
        return [
            self._make(
                "serviceSaleItem", itemId=name, externalId=name, displayName=name, **common, **accounts
            )["id"]
            for name, accounts in kinds
        ]

    def _account(self, number: str) -> Doc:
        return next({"id": a["id"]} for a in self._store.state.all("account") if a["acctNumber"] == number)

    def _make(self, kind: str, **fields: Any) -> Doc:
        return self._writes.create(RECORDS[kind], fields)


def _period(year: int, month: int) -> Doc:
    first = dt.date(year, month, 1)
    last = first.replace(day=calendar.monthrange(year, month)[1])
    return {
        "periodName": f"{calendar.month_abbr[month]} {year}",
        "startDate": first.isoformat(),
        "endDate": last.isoformat(),
    }


def _base_currency(scenario: Doc, contract: Doc) -> str:
    """Of the entity's books: as the scenario says, else the contract's."""
    said = (scenario.get("fx") or {}).get("functional_currency")
    return str(said or contract["currency"])


def _contracts(scenario: Doc) -> Iterator[Doc]:
    yield scenario["contract"]
    for change in scenario.get("changes", []):
        yield from change.get("contracts", [])


def _products(scenario: Doc) -> list[str]:
    lines = [line for contract in _contracts(scenario) for line in contract["lines"]]
    for change in scenario.get("changes", []):
        lines += [line["add"] for line in change.get("lines", []) if line.get("add")]
    fees = [_FEE] if any(change.get("fee") for change in scenario.get("changes", [])) else []
    return [*dict.fromkeys([*(line["product"] for line in lines), *fees])]
