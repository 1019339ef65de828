"""Salesforce as CRM: the contract in one consistent snapshot, and its fate written back."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from connectors.auth import utc_now
from connectors.salesforce.check import field_problems
from connectors.salesforce.client import PLATFORM, SalesforceClient
from connectors.salesforce.events import approval_of, moment
from connectors.salesforce.fields import FieldMap, load_fields
from connectors.salesforce.mapping import ContractRecord, contract_body, order_body, snapshot
from connectors.salesforce.records import Figures, children
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import (
    account_query,
    approvals_query,
    contracts_query,
    version_query,
    write_back_query,
)
from connectors.salesforce.wire import Record, SubRequest
from ports.access import AccessReport
from ports.crm import MOST_LEVELS, AccountAbove, ContractSnapshot, CrmWriteBack
from ports.errors import Conflict, NotFound, UnexpectedAnswer
from ports.events import EventPage

READ, WRITE, LIST, ABOVE = "read_contract", "write_back", "events", "accounts_above"


class Salesforce:
    """Implements `ports.crm.Crm` and `ports.events.EventSource`. Calls that ended in OutcomeUnknown can
    simply be made again.
    """

    def __init__(self, client: SalesforceClient, fields: FieldMap) -> None:
        self._client, self._fields = client, fields

    async def aclose(self) -> None:
        await self._client.aclose()

    async def read_contract(self, contract_id: str) -> ContractSnapshot:
        """One query for everything, and a second look at the version: Conflict if it has moved meanwhile.

        Merged contracts come with the second look. NotFound: not there, or not approved.
        """
        main = self._only(
            await self._records(contracts_query(self._fields, [contract_id])), contract_id, READ
        )
        wanted = main.merged_ids()
        merged: dict[str, ContractRecord] = {}
        if wanted:
            again = await self._records(contracts_query(self._fields, [contract_id, *wanted]))
            merged = {each.id: each for each in again if each.id != contract_id}
        else:
            again = await self._records(version_query(self._fields, contract_id))
        if self._only(again, contract_id, READ).version != main.version:
            raise Conflict(
                f"{contract_id}: changed while it was read",
                platform=PLATFORM,
                operation=READ,
                field="version",
            )
        return snapshot(main, merged)

    async def write_back(self, request: CrmWriteBack) -> None:
        """Sets the integration's fields, all or none of them, by the contract's external id.

        A contract on which a later version was written back already keeps what that wrote: then only the
        change's own status is set. NotFound: the contract or the change is not in the CRM.
        """
        found = await self._records(write_back_query(self._fields, request.contract), WRITE)
        contract = self._only(found, request.contract, WRITE)
        written = Figures(self._fields.written_contract, contract.record, request.contract)
        last: int | None = written.optional("version")
        writes = [] if last is not None and last > request.version else [self._contract_write(request)]
        if request.change is not None and request.change_status is not None:
            writes.append(self._order_write(request.change, request.change_status, contract.record))
        if writes:
            await self._client.composite(writes, operation=WRITE)

    async def accounts_above(self, parent: str) -> tuple[AccountAbove, ...]:
        """One query a level: a hierarchy has few."""
        found: list[AccountAbove] = []
        wanted: str | None = parent
        while wanted is not None and len(found) < MOST_LEVELS and wanted not in {each.id for each in found}:
            rows = await self._client.query(account_query(self._fields, wanted), operation=ABOVE)
            figures = [Figures(self._fields.account, row, wanted) for row in rows]
            same = [each for each in figures if each.need("id") == wanted]  # SOQL compares in any case
            if not same:
                break
            found.append(AccountAbove(id=wanted, parent=same[0].optional("parent")))
            wanted = found[-1].parent
        return tuple(found)

    async def events(self, since: dt.datetime) -> AsyncIterator[EventPage]:
        """The orders approved and saved since then; records do not expire."""
        found = await self._client.query(approvals_query(self._fields, moment(since)), operation=LIST)
        yield EventPage(events=tuple(approval_of(self._fields, each) for each in found), complete_since=since)

    async def check_fields(self) -> list[str]:
        """What the org lacks of the field map, in words; empty: it fits. Asks `describe` of each object."""
        names = sorted({rule.object for _, rule in self._fields})
        described = {name: await self._client.describe(name) for name in names}
        return field_problems(self._fields, described)

    async def api_requests(self) -> tuple[int, int]:
        """Requests used in the last 24 hours, and how many there may be."""
        limits = (await self._client.limits()).daily_api_requests
        return limits.most - limits.remaining, limits.most

    async def access(self) -> AccessReport:
        """The org's own count of the day's API requests against how many there may be."""
        used, most = await self.api_requests()
        percent = (Decimal(used) * 100 / most).quantize(Decimal("0.1")) if most else None
        return AccessReport(rate_limit_used_percent=percent)

    async def _records(self, soql: str, operation: str = READ) -> list[ContractRecord]:
        found = await self._client.query(soql, operation=operation)
        return [ContractRecord(self._fields, each) for each in found]

    def _only(self, found: list[ContractRecord], contract_id: str, operation: str) -> ContractRecord:
        """SOQL compares texts in any case; ids are compared exactly."""
        same = [each for each in found if each.id == contract_id]
        if len(same) > 1:
            raise UnexpectedAnswer(
                f"{contract_id}: several contracts of this id",
                platform=PLATFORM,
                operation=operation,
                field=self._fields.contract.key,
            )
        if not same:
            raise NotFound(f"no contract {contract_id}", platform=PLATFORM, operation=operation)
        return same[0]

    def _contract_write(self, request: CrmWriteBack) -> SubRequest:
        rule = self._fields.contract
        key = quote(request.contract, safe="")
        return SubRequest(
            method="PATCH",
            url=f"{self._client.root}/sobjects/{rule.object}/{rule.key}/{key}?updateOnly=true",
            reference_id="contract",
            body=contract_body(self._fields, request),
        )

    def _order_write(self, change: str, status: str, record: Record) -> SubRequest:
        rule = self._fields.order
        orders = [Figures(rule, each, "order") for each in children(record, rule, change)]
        record_ids = [each.need("record_id") for each in orders if each.need("change_id") == change]
        if len(record_ids) != 1:
            raise NotFound(f"no one change {change}", platform=PLATFORM, operation=WRITE)
        return SubRequest(
            method="PATCH",
            url=f"{self._client.root}/sobjects/{rule.object}/{quote(record_ids[0], safe='')}",
            reference_id="change",
            body=order_body(self._fields, status),
        )


def create(
    settings: SalesforceSettings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], Any] = utc_now,
) -> Salesforce:
    """The connector of one org; PolicyError if its field map is not valid, OSError without its key file."""
    client = SalesforceClient(settings, transport=transport, now=clock)
    return Salesforce(client, load_fields(settings.fields_file))
