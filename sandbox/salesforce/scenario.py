"""A scenario file's contract and changes, entered into the org as its salespeople would.

Figures that a field of the org cannot hold exactly are a ValueError, never rounded.
"""

from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import Records
from sandbox.salesforce.schema import NUMBERS, Field
from sandbox.salesforce.values import stamp

Doc = Mapping[str, Any]

FREQUENCY = {1: "Monthly", 3: "Quarterly", 6: "Semiannual", 12: "Annual"}
TIMING = {"advance": "In Advance", "arrears": "In Arrears"}
CHARGE = {"recurring": "Recurring", "one_time": "One-Time", "usage": "Usage"}
MODEL = {"flat": "Flat Fee", "per_unit": "Per Unit", "graduated": "Graduated", "volume": "Volume"}
PERIOD = {"month": "Month", "year": "Year"}
MODIFICATION = {"prospective": "Prospective", "catch_up": "Catch-up"}
CREDIT = {"prorated": "Prorated", "none": "None"}
_WHOLE_CONTRACT_ACTIONS = {
    "renewal": "Renew",
    "cancellation": "Cancel",
    "transfer": "Transfer",
    "merge": "Merge",
}
STANDARD_PRICE_BOOK = "Standard Price Book"
_CENT = Decimal("0.01")


