"""Stripe's error bodies: `{"error": {"type", "code", "message", "param", "doc_url", …}}`."""

from typing import Any

DOC_URL = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """An answer that is an error. `recorded`: kept under the Idempotency-Key, as the endpoint had begun."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
        recorded: bool = True,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.type = status, message, code, param, type
        self.recorded, self.headers, self.more = recorded, headers or {}, more
        self.missing_id: str | None = None
        self.leaves_traces = False  # what was done before the refusal stays (a declined charge)

    def body(self, request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code is not None:
            error |= {"code": self.code, "doc_url": DOC_URL + self.code.replace("_", "-")}
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error | self.more}


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """The endpoint understood the request and refuses it (400)."""
    return StripeError(400, message, code=code, param=param)


def malformed(message: str, param: str | None, code: str | None) -> StripeError:
    """The parameters are not of their types: refused before the endpoint begins (400)."""
    return StripeError(400, message, code=code, param=param, recorded=False)


def missing(kind: str, id: str, param: str) -> StripeError:
    """404 where the path names it, 400 where a parameter does (the platform tells them apart)."""
    word = kind.rpartition(".")[2].replace("_", " ")
    error = StripeError(404, f"No such {word}: '{id}'", code="resource_missing", param=param)
    error.missing_id = id
    return error


def required(param: str) -> StripeError:
    return StripeError(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def exclusive(first: str, second: str) -> StripeError:
    message = f"You may only specify one of these parameters: {first}, {second}."
    return StripeError(400, message, code="parameters_exclusive", param=first)


def unsupported(what: str, param: str) -> StripeError:
    """Stripe would do it; this simulator does not, and says so instead of pretending."""
    return StripeError(400, f"The sandbox does not simulate {what}.", param=param, code="sandbox_unsupported")
