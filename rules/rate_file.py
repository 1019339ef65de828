"""Reading a central bank's file of reference rates: the ECB's XML (daily, 90 days, history) and its CSV.

Both give units of a currency for one euro. Nothing is computed here, and a figure that is missing ("N/A") is
left out, never guessed. Source: the ECB's `eurofxref-daily.xml`, `eurofxref-hist.xml`, `eurofxref-hist.csv`.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator

from defusedxml import DefusedXmlException, ElementTree
from pydantic import ValidationError

from canonical.rates import RateSheet, ReferenceRate

BASE = "EUR"
_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
NOT_YET = "no bank publishes a rate of a day to come; take it in on its day"
_MISSING = ("N/A", "")


class RateFileInvalid(ValueError):
    """The file is not what it should be; the message names the place."""


def read_rates(text: str, source: str, today: dt.date) -> RateSheet:
    """All rates of the file, in order of day and currency.

    Raises RateFileInvalid, also for a day after `today`: a bank's reference rate is known on its day, so one
    of a later day is a slip of the pen, or a forecast, and would be in force from then on.
    """
    found = _from_xml(text) if text.lstrip().startswith("<") else _from_csv(text)
    rates: dict[tuple[dt.date, str], ReferenceRate] = {}
    for place, date, currency, rate in found:
        one = _rate(place, date, currency, rate)
        if one.date > today:
            raise RateFileInvalid(f"{place}, {currency}: {one.date} is after today ({today}): {NOT_YET}")
        known = rates.setdefault((one.date, one.currency), one)
        if known != one:
            raise RateFileInvalid(f"{place}: {one.currency} has two rates on {one.date}")
    if not rates:
        raise RateFileInvalid("the file has no rates")
    return RateSheet(base=BASE, source=source, rates=tuple(rates[key] for key in sorted(rates)))


_Cell = tuple[str, str, str, str]
"""Where it stands, day, currency and rate, as written."""


def _from_xml(text: str) -> Iterator[_Cell]:
    try:
        root = ElementTree.fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise RateFileInvalid("the file declares entities, which no file of reference rates does") from None
    except ElementTree.ParseError as error:
        raise RateFileInvalid(f"line {error.position[0]}: is not XML") from None
    for day in root.iter(_CUBE):
        date = day.get("time")
        if date is not None:
            for cube in day.findall(_CUBE):
                yield f"Cube {date}", date, cube.get("currency", ""), cube.get("rate", "")


def _from_csv(text: str) -> Iterator[_Cell]:
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    header = [name.strip() for name in next(rows, [])]
    if not header or header[0] != "Date":
        raise RateFileInvalid("line 1: must begin with Date, then name the currencies")
    for row in rows:
        cells = [cell.strip() for cell in row]
        place = f"line {rows.line_num}"
        if cells and len(cells) != len(header):
            raise RateFileInvalid(f"{place}: has {len(cells)} columns where the first line has {len(header)}")
        for currency, rate in list(zip(header, cells, strict=False))[1:]:
            if currency and rate not in _MISSING:
                yield place, _iso(place, cells[0]), currency, rate


def _iso(place: str, date: str) -> str:
    """The daily CSV writes "27 November 2026", the history "2026-11-27"."""
    if date[:4].isdigit():
        return date
    try:
        return dt.datetime.strptime(date, "%d %B %Y").replace(tzinfo=dt.UTC).date().isoformat()
    except ValueError:
        raise RateFileInvalid(f"{place}: {date!r} is not a day") from None


def _rate(place: str, date: str, currency: str, rate: str) -> ReferenceRate:
    try:
        return ReferenceRate.model_validate({"date": date, "currency": currency, "rate": rate})
    except ValidationError as error:
        first = error.errors()[0]
        raise RateFileInvalid(f"{place}, {currency or 'no currency'}: {first['msg']}") from None