class Entry:
    """Entering of one scenario; `user` is the salesperson, `approver` who approves."""

    def __init__(self, records: Records, user: str, approver: str, *, bare: bool) -> None:
        self._records, self._user, self._approver, self._bare = records, user, approver, bare

    def contract(self, contract: Doc) -> str:
        """The id of the contract's first order, entered as a draft unless it is there already."""
        there = self._records.by_external_id(self._records.object("Order"), "Q2C_Id__c", contract["id"])
        if there:
            return str(there[0]["Id"])
        account = self.account(contract["account"])
        contract_id = self._create("Contract", self._contract_fields(contract, account))
        order = {
            "Q2C_Id__c": contract["id"],
            "Change_Id__c": contract["id"],
            "Type": "New",
            "EffectiveDate": contract["start_date"],
            "Version__c": "1",
        }
        order_id = self._order(order, contract, contract_id, account, "New Business")
        for line in contract["lines"]:
            self._item(order_id, contract["currency"], {"Action__c": "Add", **_line_fields(line)}, line)
        if not self._bare:
            self._quote_lines(order_id, contract)
        return order_id

    def change(self, contract: Doc, changes: list[Doc], position: int) -> str:
        """The id of the order of the change at `position`, entered as a draft unless it is there already."""
        change = changes[position]
        key = f"{contract['id']}/{change['id']}"
        there = self._records.by_external_id(self._records.object("Order"), "Q2C_Id__c", key)
        if there:
            return str(there[0]["Id"])
        first = self._records.by_id("Order", self.contract(contract))
        if first is None:
            raise ValueError(f"contract {contract['id']} is not there")
        order = {
            "Q2C_Id__c": key,
            "Change_Id__c": change["id"],
            "Type": str(change["type"]).capitalize(),
            "EffectiveDate": change["effective_date"],
            "Received_Date__c": change.get("received_date"),
            "Version__c": str(position + 2),
            "OriginalOrderId": first["Id"],
            **self._change_fields(change),
        }
        order_id = self._order(order, contract, first["ContractId"], first["AccountId"], "Existing Business")
        self._change_items(order_id, contract, changes, change)
        if change["type"] == "merge":
            self._merged(order_id, change["contracts"])
        return order_id

    def approve(self, order_id: str) -> bool:
        """Activate the order (and a new contract), with its approval; False if it is approved already."""
        order = self._records.by_id("Order", order_id)
        if order is None:
            raise ValueError(f"no order {order_id}")
        if order["Approval_Status__c"] == "Approved":
            return False
        contract = self._records.by_id("Contract", order["ContractId"])
        if contract is None:
            raise ValueError(f"order {order_id} has no contract")
        version = max(Decimal(contract["Version__c"] or 0), Decimal(order["Version__c"]))
        new = {"Status": "Activated"} if contract["Status"] != "Activated" else {}
        self._update("Contract", contract["Id"], {**new, "Version__c": str(version)})
        self._update("Order", order_id, {"Approval_Status__c": "Approved", "Status": "Activated"})
        approval = {
            "TargetObjectId": order_id,
            "Status": "Approved",
            "CompletedDate": stamp(self._records.clock.now()),
            "LastActorId": self._approver,
            "SubmittedById": self._user,
        }
        self._create("ProcessInstance", approval)
        return True

    def account(self, account: Doc) -> str:
        """The account's id; what the CRM says of it follows the newest scenario."""
        fields = _account_fields(account)
        if account.get("parent"):
            fields["ParentId"] = self._parent(account["parent"])
        made = self._records.object("Account")
        there = self._records.by_external_id(made, "Q2C_Id__c", account["id"])
        if not there:
            return self._create("Account", {"Q2C_Id__c": account["id"], **fields})
        if any(there[0].get(name) != value for name, value in fields.items()):
            self._update("Account", there[0]["Id"], fields)
        return str(there[0]["Id"])

    def _parent(self, key: str) -> str:
        made = self._records.object("Account")
        there = self._records.by_external_id(made, "Q2C_Id__c", key)
        return str(there[0]["Id"]) if there else self._create("Account", {"Q2C_Id__c": key, "Name": key})

    # Orders and what belongs to them

    def _contract_fields(self, contract: Doc, account: str) -> dict[str, Any]:
        billing, renewal = contract["billing"], contract.get("renewal")
        kind = "None" if renewal is None else "Automatic" if renewal.get("auto") else "Manual"
        return {
            "AccountId": account,
            "Q2C_Id__c": contract["id"],
            "StartDate": contract["start_date"],
            "CurrencyIsoCode": contract["currency"],
            "Legal_Entity__c": contract["legal_entity"],
            "Initial_Term_Months__c": _text(contract["term_months"]),
            "Evergreen__c": contract["term_months"] is None,
            "Billing_Frequency__c": FREQUENCY[billing["frequency_months"]],
            "Billing_Timing__c": TIMING[billing["timing"]],
            "Payment_Terms_Days__c": str(billing.get("payment_terms_days", 30)),
            "Modification_Treatment__c": MODIFICATION[contract.get("modification", "prospective")],
            "Renewal_Type__c": kind,
            **_renewal_term(renewal or {}),
            "Renewal_Uplift__c": (renewal or {}).get("uplift_percent"),
            "Renewal_Notice_Days__c": _text((renewal or {}).get("notice_days")),
            "Pricebook2Id": self._price_book(),
        }

    def _change_fields(self, change: Doc) -> dict[str, Any]:
        match change["type"]:
            case "renewal":
                return {
                    **_renewal_term(change),
                    "Renewal_Uplift__c": change.get("uplift_percent"),
                }
            case "cancellation":
                return {
                    "Cancellation_Credit__c": CREDIT[change.get("credit", "prorated")],
                    "Cancellation_Fee__c": change.get("fee"),
                    "IsReductionOrder": True,
                }
            case "transfer":
                return {"Transfer_Account__c": self.account(change["account"])}
            case "amendment" | "merge":
                return {}
        raise ValueError(f"no order type for a change of type {change['type']}")

    def _order(self, fields: Doc, contract: Doc, contract_id: str, account: str, kind: str) -> str:
        sold = {} if self._bare else self._sold(fields, contract, contract_id, account, kind)
        common = {
            "AccountId": account,
            "ContractId": contract_id,
            "Pricebook2Id": self._price_book(),
            "CurrencyIsoCode": contract["currency"],
            "Status": "Draft",
        }
        return self._create("Order", {**common, **sold, **fields})

    def _sold(self, fields: Doc, contract: Doc, contract_id: str, account: str, kind: str) -> dict[str, str]:
        """Opportunity and quote that the order comes from."""
        opportunity = {
            "AccountId": account,
            "Name": f"{contract['account']['name'][:60]} {fields['Change_Id__c'][:50]}",
            "StageName": "Closed Won",
            "CloseDate": self._records.clock.today().isoformat(),
            "Type": kind,
            "CurrencyIsoCode": contract["currency"],
        }
        opportunity_id = self._create("Opportunity", opportunity)
        quote = {
            "Name": f"Quote {fields['Change_Id__c']}",
            "OpportunityId": opportunity_id,
            "Status": "Accepted",
            "ContractId": contract_id,
            "Pricebook2Id": self._price_book(),
            "CurrencyIsoCode": contract["currency"],
        }
        return {"OpportunityId": opportunity_id, "QuoteId": self._create("Quote", quote)}

    def _quote_lines(self, order_id: str, contract: Doc) -> None:
        order = self._records.by_id("Order", order_id)
        for line in contract["lines"]:
            entry = self._price_book_entry(line["product"], contract["currency"])
            fields = {"QuoteId": (order or {})["QuoteId"], "PricebookEntryId": entry, **_indication(line)}
            self._create("QuoteLineItem", fields)

    def _change_items(self, order_id: str, contract: Doc, changes: list[Doc], change: Doc) -> None:
        products = _products(contract, changes)
        if change["type"] == "amendment":
            for line in change["lines"]:
                self._amended(order_id, contract["currency"], line, products)
            return
        action = _WHOLE_CONTRACT_ACTIONS[change["type"]]
        for line in contract["lines"]:
            item = {"Line_Id__c": line["id"], "Action__c": action}
            self._item(order_id, contract["currency"], item, {"product": line["product"]})

    def _amended(self, order_id: str, currency: str, line: Doc, products: Mapping[str, str]) -> None:
        if line["id"] not in products:
            raise ValueError(f"line {line['id']}: not a line of the contract")
        product = products[line["id"]]
        if line.get("add"):
            added = {"id": line["id"], **line["add"]}
            self._item(order_id, currency, {"Action__c": "Add", **_line_fields(added)}, added)
        elif line.get("remove"):
            self._item(
                order_id, currency, {"Action__c": "Remove", "Line_Id__c": line["id"]}, {"product": product}
            )
        else:
            fields = {
                "Action__c": "Change",
                "Line_Id__c": line["id"],
                "Billed_Quantity__c": line.get("quantity"),
                "Discount__c": line.get("discount_percent"),
                **_pricing_fields(line.get("pricing")),
            }
            self._item(order_id, currency, fields, {"product": product, "pricing": line.get("pricing")})

    def _item(self, order_id: str, currency: str, fields: Doc, line: Doc) -> None:
        entry = self._price_book_entry(line["product"], currency)
        self._check_exact("OrderItem", fields)
        item = {"OrderId": order_id, "PricebookEntryId": entry, **_indication(line), **fields}
        item_id = self._create("OrderItem", item)
        self._tiers({"Order_Item__c": item_id}, currency, line.get("pricing"))
        for step in line.get("ramp") or ():
            step_fields = {
                "Order_Item__c": item_id,
                "From_Date__c": step["from"],
                "CurrencyIsoCode": currency,
            }
            step_id = self._create("Ramp_Step__c", {**step_fields, **_pricing_fields(step["pricing"])})
            self._tiers({"Ramp_Step__c": step_id}, currency, step["pricing"])

    def _tiers(self, parent: Mapping[str, str], currency: str, pricing: Doc | None) -> None:
        for number, tier in enumerate((pricing or {}).get("tiers") or (), start=1):
            fields = {
                "Sequence__c": str(number),
                "Up_To__c": tier["up_to"],
                "Tier_Price__c": tier["unit_price"],
                "CurrencyIsoCode": currency,
            }
            self._create("Price_Tier__c", {**parent, **fields})

    def _merged(self, order_id: str, contracts: list[Doc]) -> None:
        for contract in contracts:
            first = self.contract(contract)
            self.approve(first)
            order = self._records.by_id("Order", first)
            fields = {"Order__c": order_id, "Contract__c": (order or {})["ContractId"]}
            self._create("Merged_Contract__c", fields)

    # Products and prices

    def _price_book(self) -> str:
        return str(self._records.where("Pricebook2", "Name", STANDARD_PRICE_BOOK)[0]["Id"])

    def _price_book_entry(self, code: str, currency: str) -> str:
        products = self._records.where("Product2", "ProductCode", code)
        product = (
            products[0]["Id"]
            if products
            else self._create("Product2", {"Name": code, "ProductCode": code, "IsActive": True})
        )
        for entry in self._records.where("PricebookEntry", "Product2Id", product):
            if entry["CurrencyIsoCode"] == currency:
                return str(entry["Id"])
        fields = {
            "Pricebook2Id": self._price_book(),
            "Product2Id": product,
            "UnitPrice": "0",
            "CurrencyIsoCode": currency,
            "IsActive": True,
        }
        return self._create("PricebookEntry", fields)

    # Saving

    def _create(self, name: str, fields: Doc) -> str:
        self._check_exact(name, fields)
        try:
            return self._records.create(name, fields, self._user, system=True)
        except ApiError as error:
            raise ValueError(f"{name}: {error.code}: {error.message}") from error

    def _update(self, name: str, record_id: str, fields: Doc) -> None:
        self._check_exact(name, fields)
        try:
            self._records.update(self._records.object(name), record_id, fields, self._user, system=True)
        except ApiError as error:
            raise ValueError(f"{name}: {error.code}: {error.message}") from error

    def _check_exact(self, name: str, fields: Doc) -> None:
        for field_name, value in fields.items():
            field = self._records.object(name).field(field_name)
            if field is None or field.type not in NUMBERS or value is None:
                continue
            if not _fits(value, field):
                raise ValueError(
                    f"{name}.{field_name}: {value!r} does not fit into "
                    f"{field.precision - field.scale} digits and {field.scale} decimals"
                )


