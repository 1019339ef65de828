"""What a customer's master data must be like before anything is written to a platform.

Each check yields (field, message) seen from the account. Which accounts are above it, the CRM was asked; that
the address can be taxed, and that entity, items and periods are there, tax engine and ERP say.
"""

from collections.abc import Iterator, Sequence

from canonical.contract import Account
from ports.crm import MOST_LEVELS, AccountAbove
from rules.problems import Problem, under
from rules.tax_registration import registration_problem

ENTITY_USES = frozenset("ABCDEFGHIJKLMNPQR") | {"MED1", "MED2", "TAXABLE"}
"""Codes of the use that an exempt entity makes of what it buys, as the US states that share them have them
(Avalara, "entity use codes"). Every other exemption code is a certificate's number.
"""

_LONGEST_CERTIFICATE = 25


def customer_problems(account: Account) -> Iterator[Problem]:
    yield from under("billing_address", _bill_to(account))
    if not account.name.strip():
        yield "name", "is blank: documents are addressed to it"
    if account.parent == account.id:
        yield "parent", f"is {account.id!r}, the account itself"
    elif account.parent is not None and not account.parent.strip():
        yield "parent", "is blank: it names the account above, or is left out"
    if account.tax_registration is not None:
        problem = registration_problem(account.billing_address.country, account.tax_registration)
        if problem is not None:
            yield "tax_registration", problem
    yield from _exemption(account.exemption_code)


def hierarchy_problems(account: Account, above: Sequence[AccountAbove]) -> Iterator[Problem]:
    """What is wrong with the accounts above, as the CRM has them (`Crm.accounts_above` of the parent)."""
    if account.parent is None:
        return
    path = [account.id, *(each.id for each in above)]
    next_ = above[-1].parent if above else account.parent
    if account.id in path[1:]:
        path, next_ = path[: path.index(account.id, 1)], account.id
    if next_ is None:
        return
    if next_ in path:
        yield "parent", f"goes round in a circle: {' → '.join([*path, next_])}"
    elif len(above) >= MOST_LEVELS:
        yield "parent", f"has more than {MOST_LEVELS} accounts above: {' → '.join([*path[:3], '…'])}"
    else:
        yield "parent", f"leads to {next_!r}, which the CRM does not have: {' → '.join([*path, next_])}"


def _bill_to(account: Account) -> Iterator[Problem]:
    address = account.billing_address
    for name in ("line1", "city"):
        if not getattr(address, name).strip():
            yield name, "is blank"
    if not (address.country.isascii() and address.country.isalpha() and address.country.isupper()):
        yield "country", f"is {address.country!r}, and ISO 3166-1 has two capital letters"


def _exemption(code: str | None) -> Iterator[Problem]:
    """A letter that is no entity use would be taken for a certificate, and the customer pay no tax at all."""
    if code is None or code in ENTITY_USES:
        return
    if len(code.strip()) < 2 or code.upper() in ENTITY_USES:
        known = ", ".join(sorted(ENTITY_USES))
        yield "exemption_code", f"{code!r} is neither an entity use ({known}) nor a certificate's number"
    elif len(code) > _LONGEST_CERTIFICATE:
        yield "exemption_code", f"is longer than {_LONGEST_CERTIFICATE} characters"
