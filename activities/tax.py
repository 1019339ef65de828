"""The tax engine's side effects, and its quote, which has none."""

from temporalio import activity

from activities._errors import port_errors
from canonical.base import Noun
from canonical.origin import Origin
from ports.tax import Tax, TaxDocument, TaxResult


class TaxQuestion(Noun):
    documents: tuple[TaxDocument, ...]


class TaxQuotes(Noun):
    results: tuple[TaxResult, ...]


class TaxVoid(Noun):
    origin: Origin
    code: str
    kind: str
    legal_entity: str


class TaxActivities:
    def __init__(self, tax: Tax) -> None:
        self._tax = tax

    @activity.defn(name="tax.quote")
    async def quote(self, question: TaxQuestion) -> TaxQuotes:
        """Rates and amounts for all of a change's documents; nothing is recorded."""
        with port_errors():
            return TaxQuotes(results=await self._tax.quote(question.documents))

    @activity.defn(name="tax.commit")
    async def commit(self, document: TaxDocument) -> TaxResult:
        with port_errors():
            return await self._tax.commit(document)

    @activity.defn(name="tax.adjust")
    async def adjust(self, document: TaxDocument) -> TaxResult:
        with port_errors():
            return await self._tax.adjust(document)

    @activity.defn(name="tax.void")
    async def void(self, order: TaxVoid) -> TaxResult | None:
        with port_errors():
            return await self._tax.void(order.origin, order.code, order.kind, order.legal_entity)
