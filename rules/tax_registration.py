"""The form of a tax registration number, for countries whose tax authority publishes it.

Sources: European Union and Northern Ireland, the European Commission's VIES, "frequently asked questions",
question 11 (structure of VAT identification numbers), and article 215 of directive 2006/112/EC for the
prefix (Greece's is EL); United Kingdom, HMRC notice 700, section 16.19, and VATREG; Switzerland, article 51a
of the VAT ordinance (UID, with MWST, TVA or IVA); Norway, Brønnøysund register (nine digits and MVA). The
European rows were held against two reprints of the Commission's table on 2026-11-28; the other three
countries' rows are as known to their author, not held against a text.

Only the form is held: whether a number is registered, and to whom, is the authority's to say. Other
countries' numbers are taken as they are.
"""

import re
from collections.abc import Mapping

_SEPARATORS = re.compile(r"[\s.\-/]")

_EU: Mapping[str, str] = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z]|[A-Z]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{12}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
}
_BRITISH = r"\d{9}|\d{12}|GD\d{3}|HA\d{3}"
_FORMS: Mapping[str, tuple[tuple[str, str], ...]] = {
    **{("GR" if prefix == "EL" else prefix): ((prefix, form),) for prefix, form in _EU.items()},
    "GB": (("GB", _BRITISH), ("XI", _BRITISH)),
    "CH": (("CHE", r"\d{9}(MWST|TVA|IVA)?"),),
    "NO": (("NO", r"\d{9}(MVA)?"),),
}
"""By country of the address: the prefixes that its numbers may have, and what follows them."""


def registration_problem(country: str, registration: str) -> str | None:
    """What is wrong with the number's form, in words; None where nothing is, or no form is known.

    The prefix may be left out; blanks, dots, hyphens and slashes don't count. A number of another EU member
    state than the address's is a form that is known too: a customer may be registered abroad.
    """
    number = _SEPARATORS.sub("", registration).upper()
    own = _FORMS.get(country)
    if own is None:
        return None
    for prefix, form in own:
        if re.fullmatch(form, number.removeprefix(prefix)):
            return None
    foreign = _EU.get(number[:2])
    if foreign is not None and re.fullmatch(foreign, number[2:]):
        return None
    return f"{registration!r} has not the form of a registration number of {country}"
