"""The standard objects of an org with orders, contracts, quotes, approvals and several currencies."""

from typing import Any

from iso4217 import Currency

from sandbox.salesforce.schema import (
    Field,
    SObject,
    Source,
    area,
    choice,
    day,
    flag,
    link,
    moment,
    money,
    number,
    percent,
    read_only,
    sobject,
    text,
    whole,
)

CURRENCIES = tuple(each.code for each in Currency)
Row = dict[str, Any]


def currency() -> Field:
    return choice(
        "CurrencyIsoCode", *CURRENCIES, restricted=True, nillable=False, default="USD", length=3, locked=True
    )


def owner() -> Field:
    return link("OwnerId", "User", nillable=False, default="@me")


def address(prefix: str, **more: Any) -> tuple[Field, ...]:
    parts = ("Street", "City", "State", "PostalCode", "Country")

    def compound(row: Row, _source: Source) -> Row | None:
        filled = {part[0].lower() + part[1:]: row.get(prefix + part) for part in parts}
        if not any(filled.values()):
            return None
        return filled | {"geocodeAccuracy": None, "latitude": None, "longitude": None}

    return (
        area(f"{prefix}Street", 255, **more),
        text(f"{prefix}City", 40, **more),
        text(f"{prefix}State", 80, **more),
        text(f"{prefix}PostalCode", 20, **more),
        text(f"{prefix}Country", 80, **more),
        Field(f"{prefix}Address", "address", createable=False, updateable=False, formula=compound),
    )


def status_code(row: Row, _source: Source) -> str:
    return str(row["Status"]).replace(" ", "") if row["Status"] in ("Draft", "Activated") else "InApproval"


def is_active(row: Row, _source: Source) -> bool:
    return row.get("Status") == "Activated"


def item_is_active(row: Row, source: Source) -> bool:
    order = source.by_id("Order", row.get("OrderId"))
    return order is not None and is_active(order, source)


def _product_code(row: Row, source: Source) -> str | None:
    product = source.by_id("Product2", row.get("Product2Id"))
    return product["ProductCode"] if product else None


def _list_price(row: Row, source: Source) -> str | None:
    entry = source.by_id("PricebookEntry", row.get("PricebookEntryId"))
    return entry["UnitPrice"] if entry else None


ACCOUNT = sobject(
    "Account",
    "001",
    text("Name", 255, nillable=False),
    choice("Type", "Prospect", "Customer", "Partner", "Other"),
    link("ParentId", "Account", children="ChildAccounts"),
    *address("Billing"),
    *address("Shipping"),
    Field("Phone", "phone", length=40),
    Field("Website", "url", length=255),
    choice("Industry", "Technology", "Manufacturing", "Finance", "Other"),
    money("AnnualRevenue", 18, 0),
    whole("NumberOfEmployees"),
    area("Description", 32000),
    currency(),
    owner(),
)

CONTACT = sobject(
    "Contact",
    "003",
    link("AccountId", "Account", children="Contacts"),
    text("LastName", 80, nillable=False),
    text("FirstName", 40),
    Field("Email", "email", length=80),
    Field("Phone", "phone", length=40),
    text("Title", 128),
    *address("Mailing"),
    Field(
        "Name",
        "string",
        length=121,
        nillable=False,
        createable=False,
        updateable=False,
        formula=lambda row, _source: " ".join(filter(None, (row.get("FirstName"), row["LastName"]))),
    ),
    owner(),
)

OPPORTUNITY = sobject(
    "Opportunity",
    "006",
    link("AccountId", "Account", children="Opportunities"),
    text("Name", 120, nillable=False),
    area("Description", 32000),
    choice(
        "StageName", "Prospecting", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost",
        nillable=False,
    ),
    money("Amount", 18, 2),
    percent("Probability", 3, 0),
    day("CloseDate", nillable=False),
    choice("Type", "New Business", "Existing Business"),
    link("Pricebook2Id", "Pricebook2"),
    read_only(flag, "IsClosed", formula=lambda row, _: row["StageName"].startswith("Closed")),
    read_only(flag, "IsWon", formula=lambda row, _: row["StageName"] == "Closed Won"),
    currency(),
    owner(),
)  # fmt: skip

