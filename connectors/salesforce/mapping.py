"""Records of the org to the canonical contract and its changes, and a write-back to its fields. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.change import Amendment, AmendmentLine, Cancellation, ContractChange, Merge, Renewal, Transfer
from canonical.contract import Account, Address, Billing, Contract, RenewalTerms
from connectors.salesforce.fields import FieldMap
from connectors.salesforce.lines import built, line, line_terms, pricing_of
from connectors.salesforce.records import OPERATION, PLATFORM, Figures, children
from connectors.salesforce.wire import Record
from ports.crm import Approval, ApprovedChange, ContractSnapshot, CrmWriteBack
from ports.errors import Conflict, NotFound, Rejected

_WHOLE_CONTRACT = {"renewal": "renew", "cancellation": "cancel", "transfer": "transfer", "merge": "merge"}
"""What the lines of an order say whose change is of the whole contract."""


@dataclass(frozen=True)
class ContractRecord:
    """A contract's record with its approved orders, read but not yet put together."""

    fields: FieldMap
    record: Record

    @property
    def figures(self) -> Figures:
        return Figures(self.fields.contract, self.record, "contract")

    @property
    def id(self) -> str:
        return str(self.figures.need("id"))

    @property
    def version(self) -> int | None:
        version: int | None = self.figures.optional("version")
        return version

    def orders(self) -> list["OrderRecord"]:
        found = children(self.record, self.fields.order, self.id)
        orders = [OrderRecord(self.fields, each, self.id) for each in found]
        return [each for each in orders if each.figures.need("approved") is True]

    def merged_ids(self) -> list[str]:
        """Ids of the contracts that its merges end."""
        return [each for order in self.orders() for each in order.merged_ids()]


@dataclass(frozen=True)
class OrderRecord:
    fields: FieldMap
    record: Record
    contract: str

    @property
    def figures(self) -> Figures:
        return Figures(self.fields.order, self.record, f"{self.contract}: order")

    @property
    def version(self) -> int:
        return int(self.figures.need("version"))

    @property
    def type(self) -> str:
        return str(self.figures.need("type"))

    def merged_ids(self) -> list[str]:
        found = children(self.record, self.fields.merged, self.contract)
        return [str(Figures(self.fields.merged, each, self.contract).need("contract")) for each in found]


def snapshot(main: ContractRecord, merged: Mapping[str, ContractRecord]) -> ContractSnapshot:
    """The contract as approved with all approved changes; NotFound if it was never approved.

    Conflict where the contract's version is not its newest order's: it is being changed just now.
    """
    orders = sorted(main.orders(), key=lambda order: order.version)
    first = _first(main, orders)
    versions = [order.version for order in orders]
    if len(set(versions)) != len(versions):
        raise main.figures.refused("version", "is the version of several approved orders")
    if main.version != versions[-1]:
        raise Conflict(
            f"{main.id}: version {main.version}, and its newest approved order has {versions[-1]}",
            platform=PLATFORM,
            operation=OPERATION,
            field=main.figures.path("version"),
        )
    changes = tuple(
        ApprovedChange(change=_change(order, merged), version=order.version, approval=_approval(order))
        for order in orders
        if order is not first
    )
    return ContractSnapshot(
        contract=_contract(main, first),
        version=versions[-1],
        approval=_approval(first),
        changes=changes,
    )


def _first(main: ContractRecord, orders: list[OrderRecord]) -> OrderRecord:
    first = [order for order in orders if order.type == "new"]
    if not first:
        raise NotFound(f"{main.id}: not approved", platform=PLATFORM, operation=OPERATION)
    if len(first) > 1 or first[0] is not orders[0]:
        raise first[0].figures.refused("type", "is not that of the contract's oldest order alone")
    return first[0]


