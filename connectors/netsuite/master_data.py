"""What must be in the account before anything is posted: subsidiary, currency, accounts, items, periods."""

import datetime as dt
from collections.abc import Iterable, Mapping

from canonical.money import minor_unit_digits
from connectors.netsuite import bodies, queries
from connectors.netsuite.bodies import Targets
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.receipt_bodies import CashTargets
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.wire import MasterRow, PeriodRow
from ports.erp import ErpCheck, ErpProblem, LedgerDocument, LedgerJournal, PostingPeriod
from ports.errors import PeriodClosed, Rejected
from ports.receipts import CashEntry

Found = Mapping[tuple[str, str], MasterRow]
_OPERATION = "look up master data"
CURRENCY_DECIMALS = (0, 2)
"""All that a currency can have in NetSuite (help, "Currency Decimal Precision")."""


class MasterData:
    def __init__(self, client: NetSuiteClient, settings: NetSuiteSettings) -> None:
        self._client, self._settings = client, settings

    async def books(self, legal_entity: str, currency: str) -> tuple[str, str]:
        """Internal ids of a subsidiary and a currency."""
        found = await self._find({"subsidiary": [legal_entity], "currency": [currency]})
        return _id(found, "subsidiary", legal_entity, "legal_entity"), _id(
            found, "currency", currency, "currency"
        )

    async def targets_of_document(self, document: LedgerDocument) -> Targets:
        """What an invoice's or credit memo's body refers to; Rejected, naming the field, where something is
        not there, is inactive, or where an item would post to another account than the line says."""
        names = {
            bodies.item_name(line, self._settings.item_suffixes): line.account for line in document.lines
        }
        segments = bodies.segment_names([line.dimensions for line in document.lines])
        found = await self._find(
            {
                "subsidiary": [document.legal_entity],
                "currency": [document.currency],
                "account": [document.receivable_account],
                "item": names,
                "tax_code": [self._settings.tax_code] if document.tax else [],
                **segments,
            }
        )
        for line in document.lines:
            name = bodies.item_name(line, self._settings.item_suffixes)
            _require_account(found, "item", name, line.account)
        if document.tax:
            _require_account(found, "tax_code", self._settings.tax_code, document.tax_account)
        taxes = found.get(("tax_code", self._settings.tax_code))
        return Targets(
            subsidiary=_id(found, "subsidiary", document.legal_entity, "legal_entity"),
            currency=_id(found, "currency", document.currency, "currency"),
            accounts=_ids(found, "account", [document.receivable_account]),
            items=_ids(found, "item", names),
            segments=_segment_ids(found, segments),
            tax_code=None if taxes is None else taxes.id,
            tax_type=None if taxes is None else taxes.detail,
            period=await self._other_period(document.document_date, document.posting_date),
        )

    async def targets_of_journal(self, journal: LedgerJournal) -> Targets:
        accounts = [line.account for line in journal.lines]
        segments = bodies.segment_names([line.dimensions for line in journal.lines])
        found = await self._find(
            {
                "subsidiary": [journal.legal_entity],
                "currency": [journal.currency],
                "account": accounts,
                **segments,
            }
        )
        return Targets(
            subsidiary=_id(found, "subsidiary", journal.legal_entity, "legal_entity"),
            currency=_id(found, "currency", journal.currency, "currency"),
            accounts=_ids(found, "account", accounts),
            items={},
            segments=_segment_ids(found, segments),
            period=await self._other_period(journal.date, journal.posting_date),
        )

    async def targets_of_cash(self, entry: CashEntry) -> CashTargets:
        """What the records of an entry of cash refer to; the write-off item must post to bad debt."""
        said = entry.accounts
        item = self._settings.write_off_item
        is_write_off = entry.application.kind in ("write_off", "recovery")
        accounts = {said.cash, said.accounts_receivable, said.dispute_fees}
        found = await self._find(
            {
                "subsidiary": [entry.legal_entity],
                "currency": [entry.currency],
                "account": accounts,
                "item": [item] if is_write_off else [],
            }
        )
        if is_write_off:
            _require_account(found, "item", item, said.bad_debt)
        return CashTargets(
            subsidiary=_id(found, "subsidiary", entry.legal_entity, "legal_entity"),
            currency=_id(found, "currency", entry.currency, "currency"),
            cash=_id(found, "account", said.cash, "account"),
            receivable=_id(found, "account", said.accounts_receivable, "account"),
            fees=_id(found, "account", said.dispute_fees, "account"),
            write_off_item=_id(found, "item", item, "item") if is_write_off else None,
            period=await self._other_period(entry.date, entry.posting_date),
        )

    async def item_accounts(self, ids: Iterable[str]) -> dict[str, str | None]:
        """The account that each item posts to, by the item's internal id."""
        rows = await self._client.query("read items", queries.items(ids), MasterRow)
        return {row.id: row.account for row in rows}

    async def open_period(self, date: dt.date) -> PostingPeriod:
        for row in await self._periods(date):
            if not row.shut:
                return PostingPeriod(
                    id=row.id, name=row.name, start=row.first_day, end=row.last_day, closed=False
                )
        raise _missing("date", date.isoformat(), "NO_OPEN_PERIOD")

    async def period_of(self, date: dt.date) -> PostingPeriod:
        """The date's own period, open or not; Rejected where the account has none."""
        row = _containing(await self._periods(date), date)
        if row is None:
            raise _missing("date", date.isoformat(), "PERIOD_MISSING")
        return PostingPeriod(id=row.id, name=row.name, start=row.first_day, end=row.last_day, closed=row.shut)

    async def is_shut(self, date: dt.date) -> bool:
        """Whether the date's period is closed or locked; one that is not there is not."""
        period = _containing(await self._periods(date), date)
        return period is not None and period.shut

    async def problems(self, request: ErpCheck) -> tuple[ErpProblem, ...]:
        """What would be refused; items count as there if one of their forms posts to one of the accounts."""
        suffixes = ["", *self._settings.item_suffixes.values()]
        forms = [product + suffix for product in request.products for suffix in suffixes]
        found = await self._find(
            {
                "subsidiary": [request.legal_entity],
                "currency": [request.currency],
                "account": request.accounts,
                "item": forms,
                "tax_code": [self._settings.tax_code],
            }
        )
        problems = [*_entity_problems(found, request), *_account_problems(found, request)]
        for product in request.products:
            rows = [row for suffix in suffixes if (row := found.get(("item", product + suffix)))]
            problems += _item_problems(product, rows, request.accounts)
        if request.dates:
            periods = await self._periods(min(request.dates))
            problems += [problem for date in request.dates for problem in _date_problems(periods, date)]
        return tuple(problems)

    async def _other_period(self, date: dt.date, posting_date: dt.date) -> str | None:
        """The period to name where the posting date lies in another than the document's date."""
        if posting_date == date:
            return None
        periods = await self._periods(min(date, posting_date))
        posting = _containing(periods, posting_date)
        if posting is None:
            raise _missing("posting_date", posting_date.isoformat(), "PERIOD_MISSING")
        if posting.shut:
            raise PeriodClosed(
                f"{posting.name} is closed or locked",
                platform=PLATFORM,
                operation=_OPERATION,
                vendor_code="PERIOD_CLOSED",
                field="posting_date",
            )
        return None if posting == _containing(periods, date) else posting.id

    async def _periods(self, date: dt.date) -> tuple[PeriodRow, ...]:
        return await self._client.query("look up periods", queries.periods_from(date), PeriodRow)

    async def _find(self, names: Mapping[str, Iterable[str]]) -> Found:
        rows = await self._client.query(_OPERATION, queries.master_data(names), MasterRow)
        return {(row.kind, row.name): row for row in rows}


