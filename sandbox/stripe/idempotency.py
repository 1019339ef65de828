"""`Idempotency-Key`: the first result of a key is kept, 500s too, and given again to whoever repeats it."""

import hashlib
from typing import Any

from sandbox.kit.state import State
from sandbox.stripe.errors import StripeError
from sandbox.stripe.form import flat

Document = dict[str, Any]

KIND = "_idempotency"
LIFE_SECONDS = 24 * 3600
LONGEST_KEY = 255
_PRUNE_SECONDS = 3600


def fingerprint(method: str, path: str, sent: Document) -> str:
    text = "\n".join([method, path, *(f"{name}={value}" for name, value in flat(sent))])
    return hashlib.sha256(text.encode()).hexdigest()


class Keys:
    def __init__(self, state: State) -> None:
        self._state = state
        self._in_flight: set[str] = set()
        self._just_kept: object = None  # the exchange whose result was kept last
        self._pruned_at = 0

    def found(self, key: str, print_: str, now: int) -> Document | None:
        """The kept result; raises where the key was used for something else or is in use right now."""
        if len(key) > LONGEST_KEY:
            raise _refused(400, "Idempotency keys are limited to 255 characters.", None)
        if key in self._in_flight:
            message = (
                "There is currently another in-progress request using this Idempotent Key (that"
                " probably means"
                " you submitted twice, and the other request is still going through): " + key
            )
            raise _refused(409, message, "idempotency_key_in_use")
        kept = self._state.get(KIND, key)
        if kept is None or kept["at"] + LIFE_SECONDS <= now:
            return None
        if kept["fingerprint"] not in (print_, None):
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used"
                f" with. Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise _refused(400, message, None)
        return kept

    def start(self, key: str) -> None:
        self._in_flight.add(key)

    def end(self, key: str) -> None:
        self._in_flight.discard(key)

    def keep(
        self,
        key: str,
        print_: str | None,
        now: int,
        status: int,
        body: str,
        request_id: str,
        exchange: object,
    ) -> None:
        """`exchange` is anything that is the request's own."""
        kept = {
            "key": key,
            "fingerprint": print_,
            "at": now,
            "status": status,
            "body": body,
            "request_id": request_id,
        }
        self._state.put(KIND, key, kept)
        self._just_kept = exchange

    def keep_failure(self, key: str, now: int, body: str, request_id: str, exchange: object) -> None:
        """A 500 is the result of the key, also where the endpoint had done its work in this exchange; not
        where the key had its result before."""
        kept = self._state.get(KIND, key)
        done = exchange is not None and self._just_kept is exchange
        if kept is None or kept["at"] + LIFE_SECONDS <= now or done:
            print_ = kept["fingerprint"] if kept is not None and done else None
            self.keep(key, print_, now, 500, body, request_id, exchange)

    def forget(self) -> int:
        """Forget all keys, as Stripe may after 24 hours; returns how many there were."""
        kept = self._state.count(KIND)
        for key in self._all_keys():
            self._state.delete(KIND, key)
        return kept

    def prune(self, now: int) -> None:
        """Drop what is too old, every hour."""
        if now - self._pruned_at < _PRUNE_SECONDS:
            return
        self._pruned_at = now
        for key, at in self._all_keys().items():
            if at + LIFE_SECONDS <= now:
                self._state.delete(KIND, key)

    def _all_keys(self) -> dict[str, int]:
        return {doc["key"]: doc["at"] for doc in self._state.all(KIND)}


def _refused(status: int, message: str, code: str | None) -> StripeError:
    return StripeError(status, message, code=code, type="idempotency_error", recorded=False)
