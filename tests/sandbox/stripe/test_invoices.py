"""Invoices: numbers, totals, taxes, lines, what can be changed until when, and what credit does."""

from typing import Any

import pytest

from tests.sandbox.stripe.api import Api, Json


async def test_numbers_count_up_by_customer(api: Api) -> None:
    customer = await api.customer(invoice_prefix="NORTH", next_invoice_sequence=7)
    numbers = [(await api.issued(customer, 100))["number"] for _ in range(2)]
    assert numbers == ["NORTH-0007", "NORTH-0008"]
    own = await api.issued(customer, 100, number="MY-1")
    assert own["number"] == "MY-1"
    params: Json = {"customer": customer, "number": "MY-1"}
    assert (await api.refused("invoices", **params))["param"] == "number"


@pytest.mark.parametrize(
    ("amount", "percent", "inclusive", "tax", "total"),
    [
        (1001, "8.875", False, 89, 1090),
        (200, "0.25", False, 1, 201),  # 0.5: half away from zero
        (-200, "0.25", False, -1, -201),
        (1190, "19", True, 190, 1190),
    ],
)
async def test_tax_is_rounded_per_line_half_away_from_zero(
    api: Api, amount: int, percent: str, inclusive: bool, tax: int, total: int
) -> None:
    rate = await api.tax_rate(percent, inclusive=inclusive)
    draft = await api.draft(await api.customer())
    lines = [{"amount": amount, "tax_rates": [rate]}]
    invoice = await api.post(f"invoices/{draft['id']}/add_lines", lines=lines)
    assert [one["amount"] for one in invoice["total_taxes"]] == [tax]
    assert (invoice["total"], invoice["subtotal"]) == (total, amount)
    assert invoice["total_excluding_tax"] == total - tax


async def test_taxes_of_lines_add_up_by_rate_and_default_rates_fill_in(api: Api) -> None:
    own, other = await api.tax_rate("10"), await api.tax_rate("5.5")
    draft = await api.draft(await api.customer(), default_tax_rates=[other])
    lines: list[Json] = [
        {"amount": 105, "tax_rates": [own]},
        {"amount": 105, "tax_rates": [own]},
        {"amount": 100},
    ]
    invoice = await api.post(f"invoices/{draft['id']}/add_lines", lines=lines)
    amounts = {one["tax_rate_details"]["tax_rate"]: one["amount"] for one in invoice["total_taxes"]}
    assert amounts == {own: 22, other: 6}


async def test_tax_can_be_given_in_so_many_words(api: Api) -> None:
    invoice = await api.draft(await api.customer(), 1000)
    line = invoice["lines"]["data"][0]["id"]
    data = {"display_name": "Tax", "inclusive": False, "percentage": "8.875"}
    given = [{"amount": 87, "taxable_amount": 1000, "tax_rate_data": data}]
    path = f"invoices/{invoice['id']}"
    changed = await api.post(f"{path}/lines/{line}", tax_amounts=given)
    assert changed["taxes"][0]["amount"] == 87
    again = await api.post(
        f"{path}/update_lines", lines=[{"id": line, "description": "x", "metadata": {"a": "b"}}]
    )
    assert again["total"] == 1087
    rate = await api.tax_rate("10")
    assert (await api.post(f"{path}/update_lines", lines=[{"id": line, "tax_rates": [rate]}]))[
        "total"
    ] == 1100
    both = {"id": line, "tax_rates": [rate], "tax_amounts": given}
    assert (await api.refused(f"{path}/update_lines", lines=[both]))["code"] == "parameters_exclusive"


async def test_exempt_customers_pay_no_tax(api: Api) -> None:
    rate = await api.tax_rate("10")
    for exempt in ("exempt", "reverse"):
        draft = await api.draft(await api.customer(tax_exempt=exempt), default_tax_rates=[rate])
        invoice = await api.post(f"invoices/{draft['id']}/add_lines", lines=[{"amount": 100}])
        assert (invoice["total"], invoice["total_taxes"][0]["amount"]) == (100, 0)


async def test_lines_are_removed_or_wait_for_the_next_invoice(api: Api) -> None:
    customer = await api.customer()
    invoice = await api.draft(customer, 100, 200, 300)
    first, second, _ = (line["id"] for line in invoice["lines"]["data"])
    gone = [{"id": first, "behavior": "delete"}, {"id": second, "behavior": "unassign"}]
    left = await api.post(f"invoices/{invoice['id']}/remove_lines", lines=gone)
    assert left["total"] == 300
    taken = await api.draft(customer, pending_invoice_items_behavior="include")
    assert [line["amount"] for line in taken["lines"]["data"]] == [200]


