"""What is asked before a change's first write: the rules, the master data, the ERP, the tax engine."""

from temporalio import workflow

from activities.crm import ContractQuestion, CrmActivities
from activities.erp import ErpActivities
from activities.tax import TaxActivities, TaxQuestion
from canonical.contract import DatedRate
from canonical.document import UnassignedLine
from canonical.money import total
from canonical.origin import Origin
from ports.erp import ErpCheck
from rules.subledger import revenue_accounts
from rules.tax_document import rate_questions
from rules.tax_rates import Quoted, with_tax_rates
from workflows._change_known import KnownChange, added_products
from workflows._customer import is_to_be_checked, problems_of
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import Step


class CheckedChange(KnownChange):
    """Each check is a step: what it refuses is an exception that a person mends, and asked again after it."""

    async def understand(self) -> None:
        """Do the rules take the change? If not, a person mends it in the CRM and retries: it is read anew."""
        step = Step("read the change", "crm.read_contract", self.state.crm, "Understand the change")
        if self.problem is not None:
            await self.steps.run(step, self._understand)
        if is_to_be_checked(self.item, self.account()):
            step = Step("check the customer", "rules.check_customer", self.state.crm, "Check the customer")
            await self.steps.run(step, self._check_customer)
        if self.scope.unassigned != self._left:
            await self._account_for_unassigned(self.scope.unassigned)

    async def _account_for_unassigned(self, left: tuple[UnassignedLine, ...]) -> None:
        """What a person has accepted on no line of the contract: nobody knows whether it ends with the lines
        that the change credits. It stays billed where a person says so.
        """
        currency = self.contract.currency
        step = Step(
            "account for what is on no line",
            "rules.plan",
            self.policy.route.billing,
            "What was accepted on no line of the contract is not credited",
            amount=total((abs(each.unused) for each in left), currency),
            currency=currency,
        )
        words = "; ".join(str(each) for each in left)
        ways = "Accept that it stays billed, or compensate: the change is undone before its first write"

        async def ask(origin: Origin) -> None:
            raise rejected(
                step.platform, step.activity, f"{words}. {ways}", field="lines", code="UnassignedLine"
            )

        await self.steps.run(step, ask, lambda: None)
        self._left = left

    async def _check_customer(self, origin: Origin) -> None:
        """Hierarchy, bill-to, tax registration. Mended by a fix here, or in the CRM: a retry reads anew."""
        if self._customer_seen == origin.revision:
            reading = await workflow.execute_activity_method(
                CrmActivities.read_contract,
                ContractQuestion(contract=self.state.id, status=self.listed),
                **on_platform(self.state.crm, "Read the customer again"),
            )
            self._take(reading.snapshot)
        self._customer_seen = origin.revision
        problems = await problems_of(self.state.crm, self.item, self.account())
        if problems:
            words = "; ".join(f"account.{field}: {message}" for field, message in problems)
            raise rejected(self.state.crm, "rules.check_customer", words, field=f"account.{problems[0][0]}")

    async def _understand(self, origin: Origin) -> None:
        if origin.revision or self._read_again:
            reading = await workflow.execute_activity_method(
                CrmActivities.read_contract,
                ContractQuestion(contract=self.state.id, status=self.listed),
                **on_platform(self.state.crm, "Read the contract again"),
            )
            self._take(reading.snapshot)
        self._read_again = True
        if self.problem is not None:
            raise rejected(self.state.crm, "rules.plan", self.problem, field="change", code="InvalidContract")

    async def check(self) -> None:
        """Would the ERP take it? Entity, currency, items, accounts, periods: asked before the first write."""
        step = Step("check", "erp.check", self.policy.route.erp, "Check with the ERP")
        await self.steps.run(step, self._check)

    async def _check(self, origin: Origin) -> None:
        products = {line.product for line in self.contract.lines} | added_products(self.scope.change)
        products |= {line.product for invoice in self.scope.invoices for line in invoice.lines}
        dates = sorted({i.date for i in self.scope.invoices} | {c.date for c in self.scope.credit_memos})
        request = ErpCheck(
            legal_entity=self.contract.legal_entity,
            currency=self.contract.currency,
            products=tuple(sorted({self.items.get(product, product) for product in products})),
            dates=tuple(dates),
            accounts=revenue_accounts(self.policy),
            books_currency=self._books_currency(),
        )
        result = await workflow.execute_activity_method(
            ErpActivities.check, request, **on_platform(self.policy.route.erp, "Check with the ERP")
        )
        if result.problems:
            first = result.problems[0]
            more = f" (and {len(result.problems) - 1} more)" if len(result.problems) > 1 else ""
            raise rejected(
                self.policy.route.erp,
                "erp.check",
                f"{first.message}{more}",
                field=f"{first.field}:{first.value}",
                vendor_code=first.code,
            )

    def _books_currency(self) -> str | None:
        terms = self.policy.currencies
        return None if terms is None else terms.functional_currency

    async def quote(self) -> None:
        """Learns today's tax rates, so that the expected documents are exact before anything is written."""
        step = Step("quote tax", "tax.quote", self.policy.route.tax, "Ask the tax engine for rates")
        await self.steps.run(step, self._quote)

    async def quote_again(self) -> None:
        """The same, where lines have become known since."""
        step = Step("quote tax again", "tax.quote", self.policy.route.tax, "Ask the tax engine for rates")
        await self.steps.run(step, self._quote)

    async def _quote(self, origin: Origin) -> None:
        questions = rate_questions(origin, self.contract, self.scope, self.as_of)
        if not questions:
            return
        quotes = await workflow.execute_activity_method(
            TaxActivities.quote,
            TaxQuestion(documents=tuple(question.document for question in questions)),
            **on_platform(self.policy.route.tax, "Ask the tax engine for rates"),
        )
        quoted = [
            Quoted(
                part=question.part,
                account=question.document.account.id,
                line=question.line_ids[line.number],
                rate=DatedRate(from_date=question.document.tax_date, percent=line.rate_percent),
            )
            for question, result in zip(questions, quotes.results, strict=True)
            for line in result.lines
        ]
        self.learn(*with_tax_rates(self.contract, self.scope.changes, quoted))
