"""Companies with what belongs to them: nexus, customers, exemption certificates."""

from collections.abc import Iterable
from typing import Any

from sandbox.avatax.errors import ApiError, not_found, required
from sandbox.kit.clock import Clock
from sandbox.kit.state import State

Document = dict[str, Any]

_WORDS_COMPANY_FIELDS = """
    accountId parentCompanyId sstPid companyCode name isDefault isActive taxpayerIdNumber isFein
    isReportingEntity defaultCountry baseCurrencyCode roundingLevelId warningsEnabled isTest
    taxDependencyLevelId businessIdentificationNo id hasProfile defaultLocationId sstEffectiveDate inProgress
    mossId mossCountry
"""
_COMPANY_FIELDS = frozenset(_WORDS_COMPANY_FIELDS.split())
_WORDS_CUSTOMER_FIELDS = """
    companyId customerCode alternateId name attnName line1 line2 city postalCode phoneNumber faxNumber
    emailAddress contactName country region isBill isShip taxpayerIdNumber id
"""
_CUSTOMER_FIELDS = frozenset(_WORDS_CUSTOMER_FIELDS.split())
_WORDS_CERTIFICATE_FIELDS = """
    companyId signedDate expirationDate filename isSingleCertificate exemptPercentage exemptionNumber
    exemptionReason exposureZone customers validatedExemptionReason taxNumberType businessNumberType
"""
_CERTIFICATE_FIELDS = frozenset(_WORDS_CERTIFICATE_FIELDS.split())