async def test_items_wait_unless_they_are_included(api: Api) -> None:
    customer = await api.customer()
    item = await api.post("invoiceitems", customer=customer, amount=100, currency="usd", quantity_decimal="1")
    assert (await api.draft(customer))["lines"]["data"] == []
    taken = await api.draft(customer, pending_invoice_items_behavior="include")
    assert taken["total"] == 100
    await api.delete(f"invoices/{taken['id']}")
    waiting = await api.get("invoiceitems", customer=customer, pending=True)
    assert [one["id"] for one in waiting["data"]] == [item["id"]]


async def test_item_of_a_price_and_a_quantity(api: Api) -> None:
    price = await api.price(1250, interval="")
    draft = await api.draft(await api.customer())
    line = {"pricing": {"price": price}, "quantity": 3}
    invoice = await api.post(f"invoices/{draft['id']}/add_lines", lines=[line])
    assert (invoice["total"], invoice["lines"]["data"][0]["pricing"]["unit_amount_decimal"]) == (3750, "1250")
    recurring = {"pricing": {"price": await api.price()}}
    assert (await api.refused(f"invoices/{draft['id']}/add_lines", lines=[recurring]))["status"] == 400


async def test_invoice_shows_ten_lines_and_lists_the_rest(api: Api) -> None:
    invoice = await api.draft(await api.customer(), *range(1, 16))
    assert (len(invoice["lines"]["data"]), invoice["lines"]["has_more"]) == (10, True)
    first = await api.get(f"invoices/{invoice['id']}/lines", limit=12)
    rest = await api.get(f"invoices/{invoice['id']}/lines", starting_after=first["data"][-1]["id"])
    assert [line["amount"] for line in (*first["data"], *rest["data"])] == list(range(1, 16))


FIXED: list[Json] = [
    {"due_date": 4_000_000_000},
    {"description": "x"},
    {"effective_at": 1},
    {"number": "X-1"},
]


@pytest.mark.parametrize("change", FIXED)
async def test_finalized_invoices_are_not_edited(api: Api, change: Json) -> None:
    invoice = await api.issued(await api.customer(), 100)
    path = f"invoices/{invoice['id']}"
    assert (await api.refused(path, **change))["code"] == "invoice_not_editable"
    assert (await api.post(path, metadata={"a": "b"}))["metadata"] == {"a": "b"}
    for wrong in (f"{path}/finalize", f"{path}/add_lines"):
        params: Json = {"lines": [{"amount": 1}]} if wrong.endswith("lines") else {}
        assert (await api.refused(wrong, **params))["status"] == 400
    assert (await api.refused(path, "DELETE"))["status"] == 400


WRONG_TERMS: list[tuple[Json, str]] = [
    ({"collection_method": "send_invoice"}, "days_until_due"),
    ({"days_until_due": 3}, "days_until_due"),
    ({"collection_method": "send_invoice", "due_date": 1_000_000_000}, "due_date"),
    ({"collection_method": "send_invoice", "due_date": 4_000_000_000, "days_until_due": 1}, "days_until_due"),
    ({"automatically_finalizes_at": 4_000_000_000}, "automatically_finalizes_at"),
]


@pytest.mark.parametrize(("params", "param"), WRONG_TERMS)
async def test_terms_that_do_not_go_together_are_refused(api: Api, params: Json, param: str) -> None:
    assert (await api.refused("invoices", customer=await api.customer(), **params))["param"] == param


async def test_credit_of_the_customer_is_used_by_the_next_invoice_and_given_back(api: Api) -> None:
    customer = await api.customer()
    await api.post(f"customers/{customer}/balance_transactions", amount=-500, currency="usd")
    first = await api.issued(customer, 300)
    assert (first["status"], first["amount_due"], first["total"]) == ("paid", 0, 300)
    second = await api.issued(customer, 300)
    assert (second["status"], second["amount_due"], second["starting_balance"]) == ("open", 100, -200)
    await api.post(f"invoices/{second['id']}/void")
    assert (await api.get(f"customers/{customer}"))["balance"] == -200
    entries = (await api.get(f"customers/{customer}/balance_transactions"))["data"]
    assert [entry["amount"] for entry in reversed(entries)] == [-500, 300, 200, -200]


