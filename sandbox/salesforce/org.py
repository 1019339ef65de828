"""How this customer's administrators extended the standard objects to hold contracts and their changes.

An approved contract is a `Contract` with an `Order` of type New; each change is a further `Order` of the
contract. What is sold or changed are order products with their pricing in fields of their own, since the
standard price has two decimals; tiers, ramp steps and merged contracts are child records.
"""

from dataclasses import replace
from typing import Any

from sandbox.salesforce.schema import (
    Field,
    Schema,
    SObject,
    Source,
    choice,
    day,
    external_id,
    flag,
    link,
    money,
    number,
    percent,
    read_only,
    sobject,
    text,
)
from sandbox.salesforce.standard import STANDARD, currency, is_active, item_is_active

Row = dict[str, Any]
LOCKED: dict[str, Any] = {"locked": True}


def _pricing() -> tuple[Field, ...]:
    return (
        choice(
            "Pricing_Model__c", "Flat Fee", "Per Unit", "Graduated", "Volume", restricted=True, locked=True
        ),
        choice("Price_Period__c", "Month", "Year", restricted=True, locked=True),
        money("Flat_Amount__c", 18, 6, **LOCKED),
        money("Exact_Unit_Price__c", 18, 9, **LOCKED),
    )


def _contract_key(row: Row, source: Source) -> str | None:
    contract = source.by_id("Contract", row.get("ContractId"))
    return contract["Q2C_Id__c"] if contract else None


def _tier_is_active(row: Row, source: Source) -> bool:
    step = source.by_id("Ramp_Step__c", row.get("Ramp_Step__c"))
    item = source.by_id("OrderItem", (step or row).get("Order_Item__c"))
    return item is not None and item_is_active(item, source)


def _merge_is_active(row: Row, source: Source) -> bool:
    order = source.by_id("Order", row.get("Order__c"))
    return order is not None and is_active(order, source)


CUSTOM_FIELDS: dict[str, tuple[Field, ...]] = {
    "Account": (
        external_id(),
        Field("Billing_Email__c", "email", length=80),
        text("Tax_Registration__c", 40),
        text("Tax_Exemption_Code__c", 40),
    ),
    "Contract": (
        external_id(),
        number("Version__c", 6, 0),
        text("Legal_Entity__c", 40, **LOCKED),
        number("Initial_Term_Months__c", 4, 0, **LOCKED),
        flag("Evergreen__c", locked=True),
        choice(
            "Billing_Frequency__c", "Monthly", "Quarterly", "Semiannual", "Annual", restricted=True,
            locked=True,
        ),
        choice("Billing_Timing__c", "In Advance", "In Arrears", restricted=True, locked=True),
        number("Payment_Terms_Days__c", 4, 0, **LOCKED),
        choice("Modification_Treatment__c", "Prospective", "Catch-up", restricted=True, locked=True),
        choice("Renewal_Type__c", "None", "Manual", "Automatic", restricted=True, locked=True),
        number("Renewal_Term_Months__c", 4, 0, **LOCKED),
        flag("Renewal_Evergreen__c", locked=True),
        percent("Renewal_Uplift__c", **LOCKED),
        number("Renewal_Notice_Days__c", 4, 0, **LOCKED),
        choice(
            "Integration_Status__c", "Activating", "Active", "Blocked", "Cancelled", "Compensated", "Expired",
            restricted=True,
        ),
        text("Billing_Customer_Id__c", 80),
        text("Billing_Subscription_Id__c", 80),
        text("ERP_Customer_Id__c", 80),
        text("First_Invoice_Number__c", 80),
        money("First_Invoice_Total__c", 18, 4),
        day("First_Invoice_Date__c"),
        number("Last_Processed_Version__c", 6, 0),
    ),
    "Order": (
        external_id(length=165),
        text("Change_Id__c", 80, **LOCKED),
        number("Version__c", 6, 0, **LOCKED),
        read_only(text, "Contract_Key__c", 80, formula=_contract_key),
        choice("Approval_Status__c", "Not Submitted", "Pending", "Approved", "Rejected", "Recalled",
               restricted=True, default="Not Submitted", locked=True),
        day("Received_Date__c", **LOCKED),
        number("Renewal_Term_Months__c", 4, 0, **LOCKED),
        flag("Renewal_Evergreen__c", locked=True),
        percent("Renewal_Uplift__c", **LOCKED),
        choice("Cancellation_Credit__c", "Prorated", "None", restricted=True, locked=True),
        money("Cancellation_Fee__c", 18, 6, **LOCKED),
        link("Transfer_Account__c", "Account", locked=True),
        choice("Integration_Status__c", "Done", "Skipped", "Compensated", "Blocked", restricted=True),
    ),
    "OrderItem": (
        text("Line_Id__c", 80, **LOCKED),
        choice(
            "Action__c", "Add", "Change", "Remove", "Renew", "Cancel", "Transfer", "Merge", restricted=True,
            locked=True,
        ),
        choice("Charge_Type__c", "Recurring", "One-Time", "Usage", restricted=True, locked=True),
        *_pricing(),
        number("Billed_Quantity__c", 18, 9, **LOCKED),
        percent("Discount__c", **LOCKED),
        number("Commitment_Quantity__c", 18, 6, **LOCKED),
        money("Commitment_Amount__c", 18, 6, **LOCKED),
        money("Minimum_Amount__c", 18, 6, **LOCKED),
        money("SSP__c", 18, 6, **LOCKED),
        day("Accepted_On__c", **LOCKED),
    ),
}  # fmt: skip

PRICE_TIER = sobject(
    "Price_Tier__c",
    "a00",
    read_only(text, "Name", 80, nillable=False, auto_number="PT-{:06d}"),
    link("Order_Item__c", "OrderItem", children="Price_Tiers__r", locked=True),
    link("Ramp_Step__c", "Ramp_Step__c", children="Price_Tiers__r", locked=True),
    number("Sequence__c", 4, 0, nillable=False, locked=True),
    number("Up_To__c", 18, 9, **LOCKED),
    money("Tier_Price__c", 18, 9, nillable=False, locked=True),
    currency(),
    active=_tier_is_active,
)

RAMP_STEP = sobject(
    "Ramp_Step__c",
    "a01",
    read_only(text, "Name", 80, nillable=False, auto_number="RS-{:06d}"),
    link("Order_Item__c", "OrderItem", children="Ramp_Steps__r", nillable=False, locked=True),
    day("From_Date__c", nillable=False, locked=True),
    *_pricing(),
    currency(),
    active=_tier_is_active,
)

MERGED_CONTRACT = sobject(
    "Merged_Contract__c",
    "a02",
    read_only(text, "Name", 80, nillable=False, auto_number="MC-{:06d}"),
    link("Order__c", "Order", children="Merged_Contracts__r", nillable=False, locked=True),
    link("Contract__c", "Contract", children="Merged_Into__r", nillable=False, locked=True),
    active=_merge_is_active,
)


def _extended(standard: SObject) -> SObject:
    custom = {each.name: each for each in CUSTOM_FIELDS.get(standard.name, ())}
    return replace(standard, fields=standard.fields | custom)


SCHEMA = Schema(
    {each.name: each for each in (*map(_extended, STANDARD), PRICE_TIER, RAMP_STEP, MERGED_CONTRACT)}
)
