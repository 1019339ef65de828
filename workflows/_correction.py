"""Corrections by which a person fixes a step's data: ERP items of products, the customer's master data."""

from pydantic import ValidationError

from canonical.contract import Account
from workflows._desk import invalid


def corrected_items(items: dict[str, str], corrections: dict[str, str]) -> dict[str, str]:
    """`items.<product>=<item>` pairs laid over the items known so far."""
    prefix = "items."
    return items | {key[len(prefix) :]: v for key, v in corrections.items() if key.startswith(prefix)}


def corrected_account(account: Account, corrections: dict[str, str]) -> Account:
    """`account.<field>` and `account.billing_address.<field>` set. Raises ApplicationError InvalidInput."""
    figures = account.model_dump(mode="json")
    for key, value in corrections.items():
        if not key.startswith("account."):
            continue
        *path, last = key.split(".")[1:]
        place = figures
        for part in path:
            if not isinstance(place.get(part), dict):
                raise invalid(f"set: {key} is not a field of the account")
            place = place[part]
        if last not in place or last == "id":
            raise invalid(f"set: {key} is not a field that can be corrected")
        place[last] = value
    try:
        return Account.model_validate(figures)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise invalid(f"set: account.{where}: {first['msg']}") from error
