"""What may happen to a contract after its approval: id, effective date, and a version in the CRM each."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from canonical.base import Day, Dec, Noun, yes_or_no
from canonical.contract import Account, Contract, DatedRate, LineTerms, Pricing, TermMonths


class AmendmentLine(Noun):
    """One line's change: new figures for it, or `add` it, or `remove` it; never two of these."""

    id: str = Field(min_length=1)
    quantity: Dec | None = None
    pricing: Pricing | None = None
    discount_percent: Dec | None = None
    add: LineTerms | None = None
    remove: Annotated[Literal[True], BeforeValidator(yes_or_no)] | None = None


class LineRates(Noun):
    """One line's tax rates, as the tax engine has quoted them for one customer."""

    line: str
    rates: tuple[DatedRate, ...] = Field(min_length=1)


class _Change(Noun):
    id: str = Field(min_length=1)
    effective_date: Day
    received_date: Day | None = None
    """The day on which it was taken in, where that is later than the effective date (a backdated change)."""


class Amendment(_Change):
    type: Literal["amendment"]
    lines: tuple[AmendmentLine, ...] = Field(min_length=1)


class Renewal(_Change):
    """A new term; before the term's end it is an early renewal. What it leaves out, the contract says."""

    type: Literal["renewal"]
    term_months: TermMonths = None
    uplift_percent: Dec | None = None


class Cancellation(_Change):
    """Effective on the first day without service. `merged_into` is the contract whose merge ends this one;
    a scenario file does not say it.
    """

    type: Literal["cancellation"]
    credit: Literal["prorated", "none"] = "prorated"
    fee: Dec | None = None
    merged_into: str | None = None


class Transfer(_Change):
    """The rest of the contract goes to another customer, taxed at `tax_rate_percent` where it is given.

    `tax_rates` are those that the tax engine has quoted since; a scenario file does not say them.
    """

    type: Literal["transfer"]
    account: Account
    tax_rate_percent: Dec | None = None
    tax_rates: tuple[LineRates, ...] = ()


class Merge(_Change):
    """`contracts` and the one that has this change end; one new contract starts with the lines of all.

    Where each merged contract lives in a workflow of its own, `joined` says how those hold them: then their
    documents are theirs, and no part of this one's. `tax_rates` are the new contract's, as quoted. A scenario
    file says neither.
    """

    type: Literal["merge"]
    contracts: tuple[Contract, ...] = Field(min_length=1)
    joined: tuple["JoinedContract", ...] = ()
    tax_rates: tuple[LineRates, ...] = ()


class JoinedContract(Noun):
    """A merged contract as its own workflow holds it: with the changes in force before its end."""

    contract: Contract
    changes: tuple["ContractChange", ...] = ()


ContractChange = Annotated[Amendment | Renewal | Cancellation | Transfer | Merge, Field(discriminator="type")]

Merge.model_rebuild()
JoinedContract.model_rebuild()
