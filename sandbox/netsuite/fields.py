"""The records and their fields, as the REST API Browser 2026.1 lists them; those that are simulated.

A field is `name:type`, `!` marks what only NetSuite sets. Types: s string, n amount or number, i integer,
b boolean, d date, t date-time, e enumeration {id, refName}, r:<records> reference, l:<element> sublist.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    targets: tuple[str, ...] = ()
    read_only: bool = False


@dataclass(frozen=True)
class RecordType:
    name: str
    fields: dict[str, Field]
    group: str  # the namespace of its external ids, and of its internal ids
    elements: dict[str, dict[str, Field]] = field(default_factory=dict)
    creatable: bool = True


ITEMS = ("serviceSaleItem", "nonInventorySaleItem")
TRANSACTIONS = (
    "invoice",
    "creditMemo",
    "customerPayment",
    "customerDeposit",
    "depositApplication",
    "customerRefund",
    "journalEntry",
)
REVALUATION = RecordType(
    "currencyRevaluation", {"createdDate": Field("createdDate", "t", (), read_only=True)}, "transaction"
)
"""Posted by NetSuite itself, and not in its REST records: SuiteQL shows it."""
SEGMENTS = "department:r:department class:r:classification location:r:location"
_LISTED = "id:s! refName:s! links:x! externalId:s lastModifiedDate:t!"
_COMMON = f"{_LISTED} createdDate:t!"
_TRANSACTION = (
    f"{_COMMON} tranDate:d postingPeriod:r:accountingPeriod memo:s tranId:s transactionNumber:s!"
    f" currency:r:currency exchangeRate:n subsidiary:r:subsidiary {SEGMENTS} customForm:r:form"
)
_SALE = (
    f"{_TRANSACTION} entity:r:customer account:r:account otherRefNum:s dueDate:d terms:r:term"
    " startDate:d endDate:d item:l:item taxDetails:l:taxDetails taxDetailsOverride:b email:s message:s"
    " toBeEmailed:b toBePrinted:b toBeFaxed:b createdFrom:r:invoice! subtotal:n! taxTotal:n! total:n!"
    " amountPaid:n! amountRemaining:n! status:e!"
)
_SALE_ITEM = (
    f"line:i item:r:item quantity:n rate:n amount:n price:e description:s taxDetailsReference:s {SEGMENTS}"
    " account:r:account! taxAmount:n! grossAmt:n! revRecStartDate:d revRecEndDate:d links:x! refName:s!"
)
_TAX_DETAIL = (
    "taxDetailsReference:e taxType:s taxCode:r:salesTaxItem taxBasis:n taxRate:n taxAmount:n"
    " lineType:s! lineName:s! netAmount:n! calcDetail:s links:x! refName:s!"
)
_APPLY = (
    "line:i doc:r:transaction apply:b amount:n total:n! due:n! applyDate:d! refNum:s! type:s! currency:s!"
    " links:x! refName:s!"
)
_ITEM = (
    f"{_COMMON} itemId:s displayName:s description:s salesDescription:s isInactive:b incomeAccount:r:account"
    " deferredRevenueAccount:r:account directRevenuePosting:b isFulfillable:b rate:n itemType:e! subtype:e!"
    f" subsidiary:m:subsidiary includeChildren:b taxSchedule:s {SEGMENTS}"
)


def _fields(text: str) -> dict[str, Field]:
    found = {}
    for token in text.split():
        read_only = token.endswith("!")
        name, _, rest = token.rstrip("!").partition(":")
        type_, _, targets = rest.partition(":")
        names = {"item": ITEMS, "transaction": TRANSACTIONS}.get(targets, (targets,) if targets else ())
        found[name] = Field(name, type_, (targets,) if type_ == "l" else names, read_only)
    return found


def _record(name: str, text: str, group: str | None = None, **elements: str) -> RecordType:
    tables = {element: _fields(fields) for element, fields in elements.items()}
    return RecordType(name, _fields(text), group or name, tables)


RECORDS = {
    record.name: record
    for record in (
        _record(
            "customer",
            f"{_LISTED} dateCreated:t! entityId:s companyName:s isPerson:b firstName:s lastName:s email:s"
            " phone:s comments:s isInactive:b subsidiary:r:subsidiary currency:r:currency parent:r:customer"
            " terms:r:term receivablesAccount:r:account accountNumber:s resaleNumber:s url:s"
            " defaultAddress:s addressBook:l:addressBook balance:n! overdueBalance:n! depositBalance:n!"
            " emailTransactions:b printTransactions:b autoName:b customForm:r:form",
            "entity",
            addressBook="addressBookAddress:a defaultBilling:b defaultShipping:b isResidential:b label:s"
            " id:i internalId:i links:x! refName:s! addressBookAddress_text:s!",
        ),
        _record("invoice", _SALE, "transaction", item=_SALE_ITEM, taxDetails=_TAX_DETAIL),
        _record(
            "creditMemo",
            f"{_SALE} applied:n! unapplied:n! autoApply:b apply:l:apply",
            "transaction",
            item=_SALE_ITEM,
            taxDetails=_TAX_DETAIL,
            apply=_APPLY,
        ),
        _record(
            "customerPayment",
            f"{_TRANSACTION} customer:r:customer payment:n account:r:account undepFunds:e arAcct:r:account"
            " autoApply:b apply:l:apply checkNumber:s applied:n! unapplied:n! total:n! status:e!",
            "transaction",
            apply=_APPLY,
        ),
        _record(
            "customerDeposit",
            f"{_TRANSACTION} customer:r:customer payment:n account:r:account undepFunds:e checkNumber:s"
            " total:n! status:e!",
            "transaction",
        ),
        _record(
            "depositApplication",
            f"{_TRANSACTION} customer:r:customer! deposit:r:customerDeposit depositDate:d! arAcct:r:account"
            " apply:l:apply applied:n! unapplied:n! total:n! status:e!",
            "transaction",
            apply=_APPLY,
        ),
        _record(
            "customerRefund",
            f"{_TRANSACTION} customer:r:customer account:r:account arAcct:r:account apply:l:apply"
            " deposit:l:deposit checkNumber:s total:n! status:e!",
            "transaction",
            apply=_APPLY,
            deposit="doc:r:customerDeposit apply:b amount:n total:n! remaining:n! depositDate:d! refNum:s!"
            " currencyName:s! links:x! refName:s!",
        ),
        _record(
            "journalEntry",
            f"{_TRANSACTION} line:l:line approvalStatus:e approved:b reversalDate:d reversalDefer:b"
            " reversalEntry:s! isReversal:b! createdFrom:r:journalEntry! void:b!",
            "transaction",
            line=f"line:i account:r:account debit:n credit:n memo:s entity:r:customer {SEGMENTS} links:x!"
            " refName:s!",
        ),
        _record(
            "subsidiary",
            f"{_LISTED} name:s legalName:s currency:r:currency parent:r:subsidiary"
            " country:e isInactive:b isElimination:b",
        ),
        _record(
            "account",
            f"{_LISTED} acctNumber:s acctName:s acctType:e currency:r:currency"
            " parent:r:account isInactive:b isSummary:b includeChildren:b description:s eliminate:b",
        ),
        _record(
            "accountingPeriod",
            f"{_LISTED} periodName:s startDate:d endDate:d closed:b allLocked:b"
            " arLocked:b apLocked:b payrollLocked:b allowNonGLChanges:b isPosting:b isQuarter:b isYear:b"
            " isAdjust:b isInactive:b closedOnDate:d! parent:r:accountingPeriod",
        ),
        _record(
            "currency",
            f"{_LISTED} name:s symbol:s currencyPrecision:i exchangeRate:n displaySymbol:s"
            " isBaseCurrency:b isInactive:b",
        ),
        _record("term", f"{_LISTED} name:s daysUntilNetDue:i isInactive:b dateDriven:b preferred:b"),
        _record(
            "department",
            f"{_LISTED} name:s parent:r:department isInactive:b subsidiary:m:subsidiary includeChildren:b",
        ),
        _record(
            "classification",
            f"{_LISTED} name:s parent:r:classification isInactive:b"
            " subsidiary:m:subsidiary includeChildren:b",
        ),
        _record(
            "location",
            f"{_LISTED} name:s parent:r:location isInactive:b subsidiary:m:subsidiary includeChildren:b",
        ),
        _record("serviceSaleItem", _ITEM, "item"),
        _record("nonInventorySaleItem", _ITEM, "item"),
        _record(
            "salesTaxItem",
            f"{_LISTED} itemId:s name:s displayName:s description:s rate:n taxType:s"
            " taxAccount:r:account saleAccount:r:account isInactive:b available:e",
        ),
    )
}