class Companies:
    def __init__(self, state: State, clock: Clock, account_id: int) -> None:
        self._state, self._clock, self._account_id = state, clock, account_id

    def create(self, given: Document) -> Document:
        """ApiError for unknown fields, a missing name or code, a code that is taken."""
        _check_fields(given, _COMPANY_FIELDS, ("companyCode", "name", "defaultCountry"))
        code = str(given["companyCode"])
        if len(code) > 25:
            text = "Field companyCode must be at most 25 characters long."
            raise ApiError("StringLengthError", text, refers_to="companyCode")
        if self._state.find_one("company", companyCode=code):
            raise ApiError("DuplicateCompanyCode", "The company code is taken.", refers_to="companyCode")
        now, number = self._clock.now().isoformat(), self._state.next_number("company")
        company = {
            "isActive": True,
            "hasProfile": True,
            "baseCurrencyCode": "USD",
            "roundingLevelId": "Line",
            "isTest": True,
            **given,
            "id": 700000 + number,
            "accountId": self._account_id,
            "isDefault": self._state.count("company") == 0,
            "createdDate": now,
            "modifiedDate": now,
        }
        self._state.put("company", str(company["id"]), company)
        return company

    def ensure(self, code: str, name: str, country: str) -> Document:
        """The company of this code, made if there is none, with a location of its own."""
        found = self._state.find_one("company", companyCode=code)
        if found is not None:
            return found
        made = self.create({"companyCode": code, "name": name[:50], "defaultCountry": country})
        made["defaultLocationId"] = self._state.next_number("location")
        self._state.put("company", str(made["id"]), made)
        return made

    def by_code(self, code: str | None) -> Document:
        """The company of the code, or the account's default one; ApiError if there is none."""
        if code is None:
            found = self._state.find_one("company", isDefault=True)
            if found is None:
                raise ApiError("NoDefaultCompany", "Your account does not have a default company.")
            return found
        found = self._state.find_one("company", companyCode=code)
        if found is None:
            raise not_found("Company", code)
        return found

    def by_id(self, identifier: str) -> Document:
        found = self._state.get("company", identifier)
        if found is None:
            raise not_found("Company", identifier)
        return found

    # Nexus: where a company must collect tax. It is kept by company code, so that the set-up of a company
    # that is made later holds from its first transaction.

    def declare_nexus(self, code: str, country: str, region: str | None) -> None:
        identifier = f"{code}/{country}/{region or ''}"
        if self._state.get("nexus", identifier) is None:
            place = region or country
            nexus = {
                "id": 900000 + self._state.next_number("nexus"),
                "_company": code,
                "country": country,
                "region": place,
                "jurisTypeId": "STA" if region else "CNT",
                "jurisdictionTypeId": "State" if region else "Country",
                "jurisCode": place,
                "jurisName": place,
                "effectiveDate": "1900-01-01",
                "endDate": "9999-12-31",
                "nexusTypeId": "SalesOrSellersUseTax",
                "hasLocalNexus": True,
            }
            self._state.put("nexus", identifier, nexus)

    def has_nexus(self, code: str, country: str, region: str | None) -> bool:
        names = (f"{code}/{country}/", f"{code}/{country}/{region or ''}")
        return any(self._state.get("nexus", name) for name in names)

    def nexus_of(self, company: Document) -> list[Document]:
        own = self._state.find("nexus", _company=company["companyCode"])
        return [{**nexus, "companyId": company["id"]} for nexus in own]

    # Customers and their exemption certificates.

    def create_customer(self, company: Document, given: Document) -> Document:
        needed = ("customerCode", "name", "line1", "city", "postalCode", "country", "region")
        _check_fields(given, _CUSTOMER_FIELDS, needed)
        key = f"{company['id']}/{given['customerCode']}"
        if self._state.get("customer", key):
            raise ApiError("DuplicateEntry", "The customer code is taken.", refers_to="customerCode")
        now = self._clock.now().isoformat()
        customer = {
            **given,
            "id": self._state.next_number("customer"),
            "companyId": company["id"],
            "createdDate": now,
            "modifiedDate": now,
        }
        self._state.put("customer", key, customer)
        return customer

    def customer(self, company: Document, code: str) -> Document:
        found = self._state.get("customer", f"{company['id']}/{code}")
        if found is None:
            raise not_found("Customer", code)
        return found

    def customers(self, company: Document) -> list[Document]:
        return self._state.find("customer", companyId=company["id"])

    def update_customer(self, company: Document, code: str, given: Document) -> Document:
        _check_fields(given, _CUSTOMER_FIELDS, ("customerCode", "name"))
        updated = {**self.customer(company, code), **given, "modifiedDate": self._clock.now().isoformat()}
        self._state.put("customer", f"{company['id']}/{code}", updated)
        return updated

    def create_certificate(self, company: Document, given: Document) -> Document:
        needed = ("signedDate", "expirationDate", "exemptionReason", "exposureZone")
        _check_fields(given, _CERTIFICATE_FIELDS, needed)
        customers = [str(customer["customerCode"]) for customer in given.get("customers", [])]
        for code in customers:
            self.customer(company, code)
        number = self._state.next_number("certificate")
        certificate = {
            **{name: value for name, value in given.items() if name != "customers"},
            "id": number,
            "companyId": company["id"],
            "valid": True,
            "verified": True,
            "status": "COMPLETE",
            "_customers": customers,
        }
        self._state.put("certificate", str(number), certificate)
        return certificate

    def link_certificates(self, company: Document, code: str, numbers: Iterable[int], *, link: bool) -> None:
        self.customer(company, code)
        for number in numbers:
            certificate = self._state.get("certificate", str(number))
            if certificate is None or certificate["companyId"] != company["id"]:
                raise not_found("Certificate", str(number))
            others = [other for other in certificate["_customers"] if other != code]
            certificate["_customers"] = [*others, code] if link else others
            self._state.put("certificate", str(number), certificate)

    def certificates(self, company: Document, code: str) -> list[Document]:
        all_of_them = self._state.find("certificate", companyId=company["id"])
        return [certificate for certificate in all_of_them if code in certificate["_customers"]]

    def is_exempt(self, company: Document, customer: str, country: str, region: str | None, day: str) -> bool:
        """Whether a certificate of the customer covers the place on the day."""
        for certificate in self.certificates(company, customer):
            zone = certificate["exposureZone"]
            here = zone.get("country") in (None, country) and zone.get("region") in (None, region)
            in_force = certificate["signedDate"] <= day <= certificate["expirationDate"]
            if here and in_force and certificate["valid"]:
                return True
        return False


def _check_fields(given: Any, known: frozenset[str], needed: Iterable[str]) -> None:
    if not isinstance(given, dict):
        raise ApiError("ModelRequiredException", "The request must have a body.")
    for name in given:
        if name not in known:
            raise ApiError("ModelStateInvalid", f"Field {name} is not known.", refers_to=name)
    for name in needed:
        if given.get(name) in (None, ""):
            raise required(name)
