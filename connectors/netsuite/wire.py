"""NetSuite's answers as far as we read them. SuiteQL answers all values as strings and leaves nulls out.

Fields of the vendor that are not named here are ignored; one that is named and missing is an error.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

YesNo = Literal["T", "F"]
TransactionType = Literal["CustInvc", "CustCred", "Journal"]
Status = Literal["A", "B", "C", "D", "E", "V"]
"""Of a sale: A open, B settled, D pending approval, E rejected, V voided; of a journal: how far approved."""


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("a binary number")
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact)]


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class QueryPage(Wire):
    has_more: bool = Field(alias="hasMore")
    items: list[dict[str, object]]


class MasterRow(Wire):
    """One of the records that a body refers to: `kind` and `name` as asked for."""

    kind: str
    name: str
    id: str
    account: str | None = None
    """Of an item and a tax code: the number of the account that it posts to; of a currency, its decimals."""
    detail: str | None = None
    """Of a tax code: its tax type; of a subsidiary: the currency of its books."""


class PeriodRow(Wire):
    id: str
    name: str
    first_day: dt.date = Field(alias="firstday")
    last_day: dt.date = Field(alias="lastday")
    closed: YesNo
    alllocked: YesNo
    arlocked: YesNo

    @property
    def shut(self) -> bool:
        return "T" in (self.closed, self.alllocked, self.arlocked)


class TransactionRow(Wire):
    """A transaction's head; amounts in its currency, credits below zero."""

    id: str
    type: TransactionType = Field(alias="trantype")
    tranid: str | None = None
    externalid: str | None = None
    trandate: dt.date
    duedate: dt.date | None = None
    period: str = Field(alias="periodname")
    period_start: dt.date = Field(alias="periodstart")
    entity: str | None = None
    currency: str
    subsidiary: str
    foreigntotal: Amount
    exchange_rate: Amount = Field(alias="exchangerate")
    open: Amount | None = Field(default=None, alias="openamount")
    status: Status


class LedgerRow(Wire):
    """A line of the general ledger; `amount` is in the transaction's currency, a debit above zero."""

    transaction: str = Field(alias="tran")
    account: str
    currency: str
    debit: Amount | None = None
    credit: Amount | None = None
    type: str = Field(alias="trantype")
    externalid: str | None = None
    tranid: str | None = None
    trandate: dt.date
    period_start: dt.date = Field(alias="periodstart")
    amount: Amount


class LineRow(Wire):
    """A line with its ledger account; `amount` is a debit above zero, a credit below."""

    transaction: str = Field(alias="tran")
    line: str = Field(alias="lineid")
    mainline: YesNo
    taxline: YesNo
    account: str
    item: str | None = None
    amount: Amount
    memo: str | None = None


class TaxRow(Wire):
    transaction: str = Field(alias="tran")
    line: str = Field(alias="lineid")
    tax: Amount


class RevenueRow(Wire):
    """Revenue journals summed; `contract` as it stands in their external ids, a debit above zero."""

    contract: str
    currency: str
    amount: Amount


class Ref(Wire):
    id: str


class SaleLine(Wire):
    """A line of an invoice or credit memo, as GET with expandSubResources answers it."""

    item: Ref
    quantity: Amount
    amount: Amount
    description: str | None = None
    tax_details_reference: str | None = Field(default=None, alias="taxDetailsReference")
    department: Ref | None = None
    class_: Ref | None = Field(default=None, alias="class")
    location: Ref | None = None


class TaxDetail(Wire):
    tax_details_reference: Ref = Field(alias="taxDetailsReference")
    tax_type: str = Field(alias="taxType")
    tax_code: Ref = Field(alias="taxCode")
    tax_basis: Amount = Field(alias="taxBasis")
    tax_rate: Amount = Field(alias="taxRate")
    tax_amount: Amount = Field(alias="taxAmount")


class SaleLines(Wire):
    items: list[SaleLine]


class TaxDetails(Wire):
    items: list[TaxDetail] = []


class Application(Wire):
    doc: Ref
    apply: bool
    amount: Amount | None = None


class Applications(Wire):
    items: list[Application] = []


class Sale(Wire):
    """An invoice or credit memo."""

    id: str
    tran_id: str | None = Field(default=None, alias="tranId")
    entity: Ref
    subsidiary: Ref
    currency: Ref
    exchange_rate: Amount = Field(alias="exchangeRate")
    account: Ref
    total: Amount
    amount_remaining: Amount = Field(alias="amountRemaining")
    item: SaleLines
    tax_details: TaxDetails = Field(default=TaxDetails(), alias="taxDetails")
    apply: Applications = Applications()


class JournalLine(Wire):
    account: Ref
    debit: Amount | None = None
    credit: Amount | None = None
    memo: str | None = None
    entity: Ref | None = None
    department: Ref | None = None
    class_: Ref | None = Field(default=None, alias="class")
    location: Ref | None = None


class JournalLines(Wire):
    items: list[JournalLine]


class Journal(Wire):
    id: str
    tran_id: str | None = Field(default=None, alias="tranId")
    subsidiary: Ref
    currency: Ref
    exchange_rate: Amount = Field(alias="exchangeRate")
    line: JournalLines


class AddressLine(Wire):
    internal_id: int | None = Field(default=None, alias="internalId")
    label: str | None = None
    address: dict[str, object] = Field(default={}, alias="addressBookAddress")


class AddressBook(Wire):
    items: list[AddressLine] = []


class Customer(Wire):
    id: str
    entity_id: str | None = Field(default=None, alias="entityId")
    company_name: str | None = Field(default=None, alias="companyName")
    email: str | None = None
    subsidiary: Ref
    currency: Ref | None = None
    address_book: AddressBook = Field(default=AddressBook(), alias="addressBook")


ReceivableType = Literal["CustInvc", "CustCred", "CustPymt", "CustDep", "DepAppl", "CustRfnd", "Journal"]


class CashRow(Wire):
    """A transaction that has to do with what is open; `open` of credits and money is what is not used yet."""

    id: str
    type: ReceivableType = Field(alias="trantype")
    tranid: str | None = None
    externalid: str | None = None
    trandate: dt.date
    duedate: dt.date | None = None
    period_start: dt.date = Field(alias="periodstart")
    entity: str | None = None
    currency: str
    subsidiary: str
    foreigntotal: Amount
    exchange_rate: Amount = Field(alias="exchangerate")
    open: Amount | None = Field(default=None, alias="openamount")

    @property
    def total(self) -> Decimal:
        return abs(self.foreigntotal)


class OpenInvoiceRow(Wire):
    id: str
    tranid: str | None = None
    externalid: str | None = None
    duedate: dt.date
    entity: str
    companyname: str | None = None
    entityid: str | None = None
    open: Amount = Field(alias="openamount")


class LinkRow(Wire):
    """`next` is applied to `previous`, or uses it up."""

    previous: str = Field(alias="previousdoc")
    next: str = Field(alias="nextdoc")
    link_type: str = Field(alias="linktype")
    externalid: str | None = None
    type: str = Field(alias="trantype")
    amount: Amount


class LineAmountRow(Wire):
    transaction: str = Field(alias="tran")
    amount: Amount
