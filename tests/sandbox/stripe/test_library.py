"""Stripe's own library, unchanged, against the simulator as a process with its certificate."""

import datetime as dt
import json
import ssl
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

pytestmark = pytest.mark.xdist_group("stripe-library")

_ROOT = Path(__file__).parents[3]


class Running:
    """The process: its address, credentials and control API."""

    def __init__(self, url: str, ca_file: str, directory: Path) -> None:
        self.url, self.ca_file = url, ca_file
        self._token = (directory / "control-token").read_text()
        self._context = ssl.create_default_context(cafile=ca_file)
        self.credentials: dict[str, str] = self.control("GET", "credentials")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", method=method, data=data)  # noqa: S310
        request.add_header("X-Sandbox-Token", self._token)
        with urllib.request.urlopen(request, context=self._context) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "sandbox", "stripe", "--port", "0", "--dir", str(directory)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Running(told["url"], told["ca_file"], directory)
        process.terminate()


@pytest.fixture
def library(running: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, told where to go as its documentation says."""
    running.control("POST", "reset")
    monkeypatch.setattr(stripe, "api_key", running.credentials["api_key"])
    monkeypatch.setattr(stripe, "api_base", running.url)
    monkeypatch.setattr(stripe, "ca_bundle_path", running.ca_file)
    monkeypatch.setattr(stripe, "max_network_retries", 0)
    client = stripe.RequestsClient()
    monkeypatch.setattr(stripe, "default_http_client", client)
    yield stripe
    client.close()  # type: ignore[no-untyped-call]


def monthly(library: Any, amount: int = 1200) -> Any:
    product = library.Product.create(name="Seat")
    return library.Price.create(
        product=product.id, currency="usd", unit_amount=amount, recurring={"interval": "month"}
    )


def test_customer_is_made_read_changed_listed_and_deleted(library: Any) -> None:
    made = library.Customer.create(
        name="Northwind", email="a@example.com", metadata={"crm": "A-1"}, address={"country": "US"}
    )
    assert library.Customer.retrieve(made.id).metadata["crm"] == "A-1"
    changed = library.Customer.modify(made.id, metadata={"crm": "", "erp": "7"}, address={"city": "Rome"})
    assert changed.metadata.to_dict() == {"erp": "7"}
    assert changed.address.city == "Rome"
    assert [one.id for one in library.Customer.list(email="a@example.com")] == [made.id]
    tax_id = library.Customer.create_tax_id(made.id, type="eu_vat", value="DE123456789")
    assert library.Customer.list_tax_ids(made.id).data[0].id == tax_id.id
    assert library.Customer.delete(made.id).deleted
    assert library.Customer.retrieve(made.id).deleted


def test_product_id_is_the_callers_and_taken_once(library: Any) -> None:
    library.Product.create(id="PLATFORM-SEAT", name="Seat")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        library.Product.create(id="PLATFORM-SEAT", name="Seat")
    assert caught.value.code == "resource_already_exists"


def test_lookup_key_finds_its_price_and_moves_when_told(library: Any) -> None:
    product = library.Product.create(name="Seat")
    given = {"product": product.id, "currency": "usd", "lookup_key": "seat"}
    first = library.Price.create(unit_amount_decimal="1200.5", **given)
    assert (first.unit_amount, str(first.unit_amount_decimal)) == (None, "1200.5")
    with pytest.raises(stripe.InvalidRequestError):
        library.Price.create(unit_amount=1, **given)
    second = library.Price.create(unit_amount=1, transfer_lookup_key=True, **given)
    assert [one.id for one in library.Price.list(lookup_keys=["seat"])] == [second.id]


def test_subscription_bills_and_expands(library: Any, running: Running) -> None:
    customer = library.Customer.create(name="N")
    rate = library.TaxRate.create(display_name="VAT", inclusive=False, percentage=8.875)
    subscription = library.Subscription.create(
        customer=customer.id,
        items=[{"price": monthly(library).id, "quantity": 3, "tax_rates": [rate.id]}],
        collection_method="send_invoice",
        days_until_due=30,
        expand=["latest_invoice", "customer"],
    )
    assert (subscription.status, subscription.customer.name) == ("active", "N")
    assert (subscription.latest_invoice.status, subscription.latest_invoice.total) == ("draft", 3920)
    assert subscription.latest_invoice.lines.data[0].taxes[0].amount == 320
    later = dt.datetime.fromtimestamp(subscription["items"].data[0].current_period_end + 60, dt.UTC)
    running.control("POST", "clock", {"to": later.isoformat()})
    invoices = library.Invoice.list(subscription=subscription.id).data
    assert [(one.billing_reason, one.status) for one in invoices] == [
        ("subscription_cycle", "draft"),
        ("subscription_create", "open"),
    ]
    ended = library.Subscription.cancel(subscription.id)
    assert ended.status == "canceled"


def test_schedule_from_subscription_changes_price(library: Any) -> None:
    customer = library.Customer.create(name="N")
    price, dearer = monthly(library), monthly(library, 1500)
    subscription = library.Subscription.create(
        customer=customer.id, items=[{"price": price.id}], collection_method="send_invoice", days_until_due=1
    )
    schedule = library.SubscriptionSchedule.create(from_subscription=subscription.id)
    current = schedule.phases[0]
    changed = library.SubscriptionSchedule.modify(
        schedule.id,
        end_behavior="cancel",
        phases=[
            {"items": [{"price": price.id}], "start_date": current.start_date, "end_date": current.end_date},
            {"items": [{"price": dearer.id}], "duration": {"interval": "month", "interval_count": 2}},
        ],
    )
    assert [phase["items"][0].price for phase in changed.phases] == [price.id, dearer.id]
    released = library.SubscriptionSchedule.release(schedule.id)
    assert (released.status, released.released_subscription) == ("released", subscription.id)


def issued(library: Any, customer: str, *amounts: int) -> Any:
    invoice = library.Invoice.create(customer=customer, collection_method="send_invoice", days_until_due=30)
    for amount in amounts:
        library.InvoiceItem.create(customer=customer, invoice=invoice.id, amount=amount, currency="usd")
    return library.Invoice.finalize_invoice(invoice.id)


def test_invoice_is_finalized_and_paid(library: Any) -> None:
    customer = library.Customer.create(name="N", invoice_prefix="NORTH")
    invoice = issued(library, customer.id, 700, 500)
    assert (invoice.status, invoice.number, invoice.amount_due) == ("open", "NORTH-0001", 1200)
    paid = library.Invoice.pay(invoice.id, paid_out_of_band=True)
    assert (paid.status, paid.amount_remaining, paid.amount_paid) == ("paid", 0, 1200)
    by_card = library.Invoice.pay(issued(library, customer.id, 900).id, payment_method="pm_card_visa")
    assert by_card.status == "paid"
    payment = library.InvoicePayment.list(invoice=by_card.id).data[0]
    intent = library.PaymentIntent.retrieve(payment.payment.payment_intent, expand=["latest_charge"])
    assert intent.latest_charge.amount == 900
    refund = library.Refund.create(payment_intent=intent.id, amount=300)
    assert (refund.status, library.Charge.retrieve(intent.latest_charge.id).amount_refunded) == (
        "succeeded",
        300,
    )


def test_invoice_is_voided_or_deleted(library: Any) -> None:
    customer = library.Customer.create(name="N")
    assert library.Invoice.void_invoice(issued(library, customer.id, 100).id).status == "void"
    draft = library.Invoice.create(customer=customer.id)
    assert library.Invoice.delete(draft.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as caught:
        library.Invoice.retrieve(draft.id)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_credit_note_before_and_after_payment(library: Any) -> None:
    customer = library.Customer.create(name="N")
    invoice = issued(library, customer.id, 1000)
    line = invoice.lines.data[0].id
    lines = [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 300}]
    before = library.CreditNote.create(invoice=invoice.id, lines=lines)
    assert (before.type, before.pre_payment_amount, before.number) == (
        "pre_payment",
        300,
        f"{invoice.number}-CN-01",
    )
    assert library.Invoice.retrieve(invoice.id).amount_remaining == 700
    library.Invoice.pay(invoice.id, paid_out_of_band=True)
    after = library.CreditNote.create(invoice=invoice.id, lines=lines, credit_amount=300)
    assert (after.type, library.Customer.retrieve(customer.id).balance) == ("post_payment", -300)
    with pytest.raises(stripe.InvalidRequestError):
        library.CreditNote.create(invoice=invoice.id, lines=lines, credit_amount=1)
    assert len(library.CreditNote.list(invoice=invoice.id).data) == 2


def test_auto_paging_gives_everything_once(library: Any) -> None:
    made = [library.Customer.create(name=str(index)).id for index in range(7)]
    listed = [one.id for one in library.Customer.list(limit=3).auto_paging_iter()]
    assert listed == list(reversed(made))
    backwards = library.Customer.list(limit=3, ending_before=made[0])
    assert [one.id for one in backwards.auto_paging_iter()] == made[1:]


def test_repeated_key_gives_the_first_answer(library: Any, running: Running) -> None:
    key = str(uuid.uuid4())
    first = library.Customer.create(name="N", idempotency_key=key)
    again = library.Customer.create(name="N", idempotency_key=key)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        library.Customer.create(name="Other", idempotency_key=key)
    assert running.control("POST", "load", {"forget_idempotency_keys": True}) == {"forgotten": 1}
    assert library.Customer.create(name="N", idempotency_key=key).id != first.id


ERRORS: list[tuple[Callable[[Any], Any], type[stripe.StripeError], str | None]] = [
    (lambda lib: lib.Customer.create(nmae="x"), stripe.InvalidRequestError, "parameter_unknown"),
    (lambda lib: lib.Product.create(), stripe.InvalidRequestError, "parameter_missing"),
    (
        lambda lib: lib.Customer.create(balance="much"),
        stripe.InvalidRequestError,
        "parameter_invalid_integer",
    ),
    (lambda lib: lib.Customer.retrieve("cus_no"), stripe.InvalidRequestError, "resource_missing"),
    (lambda lib: lib.Customer.create(api_key="sk_test_wrong"), stripe.AuthenticationError, None),
    (lambda lib: lib.Customer.create(stripe_account="acct_1"), stripe.PermissionError, None),
    (lambda lib: lib.Customer.create(stripe_version="1999-01-01"), stripe.InvalidRequestError, None),
    (
        lambda lib: lib.PaymentIntent.create(
            amount=100, currency="usd", confirm=True, payment_method="pm_card_chargeDeclined"
        ),
        stripe.CardError,
        "card_declined",
    ),
]


@pytest.mark.parametrize(("call", "kind", "code"), ERRORS)
def test_errors_have_their_classes(
    library: Any, call: Callable[[Any], Any], kind: type[stripe.StripeError], code: str | None
) -> None:
    with pytest.raises(kind) as caught:
        call(library)
    assert caught.value.code == code
    assert (caught.value.request_id or "").startswith("req_")


@pytest.mark.parametrize(("outcome", "kind"), [("429", stripe.RateLimitError), ("500", stripe.APIError)])
def test_faults_have_their_classes(
    library: Any, running: Running, outcome: str, kind: type[stripe.StripeError]
) -> None:
    running.control("POST", "faults", {"outcome": outcome})
    with pytest.raises(kind):
        library.Customer.list()


def test_library_retries_by_itself_with_one_key(
    library: Any, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe, "max_network_retries", 2)
    for outcome in ("refused", "503"):
        running.control("POST", "faults", {"outcome": outcome, "route": "POST /v1/customers"})
    library.Customer.create(name="N")
    assert len(library.Customer.list().data) == 1


def test_events_tell_what_changed(library: Any) -> None:
    customer = library.Customer.create(name="N", metadata={"a": "1"})
    library.Customer.modify(customer.id, name="M", metadata={"b": "2"})
    events = library.Event.list(type="customer.updated").data
    assert events[0].data.object.name == "M"
    assert events[0].data.previous_attributes.to_dict() == {"name": "N", "metadata": {"b": None}}
    assert library.Event.retrieve(events[0].id).type == "customer.updated"
    assert {one.type for one in library.Event.list(types=["customer.created"])} == {"customer.created"}


def test_webhook_signature_is_the_librarys(library: Any, running: Running) -> None:
    """What the simulator signs, the library accepts; see test_webhooks for what is sent."""
    from sandbox.kit.clock import Clock
    from sandbox.kit.platform import PlatformConfig
    from sandbox.kit.state import State
    from sandbox.stripe import StripePlatform

    state = State(":memory:")
    directory = Path(running.ca_file).parents[1] / "stripe"
    config = PlatformConfig(secrets_dir=directory, control_token="t", base_url=running.url)
    platform = StripePlatform(state, config=config, clock=Clock(state))
    body = json.dumps({"id": "evt_1", "object": "event", "type": "invoice.paid", "data": {"object": {}}})
    now = dt.datetime.fromtimestamp(time.time(), dt.UTC)
    signature = platform.outbox.sign("evt_1", body.encode(), now)["stripe-signature"]
    secret = running.credentials["webhook_secret"]
    assert library.Webhook.construct_event(body, signature, secret).id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        library.Webhook.construct_event(body + " ", signature, secret)


def test_client_object_with_base_addresses(library: Any, running: Running) -> None:
    client = stripe.StripeClient(
        running.credentials["api_key"],
        base_addresses={"api": running.url},
        http_client=stripe.default_http_client,
    )
    made = client.v1.customers.create({"name": "N"})
    assert client.v1.customers.retrieve(made.id).name == "N"
    assert [one.id for one in client.v1.customers.search({"query": "name:'N'"}).data] in ([], [made.id])


def test_test_clock_bills_its_own_customers(library: Any) -> None:
    start = int(dt.datetime(2025, 1, 31, tzinfo=dt.UTC).timestamp())
    clock = library.test_helpers.TestClock.create(frozen_time=start)
    customer = library.Customer.create(name="N", test_clock=clock.id)
    subscription = library.Subscription.create(
        customer=customer.id,
        items=[{"price": monthly(library).id}],
        collection_method="send_invoice",
        days_until_due=30,
    )
    to = int(dt.datetime(2025, 3, 1, tzinfo=dt.UTC).timestamp())
    assert library.test_helpers.TestClock.advance(clock.id, frozen_time=to).status == "advancing"
    assert library.test_helpers.TestClock.retrieve(clock.id).status == "ready"
    invoices = library.Invoice.list(customer=customer.id).data
    days = [dt.datetime.fromtimestamp(one.created, dt.UTC).date().isoformat() for one in invoices]
    assert days == ["2025-02-28", "2025-01-31"]
    assert {one.status for one in invoices} == {"open"}
    assert library.Subscription.retrieve(subscription.id).test_clock == clock.id