def _fits(value: Any, field: Field) -> bool:
    """Whether the text is a number that the field holds exactly."""
    try:
        figure = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return False
    if figure is None or not figure.is_finite():
        return False
    exponent = figure.normalize(Context(prec=1000)).as_tuple().exponent
    exact = isinstance(exponent, int) and -exponent <= field.scale
    return exact and abs(figure) < Decimal(10) ** (field.precision - field.scale)


def _account_fields(account: Doc) -> dict[str, Any]:
    address = account["billing_address"]
    street = "\n".join(part for part in (address["line1"], address.get("line2")) if part)
    return {
        "Name": account["name"],
        "Type": "Customer",
        "BillingStreet": street,
        "BillingCity": address["city"],
        "BillingState": address.get("region"),
        "BillingPostalCode": address["postal_code"],
        "BillingCountry": address["country"],
        "Billing_Email__c": account.get("email"),
        "Tax_Registration__c": account.get("tax_registration"),
        "Tax_Exemption_Code__c": account.get("exemption_code"),
    }


def _line_fields(line: Doc) -> dict[str, Any]:
    """What the scenario may leave out has a value of its own in the org: quantity 1, no discount."""
    charge = line.get("charge", "recurring")
    quantity = line.get("quantity") or (None if charge == "usage" else "1")
    commitment, minimum = line.get("commitment") or {}, line.get("minimum") or {}
    return {
        "Line_Id__c": line["id"],
        "Charge_Type__c": CHARGE[charge],
        "Billed_Quantity__c": quantity,
        "Discount__c": line.get("discount_percent") or "0",
        "Commitment_Quantity__c": commitment.get("quantity"),
        "Commitment_Amount__c": commitment.get("amount"),
        "Minimum_Amount__c": minimum.get("amount"),
        "SSP__c": line.get("ssp"),
        "Accepted_On__c": line.get("accepted_on"),
        "Description": line.get("description"),
        **_pricing_fields(line["pricing"]),
    }


