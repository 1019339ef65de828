"""The second act of the demo: a month, from its usage and payments to its close.

Everything is done by the command line, as operators do it. The month is the one before today's: it is over,
so that it can be closed.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cli.client import ask
from cli.demo_contracts import first_of, late, reaching_back, unheard
from cli.demo_stage import Stage

ENTITY = "US01"
LATE_USER, PAYER, PART_PAYER, DISPUTER, AMENDED, UNHEARD = "D-04", "D-01", "D-02", "D-11", "D-01", "D-15"


class Month(Stage):
    """`today` is the platforms' day; `documents` the contracts as they were approved before."""

    def __init__(
        self, say: Callable[[str], None], documents: Mapping[str, dict[str, Any]], today: dt.date
    ) -> None:
        self._approved = dict(documents)
        super().__init__(say, self._approved)
        self._today = today
        self._begun = dt.datetime.now(dt.UTC).date()
        self._first = first_of(self._begun, -1)
        self._period = self._first.strftime("%Y-%m")

    def tell(self) -> dict[str, dict[str, Any]]:
        """Plays the scenes; the contracts as they are approved now. Raises NotSeen."""
        self._usage_comes_late()
        self._customers_pay()
        self._event_is_lost()
        self._revenue_is_run()
        self._break_is_found()
        self._break_is_repaired()
        self._month_is_closed()
        self._change_reaches_back()
        return self._approved

    # -- scenes ----------------------------------------------------------------------------------

    def _usage_comes_late(self) -> None:
        self._scene(f"Usage of {self._period} comes late, by file: it goes on the next invoice")
        entries = late(self._begun)
        rows = [f"{LATE_USER},{e['id']},{e['line']},{e['date']},{e['quantity']}" for e in entries]
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "usage.csv"
            file.write_text("\n".join(["contract,id,line,date,quantity", *rows]) + "\n")
            taken = self._q2c("usage", "import", str(file))
        self._say(f"  {taken['recorded']} recorded; what becomes of it: q2c usage show {LATE_USER}")
        document = self._approved[LATE_USER]
        after = self._today + dt.timedelta(days=1)  # this day's invoice is issued
        known = [e | {"received_date": after.isoformat()} for e in entries]
        self._approved[LATE_USER] = document | {"usage": [*document["usage"], *known]}

    def _customers_pay(self) -> None:
        self._scene("Customers pay: one the whole, one a part, and one whose bank takes it back")
        self._pay(PAYER)
        self._pay(PART_PAYER, "--amount", "500.00", "--currency", "EUR")
        self._pay(DISPUTER, "--method", "disputed")
        for contract, movements in ((PAYER, 1), (PART_PAYER, 1), (DISPUTER, 2)):
            self._until(partial(self._has_moved, contract, movements), f"{contract}'s money in the ledger")
        self._say(f"  in the ledger: {PAYER} paid, {PART_PAYER} in part, {DISPUTER} open again with its fee")

    def _event_is_lost(self) -> None:
        self._scene(f"{UNHEARD} is billed, and the billing platform's events about it are lost")
        self._fault("stripe", "webhook-lost", route="invoice.*", times=10)
        self._approved[UNHEARD] = unheard(self._begun)
        self._approve(UNHEARD)
        self._until_active(UNHEARD)
        self._simulators.call("stripe", "DELETE", "faults")

    def _revenue_is_run(self) -> None:
        self._scene(f"Revenue of {ENTITY} up to {self._period}: one entry for each contract and month")
        for number in range(-8, 0):
            period = first_of(self._begun, number).strftime("%Y-%m")
            [run] = self._q2c("revenue", "run", "--period", period, "--entity", ENTITY)
            tally = run["tally"]
            self._say(f"    {tally['posted']} entries; earned {_earned(tally['sums'])}")

    def _break_is_found(self) -> None:
        self._scene(f"{self._period} of {ENTITY} is reconciled from the platforms' own listings")
        found = self._q2c(*self._reconcile(), exits=1)
        self._show_sides(found)
        [self._break] = found["breaks"]
        self._say(f"  {self._break['id']} ({self._break['type']}, owner {self._break['owner']}):")
        self._say(f"    {self._break['document']}: {self._break['cause']}")
        self._say(f"    proposed: {self._break['proposal']}")
        self._q2c(*self._close(), exits=3)
        self._say("  the close is refused while it is open")

    def _break_is_repaired(self) -> None:
        self._scene("The repair is asked for by one person and approved by another")
        asked = self._q2c(
            "reconcile", "repair", self._break["id"], "--reason", "its events were lost", role="finance"
        )
        self._q2c("override", "approve", asked["id"], "--reason", "seen at Stripe", role="approver")
        name = f"/breaks/{self._break['id']}"
        self._until(lambda: ask(name)["status"] == "repaired", f"{self._break['id']} repaired")

    def _month_is_closed(self) -> None:
        self._scene(f"{self._period} of {ENTITY} is reconciled anew, and closed")
        self._show_sides(self._q2c(*self._reconcile()))
        closed = self._q2c(*self._close())
        self._say(f"  closed by {closed['closed_by']}; {closed['note']}")

    def _change_reaches_back(self) -> None:
        self._scene(f"A change of {AMENDED} reaches back into the closed month")
        document = self._approved[AMENDED]
        change = reaching_back(self._begun) | {"received_date": self._today.isoformat()}
        self._approved[AMENDED] = document | {"changes": [*document["changes"], change]}
        done = self._done(AMENDED)
        self._approve(AMENDED, change=change["id"])
        self._until(lambda: self._done(AMENDED) > done, f"{AMENDED}'s change")
        self._until_posted(AMENDED, self._due(self._approved[AMENDED], self._today))
        newest = self._detail(AMENDED)["documents"][-1]
        self._say(f"  {newest['kind']} {newest['number']} over {newest['total']}, dated {newest['date']}")

    def _pay(self, contract: str, *how: str) -> None:
        """The customer pays the contract's first invoice at the payment gateway."""
        first = f"{contract}/invoice/{self._approved[contract]['contract']['start_date']}"
        self._q2c("trigger", "stripe", "payment", "--invoice", first, *how)

    def _has_moved(self, contract: str, movements: int) -> bool:
        """Whether the ledger has so many movements of the contract's money: a chargeback is one."""
        held = self._detail(contract)["platforms"].get("netsuite", ())
        return len([each for each in held if each["kind"] == "payment"]) >= movements

    # -- words -----------------------------------------------------------------------------------

    def _reconcile(self) -> tuple[str, ...]:
        return ("reconcile", "--period", self._period, "--entity", ENTITY)

    def _close(self) -> tuple[str, ...]:
        return ("close", "close", "--period", self._period, "--entity", ENTITY, "--reason", "month end")

    def _show_sides(self, found: dict[str, Any]) -> None:
        sides = ", ".join(f"{name} {total}" for name, total in found["sides"].items())
        self._say(f"  {found['currency']}: {sides}")


def _earned(sums: dict[str, dict[str, str]]) -> str:
    """What a run has put to revenue, which the books have as a credit."""
    found = [f"{each['revenue'].removeprefix('-')} {currency}" for currency, each in sums.items()]
    return ", ".join(found) or "nothing"
