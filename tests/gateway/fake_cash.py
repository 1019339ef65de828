"""The cash's part of the operations, answered as told."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from canonical.base import Dec
from canonical.cash import CashDecision, DecisionKind, UnappliedListing, UnappliedMoney
from gateway.operations import Actor
from tests.gateway.asked import Asked


class FakeCash(Asked):
    cash_decision = CashDecision(
        id="d1",
        kind="write_off",
        status="waiting",
        contract="C-1",
        workflow_id="cash-decision/write-off/d1",
        amount=Decimal("2.00"),
        currency="USD",
        override="OV-1",
    )

    async def start_receipts(self, names: Sequence[tuple[str, str]], actor: Actor) -> int:
        self._asked("start receipts", (tuple(names), actor.name))
        return len(names)

    async def unapplied_cash(self, entity: str) -> UnappliedListing:
        self._asked("unapplied", entity)
        money = UnappliedMoney(
            key="payment/stripe/pi_1",
            customer_id="7",
            date=dt.date(2026, 3, 2),
            currency="USD",
            amount=Decimal("50.00"),
            unapplied=Decimal("20.00"),
        )
        return UnappliedListing(entity=entity, money=(money,))

    async def decide_cash(
        self,
        kind: DecisionKind,
        contract: str,
        reason: str,
        actor: Actor,
        *,
        source: str | None = None,
        invoices: dict[str, Dec | None] | None = None,
        amount: Dec | None = None,
        entry: str | None = None,
        date: dt.date | None = None,
    ) -> CashDecision:
        self._asked("decide cash", (kind, contract, reason, actor.name, source, invoices, amount))
        return self.cash_decision.model_copy(update={"kind": kind, "contract": contract})
