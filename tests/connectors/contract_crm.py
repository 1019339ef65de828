"""What every CRM's connector must hold, given the connector on its simulator.

A vendor subclasses `CrmContract` in its own folder and gives the fixture `stand`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from canonical.origin import Origin
from ports.crm import AccountAbove, ContractSnapshot, Crm, CrmWriteBack
from ports.errors import NotFound, OutcomeUnknown, RateLimited, Transient, UnexpectedAnswer
from sandbox.kit.faults import Fault
from sandbox.kit.platform import Platform
from tests.connectors.crm_scenarios import (
    EVERYTHING,
    SMALL,
    expected_changes,
    expected_contract,
    with_id,
)

LOST_AND_APPLIED = ("applied-then-timeout", "applied-then-cut", "applied-then-500")
HOSTILE_IDS = ["C'1", "C\\", "C' OR Id != '", "C%", "C/1?x=1#2", "日本-1 & Co", 'C"1"', "C+1 2", "C.com"]


@dataclass
class CrmStand:
    """A CRM connector on its simulator. `approve(scenario, what)` puts a contract ("contract") or one of its
    changes into the CRM as approved, None everything as drafts; `written(contract)` is what the connector
    wrote back: the figures of `CrmWriteBack` by name, and `changes` with the status of each."""

    crm: Crm
    platform: Platform
    read_route: str
    write_route: str
    approve: Callable[[dict[str, Any], str | None], Awaitable[None]]
    written: Callable[[str], dict[str, Any]]
    requests: Callable[[], int]


def write_back(**changes: Any) -> CrmWriteBack:
    request = CrmWriteBack(
        origin=Origin(tenant="t", contract="C-1001", change="CH-1", step="crm", correlation_id="corr-1"),
        contract="C-1001",
        change=None,
        status="active",
        version=1,
        billing_customer_id="cus_1",
        subscription_id="sub_1",
        erp_customer_id="1201",
        first_invoice_number="INV-1",
        first_invoice_total=Decimal("13065.05"),
        first_invoice_date=date(2026, 1, 1),
    )
    return request.model_copy(update=changes)


WRITTEN = {
    "status": "active",
    "version": 1,
    "billing_customer_id": "cus_1",
    "subscription_id": "sub_1",
    "erp_customer_id": "1201",
    "first_invoice_number": "INV-1",
    "first_invoice_total": Decimal("13065.05"),
    "first_invoice_date": "2026-01-01",
    "changes": {"C-1001": None, "CH-1": None},
}


class CrmContract:
    @pytest.fixture
    async def stand(self) -> CrmStand:
        raise NotImplementedError("the vendor's subclass gives the stand")

    async def approved(self, stand: CrmStand, scenario: dict[str, Any] = SMALL) -> ContractSnapshot:
        await stand.approve(scenario, "contract")
        return await stand.crm.read_contract(scenario["contract"]["id"])

    # Snapshots

    async def test_snapshot_says_everything_that_was_sold(self, stand: CrmStand) -> None:
        snapshot = await self.approved(stand, EVERYTHING)
        assert snapshot.contract == expected_contract(EVERYTHING)
        assert (snapshot.version, snapshot.changes) == (1, ())

    async def test_snapshot_says_every_kind_of_change(self, stand: CrmStand) -> None:
        for change in EVERYTHING["changes"]:
            await stand.approve(EVERYTHING, change["id"])
        snapshot = await stand.crm.read_contract("C-2001")
        assert snapshot.contract == expected_contract(EVERYTHING)
        assert tuple(each.change for each in snapshot.changes) == expected_changes(EVERYTHING)
        assert [each.version for each in snapshot.changes] == [2, 3, 4, 5, 6, 7]
        assert snapshot.version == 7

    async def test_snapshot_says_who_approved_and_where_it_was_sold(self, stand: CrmStand) -> None:
        approval = (await self.approved(stand)).approval
        assert approval.approved_by
        assert approval.approved_at.utcoffset() is not None
        assert approval.quote
        assert approval.opportunity

    async def test_renewal_and_evergreen_terms_may_be_absent(self, stand: CrmStand) -> None:
        evergreen = {**SMALL, "contract": {**SMALL["contract"], "term_months": None, "renewal": None}}
        contract = (await self.approved(stand, evergreen)).contract
        assert (contract.term_months, contract.renewal) == (None, None)

    async def test_renewal_for_ever_is_not_a_renewal_of_unsaid_length(self, stand: CrmStand) -> None:
        """In a scenario file a term that is null is evergreen, one that is left out is not said."""
        changes = [
            {"id": "R1", "type": "renewal", "effective_date": "2027-01-01"},
            {"id": "R2", "type": "renewal", "effective_date": "2028-01-01", "term_months": None},
        ]
        for renewal, term in (({"auto": True}, None), ({"auto": True, "term_months": None}, "evergreen")):
            contract = {**SMALL["contract"], "id": f"C-{term}", "renewal": renewal}
            await stand.approve({**SMALL, "contract": contract, "changes": changes}, "R1")
            await stand.approve({**SMALL, "contract": contract, "changes": changes}, "R2")
            snapshot = await stand.crm.read_contract(f"C-{term}")
            assert snapshot.contract.renewal is not None
            assert snapshot.contract.renewal.term_months == term
            renewals = [each.change for each in snapshot.changes]
            assert [getattr(each, "term_months", "") for each in renewals] == [None, "evergreen"]

    async def test_changes_have_their_versions_in_whatever_order_they_are_approved(
        self, stand: CrmStand
    ) -> None:
        await stand.approve(SMALL, "contract")
        await stand.approve(SMALL, "CH-2")
        before = await stand.crm.read_contract("C-1001")
        assert [(each.change.id, each.version) for each in before.changes] == [("CH-2", 3)]
        await stand.approve(SMALL, "CH-1")
        after = await stand.crm.read_contract("C-1001")
        assert [(each.change.id, each.version) for each in after.changes] == [("CH-1", 2), ("CH-2", 3)]
        assert (before.version, after.version) == (3, 3)

    async def test_what_is_not_approved_is_not_there(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, None)
        with pytest.raises(NotFound):
            await stand.crm.read_contract("C-1001")
        await stand.approve(SMALL, "contract")
        assert (await stand.crm.read_contract("C-1001")).changes == ()

    async def test_unknown_contract_is_not_found(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "contract")
        for contract_id in ("C-9999", "c-1001", "C-100_", "%"):
            with pytest.raises(NotFound):
                await stand.crm.read_contract(contract_id)

    @pytest.mark.parametrize("contract_id", HOSTILE_IDS)
    async def test_ids_with_any_characters_are_read_and_written(
        self, stand: CrmStand, contract_id: str
    ) -> None:
        await stand.approve(SMALL, "contract")
        with pytest.raises(NotFound):
            await stand.crm.read_contract(contract_id)
        assert (await self.approved(stand, with_id(SMALL, contract_id))).contract.id == contract_id
        await stand.crm.write_back(write_back(contract=contract_id))
        assert stand.written(contract_id)["status"] == "active"
        assert stand.written("C-1001")["status"] is None

    async def test_a_snapshot_takes_two_requests_at_most(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "contract")
        await stand.crm.read_contract("C-1001")
        before = stand.requests()
        await stand.crm.read_contract("C-1001")
        assert stand.requests() - before <= 2
        await stand.approve(EVERYTHING, "MG")
        before = stand.requests()
        await stand.crm.read_contract("C-2001")
        assert stand.requests() - before <= 2

    # When reads fail

    @pytest.mark.parametrize(
        "outcome", ["refused", "not-applied-then-timeout", "applied-then-cut", "500", "502", "503", "504"]
    )
    async def test_read_that_gets_lost_is_transient(self, stand: CrmStand, outcome: str) -> None:
        await stand.approve(SMALL, "contract")
        stand.platform.faults.add(Fault(outcome, route=stand.read_route))
        with pytest.raises(Transient):
            await stand.crm.read_contract("C-1001")
        assert (await stand.crm.read_contract("C-1001")).version == 1

    async def test_too_many_requests_says_when_to_try_again(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "contract")
        stand.platform.faults.add(Fault("429", route=stand.read_route, seconds=7))
        with pytest.raises(RateLimited) as raised:
            await stand.crm.read_contract("C-1001")
        assert raised.value.retry_after_seconds == 7

    async def test_expired_token_is_taken_anew(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "contract")
        await stand.crm.read_contract("C-1001")
        stand.platform.faults.add(Fault("token-expired"))
        assert (await stand.crm.read_contract("C-1001")).version == 1

    @pytest.mark.parametrize("outcome", ["field-removed", "field-renamed", "field-retyped", "enum-added"])
    async def test_answer_that_drifted_is_an_error_and_names_the_field(
        self, stand: CrmStand, outcome: str
    ) -> None:
        await stand.approve(SMALL, "contract")
        stand.platform.faults.add(Fault(outcome, route=stand.read_route))
        with pytest.raises(UnexpectedAnswer) as raised:
            await stand.crm.read_contract("C-1001")
        assert raised.value.field

    async def test_field_that_the_vendor_added_is_ignored(self, stand: CrmStand) -> None:
        before = await self.approved(stand)
        stand.platform.faults.add(Fault("field-added", route=stand.read_route))
        assert await stand.crm.read_contract("C-1001") == before

    # Write-back

    async def test_write_back_shows_on_the_contract_and_the_change(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "CH-1")
        await stand.crm.write_back(write_back())
        assert stand.written("C-1001") == WRITTEN
        await stand.crm.write_back(write_back(change="CH-1", change_status="done", version=2))
        assert stand.written("C-1001") == {
            **WRITTEN,
            "version": 2,
            "changes": {"C-1001": None, "CH-1": "done"},
        }

    @pytest.mark.parametrize(
        "status", ["activating", "active", "blocked", "cancelled", "compensated", "expired"]
    )
    async def test_every_status_can_be_written_back(self, stand: CrmStand, status: str) -> None:
        await stand.approve(SMALL, "contract")
        await stand.crm.write_back(write_back(status=status))
        assert stand.written("C-1001")["status"] == status

    @pytest.mark.parametrize("status", ["done", "skipped", "compensated", "blocked"])
    async def test_every_status_of_a_change_can_be_written_back(self, stand: CrmStand, status: str) -> None:
        await stand.approve(SMALL, "CH-1")
        await stand.crm.write_back(write_back(change="CH-1", change_status=status, version=2))
        assert stand.written("C-1001")["changes"]["CH-1"] == status

    async def test_write_back_changes_nothing_that_the_crm_owns(self, stand: CrmStand) -> None:
        before = await self.approved(stand)
        await stand.crm.write_back(write_back(status="cancelled"))
        assert await stand.crm.read_contract("C-1001") == before

    async def test_what_is_not_known_yet_is_left_as_it_is(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "CH-1")
        await stand.crm.write_back(write_back())
        await stand.crm.write_back(
            write_back(status="blocked", erp_customer_id=None, first_invoice_total=None)
        )
        assert stand.written("C-1001") == {**WRITTEN, "status": "blocked"}

    async def test_older_write_back_does_not_undo_a_newer_one(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "CH-1")
        await stand.crm.write_back(write_back(version=2, status="cancelled"))
        await stand.crm.write_back(write_back(version=1, change="CH-1", change_status="skipped"))
        expected = {"status": "cancelled", "version": 2, "changes": {"C-1001": None, "CH-1": "skipped"}}
        assert stand.written("C-1001") == {**WRITTEN, **expected}

    async def test_write_back_to_what_is_not_there_is_not_found_and_makes_nothing(
        self, stand: CrmStand
    ) -> None:
        with pytest.raises(NotFound):
            await stand.crm.write_back(write_back())
        await stand.approve(SMALL, "contract")
        with pytest.raises(NotFound):
            await stand.crm.write_back(write_back(change="CH-9", change_status="done"))
        assert stand.written("C-1001")["status"] is None

    @pytest.mark.parametrize("outcome", LOST_AND_APPLIED)
    async def test_write_back_whose_answer_is_lost_may_be_repeated(
        self, stand: CrmStand, outcome: str
    ) -> None:
        await stand.approve(SMALL, "CH-1")
        stand.platform.faults.add(Fault(outcome, route=stand.write_route))
        with pytest.raises(OutcomeUnknown):
            await stand.crm.write_back(write_back())
        assert stand.written("C-1001") == WRITTEN
        await stand.crm.write_back(write_back())
        assert stand.written("C-1001") == WRITTEN

    async def test_write_back_that_never_arrived_is_unknown_and_then_done(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "CH-1")
        stand.platform.faults.add(Fault("not-applied-then-timeout", route=stand.write_route))
        with pytest.raises(OutcomeUnknown):
            await stand.crm.write_back(write_back())
        assert stand.written("C-1001")["status"] is None
        await stand.crm.write_back(write_back())
        assert stand.written("C-1001") == WRITTEN

    async def test_write_back_that_was_refused_a_connection_is_transient(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "CH-1")
        stand.platform.faults.add(Fault("refused", route=stand.write_route))
        with pytest.raises(Transient):
            await stand.crm.write_back(write_back())
        await stand.crm.write_back(write_back())
        assert stand.written("C-1001") == WRITTEN

    async def test_write_back_executed_twice_is_as_once(self, stand: CrmStand) -> None:
        await stand.approve(SMALL, "CH-1")
        stand.platform.faults.add(Fault("twice", route=stand.write_route))
        await stand.crm.write_back(write_back())
        assert stand.written("C-1001") == WRITTEN

    # Hierarchy

    async def test_accounts_above_are_read_up_to_the_head(self, stand: CrmStand) -> None:
        await stand.approve(EVERYTHING, "contract")
        account, parent = (EVERYTHING["contract"]["account"][name] for name in ("id", "parent"))
        head = AccountAbove(id=parent, parent=None)
        assert await stand.crm.accounts_above(parent) == (head,)
        assert await stand.crm.accounts_above(account) == (AccountAbove(id=account, parent=parent), head)

    @pytest.mark.parametrize("id_", ["A-404", "a-1", *HOSTILE_IDS[:4]])
    async def test_nothing_is_above_where_there_is_no_such_account(self, stand: CrmStand, id_: str) -> None:
        await stand.approve(EVERYTHING, "contract")
        assert await stand.crm.accounts_above(id_) == ()