PRODUCT2 = sobject(
    "Product2",
    "01t",
    text("Name", 255, nillable=False),
    text("ProductCode", 255),
    area("Description", 4000),
    flag("IsActive"),
    choice("Family", "Software", "Services", "Hardware"),
    text("StockKeepingUnit", 180),
    currency(),
)

PRICEBOOK2 = sobject(
    "Pricebook2",
    "01s",
    text("Name", 255, nillable=False),
    flag("IsActive"),
    read_only(flag, "IsStandard"),
    area("Description", 255),
)

PRICEBOOK_ENTRY = sobject(
    "PricebookEntry",
    "01u",
    link("Pricebook2Id", "Pricebook2", children="PricebookEntries", nillable=False, updateable=False),
    link("Product2Id", "Product2", children="PricebookEntries", nillable=False, updateable=False),
    money("UnitPrice", 18, 2, nillable=False),
    flag("IsActive"),
    flag("UseStandardPrice"),
    read_only(text, "ProductCode", 255, formula=_product_code),
    currency(),
    name_field=None,
)

QUOTE = sobject(
    "Quote",
    "0Q0",
    text("Name", 255, nillable=False),
    link("OpportunityId", "Opportunity", children="Quotes", nillable=False, updateable=False),
    read_only(text, "QuoteNumber", 30, nillable=False, auto_number="{:08d}"),
    choice(
        "Status", "Draft", "Needs Review", "In Review", "Approved", "Rejected", "Presented", "Accepted",
        "Denied", restricted=True, default="Draft",
    ),
    link("ContractId", "Contract"),
    link("Pricebook2Id", "Pricebook2"),
    day("ExpirationDate"),
    currency(),
    owner(),
)  # fmt: skip

QUOTE_LINE_ITEM = sobject(
    "QuoteLineItem",
    "0QL",
    link("QuoteId", "Quote", children="QuoteLineItems", nillable=False, updateable=False),
    link("PricebookEntryId", "PricebookEntry", nillable=False, updateable=False),
    read_only(link, "Product2Id", "Product2"),
    read_only(text, "LineNumber", 255, nillable=False, auto_number="{:08d}"),
    number("Quantity", 18, 2, nillable=False),
    money("UnitPrice", 18, 2, nillable=False),
    area("Description", 255),
    currency(),
    name_field="LineNumber",
)

CONTRACT = sobject(
    "Contract",
    "800",
    link("AccountId", "Account", children="Contracts", nillable=False, locked=True),
    link("Pricebook2Id", "Pricebook2", locked=True),
    choice("OwnerExpirationNotice", "15", "30", "45", "60", "90", "120"),
    day("StartDate", locked=True),
    read_only(day, "EndDate"),
    *address("Billing", locked=True),
    whole("ContractTerm", locked=True),
    choice(
        "Status", "Draft", "In Approval Process", "Activated",
        restricted=True, nillable=False, default="Draft",
    ),
    read_only(choice, "StatusCode", "Draft", "InApproval", "Activated", nillable=False, formula=status_code),
    day("CompanySignedDate"),
    day("CustomerSignedDate"),
    area("SpecialTerms", 4000, locked=True),
    read_only(link, "ActivatedById", "User"),
    read_only(moment, "ActivatedDate"),
    area("Description", 32000),
    read_only(text, "ContractNumber", 30, nillable=False, auto_number="{:08d}"),
    read_only(moment, "LastApprovedDate"),
    currency(),
    owner(),
    name_field="ContractNumber",
    active=is_active,
)  # fmt: skip

