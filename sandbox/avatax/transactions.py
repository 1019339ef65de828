"""The life of a transaction: estimated, saved, committed, adjusted, voided, locked.

A document is known by company, code and type. Sources: the published API description; "What's a
DocStatusError?" of the vendor's developer blog (a committed or cancelled document is not replaced).
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.avatax import calculation, documents, refunds
from sandbox.avatax.addresses import check
from sandbox.avatax.companies import Companies, Document
from sandbox.avatax.errors import ApiError, locked, not_found, wrong_document_status
from sandbox.avatax.models import ChangeCode, CreateTransaction, Refund, Settle, Verify
from sandbox.avatax.rates import Rates, jurisdictions
from sandbox.kit.clock import Clock
from sandbox.kit.state import State

KIND = "transaction"
_FIRST_ID = 85_000_000_000_000
_RECORDED = ("SalesInvoice", "ReturnInvoice")
_SIMULATED = (*_RECORDED, "SalesOrder", "ReturnOrder")


class Transactions:
    """`refuse_commit(customer)` raises where commits of the customer's documents are refused."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        companies: Companies,
        rates: Rates,
        refuse_commit: Callable[[str], None],
    ) -> None:
        self._state, self._clock = state, clock
        self._companies, self._rates = companies, rates
        self._refuse_commit = refuse_commit

    def create(self, request: CreateTransaction) -> Document:
        """An estimate is not kept; a saved document of the same code is replaced; others are not."""
        company = self._companies.by_code(request.companyCode)
        document = self._calculated(request, company)
        if request.type not in _RECORDED:
            return document
        current = self._current(company, document["code"], request.type)
        if current is not None and current["status"] not in ("Saved", "Posted"):
            raise wrong_document_status("Saved|Posted")
        return self._recorded(document, request, replaces=current)

    def create_or_adjust(
        self, request: CreateTransaction, reason: str | None, description: str | None
    ) -> Document:
        company = self._companies.by_code(request.companyCode)
        current = self._current(company, request.code or "", request.type)
        if current is None or current["status"] in ("Saved", "Posted") or request.type not in _RECORDED:
            return self.create(request)
        return self.adjust(current, request, reason or "Other", description)

    def adjust(
        self, current: Document, request: CreateTransaction, reason: str, description: str | None
    ) -> Document:
        """The document becomes `Adjusted`; a new version of it takes its place."""
        if current["locked"]:
            raise locked(current["code"])
        if current["status"] == "Cancelled":
            raise wrong_document_status("Saved|Posted|Committed")
        if request.type != current["type"]:
            raise ApiError(
                "CannotAdjustDocumentType", "The document type can't be changed.", refers_to="type"
            )
        company = self._companies.by_code(request.companyCode)
        document = self._calculated(request.model_copy(update={"code": current["code"]}), company)
        document |= {
            "version": current["version"] + 1,
            "adjustmentReason": reason,
            "adjustmentDescription": description or "",
        }
        adjusted = self._recorded(document, request, replaces=None)
        self._change(current, status="Adjusted")
        return adjusted

    def find(self, company_code: str, code: str, document_type: str | None) -> Document:
        """The current version; without a type the sales invoice, else the only one of that code."""
        company = self._companies.by_code(company_code)
        wanted = (document_type,) if document_type not in (None, "Any") else _RECORDED
        for kind in wanted:
            found = self._current(company, code, str(kind))
            if found is not None:
                return found
        raise not_found("Document", code)

    def commit(self, document: Document) -> Document:
        if document["locked"]:
            raise locked(document["code"])
        if document["status"] not in ("Saved", "Posted"):
            raise wrong_document_status("Saved|Posted")
        self._refuse_commit(document["customerCode"])
        return self._change(document, status="Committed")

    def uncommit(self, document: Document) -> Document:
        if document["locked"]:
            raise locked(document["code"])
        if document["status"] != "Committed":
            raise wrong_document_status("Committed")
        return self._change(document, status="Saved")

    def void(self, document: Document) -> Document:
        if document["locked"]:
            raise locked(document["code"])
        if document["status"] == "Cancelled":
            text = f"The transaction {document['code']} has already been cancelled."
            raise ApiError("TransactionAlreadyCancelled", "The transaction has already been cancelled.", text)
        return self._change(document, status="Cancelled", _before_void=document["status"])

    def unvoid(self, document: Document) -> Document:
        if document["status"] != "Cancelled":
            raise ApiError("InvalidDocumentStatus", "The document status is incorrect.", "Expected Cancelled")
        return self._change(document, status=document["_before_void"])

    def lock(self, document: Document, *, is_locked: bool) -> Document:
        if document["status"] != "Committed":
            raise ApiError("DocumentNotCommitted", "Only committed documents can be locked.")
        return self._change(document, locked=is_locked)

    def verify(self, document: Document, expected: Verify) -> Document:
        if document["status"] not in ("Saved", "Posted"):
            raise ApiError("InvalidDocumentStatusForVerify", "The document status is incorrect.")
        wanted_day = expected.verifyTransactionDate
        if wanted_day is not None and wanted_day.isoformat() != document["date"]:
            raise ApiError("DateMismatch", "The dates do not match.", refers_to="verifyTransactionDate")
        if expected.verifyTotalAmount not in (None, Decimal(document["totalAmount"])):
            raise ApiError("TotalAmountMismatch", "The amounts differ.", refers_to="verifyTotalAmount")
        if expected.verifyTotalTax not in (None, Decimal(document["totalTax"])):
            raise ApiError("TotalTaxMismatch", "The taxes do not match.", refers_to="verifyTotalTax")
        return self._change(document, status="Posted")

    def change_code(self, document: Document, change: ChangeCode) -> Document:
        if document["status"] not in ("Saved", "Posted"):
            raise ApiError("TransactionIsCommitted", "The transaction is committed.")
        company = self._companies.by_id(str(document["companyId"]))
        if self._current(company, change.newCode, document["type"]) is not None:
            raise ApiError("DocumentCodeConflict", "The document code is taken.", refers_to="newCode")
        return self._change(document, code=change.newCode)

    def settle(self, document: Document, settle: Settle) -> Document:
        """Verify, rename, commit: those that are asked for, all or none."""
        if settle.verify is not None:
            document = self.verify(document, settle.verify)
        if settle.changeCode is not None:
            document = self.change_code(document, settle.changeCode)
        if settle.commit is not None and settle.commit.commit:
            document = self.commit(document)
        return document

    def refund(self, document: Document, refund: Refund) -> Document:
        """A return invoice for all or a part of a sale, with the tax that the sale had."""
        if document["type"] != "SalesInvoice":
            raise ApiError("InvalidDocumentTypeForRefund", "Only sales invoices can be refunded.")
        share = refunds.share(refund)
        chosen = refunds.lines_of(document, refund)
        lines = [refunds.refunded_line(line, share, document["currencyCode"], refund) for line in chosen]
        code = refund.refundTransactionCode or f"{document['code']}.1"
        company = self._companies.by_id(str(document["companyId"]))
        if self._current(company, code, "ReturnInvoice") is not None:
            raise wrong_document_status("Saved|Posted")
        made = {
            **document,
            "code": code,
            "date": refund.refundDate.isoformat(),
            "type": "ReturnInvoice",
            "status": "Committed",
            "version": 1,
            "locked": False,
            "referenceCode": refund.referenceCode or document["code"],
            **calculation.totals(lines),
            "lines": lines,
            "summary": calculation.summary(lines),
        }
        return self._put(made, self._next_id())

    def listed(self, company: Document) -> list[Document]:
        return self._state.find(KIND, companyId=company["id"])

    def _current(self, company: Document, code: str, document_type: str) -> Document | None:
        found = self._state.find(KIND, companyId=company["id"], code=code, type=document_type)
        live = [document for document in found if document["status"] != "Adjusted"]
        return live[-1] if live else None

    def _change(self, document: Document, **changes: Any) -> Document:
        changed = {**document, **changes, "modifiedDate": self._now()}
        self._state.put(KIND, str(document["id"]), changed)
        return changed

    def _recorded(
        self, document: Document, request: CreateTransaction, replaces: Document | None
    ) -> Document:
        if request.commit:
            self._refuse_commit(request.customerCode)
        document["status"] = "Committed" if request.commit else "Saved"
        return self._put(document, replaces["id"] if replaces else document["id"])

    def _put(self, document: Document, number: int) -> Document:
        document = documents.identified(document, number)
        self._state.put(KIND, str(number), document)
        return document

    def _next_id(self) -> int:
        return _FIRST_ID + self._state.next_number(KIND)

    def _now(self) -> str:
        return self._clock.now().isoformat()

    def _calculated(self, request: CreateTransaction, company: Document) -> Document:
        if request.type not in _SIMULATED:
            raise ApiError("InvalidDocumentType", f"{request.type} is not simulated.", refers_to="type")
        calculation.check_amounts(request)
        for kind, address in documents.addresses(request):
            check(address, kind)
        if not any(kind in ("singleLocation", "shipFrom") for kind, _ in documents.addresses(request)):
            _check_own_location(company)
        lines, notes = [], []
        for index in range(len(request.lines)):
            line, note = self._calculated_line(request, company, index)
            lines.append(line)
            notes += [note] if note else []
        documents.spread_override(request, lines)
        return documents.made(request, company, lines, notes, self._next_id(), self._now())

    def _calculated_line(
        self, request: CreateTransaction, company: Document, index: int
    ) -> tuple[Document, str | None]:
        line = request.lines[index]
        _, place = calculation.destination(request, line)
        country, region = (place.country or "US").upper(), (place.region or "").upper()
        day, code = calculation.tax_date(request, line), company["companyCode"]
        percent = self._rates.percent(code, request.customerCode, line.itemCode or "", day)
        here = self._companies.has_nexus(code, country, region or None)
        note = _note(line.itemCode, country, region, percent, here)
        exempt = calculation.exempt_by_request(request, line) or self._companies.is_exempt(
            company, request.customerCode, country, region or None, day.isoformat()
        )
        rate = percent if percent is not None and here else Decimal(0)
        shares = jurisdictions(rate, country, region, place.city or "")
        setting = calculation.LineSetting(shares, exempt=exempt, taxed_here=here)
        return calculation.calculated_line(request, index, setting, country, region or country), note


def _note(item: str | None, country: str, region: str, percent: Decimal | None, here: bool) -> str | None:
    if not here:
        return f"No nexus is declared for {region or country}."
    return None if percent is not None else f"No rate is known for the item {item}."


def _check_own_location(company: Document) -> None:
    """Without an origin the company's own location counts."""
    if "defaultLocationId" not in company:
        text = "The company has no default location: provide shipFrom."
        raise ApiError(
            "MissingAddress", "The address value is required.", text, refers_to="addresses.shipFrom"
        )


def today_range(today: date) -> tuple[str, str]:
    """The 30 days that a list without a date looks at."""
    return date.fromordinal(today.toordinal() - 30).isoformat(), today.isoformat()
