"""The ECB's files of euro reference rates, in each of their shapes."""

import datetime as dt
from decimal import Decimal

import pytest

from rules.rate_file import RateFileInvalid, read_rates

XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
<Cube>
<Cube time='2026-11-27'><Cube currency='USD' rate='1.0812'/><Cube currency='JPY' rate='168.45'/></Cube>
<Cube time="2026-11-26"><Cube currency="USD" rate="1.0799"/></Cube>
</Cube></gesmes:Envelope>"""
HISTORY = "Date,USD,JPY,CYP,\n2026-11-27,1.0812,168.45,N/A,\n2026-11-26,1.0799,168.02,,\n"
TODAY = dt.date(2026, 11, 27)
DAILY = "Date, USD, JPY, \n27 November 2026, 1.0812, 168.45, \n"


def rates_of(text: str) -> dict[tuple[str, str], Decimal]:
    sheet = read_rates(text, "ECB", TODAY)
    assert (sheet.base, sheet.source) == ("EUR", "ECB")
    return {(each.date.isoformat(), each.currency): each.rate for each in sheet.rates}


def test_xml_of_several_days_is_read() -> None:
    assert rates_of(XML) == {
        ("2026-11-26", "USD"): Decimal("1.0799"),
        ("2026-11-27", "JPY"): Decimal("168.45"),
        ("2026-11-27", "USD"): Decimal("1.0812"),
    }


def test_history_is_read_and_what_is_not_available_is_left_out() -> None:
    found = rates_of(HISTORY)
    assert len(found) == 4
    assert found["2026-11-26", "JPY"] == Decimal("168.02")


def test_days_of_the_daily_file_are_written_out() -> None:
    assert rates_of(DAILY)["2026-11-27", "USD"] == Decimal("1.0812")
    assert read_rates(DAILY, "ECB", TODAY).rates[0].date == dt.date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1"),
        ("Day,USD\n2026-11-27,1.08\n", "line 1"),
        ("Date,USD\n", "no rates"),
        ("Date,USD\n2026-11-27,1.08,3\n", "line 2"),
        ("Date,USD\n2026-13-27,1.08\n", "line 2, USD"),
        ("Date,USD\n27 Brumaire 2026,1.08\n", "line 2"),
        ("Date,USD\n2026-11-27,-1.08\n", "line 2, USD"),
        ("Date,USD\n2026-11-27,1.08e3\n", "line 2, USD"),
        ("Date,USD\n2026-11-27,1.08\n2026-11-27,1.09\n", "two rates"),
        ("Date,USD,JPY\n2026-11-27,1.08,168\n2026-11-28,N/A,168.1\n", "line 3, JPY: 2026-11-28 is after"),
        (XML.replace("2026-11-27", "2027-11-27"), "Cube 2027-11-27, USD: 2027-11-27 is after today"),
        ("<Cube", "line 1"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "entities"),
        (XML.replace("1.0812", "n/a"), "Cube 2026-11-27, USD"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, place: str) -> None:
    with pytest.raises(RateFileInvalid, match=place):
        read_rates(text, "ECB", TODAY)
