"""Banks' files: camt.053 and CSV, each entry once, what is wrong named with its line and field."""

from decimal import Decimal

import pytest

from canonical.bank import BankStatement
from rules.bank_entry import BankFileInvalid
from rules.bank_file import read_bank_file

# After the sample messages of the camt.053 message definition report: one statement of one account.
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
ENTRY = """<Ntry>
<NtryRef>1</NtryRef>
<Amt Ccy="USD">100.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-03-02</Dt></BookgDt>
<ValDt><Dt>2026-03-03</Dt></ValDt>
<AcctSvcrRef>ZV20260302/17</AcctSvcrRef>
<NtryDtls><TxDtls>
<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RltdPties><Dbtr><Pty><Nm>Customer A-1</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>Invoice</Ustrd><Ustrd>INV-0017</Ustrd>
<Strd><RfrdDocInf><Nb>INV-0018</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>
</RmtInf></TxDtls></NtryDtls>
</Ntry>
"""


def camt(*entries: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}"><BkToCstmrStmt>\n'
        "<GrpHdr><MsgId>M-1</MsgId></GrpHdr><Stmt><Id>S-7</Id>\n"
        f"<Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>\n{''.join(entries)}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def read(text: str | bytes) -> BankStatement:
    content = text if isinstance(text, bytes) else text.encode()
    return read_bank_file(content, "ubs", "US01", "march.xml")


def changed(*pairs: tuple[str, str]) -> str:
    entry = ENTRY
    for old, new in pairs:
        assert old in entry
        entry = entry.replace(old, new)
    return entry


def test_credit_entry_is_a_receipt_with_all_that_says_what_it_is_for() -> None:
    [found] = read(camt(ENTRY)).receipts
    assert (found.bank, found.ref, found.entity) == ("ubs", "ZV20260302:17", "US01")
    assert (found.amount, found.currency, found.value_date.isoformat()) == (
        Decimal("100.00"),
        "USD",
        "2026-03-03",
    )
    assert (found.remitter, found.account) == ("Customer A-1", "CH9300762011623852957")
    assert found.references == ("RF18539007547034", "INV-0018")
    assert found.text == "Invoice INV-0017"
    assert found.source == "march.xml, line 7, statement S-7"


def test_older_versions_and_prefixes_are_read_the_same() -> None:
    old = changed(
        ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>"),
        ("<Dbtr><Pty><Nm>Customer A-1</Nm></Pty></Dbtr>", "<Dbtr><Nm>Customer A-1</Nm></Dbtr>"),
    )
    [found] = read(camt(old).replace("001.08", "001.02")).receipts
    assert found.remitter == "Customer A-1"
    prefixed = camt(ENTRY).replace("xmlns=", "xmlns:c=")
    for name in ("Document", "BkToCstmrStmt", "Stmt", "Ntry"):
        prefixed = prefixed.replace(f"<{name}", f"<c:{name}").replace(f"</{name}", f"</c:{name}")
    assert read(prefixed).receipts[0].ref == found.ref


def test_entry_without_the_banks_reference_is_named_by_account_statement_and_number() -> None:
    [found] = read(camt(changed(("ZV20260302/17", "NONREF")))).receipts
    assert found.ref == "CH9300762011623852957:S-7:1"


@pytest.mark.parametrize(
    ("direction", "reversal", "kind"),
    [
        ("DBIT", "", "debit"),
        ("DBIT", "<RvslInd>false</RvslInd>", "debit"),
        ("DBIT", "<RvslInd>true</RvslInd>", "returned_receipt"),
        ("CRDT", "<RvslInd>true</RvslInd>", "returned_debit"),
    ],
)
def test_debits_and_reversals_are_no_receipts(direction: str, reversal: str, kind: str) -> None:
    entry = changed(("<CdtDbtInd>CRDT</CdtDbtInd>", f"<CdtDbtInd>{direction}</CdtDbtInd>{reversal}"))
    found = read(camt(entry))
    assert found.receipts == ()
    [left], [line] = found.left_out, found.lines
    assert (line.ref, line.flow) == (f"ZV20260302:17:{kind}", "out" if direction == "DBIT" else "in")
    assert (left.kind, left.amount, left.place) == (kind, Decimal("100.00"), "line 7")


def test_entry_that_is_not_booked_yet_is_left_out() -> None:
    found = read(camt(changed(("BOOK", "PDNG"))))
    assert (found.receipts, [each.kind for each in found.left_out]) == ((), ["not_booked"])
    assert found.lines == ()


def test_entry_that_comes_twice_counts_once_and_another_under_its_reference_is_refused() -> None:
    assert read(camt(ENTRY, ENTRY)).repeated == 1
    assert len(read(camt(ENTRY, ENTRY).replace("\n", "")).receipts) == 1
    with pytest.raises(BankFileInvalid, match=r"line 22: AcctSvcrRef: .* is another entry at line 7"):
        read(camt(ENTRY, changed((">100.00<", ">90.00<"))))


def batch(first: str, second: str, refs: tuple[str, str] = ("", "")) -> str:
    parts = "".join(
        f'<TxDtls><Refs>{ref}</Refs><Amt Ccy="USD">{amount}</Amt></TxDtls>'
        for amount, ref in zip((first, second), refs, strict=True)
    )
    head = ENTRY[: ENTRY.index("<NtryDtls>")]
    return f"{head}<NtryDtls>{parts}</NtryDtls></Ntry>"


