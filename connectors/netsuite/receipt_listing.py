"""All receipts of a subsidiary, from NetSuite's own tables."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from canonical.ids import RECOVERY
from connectors.netsuite import mapping
from connectors.netsuite import receipt_queries as queries
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.queries import HEADS
from connectors.netsuite.receivables import FEE, UNAPPLIED, CustomerReceivables
from connectors.netsuite.wire import CashRow, LineAmountRow, LinkRow
from ports.receipts import AppliedTo, PostedReceipt

Kind = Literal["payment", "unapplied", "application", "refund", "write_off", "recovery", "fee"]
_KINDS: Mapping[str, Kind] = {
    "CustPymt": "payment",
    "CustDep": "unapplied",
    "DepAppl": "application",
    "CustRfnd": "refund",
}
_MONEY = ("CustPymt", "CustDep", "CustRfnd")
_FEE = re.compile(r"dispute/.+/fee")


def kind_of(type_: str, key: str | None) -> Kind | None:
    """What a transaction is; None for one that is no receipt."""
    if type_ == "CustCred":
        return "write_off" if key is not None and key.startswith(mapping.WRITE_OFF) else None
    if type_ == "CustInvc":
        return "recovery" if key is not None and key.startswith(RECOVERY) else None
    if type_ == "Journal":
        return "fee" if key is not None and _FEE.fullmatch(key) else None
    return _KINDS.get(type_)


class ReceiptListing:
    def __init__(self, client: NetSuiteClient, receivables: CustomerReceivables) -> None:
        self._client, self._receivables = client, receivables

    async def all(self, legal_entity: str, since: dt.date | None = None) -> tuple[PostedReceipt, ...]:
        found: list[PostedReceipt] = []
        after = 0
        while True:
            statement = queries.receipts_of(legal_entity, after, since)
            page = await self._client.query("list receipts", statement, CashRow)
            found += await self._listed([row for row in page if kind_of(row.type, _key(row)) is not None])
            if len(page) < HEADS:
                return tuple(found)
            after = int(page[-1].id)

    async def of_keys(self, keys: tuple[str, ...]) -> tuple[PostedReceipt, ...]:
        """All parts of the entries."""
        names = [mapping.external_id(key + part) for key in keys for part in ("", UNAPPLIED, FEE)]
        rows: list[CashRow] = []
        for start in range(0, len(names), HEADS):
            rows += (await self._receivables.find(*names[start : start + HEADS])).values()
        return tuple(await self._listed([row for row in rows if kind_of(row.type, _key(row)) is not None]))

    async def _listed(self, rows: list[CashRow]) -> list[PostedReceipt]:
        if not rows:
            return []
        ids = [row.id for row in rows]
        links = await self._receivables.links(ids)
        amounts = await self._client.query("list cash", queries.cash_of(ids), LineAmountRow)
        cash = {row.transaction: row.amount for row in amounts}
        return [_receipt(row, [link for link in links if link.next == row.id], cash[row.id]) for row in rows]


def _key(row: CashRow) -> str | None:
    return mapping.key_of(row.externalid)


def _receipt(row: CashRow, links: list[LinkRow], main: Decimal) -> PostedReceipt:
    kind = kind_of(row.type, _key(row))
    if kind is None:
        raise ValueError(f"{row.type} {row.id} is no receipt")
    cash = main if row.type in _MONEY else Decimal(0)
    if kind == "fee":
        cash = -main  # the journal's first line is the fee's own account
    return PostedReceipt(
        platform=PLATFORM,
        kind=kind,
        id=row.id,
        number=row.tranid,
        key=_key(row),
        legal_entity=row.subsidiary,
        customer_id=row.entity,
        currency=row.currency,
        date=row.trandate,
        period_start=row.period_start,
        amount=mapping.written(row.total, row.currency),
        cash=mapping.written(cash, row.currency),
        unapplied=mapping.written(row.open or Decimal(0), row.currency)
        if row.type == "CustDep"
        else Decimal(0),
        applied_to=tuple(
            AppliedTo(
                document_id=link.previous,
                key=mapping.key_of(link.externalid),
                amount=mapping.written(link.amount, row.currency),
            )
            for link in links
        ),
        exchange_rate=row.exchange_rate,
    )
