"""A legal entity's balances translated for its group: what is asked, and the report."""

from typing import Literal

from pydantic import Field

from canonical.base import Dec, Noun
from canonical.document import AccountRole
from canonical.rates import RateInForce
from canonical.revenue import MONTH

TranslationOutcome = Literal["running", "done", "no_group", "left"]


class TranslationOrder(Noun):
    """Translate the entity's balances as they stand at the month's end; nothing is posted."""

    tenant: str
    entity: str = Field(min_length=1)
    period: str = Field(pattern=MONTH)
    requested_by: str
    correlation_id: str


class TranslatedBalance(Noun):
    """An account at the month's end, debits above zero: `balance` in the books' currency, `translated` in the
    group's. `basis` says at which rate: the month's last, or each month's average.
    """

    role: AccountRole
    account: str
    balance: Dec
    translated: Dec
    basis: Literal["closing", "average"]


class TranslationReport(Noun):
    """`difference` is the cumulative translation adjustment, which belongs to equity: what makes the rows
    come to what the balances are worth at the closing rate. `left_out` are accounts that are no role's.
    `words` say why there is no report.
    """

    entity: str
    period: str
    outcome: TranslationOutcome
    books_currency: str | None = None
    group_currency: str | None = None
    closing: RateInForce | None = None
    average: Dec | None = None
    """Of the month itself; every earlier month has its own."""
    rows: tuple[TranslatedBalance, ...] = ()
    difference: Dec | None = None
    left_out: tuple[str, ...] = ()
    words: str | None = None
