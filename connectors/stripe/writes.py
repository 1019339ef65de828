"""Making something exactly once: by its business key first, by Idempotency-Key then.

Stripe keeps the first result of a key for a day, errors 500 too. So a repeat may get: the object; the object
as it was although it is gone; a 500 for ever; or, once the key is forgotten, a second object. To look by
business key before each try, and to take the next key where this one can't give the object, leaves one.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from canonical.ids import idempotency_key
from canonical.origin import Origin
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.errors import KEY_USED_OTHERWISE, STORED_SERVER_ERROR
from connectors.stripe.wire import Made
from ports.errors import OutcomeUnknown, Transient

Model = TypeVar("Model", bound=Made)

_MOST_KEYS = 8
_VISIBLE_SECONDS = 30


class StripeWrites:
    def __init__(self, client: StripeClient) -> None:
        self._client = client

    async def create(
        self,
        model: type[Model],
        path: str,
        *ids: str,
        body: Mapping[str, Any],
        origin: Origin,
        part: str,
        find: Callable[[], Awaitable[Model | None]],
    ) -> Model:
        """What `find` gives, else a new object. A lost answer is OutcomeUnknown: call again."""
        found = await find()
        if found is not None:
            return found
        for ordinal in range(_MOST_KEYS):
            made_at: int | None = None
            key = idempotency_key(origin, f"{part}#{ordinal}" if ordinal else part)
            try:
                posted = await self._client.post(model, path, *ids, body=body, key=key)
            except OutcomeUnknown as error:
                if error.vendor_code not in (STORED_SERVER_ERROR, KEY_USED_OTHERWISE):
                    raise
            else:
                if not posted.replayed:
                    return posted.value
                made_at = posted.value.created
            found = await find()
            if found is not None:
                return found
            self._check_gone(made_at, part, path)
        raise OutcomeUnknown(
            f"{part}: {_MOST_KEYS} idempotency keys in a row were used for something that is not there",
            platform=PLATFORM,
            operation=f"POST {path}",
        )

    def _check_gone(self, made_at: int | None, part: str, path: str) -> None:
        """What was made a moment ago and is not to be seen may just not be visible yet: wait."""
        if made_at is not None and self._client.now().timestamp() - made_at < _VISIBLE_SECONDS:
            raise Transient(
                f"{part}: made a moment ago, and not visible yet",
                platform=PLATFORM,
                operation=f"POST {path}",
            )
