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
from connectors.stripe.wire import Wire
from ports.errors import OutcomeUnknown

Model = TypeVar("Model", bound=Wire)

_MOST_KEYS = 8


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
            key = idempotency_key(origin, f"{part}#{ordinal}" if ordinal else part)
            try:
                posted = await self._client.post(model, path, *ids, body=body, key=key)
            except OutcomeUnknown as error:
                if error.vendor_code not in (STORED_SERVER_ERROR, KEY_USED_OTHERWISE):
                    raise
            else:
                if not posted.replayed:
                    return posted.value
            found = await find()
            if found is not None:
                return found
        raise OutcomeUnknown(
            f"{part}: {_MOST_KEYS} idempotency keys in a row were used for something that is not there",
            platform=PLATFORM,
            operation=f"POST {path}",
        )