async def test_total_below_zero_becomes_credit(api: Api) -> None:
    customer = await api.customer()
    invoice = await api.issued(customer, -250)
    assert (invoice["status"], invoice["amount_due"], invoice["ending_balance"]) == ("paid", 0, -250)
    assert (await api.get(f"customers/{customer}"))["balance"] == -250


async def test_void_and_uncollectible(api: Api) -> None:
    customer = await api.customer()
    bad = await api.issued(customer, 100)
    assert (await api.post(f"invoices/{bad['id']}/mark_uncollectible"))["status"] == "uncollectible"
    assert (await api.post(f"invoices/{bad['id']}/void"))["status"] == "void"
    for path in (f"invoices/{bad['id']}/void", f"invoices/{bad['id']}/pay"):
        assert (await api.refused(path))["status"] == 400
    draft = await api.draft(customer, 100)
    assert (await api.refused(f"invoices/{draft['id']}/void"))["status"] == 400


async def test_payments_of_parts_add_up(api: Api) -> None:
    invoice = await api.issued(await api.customer(), 1000)
    for amount, status in ((400, "open"), (600, "paid")):
        intent = await api.post(
            "payment_intents", amount=amount, currency="usd", confirm=True, payment_method="pm_card_visa"
        )
        path = f"invoices/{invoice['id']}/attach_payment"
        assert (await api.post(path, payment_intent=intent["id"]))["status"] == status
    payments = await api.get("invoice_payments", invoice=invoice["id"])
    assert [payment["amount_paid"] for payment in payments["data"]] == [600, 400]


async def test_declined_payment_leaves_the_invoice_open(api: Api) -> None:
    invoice = await api.issued(await api.customer(), 1000)
    error = await api.refused(f"invoices/{invoice['id']}/pay", payment_method="pm_card_chargeDeclined")
    assert (error["status"], error["type"], error["decline_code"]) == (402, "card_error", "generic_decline")
    assert (await api.get(f"invoices/{invoice['id']}"))["status"] == "open"


async def test_disputed_payment_is_lost_or_won(api: Api) -> None:
    customer = await api.customer()
    for evidence, status in (("losing_evidence", "lost"), ("winning_evidence", "won")):
        invoice = await api.issued(customer, 1000)
        await api.post(f"invoices/{invoice['id']}/pay", payment_method="pm_card_createDispute")
        dispute = (await api.get("disputes"))["data"][0]
        assert (dispute["status"], dispute["balance_transactions"][0]["net"]) == ("needs_response", -2500)
        text = {"uncategorized_text": evidence}
        assert (await api.post(f"disputes/{dispute['id']}", evidence=text))["status"] == status
    types = await api.event_types()
    assert [types.count(f"charge.dispute.{word}") for word in ("created", "closed", "funds_reinstated")] == [
        2,
        2,
        1,
    ]


# Credit notes


def of_line(line: str, **figures: Any) -> list[Json]:
    return [{"type": "invoice_line_item", "invoice_line_item": line, **figures}]


async def test_credit_note_takes_the_tax_of_its_line(api: Api) -> None:
    draft = await api.draft(await api.customer())
    lines = [{"amount": 1000, "tax_rates": [await api.tax_rate("8.875")]}]
    await api.post(f"invoices/{draft['id']}/add_lines", lines=lines)
    invoice = await api.post(f"invoices/{draft['id']}/finalize")
    (line,) = invoice["lines"]["data"]
    note = await api.post("credit_notes", invoice=invoice["id"], lines=of_line(line["id"], amount=333))
    assert (note["subtotal"], note["total"], note["total_taxes"][0]["amount"]) == (333, 363, 30)
    rate = line["taxes"][0]["tax_rate_details"]["tax_rate"]
    given = [{"amount": 29, "taxable_amount": 333, "tax_rate": rate}]
    exact = await api.post(
        "credit_notes", invoice=invoice["id"], lines=of_line(line["id"], amount=333, tax_amounts=given)
    )
    assert exact["total"] == 362
    assert (await api.get(f"invoices/{invoice['id']}"))["amount_remaining"] == 1089 - 363 - 362


