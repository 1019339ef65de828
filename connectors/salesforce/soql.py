"""The queries that the connector asks: names come from the checked field map, values are quoted here."""

# ruff: noqa: S608 - this is where queries are put together; `quoted` is for values, the map checks names
from collections.abc import Sequence

from connectors.salesforce.fields import FieldMap, RecordRule

_ESCAPED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def quoted(text: str) -> str:
    """A SOQL string literal that stands for exactly this text."""
    return "'" + "".join(_ESCAPED.get(letter, letter) for letter in text) + "'"


def contracts_query(fields: FieldMap, contract_ids: Sequence[str]) -> str:
    """Contracts with account, approved orders, their lines, tiers, ramp steps and approvals: five levels."""
    contract = fields.contract
    columns = _columns(contract) + _columns(fields.account, contract.parents["account"])
    keys = ", ".join(quoted(each) for each in contract_ids)
    return (
        f"SELECT {_listed(columns)}, {_child(fields.order, _orders(fields), _approved(fields))} "
        f"FROM {contract.object} WHERE {contract.key} IN ({keys})"
    )


def version_query(fields: FieldMap, contract_id: str) -> str:
    """Only the contract's key and version, to see whether it changed meanwhile."""
    contract = fields.contract
    columns = [contract.fields["id"].field, contract.fields["version"].field]
    return f"SELECT {_listed(columns)} FROM {contract.object} WHERE {contract.key} = {quoted(contract_id)}"


def write_back_query(fields: FieldMap, contract_id: str) -> str:
    """What the integration wrote last, and the contract's orders by change id."""
    contract, written, order = fields.contract, fields.written_contract, fields.order
    columns = [contract.fields["id"].field, written.fields["version"].field]
    orders = f"(SELECT {_listed([order.fields['record_id'].field, order.fields['change_id'].field])}"
    return (
        f"SELECT {_listed(columns)}, {orders} FROM {order.relationship}) "
        f"FROM {contract.object} WHERE {contract.key} = {quoted(contract_id)}"
    )


def account_query(fields: FieldMap, account_id: str) -> str:
    """An account's id and the one above it."""
    rule = fields.account
    key = rule.fields["id"].field
    columns = [key, rule.fields["parent"].field]
    return f"SELECT {_listed(columns)} FROM {rule.object} WHERE {key} = {quoted(account_id)}"


def approvals_query(fields: FieldMap, since: str) -> str:
    """Approved orders of our contracts that were saved since this moment, in the order in which they were."""
    order, listed = fields.order, fields.listed_order
    contract, changed = listed.fields["contract"].field, listed.fields["changed_at"].field
    columns = [*(order.fields[name].field for name in ("record_id", "type", "version")), contract, changed]
    return (
        f"SELECT {_listed(columns)} FROM {order.object} "
        f"WHERE {_approved(fields)} AND {contract} != null AND {changed} >= {since} ORDER BY {changed}"
    )


def _orders(fields: FieldMap) -> list[str]:
    tiers = _child(fields.tier, _columns(fields.tier))
    ramp = _child(fields.ramp_step, [*_columns(fields.ramp_step), tiers])
    lines = _child(fields.line, [*_columns(fields.line), tiers, ramp])
    return [
        *_columns(fields.order),
        *_columns(fields.account, fields.order.parents["transfer_account"]),
        lines,
        _child(fields.approval, _columns(fields.approval)),
        _child(fields.merged, _columns(fields.merged)),
    ]


def _approved(fields: FieldMap) -> str:
    rule = fields.order.fields["approved"]
    return f"{rule.field} IN ({', '.join(quoted(word) for word in rule.values_for(True))})"


def _columns(rule: RecordRule, parent: str | None = None) -> list[str]:
    prefix = f"{parent}." if parent else ""
    return [prefix + each.field for each in rule.fields.values()]


def _child(rule: RecordRule, columns: list[str], where: str | None = None) -> str:
    condition = f" WHERE {where}" if where else ""
    return f"(SELECT {_listed(columns)} FROM {rule.relationship}{condition} ORDER BY {rule.order_by})"


def _listed(columns: list[str]) -> str:
    """Each once: two figures may share a field."""
    return ", ".join(dict.fromkeys(columns))