ORDER = sobject(
    "Order",
    "801",
    link("AccountId", "Account", children="Orders", locked=True),
    link("ContractId", "Contract", children="Orders", locked=True),
    link("Pricebook2Id", "Pricebook2", locked=True),
    link("OriginalOrderId", "Order", locked=True),
    link("OpportunityId", "Opportunity", children="Orders", locked=True),
    link("QuoteId", "Quote", children="Orders", locked=True),
    day("EffectiveDate", nillable=False, locked=True),
    day("EndDate", locked=True),
    flag("IsReductionOrder", locked=True),
    choice("Status", "Draft", "Activated", restricted=True, nillable=False),
    read_only(choice, "StatusCode", "Draft", "Activated", nillable=False, formula=status_code),
    choice(
        "Type", "New", "Amendment", "Renewal", "Cancellation", "Transfer", "Merge",
        restricted=True, locked=True,
    ),
    area("Description", 32000),
    *address("Billing", locked=True),
    read_only(moment, "ActivatedDate"),
    read_only(link, "ActivatedById", "User"),
    read_only(text, "OrderNumber", 30, nillable=False, auto_number="{:08d}"),
    currency(),
    owner(),
    name_field="OrderNumber",
    active=is_active,
)  # fmt: skip

ORDER_ITEM = sobject(
    "OrderItem",
    "802",
    link("OrderId", "Order", children="OrderItems", nillable=False, updateable=False),
    link("PricebookEntryId", "PricebookEntry", nillable=False, updateable=False),
    read_only(link, "Product2Id", "Product2"),
    link("OriginalOrderItemId", "OrderItem", locked=True),
    number("Quantity", 18, 2, nillable=False, locked=True),
    money("UnitPrice", 18, 2, locked=True),
    read_only(money, "ListPrice", 18, 2, formula=_list_price),
    day("ServiceDate", locked=True),
    day("EndDate", locked=True),
    area("Description", 255, locked=True),
    read_only(text, "OrderItemNumber", 30, nillable=False, auto_number="{:010d}"),
    currency(),
    name_field="OrderItemNumber",
    active=item_is_active,
)

USER = sobject(
    "User",
    "005",
    text("Username", 80, nillable=False),
    text("LastName", 80, nillable=False),
    text("FirstName", 40),
    Field(
        "Name",
        "string",
        length=121,
        nillable=False,
        createable=False,
        updateable=False,
        formula=lambda row, _source: " ".join(filter(None, (row.get("FirstName"), row["LastName"]))),
    ),
    Field("Email", "email", nillable=False, length=128),
    text("Alias", 8, nillable=False),
    flag("IsActive"),
    recycled=False,
    createable=False,
    deletable=False,
)

ORGANIZATION = sobject(
    "Organization",
    "00D",
    text("Name", 80, nillable=False),
    read_only(flag, "IsSandbox"),
    read_only(text, "OrganizationType", 40),
    read_only(text, "InstanceName", 5),
    recycled=False,
    createable=False,
    deletable=False,
)

PROCESS_INSTANCE = sobject(
    "ProcessInstance",
    "04g",
    link(
        "TargetObjectId", "Order", "Contract", "Quote", "Opportunity",
        children="ProcessInstances", nillable=False,
    ),
    choice(
        "Status", "Approved", "Rejected", "Removed", "Fault", "Pending", "Hold", "Reassigned", "Started",
        "NoResponse", restricted=True, nillable=False,
    ),
    moment("CompletedDate"),
    link("LastActorId", "User"),
    link("SubmittedById", "User"),
    name_field=None,
    createable=False,
    deletable=False,
)  # fmt: skip

STANDARD: tuple[SObject, ...] = (
    ACCOUNT,
    CONTACT,
    OPPORTUNITY,
    PRODUCT2,
    PRICEBOOK2,
    PRICEBOOK_ENTRY,
    QUOTE,
    QUOTE_LINE_ITEM,
    CONTRACT,
    ORDER,
    ORDER_ITEM,
    USER,
    ORGANIZATION,
    PROCESS_INSTANCE,
)
