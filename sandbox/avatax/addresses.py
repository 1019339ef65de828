"""Which addresses the engine can place: complete, in a country that exists, with a fitting postal code.

The United States and Canada are known by the first letters of their postal codes, some other countries by the
shape of theirs, the rest by having one.
"""

import re
from typing import Any

from sandbox.avatax.errors import ApiError
from sandbox.avatax.models import AddressInfo

_WORDS_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
    YT ZA ZM ZW
"""
_COUNTRIES = frozenset(_WORDS_COUNTRIES.split())

# region: the first three digits of its ZIP codes, as ranges
_ZIP_RANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "AL": ((350, 369),),
    "AK": ((995, 999),),
    "AZ": ((850, 865),),
    "AR": ((716, 729),),
    "CA": ((900, 961),),
    "CO": ((800, 816),),
    "CT": ((60, 69),),
    "DE": ((197, 199),),
    "DC": ((200, 205), (569, 569)),
    "FL": ((320, 349),),
    "GA": ((300, 319), (398, 399)),
    "HI": ((967, 968),),
    "ID": ((832, 838),),
    "IL": ((600, 629),),
    "IN": ((460, 479),),
    "IA": ((500, 528),),
    "KS": ((660, 679),),
    "KY": ((400, 427),),
    "LA": ((700, 714),),
    "ME": ((39, 49),),
    "MD": ((206, 219),),
    "MA": ((10, 27), (55, 55)),
    "MI": ((480, 499),),
    "MN": ((550, 567),),
    "MS": ((386, 397),),
    "MO": ((630, 658),),
    "MT": ((590, 599),),
    "NE": ((680, 693),),
    "NV": ((889, 898),),
    "NH": ((30, 38),),
    "NJ": ((70, 89),),
    "NM": ((870, 884),),
    "NY": ((100, 149), (5, 5), (63, 63)),
    "NC": ((270, 289),),
    "ND": ((580, 588),),
    "OH": ((430, 459),),
    "OK": ((730, 749),),
    "OR": ((970, 979),),
    "PA": ((150, 196),),
    "RI": ((28, 29),),
    "SC": ((290, 299),),
    "SD": ((570, 577),),
    "TN": ((370, 385),),
    "TX": ((750, 799), (733, 733), (885, 885)),
    "UT": ((840, 847),),
    "VT": ((50, 59),),
    "VA": ((201, 201), (220, 246)),
    "WA": ((980, 994),),
    "WV": ((247, 268),),
    "WI": ((530, 549),),
    "WY": ((820, 831),),
    "PR": ((6, 9),),
    "VI": ((8, 8),),
    "GU": ((969, 969),),
    "AA": ((340, 340),),
    "AE": ((90, 98),),
    "AP": ((962, 966),),
}
_CANADIAN_LETTERS = {
    "NL": "A",
    "NS": "B",
    "PE": "C",
    "NB": "E",
    "QC": "GHJ",
    "ON": "KLMNP",
    "MB": "R",
    "SK": "S",
    "AB": "T",
    "BC": "V",
    "NU": "X",
    "NT": "X",
    "YT": "Y",
}
_SHAPES = {
    "US": r"\d{5}(-?\d{4})?",
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "DE": r"\d{5}",
    "FR": r"\d{5}",
    "ES": r"\d{5}",
    "IT": r"\d{5}",
    "FI": r"\d{5}",
    "SE": r"\d{3} ?\d{2}",
    "AT": r"\d{4}",
    "BE": r"\d{4}",
    "CH": r"\d{4}",
    "DK": r"\d{4}",
    "NO": r"\d{4}",
    "AU": r"\d{4}",
    "NZ": r"\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "PL": r"\d{2}-?\d{3}",
    "PT": r"\d{4}-?\d{3}",
    "JP": r"\d{3}-?\d{4}",
    "IN": r"\d{6}",
    "SG": r"\d{6}",
    "BR": r"\d{5}-?\d{3}",
    "MX": r"\d{5}",
}


def check(address: AddressInfo, kind: str) -> None:
    """ApiError where the engine can't place the address; `kind` is shipTo, shipFrom, …"""
    if address.latitude is not None and address.longitude is not None:
        return
    where = f"addresses.{kind}"
    country = (address.country or "US").upper()
    if country not in _COUNTRIES:
        raise ApiError("InvalidCountry", "The country code is not known.", refers_to=f"{where}.country")
    if not _complete(address):
        name = kind[0].upper() + kind[1:]
        raise ApiError(
            "InvalidAddress",
            "The address value was incomplete.",
            f"The address value {name} was incomplete. You must provide either a valid postal code,"
            " line1 + city + region, or line1 + postal code.",
        )
    _check_region(address, country, where)
    if address.postalCode and not _postal_code_fits(address.postalCode, country, address.region):
        text = f"The postal code does not belong to {address.region or country}, {country}."
        raise ApiError("InvalidPostalCode", "The postal code could not be found.", text)


def _complete(address: AddressInfo) -> bool:
    return bool(address.postalCode) or bool(address.line1 and address.city and address.region)


def _check_region(address: AddressInfo, country: str, where: str) -> None:
    regions = {"US": _ZIP_RANGES.keys(), "CA": _CANADIAN_LETTERS.keys()}.get(country)
    if regions is not None and address.region and address.region.upper() not in regions:
        text = f"{address.region} is no region of {country}."
        raise ApiError("InvalidCountryRegion", "The region is not known.", text, refers_to=f"{where}.region")


def _postal_code_fits(postal_code: str, country: str, region: str | None) -> bool:
    code = postal_code.strip().upper()
    shape = _SHAPES.get(country)
    if shape is not None and not re.fullmatch(shape, code):
        return False
    if country == "US" and region:
        prefix = int(code[:3])
        return any(low <= prefix <= high for low, high in _ZIP_RANGES[region.upper()])
    if country == "CA" and region:
        return code[0] in _CANADIAN_LETTERS[region.upper()]
    return True


def resolved(address: AddressInfo) -> dict[str, Any]:
    """The answer of the address resolution; what can't be placed is told in `messages`, not as an error."""
    given = {
        key: value for key, value in address.model_dump(exclude={"textCase"}).items() if value is not None
    }
    try:
        check(address, "address")
    except ApiError as error:
        message = {
            "summary": error.message,
            "details": error.description or error.message,
            "refersTo": error.refers_to or "address",
            "severity": "Error",
            "source": "Avalara.AvaTax.Common",
        }
        return {
            "address": given,
            "validatedAddresses": [],
            "resolutionQuality": "NotCoded",
            "messages": [message],
        }
    fields = ("line1", "line2", "line3", "city", "region", "country", "postalCode")
    upper = {name: str(given.get(name, "")).upper() for name in fields}
    return {
        "address": given,
        "validatedAddresses": [{"addressType": "StreetOrResidentialAddress", **upper}],
        "resolutionQuality": "Intersection",
    }
