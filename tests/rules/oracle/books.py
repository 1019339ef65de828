"""The books: documents from charges, what each month earns, the journal, and the balances."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from tests.rules.oracle.figures import ONE_DAY, Json, day, number, rounded, written
from tests.rules.oracle.walk import FEE_LINE, Charge, Credit, Walk

Schedule = dict[str, dict[str, dict[str, Fraction]]]
NOTHING = Fraction(0)
EVENTS = ("invoice", "credit_memo", "payment", "revenue")
REVENUE_ROLES = ("deferred_revenue", "unbilled_receivable", "revenue", "termination_fees")


@dataclass
class Earning:
    """An amount that is earned over `[start, end)`, and the account that it leaves."""

    line: str
    account: str
    amount: Fraction
    start: dt.date
    end: dt.date


@dataclass
class Books:
    currency: str
    as_of: dt.date
    terms_days: int
    charges: list[Charge]
    payments: list[Json]
    advance: bool
    closed: frozenset[str] = frozenset()
    invoices: list[Json] = field(default_factory=list)
    credit_memos: list[Json] = field(default_factory=list)
    entries: list[Json] = field(default_factory=list)
    open_amounts: dict[str, Fraction] = field(default_factory=dict)
    balances: dict[str, Fraction] = field(default_factory=dict)

    def text(self, amount: Fraction) -> str:
        return written(amount, self.currency)


def expected_preview(scenario: Json) -> Json:
    """What `q2c preview` prints for this valid scenario."""
    walk = Walk(scenario)
    books = Books(
        currency=walk.currency,
        as_of=walk.as_of,
        terms_days=walk.contract["billing"].get("payment_terms_days", 30),
        charges=[charge for charge in walk.run() if charge.date <= walk.as_of],
        payments=[payment for payment in scenario.get("payments", []) if day(payment["date"]) <= walk.as_of],
        advance=walk.advance,
        closed=frozenset(scenario.get("periods", {}).get("closed", [])),
    )
    issued = _issue_invoices(books)
    _issue_credit_memos(books, issued)
    schedule = _schedule(books)
    _keep_journal(books, issued, schedule)
    return {
        "currency": books.currency,
        "invoices": books.invoices,
        "credit_memos": books.credit_memos,
        "revenue_schedule": {
            line: {month: books.text(sum(by.values(), NOTHING)) for month, by in months.items()}
            for line, months in schedule.items()
        },
        "journal_entries": books.entries,
        "totals": _totals(books),
    }


# documents


def _issue_invoices(books: Books) -> dict[str, list[Charge]]:
    issued = {}
    for index, date in enumerate(sorted({charge.date for charge in books.charges}), start=1):
        lines = [charge for charge in books.charges if charge.date == date]
        name = f"INV-{index}"
        issued[name] = lines
        due = date + books.terms_days * ONE_DAY
        parts = [(c, c.kind, c.amount, c.tax, c.start, c.end) for c in lines]
        head = {"id": name, "due_date": due.isoformat(), "date": date.isoformat()}
        books.invoices.append({**head, **_body(books, parts)})
    return issued


def _issue_credit_memos(books: Books, issued: dict[str, list[Charge]]) -> None:
    found: dict[tuple[dt.date, int], list[tuple[Charge, Credit]]] = {}
    for number_, charges in enumerate(issued.values(), start=1):
        for charge in charges:
            for credit in charge.credits:
                if credit.date <= books.as_of:
                    found.setdefault((credit.date, number_), []).append((charge, credit))
    for index, (date, invoice) in enumerate(sorted(found), start=1):
        lines = found[date, invoice]
        parts = [(c, "proration", k.amount, k.tax, k.start, c.end) for c, k in lines]
        head = {"id": f"CM-{index}", "invoice": f"INV-{invoice}", "date": date.isoformat()}
        books.credit_memos.append({**head, **_body(books, parts)})


def _body(books: Books, parts: Iterable[tuple[Charge, str, Fraction, Fraction, dt.date, dt.date]]) -> Json:
    ordered = sorted(parts, key=lambda part: (part[0].line, part[4], part[5], part[2], part[3]))
    net = sum((part[2] for part in ordered), NOTHING)
    tax = sum((part[3] for part in ordered), NOTHING)
    lines = [
        {
            "line": charge.line,
            "kind": kind,
            "amount": books.text(amount),
            "tax": books.text(line_tax),
            "period_start": start.isoformat(),
            "period_end": end.isoformat(),
        }
        for charge, kind, amount, line_tax, start, end in ordered
    ]
    totals = {"subtotal": books.text(net), "tax": books.text(tax), "total": books.text(net + tax)}
    return {"lines": lines, **totals}


def _account(books: Books, charge: Charge) -> str:
    in_arrears = charge.charge == "usage" or (charge.charge == "recurring" and not books.advance)
    return "unbilled_receivable" if in_arrears else "deferred_revenue"


# revenue


def _earnings(books: Books) -> list[Earning]:
    found = []
    for charge in books.charges:
        account = _account(books, charge)
        start, end = charge.accepted_on or charge.start, charge.accepted_on or charge.end
        found.append(Earning(charge.line, account, charge.amount, start, end))
        for credit in charge.credits:
            if credit.date <= books.as_of:
                found.append(Earning(charge.line, account, -credit.amount, credit.start, charge.end))
    return found


def _by_month(earning: Earning) -> dict[str, Fraction]:
    """Day by day; what has no length is earned on its day."""
    if earning.start == earning.end:
        return {earning.start.strftime("%Y-%m"): earning.amount}
    counted: dict[str, int] = {}
    today = earning.start
    while today < earning.end:
        month = f"{today.year:04}-{today.month:02}"
        counted[month] = counted.get(month, 0) + 1
        today += ONE_DAY
    length = sum(counted.values())
    return {month: earning.amount * count / length for month, count in counted.items()}


def _schedule(books: Books) -> Schedule:
    """Line → month → account → what is earned; months of zero left out."""
    exact: dict[str, dict[str, Fraction]] = {}
    accounts: dict[str, str] = {}
    for earning in _earnings(books):
        months = exact.setdefault(earning.line, {})
        assert accounts.setdefault(earning.line, earning.account) == earning.account
        for month, amount in _by_month(earning).items():
            months[month] = months.get(month, NOTHING) + amount
    found: dict[str, dict[str, dict[str, Fraction]]] = {}
    for line in sorted(exact):
        found[line] = {}
        so_far = before = NOTHING
        for month in sorted(exact[line]):
            so_far += exact[line][month]
            after = rounded(so_far, books.currency)
            if after != before:
                found[line][month] = {accounts[line]: after - before}
            before = after
    return found


# journal


def _keep_journal(books: Books, issued: dict[str, list[Charge]], schedule: Schedule) -> None:
    happenings: list[tuple[str, int, int, Json]] = []
    for index, invoice in enumerate(books.invoices):
        happenings.append((invoice["date"], 0, index, invoice))
    for index, memo in enumerate(books.credit_memos):
        happenings.append((memo["date"], 1, index, memo))
    for index, payment in enumerate(books.payments):
        happenings.append((payment["date"], 2, index, payment))
    for last, month, amounts in _months(books, schedule):
        happenings.append((last.isoformat(), 3, 0, {"month": month, "amounts": amounts}))
    for date, event, _, what in sorted(happenings, key=lambda happening: happening[:3]):
        date_text = _posting_date(books, date)
        if event == 0:
            _post_document(books, what, issued[what["id"]], date_text, Fraction(1))
            books.open_amounts[what["id"]] = number(what["total"])
        elif event == 1:
            _post_document(books, what, issued[what["invoice"]], date_text, Fraction(-1))
            books.open_amounts[what["invoice"]] -= number(what["total"])
        elif event == 2:
            _post_payment(books, what, date_text)
        else:
            _post(books, date_text, "revenue", what["month"], what["amounts"])
    books.entries.sort(key=lambda entry: (entry["date"], EVENTS.index(entry["event"])))


def _post_document(books: Books, document: Json, charges: list[Charge], date: str, sign: Fraction) -> None:
    accounts = {charge.line: _account(books, charge) for charge in charges}
    amounts = {"accounts_receivable": sign * number(document["total"])}
    for role in ("deferred_revenue", "unbilled_receivable"):
        lines = [line for line in document["lines"] if accounts[line["line"]] == role]
        amounts[role] = -sign * sum((number(line["amount"]) for line in lines), NOTHING)
    amounts["tax_payable"] = -sign * number(document["tax"])
    _post(books, date, "invoice" if sign > 0 else "credit_memo", document["id"], amounts)


def _posting_date(books: Books, date: str) -> str:
    """Its own, or the first day of the first open month after it."""
    return f"{_first_open(books, date[:7])}-01" if date[:7] in books.closed else date


def _first_open(books: Books, month: str) -> str:
    while month in books.closed:
        year, number_ = int(month[:4]), int(month[5:])
        month = f"{year + number_ // 12:04}-{number_ % 12 + 1:02}"
    return month


def _post_payment(books: Books, payment: Json, date: str) -> None:
    """To the invoice that it names, else oldest due first; what is left stays with the customer."""
    left = amount = number(payment["amount"])
    named = payment.get("invoice")
    for name in [named] if named else list(books.open_amounts):
        applied = max(min(left, books.open_amounts.get(name, NOTHING)), NOTHING)
        if applied:
            books.open_amounts[name] -= applied
            left -= applied
    amounts = {"cash": amount, "accounts_receivable": left - amount, "customer_credits": -left}
    _post(books, date, "payment", payment["id"], amounts)


def _months(books: Books, schedule: Schedule) -> list[tuple[dt.date, str, dict[str, Fraction]]]:
    """The months that have ended by `as_of` and earn something: (last day, month, amounts)."""
    by_month: dict[str, dict[str, Fraction]] = {}
    for line, months in schedule.items():
        earned_as = "termination_fees" if line == FEE_LINE else "revenue"
        for month, accounts in months.items():
            entry = by_month.setdefault(_first_open(books, month), dict.fromkeys(REVENUE_ROLES, NOTHING))
            for account, amount in accounts.items():
                entry[account] += amount
                entry[earned_as] -= amount
    found = []
    for month, amounts in sorted(by_month.items()):
        year, number_ = int(month[:4]), int(month[5:])
        last = dt.date(year + number_ // 12, number_ % 12 + 1, 1) - ONE_DAY
        if last <= books.as_of:
            found.append((last, month, amounts))
    return found


def _post(books: Books, date: str, event: str, document: str, amounts: dict[str, Fraction]) -> None:
    """Debits are above zero, credits below; roles of zero are left out."""
    assert sum(amounts.values(), NOTHING) == 0
    if date > books.as_of.isoformat():
        return
    lines = []
    for account, amount in amounts.items():
        books.balances[account] = books.balances.get(account, NOTHING) + amount
        if amount:
            debit, credit = books.text(max(amount, NOTHING)), books.text(max(-amount, NOTHING))
            lines.append({"account": account, "debit": debit, "credit": credit})
    if lines:
        books.entries.append({"date": date, "event": event, "document": document, "lines": lines})


def _totals(books: Books) -> Json:
    def balance(account: str) -> Fraction:
        return books.balances.get(account, NOTHING)

    def net(key: str) -> Fraction:
        return _posted(books, books.invoices, key) - _posted(books, books.credit_memos, key)

    found = {
        "billed_net": net("subtotal"),
        "tax": net("tax"),
        "recognized": -balance("revenue") - balance("termination_fees"),
        "deferred": -balance("deferred_revenue"),
        "unbilled": balance("unbilled_receivable"),
        "receivable": balance("accounts_receivable"),
        "cash": balance("cash"),
        "customer_credits": -balance("customer_credits"),
    }
    return {name: books.text(amount) for name, amount in found.items()}


def _posted(books: Books, documents: list[Json], key: str) -> Fraction:
    """Balances are what the entries leave: a document whose entry comes after `as_of` has none yet."""
    posted = [one for one in documents if _posting_date(books, one["date"]) <= books.as_of.isoformat()]
    return sum((number(one[key]) for one in posted), NOTHING)