def _id(found: Found, kind: str, name: str, field: str) -> str:
    row = found.get((kind, name))
    if row is None:
        raise _missing(field, name, f"{field.upper()}_UNKNOWN")
    return row.id


def _ids(found: Found, kind: str, names: Iterable[str]) -> dict[str, str]:
    return {name: _id(found, kind, name, kind) for name in names}


def _segment_ids(found: Found, names: Mapping[str, set[str]]) -> dict[tuple[str, str], str]:
    return {(kind, name): _id(found, kind, name, kind) for kind in names for name in names[kind]}


def _require_account(found: Found, kind: str, name: str, account: str) -> None:
    row = found.get((kind, name))
    if row is None:
        raise _missing(kind, name, f"{kind.upper()}_UNKNOWN")
    if row.account != account:
        raise Rejected(
            f"{kind} {name} posts to account {row.account}, not to {account}",
            platform=PLATFORM,
            operation=_OPERATION,
            vendor_code=f"{kind.upper()}_ACCOUNT_DIFFERS",
            field="account",
        )


def _missing(field: str, value: str, code: str) -> Rejected:
    return Rejected(
        f"{field} {value}: {code}", platform=PLATFORM, operation=_OPERATION, vendor_code=code, field=field
    )


def _containing(periods: Iterable[PeriodRow], date: dt.date) -> PeriodRow | None:
    return next((row for row in periods if row.first_day <= date <= row.last_day), None)


