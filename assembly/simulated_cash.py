"""The money of a simulated life: customers pay at the payment simulator, finance writes off in the ERP."""

import datetime as dt

from activities.erp import posting_date
from assembly.in_process import InProcess, NotEntered
from canonical.ids import cash_key
from canonical.lifecycle import ContractState
from canonical.money import to_minor_units
from canonical.origin import Origin, Reference
from canonical.payment import PaidInvoice
from canonical.policy import PolicyExcerpt
from ports.erp import Erp
from ports.errors import Conflict, OutcomeUnknown, PortError, Transient
from ports.receipts import CashEntry
from rules.cash_application import CashRefused
from rules.cash_moves import CashMove
from rules.cash_posting import Money, accounts_of, decide

_PAYMENTS = "stripe"
_ATTEMPTS = 100
"""How often a person tries again what the ERP can't take just now, before she gives it up."""


class SimulatedCash:
    """Makes the moves of one contract's money. `keys` are the ledger's, by the ids of the moves made."""

    def __init__(self, system: InProcess) -> None:
        self._system = system
        self._payments: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    async def make(self, move: CashMove, state: ContractState) -> None:
        """What the customer, her bank, or finance does. What follows from it is the workflows'. Raises
        NotEntered where the platform does not take it.
        """
        payment, currency = move.payment, _currency(state)
        amount = to_minor_units(payment.amount, currency)
        match payment.kind:
            case "payment":
                made = await self._pay(move, state, amount, currency)
                self._payments[payment.id] = made
                self.keys[payment.id] = cash_key("payment", _PAYMENTS, made)
            case "refund":
                made = await self._say("refund", {"payment": self._source(move), "amount": amount})
                self.keys[payment.id] = cash_key("refund", _PAYMENTS, made)
            case "chargeback":
                fee = 0 if payment.fee is None else to_minor_units(payment.fee, currency)
                said = {"payment": self._source(move), "amount": amount, "fee": fee}
                made = await self._say("dispute", said)
                self.keys[payment.id] = cash_key("dispute", _PAYMENTS, made, "withdrawn")
            case "write_off":
                self.keys[payment.id] = await self._write_off(move, state)

    async def _pay(self, move: CashMove, state: ContractState, amount: int, currency: str) -> str:
        said: dict[str, object] = {"amount": amount, "currency": currency.lower()}
        if move.invoice_key is not None:
            said["invoice"] = move.invoice_key
        else:
            said["customer"] = _id(state.ids.billing_customer)
        return await self._say("pay", said)

    def _source(self, move: CashMove) -> str:
        return self._payments[move.source or ""]

    async def _say(self, verb: str, said: dict[str, object]) -> str:
        """The id of what the payment simulator has made of it."""
        try:
            made = await self._system.platforms[_PAYMENTS].load({verb: said})
        except ValueError as error:
            raise NotEntered(_PAYMENTS, str(error)) from error
        return str(made[verb]["id"])

    async def _write_off(self, move: CashMove, state: ContractState) -> str:
        """Posts it as the ERP's own record, by the rules of the preview. Returns its key."""
        policy = _policy(state)
        erp = policy.route.erp
        key = f"write-off/{state.id}/{move.payment.id}"
        for attempt in range(_ATTEMPTS):
            try:
                await self._post(self._system.ports[erp], move, state, policy, key)
                return key
            except (Transient, OutcomeUnknown, Conflict) as error:
                if attempt == _ATTEMPTS - 1:
                    raise NotEntered(erp, f"payment {move.payment.id}: {error}") from error
            except (PortError, CashRefused) as error:
                raise NotEntered(erp, f"payment {move.payment.id}: {error}") from error
        raise AssertionError("the last attempt returns or raises")

    async def _post(
        self, erp: Erp, move: CashMove, state: ContractState, policy: PolicyExcerpt, key: str
    ) -> None:
        """Once: a write-off of this key that is there is not decided again."""
        contract, payment = state.contract, move.payment
        if contract is None:
            raise ValueError("a contract that has been activated is known")
        if await erp.find_receipts((key,)):
            return
        wanted = move.invoice_key
        account = await erp.receivables(contract.legal_entity, _id(state.ids.erp_customer), wanted)
        names = [PaidInvoice(invoice_id=wanted, key=wanted, amount=payment.amount)] if wanted else []
        money = Money("write_off", payment.id, payment.date, payment.amount, names=names)
        period = await erp.posting_period(contract.legal_entity, payment.date)
        entry = CashEntry(
            origin=Origin(
                tenant=state.tenant, contract=contract.id, change=key, step="write off", correlation_id=key
            ),
            key=key,
            contract=contract.id,
            customer_id=account.customer_id,
            legal_entity=contract.legal_entity,
            currency=contract.currency,
            date=payment.date,
            posting_date=posting_date(payment.date, period),
            application=decide(account, money),
            accounts=accounts_of(policy.accounts),
            memo=f"Write-off {payment.id}, contract {contract.id}",
        )
        await erp.post_cash(entry)


def due_by(moves: list[CashMove], day: dt.date) -> list[CashMove]:
    return [move for move in moves if move.payment.date <= day]


def _id(reference: Reference | None) -> str:
    if reference is None:
        raise ValueError("a contract that has been activated has a customer on each platform")
    return reference.id


def _currency(state: ContractState) -> str:
    if state.contract is None:
        raise ValueError("a contract that has been activated is known")
    return state.contract.currency


def _policy(state: ContractState) -> PolicyExcerpt:
    if state.policy is None:
        raise ValueError("a contract that has been activated has a policy")
    return state.policy
