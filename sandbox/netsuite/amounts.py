"""Amounts to a currency's precision, and the accounts that NetSuite takes by itself."""

from decimal import Decimal

from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.store import Doc, Store


def precision(store: Store, currency_id: str) -> int:
    return int(store.must("currency", currency_id)["currencyPrecision"])


def checked(amount: str, digits: int, path: str) -> Decimal:
    """The amount; 400 where it has more decimals than its currency."""
    value = Decimal(amount)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        raise NsError(
            "INVALID_VALUE", f"The value has more than the {digits} decimals of the currency.", path=path
        )
    return value


def account_of_type(store: Store, type_: str) -> Doc:
    """The account's id as a reference: the first active one of this type."""
    for account in store.state.all("account"):
        if account["acctType"]["id"] == type_ and not account.get("isInactive"):
            return {"id": account["id"]}
    raise user_error(f"There is no account of type {type_}.", "account")