def _entity_problems(found: Found, request: ErpCheck) -> list[ErpProblem]:
    problems = []
    if ("subsidiary", request.legal_entity) not in found:
        problems.append(
            _problem("legal_entity", request.legal_entity, "ENTITY_UNKNOWN", "no active subsidiary")
        )
    elif request.books_currency not in (None, found["subsidiary", request.legal_entity].detail):
        what = (
            f"NetSuite keeps its books in {found['subsidiary', request.legal_entity].detail}, our policy in "
        )
        what += f"{request.books_currency}: correct functional_currency in currencies.yaml"
        problems.append(_problem("legal_entity", request.legal_entity, "BOOKS_CURRENCY_DIFFERS", what))
    currency = found.get(("currency", request.currency))
    if currency is None:
        what = "NetSuite has no active currency of that code"
        digits = minor_unit_digits(request.currency)
        if digits not in CURRENCY_DECIMALS:
            what += (
                f", and can have none: its currencies have 0 or 2 decimals, {request.currency} has {digits}"
            )
        problems.append(_problem("currency", request.currency, "CURRENCY_UNKNOWN", what))
    elif str(minor_unit_digits(request.currency)) != currency.account:
        what = f"NetSuite keeps {currency.account} decimals of it, ISO 4217 has another number"
        problems.append(_problem("currency", request.currency, "CURRENCY_PRECISION", what))
    return problems


def _account_problems(found: Found, request: ErpCheck) -> list[ErpProblem]:
    return [
        _problem("account", account, "ACCOUNT_UNKNOWN", "no active account has this number")
        for account in request.accounts
        if ("account", account) not in found
    ]


def _item_problems(product: str, rows: list[MasterRow], accounts: tuple[str, ...]) -> list[ErpProblem]:
    if not rows:
        return [_problem("item", product, "ITEM_UNKNOWN", "no active item has this name")]
    if accounts and not any(row.account in accounts for row in rows):
        posts_to = ", ".join(str(row.account) for row in rows)
        what = f"the item posts to account {posts_to}, which is not one of ours"
        return [_problem("item", product, "ITEM_ACCOUNT_DIFFERS", what)]
    return []


def _date_problems(periods: tuple[PeriodRow, ...], date: dt.date) -> list[ErpProblem]:
    if _containing(periods, date) is None:
        return [_problem("date", date.isoformat(), "PERIOD_MISSING", "no accounting period has this day")]
    if all(row.shut for row in periods if row.last_day >= date):
        return [_problem("date", date.isoformat(), "PERIOD_CLOSED", "its period and all after it are closed")]
    return []


def _problem(field: str, value: str, code: str, message: str) -> ErpProblem:
    return ErpProblem(field=field, value=value, code=code, message=f"{field} {value}: {message}")