def _approval(order: OrderRecord) -> Approval:
    """The newest approval of the order."""
    found = children(order.record, order.fields.approval, order.contract)
    approvals = [Figures(order.fields.approval, each, order.figures.where) for each in found]
    approved = [each for each in approvals if each.need("approved") is True]
    if not approved:
        rule = order.fields.approval
        raise Rejected(
            f"{order.figures.where} has no approval",
            platform=PLATFORM,
            operation=OPERATION,
            field=f"{rule.object}.{rule.fields['approved'].field}",
        )
    newest = max(approved, key=_approved_at)
    return Approval(
        quote=order.figures.optional("quote"),
        opportunity=order.figures.optional("opportunity"),
        approved_by=newest.need("approved_by"),
        approved_at=_approved_at(newest),
    )


def _approved_at(approval: Figures) -> dt.datetime:
    moment: dt.datetime = approval.need("approved_at")
    return moment


# The contract


def _contract(main: ContractRecord, first: OrderRecord) -> Contract:
    figures = main.figures
    account = Figures(
        main.fields.account, main.record, main.id, parent=main.fields.contract.parents["account"]
    )
    return built(
        Contract,
        figures.where,
        id=main.id,
        account=_account(account),
        legal_entity=figures.need("legal_entity"),
        currency=figures.need("currency"),
        start_date=figures.need("start_date"),
        term_months=_term(figures),
        billing=built(
            Billing,
            figures.where,
            frequency_months=figures.need("frequency_months"),
            timing=figures.need("timing"),
            payment_terms_days=figures.need("payment_terms_days"),
        ),
        renewal=_renewal_terms(figures),
        modification=figures.optional("modification") or "prospective",
        lines=tuple(
            line(main.fields, each, f"{main.id}: line")
            for each in children(first.record, main.fields.line, main.id)
        ),
    )


def _term(figures: Figures) -> int | None:
    months: int | None = figures.optional("term_months")
    if (months is None) != figures.need("evergreen"):
        what = (
            "is empty, and the contract is not evergreen"
            if months is None
            else "is filled in an evergreen contract"
        )
        raise figures.refused("term_months", what)
    return months


def _renewal_terms(figures: Figures) -> RenewalTerms | None:
    kind = figures.need("renewal")
    if kind == "none":
        return None
    return built(
        RenewalTerms,
        figures.where,
        auto=kind == "automatic",
        term_months=_renewal_term(figures),
        uplift_percent=figures.optional("renewal_uplift_percent"),
        notice_days=figures.optional("renewal_notice_days"),
    )


def _renewal_term(figures: Figures) -> int | str | None:
    """The next term's months or "evergreen"; None where it is not said here."""
    months: int | None = figures.optional("renewal_term_months")
    if not figures.need("renewal_evergreen"):
        return months
    if months is not None:
        raise figures.refused("renewal_term_months", "is filled, and the renewal is evergreen")
    return "evergreen"


def _account(figures: Figures) -> Account:
    street = [part.strip() for part in str(figures.need("street")).splitlines() if part.strip()]
    if not street:
        raise figures.missing("street")
    country = str(figures.need("country"))
    if len(country) != 2 or not country.isascii() or not country.isupper():
        raise figures.refused("country", "is no ISO 3166-1 alpha-2 code")
    address = Address(
        line1=street[0],
        line2=", ".join(street[1:]) or None,
        city=figures.need("city"),
        region=figures.optional("region"),
        postal_code=figures.need("postal_code"),
        country=country,
    )
    return Account(
        id=figures.need("id"),
        name=figures.need("name"),
        billing_address=address,
        parent=figures.optional("parent"),
        email=figures.optional("email"),
        tax_registration=figures.optional("tax_registration"),
        exemption_code=figures.optional("exemption_code"),
    )


# Changes


