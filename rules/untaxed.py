"""A contract without tax rates: they are the tax engine's to say, whoever wrote some into the document."""

from canonical.change import Amendment, ContractChange, Merge, Transfer
from canonical.contract import Contract

_NONE = {"tax_rate_percent": None, "tax_rates": None}


def without_tax(contract: Contract) -> Contract:
    lines = tuple(line.model_copy(update=_NONE) for line in contract.lines)
    return contract.model_copy(update={"lines": lines})


def change_without_tax(change: ContractChange) -> ContractChange:
    if isinstance(change, Transfer):
        return change.model_copy(update={"tax_rate_percent": None, "tax_rates": ()})
    if isinstance(change, Merge):
        contracts = tuple(without_tax(contract) for contract in change.contracts)
        return change.model_copy(update={"contracts": contracts, "tax_rates": ()})
    if not isinstance(change, Amendment):
        return change
    lines = tuple(
        line.model_copy(update={"add": line.add.model_copy(update=_NONE)}) if line.add is not None else line
        for line in change.lines
    )
    return change.model_copy(update={"lines": lines})