def test_batch_is_one_receipt_for_each_transaction() -> None:
    found = read(camt(batch("60.00", "40.00"))).receipts
    assert [(each.ref, each.amount) for each in found] == [
        ("ZV20260302:17:1", Decimal("60.00")),
        ("ZV20260302:17:2", Decimal("40.00")),
    ]
    named = batch("60.00", "40.00", ("<TxId>T-1</TxId>", "<TxId>T-2</TxId>"))
    assert [each.ref for each in read(camt(named)).receipts] == ["ZV20260302:17:T-1", "ZV20260302:17:T-2"]
    alike = batch("50.00", "50.00", ("<TxId>T-1</TxId>", "<TxId>T-1</TxId>"))
    assert len(read(camt(alike)).receipts) == 2


def test_batch_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(BankFileInvalid, match=r"line 7: Amt: 100.00 is not .* 60.00 \+ 41.00"):
        read(camt(batch("60.00", "41.00")))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (">100.00<", ">1e2<", "line 7: Amt: must be a decimal"),
        (">100.00<", ">-100.00<", "line 7: Amt: must be a decimal"),
        (">100.00<", ">0.00<", "line 7: Amt: must be a decimal"),
        (">100.00<", ">100.005<", "line 7: Amt: .* more decimals"),
        (' Ccy="USD"', ' Ccy="USX"', "line 7: Amt Ccy: 'USX'"),
        (' Ccy="USD"', "", "line 7: Amt Ccy"),
        ('<Amt Ccy="USD">100.00</Amt>', "", "line 5: Amt: is needed"),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "", "line 5: CdtDbtInd: is needed"),
        (">CRDT<", ">CREDIT<", "line 8: CdtDbtInd: must be one of CRDT, DBIT"),
        ("<Sts>", "<RvslInd>yes</RvslInd><Sts>", "line 9: RvslInd: must be one of"),
        (">BOOK<", ">DONE<", "line 9: Cd: must be one of BOOK"),
        ("<Dt>2026-03-03</Dt>", "<Dt>2026-02-30</Dt>", "line 7: ValDt: .*not a day"),
    ],
)
def test_what_is_wrong_in_camt_is_named_with_line_and_field(old: str, new: str, words: str) -> None:
    with pytest.raises(BankFileInvalid, match=words):
        read(camt(changed((old, new))))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<Document>", "line 1: is not XML"),
        ("<Document/>", "line 1: Document: is no camt.053"),
        (camt().replace("camt.053", "camt.054"), "line 2: Document: is no camt.053"),
        (camt().replace("<Stmt>", "<Rpt>").replace("</Stmt>", "</Rpt>"), "Stmt: the file has no statement"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
        (camt("<a>" * 60 + "</a>" * 60), "deeper than"),
        (camt(changed(("ZV20260302/17", "NONREF"), ("<NtryRef>1</NtryRef>", ""))), "AcctSvcrRef: is needed"),
        (camt(changed(("ZV20260302/17", "Z" * 121))), "AcctSvcrRef: is longer"),
        (b"\xff\xfe\x00,", "neither XML nor CSV"),
    ],
)
def test_what_is_no_statement_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(BankFileInvalid, match=words):
        read(text)


CSV = (
    "reference,value_date,amount,currency,direction,reversal,remitter,text,references\n"
    'E-1,2026-03-02,100.00,USD,credit,,"Customer A-1, Inc.",Invoice INV-0017,INV-0018;RF1\n'
    "E-2,2026-03-02,5,JPY,debit,true,,,\n"
)


def test_csv_is_read_by_its_header() -> None:
    found = read(CSV)
    [receipt] = found.receipts
    assert (receipt.ref, receipt.amount, receipt.remitter) == ("E-1", Decimal("100.00"), "Customer A-1, Inc.")
    assert (receipt.references, receipt.text) == (("INV-0018", "RF1"), "Invoice INV-0017")
    assert [(each.ref, each.kind) for each in found.left_out] == [("E-2", "returned_receipt")]
    assert read("\ufeff" + CSV).receipts[0].ref == "E-1"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("reference,", "ref,", "line 1: reference: is needed"),
        (",references\n", ",refs\n", "line 1: 'refs': is no column"),
        (",references\n", ",text\n", "line 1: text: comes twice"),
        ("E-2,", "E-2,x,", "line 3: has 10 columns"),
        ("2026-03-02,100", "2.3.2026,100", "line 2: value_date: must be a day"),
        ("100.00", "1'000.00", "line 2: amount: must be a decimal"),
        ("USD", "usd", "line 2: currency"),
        (",credit,", ",in,", "line 2: direction: must be credit or debit"),
        ("debit,true", "debit,maybe", "line 3: reversal: must be true or false"),
        ("E-1", "", "line 2: reference: is needed"),
        ("5,JPY", "5.5,JPY", "line 3: amount: .* more decimals"),
        ('"Customer A-1, Inc."', '"Customer', "is not CSV|has"),
    ],
)
def test_what_is_wrong_in_csv_is_named_with_line_and_field(old: str, new: str, words: str) -> None:
    assert old in CSV
    with pytest.raises(BankFileInvalid, match=words):
        read(CSV.replace(old, new, 1))


def test_banks_name_stands_in_ids_and_is_bounded() -> None:
    with pytest.raises(BankFileInvalid, match="bank"):
        read_bank_file(CSV.encode(), "My Bank", "US01", "x.csv")