def _change(order: OrderRecord, merged: Mapping[str, ContractRecord]) -> ContractChange:
    figures = order.figures
    change_id, day = str(figures.need("change_id")), figures.need("effective_date")
    received = figures.optional("received_date")
    kind = order.type
    if kind in _WHOLE_CONTRACT:
        _check_actions(order, _WHOLE_CONTRACT[kind])
    match kind:
        case "amendment":
            lines = tuple(_amended(order, each) for each in _items(order))
            return built(
                Amendment, figures.where, id=change_id, type="amendment", effective_date=day,
                received_date=received, lines=lines,
            )  # fmt: skip
        case "renewal":
            return built(
                Renewal, figures.where, id=change_id, type="renewal", effective_date=day,
                received_date=received, term_months=_renewal_term(figures),
                uplift_percent=figures.optional("renewal_uplift_percent"),
            )  # fmt: skip
        case "cancellation":
            return built(
                Cancellation, figures.where, id=change_id, type="cancellation", effective_date=day,
                received_date=received, credit=figures.need("credit"), fee=figures.optional("fee"),
            )  # fmt: skip
        case "transfer":
            account = Figures(
                order.fields.account, order.record, figures.where,
                parent=order.fields.order.parents["transfer_account"],
            )  # fmt: skip
            return Transfer(
                id=change_id,
                type="transfer",
                effective_date=day,
                received_date=received,
                account=_account(account),
            )
        case "merge":
            contracts = tuple(_merged(order, each, merged) for each in order.merged_ids())
            return Merge(
                id=change_id, type="merge", effective_date=day, received_date=received, contracts=contracts
            )
    raise figures.refused("type", "is no change")


def _merged(order: OrderRecord, contract_id: str, merged: Mapping[str, ContractRecord]) -> Contract:
    """A merged contract as it was first approved."""
    found = merged.get(contract_id)
    if found is None:
        raise Conflict(
            f"{order.figures.where}: merged contract {contract_id} is not there",
            platform=PLATFORM,
            operation=OPERATION,
        )
    orders = sorted(found.orders(), key=lambda each: each.version)
    return _contract(found, _first(found, orders))


def _items(order: OrderRecord) -> list[Record]:
    return children(order.record, order.fields.line, order.figures.where)


def _check_actions(order: OrderRecord, action: str) -> None:
    for item in _items(order):
        figures = Figures(order.fields.line, item, order.figures.where)
        if figures.need("action") != action:
            raise figures.refused("action", f"is not {action} on an order of this type")


def _amended(order: OrderRecord, item: Record) -> AmendmentLine:
    figures = Figures(order.fields.line, item, order.figures.where)
    line_id = str(figures.need("id"))
    match figures.need("action"):
        case "add":
            return AmendmentLine(id=line_id, add=line_terms(order.fields, item, figures))
        case "remove":
            return AmendmentLine(id=line_id, remove=True)
        case "change":
            model = figures.optional("model")
            changed = {
                "quantity": figures.optional("quantity"),
                "discount_percent": figures.optional("discount_percent"),
                "pricing": None if model is None else pricing_of(order.fields, item, figures),
            }
            if all(value is None for value in changed.values()):
                raise figures.refused("action", "is Change, and the line says no new figure")
            return AmendmentLine(id=line_id, **changed)
    raise figures.refused("action", "is not one of an amendment")


# Back to the org


def contract_body(fields: FieldMap, request: CrmWriteBack) -> dict[str, Any]:
    """The integration's fields of the contract; what is not known yet is left as it is."""
    rules = fields.written_contract.fields
    figures: dict[str, Any] = {
        "status": rules["status"].values_for(request.status)[0],
        "version": request.version,
        "billing_customer_id": request.billing_customer_id,
        "subscription_id": request.subscription_id,
        "erp_customer_id": request.erp_customer_id,
        "first_invoice_number": request.first_invoice_number,
        "first_invoice_total": request.first_invoice_total,
        "first_invoice_date": request.first_invoice_date.isoformat() if request.first_invoice_date else None,
    }
    return {rules[name].field: value for name, value in figures.items() if value is not None}


def order_body(fields: FieldMap, status: str) -> dict[str, Any]:
    rule = fields.written_order.fields["status"]
    return {rule.field: rule.values_for(status)[0]}
