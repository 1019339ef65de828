"""What a scenario file brings into the engine: rates, the company, its nexus; and refusals on request.

`load` takes
    {"scenario": {…}, "bare": false}           the scenario's tax rates by company, customer and product; the
                                               legal entity's company too, unless bare
    {"refuse_commit": {"customer": "A-1", "code": "CertificatesError", "message": "…"}}
                                               commits of the customer's documents are refused with the code
                                               until {"refuse_commit": {"customer": "A-1", "code": null}}
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.avatax.companies import Companies
from sandbox.avatax.errors import ApiError, known
from sandbox.avatax.rates import Rates
from sandbox.kit.state import State

_REFUSAL = "_refusal"
_DEFAULT_REFUSAL = "CertificatesError"
_DEFAULT_MESSAGE = "The customer's exemption certificate is not valid."
_WITH_REGIONS = ("US", "CA")

Document = dict[str, Any]
DatedPercents = list[tuple[str | None, Decimal]]


class Scenarios:
    def __init__(self, state: State, companies: Companies, rates: Rates) -> None:
        self._state, self._companies, self._rates = state, companies, rates

    def load(self, document: Document) -> Document:
        """What was made; ValueError for anything that `load` does not take."""
        unknown = document.keys() - {"scenario", "bare", "refuse_commit"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        made: Document = {}
        if "scenario" in document:
            made |= self._load_scenario(document["scenario"], bare=bool(document.get("bare", False)))
        if "refuse_commit" in document:
            made["refuse_commit"] = self._set_refusal(document["refuse_commit"])
        return made

    def check_commit(self, customer: str) -> None:
        """ApiError where commits for the customer are refused."""
        refusal = self._state.get(_REFUSAL, customer)
        if refusal is not None:
            text = f"Commits for the customer {customer} are refused."
            raise ApiError(refusal["code"], refusal["message"], text, refers_to=refusal["field"])

    def _set_refusal(self, wanted: Document) -> Document:
        customer = str(wanted["customer"])
        code = wanted.get("code", _DEFAULT_REFUSAL)
        if code is None:
            self._state.delete(_REFUSAL, customer)
            return {"customer": customer, "code": None}
        if not known(code):
            raise ValueError(f"refuse_commit.code: {code!r} is no error code of AvaTax known here")
        refusal = {
            "code": code,
            "message": str(wanted.get("message", _DEFAULT_MESSAGE)),
            "field": str(wanted.get("field", "exemptionNo")),
        }
        self._state.put(_REFUSAL, customer, refusal)
        return {"customer": customer, "code": code}

    def _load_scenario(self, scenario: Document, *, bare: bool) -> Document:
        _check(scenario)
        loaded: list[Document] = []
        companies: list[str] = []
        for contract in _contracts(scenario):
            company = str(contract["legal_entity"])
            for account, product, rates in _rates(contract, scenario.get("changes", [])):
                self._rates.load(company, str(account["id"]), product, rates)
                percents = [str(percent) for _, percent in rates]
                loaded.append(
                    {"company": company, "customer": account["id"], "item": product, "percents": percents}
                )
                self._declare_nexus(company, account)
            if not bare:
                country = str(contract["account"]["billing_address"]["country"])
                self._companies.ensure(company, company, country)
                companies.append(company)
        return {"rates": loaded, "companies": companies}

    def _declare_nexus(self, company: str, account: Document) -> None:
        """Where the account is, the company collects tax: whoever names a rate for it means that."""
        address = account["billing_address"]
        country = str(address["country"]).upper()
        region = str(address.get("region") or "").upper() if country in _WITH_REGIONS else ""
        self._companies.declare_nexus(company, country, region or None)


def _check(scenario: Document) -> None:
    """ValueError where two lines of one product, billed to one customer, have different rates: an engine
    reckons by customer and item.
    """
    contract = scenario["contract"]
    known: dict[str, DatedPercents] = {}
    for account, product, rates in _rates(contract, scenario.get("changes", [])):
        if account is contract["account"] and known.setdefault(product, rates) != rates:
            said = " and ".join(f"{percents[-1][1]} %" for percents in (known[product], rates))
            raise ValueError(
                f"tax_rate_percent: product {product} has {said} for customer {account['id']}, and an engine "
                "has one rate for a customer's product. A merge bills all lines to the leading contract's "
                "customer: give them that customer's rate, or another product"
            )


def _contracts(scenario: Document) -> Iterator[Document]:
    """The contract, and those that are merged into it."""
    yield scenario["contract"]
    for change in scenario.get("changes", []):
        yield from change.get("contracts", []) if change["type"] == "merge" else []


def _rates(contract: Document, changes: list[Document]) -> Iterator[tuple[Document, str, DatedPercents]]:
    """(account, product, rates) for all that the contract's customers may be billed."""
    lines = [*contract["lines"]]
    for change in changes:
        if change["type"] == "amendment":
            lines += [entry["add"] for entry in change["lines"] if entry.get("add")]
        elif change["type"] == "merge":
            lines += [line for merged in change["contracts"] for line in merged["lines"]]
    accounts: list[tuple[Document, str | None]] = [(contract["account"], None)]
    for change in changes:
        if change["type"] == "transfer":
            accounts.append((change["account"], change.get("tax_rate_percent")))
    for account, percent in accounts:
        for line in lines:
            yield (
                account,
                str(line["product"]),
                _line_rates(line) if percent is None else [(None, Decimal(percent))],
            )


def _line_rates(line: Document) -> DatedPercents:
    if line.get("tax_rates"):
        return [(str(rate["from"]), Decimal(str(rate["percent"]))) for rate in line["tax_rates"]]
    return [(None, Decimal(str(line.get("tax_rate_percent") or 0)))]