def _pricing_fields(pricing: Doc | None) -> dict[str, Any]:
    if pricing is None:
        return {}
    return {
        "Pricing_Model__c": MODEL[pricing["model"]],
        "Price_Period__c": PERIOD[pricing["per"]] if pricing.get("per") else None,
        "Flat_Amount__c": pricing.get("amount"),
        "Exact_Unit_Price__c": pricing.get("unit_price"),
    }


def _indication(line: Doc) -> dict[str, str]:
    """The standard quantity and price, rounded to the two decimals that they have."""
    pricing = line.get("pricing") or {}
    price = Decimal(pricing.get("unit_price") or pricing.get("amount") or "0")
    quantity = Decimal(line.get("quantity") or "1")
    return {"Quantity": str(quantity.quantize(_CENT)), "UnitPrice": str(price.quantize(_CENT))}


def _products(contract: Doc, changes: list[Doc]) -> dict[str, str]:
    """Line → product: the contract's lines, those that amendments add, those that merged contracts bring."""
    products = {line["id"]: line["product"] for line in contract["lines"]}
    for change in changes:
        for merged in change["contracts"] if change["type"] == "merge" else ():
            products |= {line["id"]: line["product"] for line in merged["lines"]}
        for line in change.get("lines", ()) if change["type"] == "amendment" else ():
            if line.get("add"):
                products[line["id"]] = line["add"]["product"]
    return products


def _renewal_term(renewal: Doc) -> dict[str, Any]:
    """A null that is written means evergreen; what is left out is not said."""
    months = renewal.get("term_months")
    return {
        "Renewal_Term_Months__c": _text(months),
        "Renewal_Evergreen__c": "term_months" in renewal and months is None,
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