async def test_credit_by_amount_and_by_quantity_do_not_mix(api: Api) -> None:
    price = await api.price(100, interval="")
    draft = await api.draft(await api.customer())
    await api.post(f"invoices/{draft['id']}/add_lines", lines=[{"pricing": {"price": price}, "quantity": 10}])
    invoice = await api.post(f"invoices/{draft['id']}/finalize")
    line = invoice["lines"]["data"][0]["id"]
    note = await api.post("credit_notes", invoice=invoice["id"], lines=of_line(line, quantity=3))
    assert note["total"] == 300
    wrong: list[Json] = [{"amount": 100}, {"quantity": 11}, {"quantity": 1, "amount": 1}, {}]
    for figures in wrong:
        error = await api.refused("credit_notes", invoice=invoice["id"], lines=of_line(line, **figures))
        assert error["status"] == 400


async def test_credit_note_splits_before_and_after_payment(api: Api) -> None:
    customer = await api.customer()
    invoice = await api.issued(customer, 1000)
    intent = await api.post(
        "payment_intents", amount=700, currency="usd", confirm=True, payment_method="pm_card_visa"
    )
    await api.post(f"invoices/{invoice['id']}/attach_payment", payment_intent=intent["id"])
    line = invoice["lines"]["data"][0]["id"]
    params: Json = {"invoice": invoice["id"], "lines": of_line(line, amount=500)}
    splits: list[Json] = [{}, {"credit_amount": 500}, {"credit_amount": 100, "refund_amount": 50}]
    for split in splits:
        assert (await api.refused("credit_notes", **params, **split))["param"] == "credit_amount"
    preview = await api.get("credit_notes/preview", **params, out_of_band_amount=200)
    note = await api.post(
        "credit_notes", **params, credit_amount=50, refund_amount=50, out_of_band_amount=100
    )
    for each in (preview, note):
        assert (each["type"], each["pre_payment_amount"], each["post_payment_amount"]) == ("mixed", 300, 200)
    after = await api.get(f"invoices/{invoice['id']}")
    assert (after["status"], after["amount_remaining"]) == ("paid", 0)
    assert (after["pre_payment_credit_notes_amount"], after["post_payment_credit_notes_amount"]) == (300, 200)
    assert (await api.get(f"customers/{customer}"))["balance"] == -50
    assert [refund["amount"] for refund in (await api.get("refunds"))["data"]] == [50]


async def test_credit_note_is_voided_only_while_its_invoice_is_open(api: Api) -> None:
    invoice = await api.issued(await api.customer(), 1000)
    line = invoice["lines"]["data"][0]["id"]
    note = await api.post("credit_notes", invoice=invoice["id"], lines=of_line(line, amount=400))
    assert (await api.post(f"credit_notes/{note['id']}/void"))["status"] == "void"
    assert (await api.get(f"invoices/{invoice['id']}"))["amount_remaining"] == 1000
    assert (await api.refused(f"credit_notes/{note['id']}/void"))["status"] == 400
    whole = await api.post("credit_notes", invoice=invoice["id"], lines=of_line(line, amount=1000))
    assert (await api.get(f"invoices/{invoice['id']}"))["status"] == "paid"
    assert "open" in (await api.refused(f"credit_notes/{whole['id']}/void"))["message"]


async def test_no_more_is_credited_than_was_billed(api: Api) -> None:
    customer = await api.customer()
    invoice = await api.issued(customer, 1000, 500)
    first = invoice["lines"]["data"][0]["id"]
    params: Json = {"invoice": invoice["id"]}
    assert (await api.refused("credit_notes", **params, lines=of_line(first, amount=1001)))["status"] == 400
    assert (await api.refused("credit_notes", **params, amount=1501))["status"] == 400
    custom = [{"type": "custom_line_item", "description": "goodwill", "unit_amount": 500, "quantity": 3}]
    assert (await api.post("credit_notes", **params, lines=custom))["total"] == 1500
    assert (await api.refused("credit_notes", **params, lines=of_line(first, amount=1)))["status"] == 400
    draft = await api.draft(customer, 100)
    assert (await api.refused("credit_notes", invoice=draft["id"], amount=1))["param"] == "invoice"
    void = await api.issued(customer, 100)
    await api.post(f"invoices/{void['id']}/void")
    assert (await api.refused("credit_notes", invoice=void["id"], amount=1))["param"] == "invoice"
