"""What the platform itself checks and sets when certain standard objects are saved."""

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.values import stamp

if TYPE_CHECKING:
    from sandbox.salesforce.records import Records

Row = dict[str, Any]


def before_save(name: str, after: Row, before: Row | None, records: "Records", *, system: bool) -> None:
    """ApiError where the platform refuses; changes `after` in place where it sets fields by itself."""
    match name:
        case "Contract":
            _contract(after, before, records)
        case "Order":
            _order(after, before, records)
        case "OrderItem" | "QuoteLineItem":
            _priced_item(name, after, before, records, system=system)
        case "Price_Tier__c" | "Ramp_Step__c" | "Merged_Contract__c":
            _child_of_active(name, after, before, records, system=system)


def _integrity(message: str, *fields: str) -> ApiError:
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, list(fields))


def _contract(after: Row, before: Row | None, records: "Records") -> None:
    if before is None and after["Status"] == "Activated":
        raise ApiError(
            400, "INVALID_STATUS", "Choose a valid contract status and save your changes.", ["Status"]
        )
    _activation("Contract", after, before, records)
    start, term = after.get("StartDate"), after.get("ContractTerm")
    after["EndDate"] = _end_date(date.fromisoformat(start), int(term)).isoformat() if start and term else None


def _end_date(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])) - timedelta(days=1)


def _order(after: Row, before: Row | None, records: "Records") -> None:
    if before is None and after["Status"] == "Activated":
        raise ApiError(400, "FAILED_ACTIVATION", "A new order must have the status Draft.", ["Status"])
    contract = records.by_id("Contract", after.get("ContractId"))
    if contract is not None:
        _within_contract(after, contract)
    activates = before is not None and before["Status"] != "Activated" and after["Status"] == "Activated"
    if activates and not records.where("OrderItem", "OrderId", after["Id"]):
        raise ApiError(400, "FAILED_ACTIVATION", "An order must have at least one product.", [])
    if activates and contract is not None and contract["Status"] != "Activated":
        raise ApiError(400, "FAILED_ACTIVATION", "The order's contract must be activated first.", [])
    _activation("Order", after, before, records)


def _within_contract(order: Row, contract: Row) -> None:
    if order.get("AccountId") and order["AccountId"] != contract["AccountId"]:
        raise _integrity("Account Name: The order's account must be its contract's account", "AccountId")
    if order["CurrencyIsoCode"] != contract["CurrencyIsoCode"]:
        raise _integrity("The order's currency must be its contract's currency", "CurrencyIsoCode")
    day, start, end = order["EffectiveDate"], contract["StartDate"], contract["EndDate"]
    if start and day < start:
        raise _integrity(
            "Order Start Date can't be earlier than its contract's start date.: Order Start Date",
            "EffectiveDate",
        )
    if end and day > end:
        raise _integrity(
            "Order Start Date can't be later than its contract's end date.: Order Start Date", "EffectiveDate"
        )


def _activation(name: str, after: Row, before: Row | None, records: "Records") -> None:
    was = before is not None and before["Status"] == "Activated"
    if was and after["Status"] != "Activated":
        raise ApiError(
            400, "INVALID_STATUS", f"An activated {name.lower()}'s status can't be set back.", ["Status"]
        )
    if not was and after["Status"] == "Activated":
        after |= {
            "ActivatedDate": stamp(records.clock.now()),
            "ActivatedById": after["LastModifiedById"],
        }


def _priced_item(name: str, after: Row, before: Row | None, records: "Records", *, system: bool) -> None:
    parent_name, key = ("Order", "OrderId") if name == "OrderItem" else ("Quote", "QuoteId")
    parent = records.by_id(parent_name, after[key])
    entry = records.by_id("PricebookEntry", after["PricebookEntryId"])
    if parent is None or entry is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [key])
    if parent_name == "Order" and before is None and parent["Status"] == "Activated" and not system:
        raise _integrity("You can't add products to an activated order.", "OrderId")
    if parent["Pricebook2Id"] != entry["Pricebook2Id"]:
        raise _integrity(
            "field integrity exception: PricebookEntryId (pricebook entry is in a different pricebook than "
            f"the one assigned to the {parent_name}, or {parent_name} has no pricebook assigned)",
            "PricebookEntryId",
        )
    if parent["CurrencyIsoCode"] != entry["CurrencyIsoCode"]:
        raise _integrity("The pricebook entry's currency must be the parent's", "CurrencyIsoCode")
    after |= {"Product2Id": entry["Product2Id"], "CurrencyIsoCode": entry["CurrencyIsoCode"]}
    if after.get("UnitPrice") is None:
        after["UnitPrice"] = entry["UnitPrice"]


def _child_of_active(name: str, after: Row, before: Row | None, records: "Records", *, system: bool) -> None:
    active = records.object(name).active
    if before is None and not system and active is not None and active(after, records):
        raise _integrity(f"You can't add a {name} to an activated order.")
