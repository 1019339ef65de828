"""Products, prices and tax rates, made where they are not there yet; shared by all contracts."""

from collections.abc import Iterable
from decimal import Decimal

from canonical.origin import Origin
from connectors.stripe import mapping
from connectors.stripe.client import StripeClient
from connectors.stripe.plan import PriceSpec
from connectors.stripe.wire import Price, Product, TaxRate
from connectors.stripe.writes import StripeWrites
from ports.errors import AlreadyExists

_LOOKUPS_AT_ONCE = 10
_RATE_PLACES = Decimal("0.0001")
_SHARED = "-"


def shared(origin: Origin, step: str) -> Origin:
    """The origin of what belongs to no contract: the same keys whoever asks for it."""
    return origin.model_copy(
        update={"contract": _SHARED, "change": _SHARED, "step": step, "revision": 0, "event_id": None}
    )


class Catalog:
    def __init__(self, client: StripeClient, tax_display_name: str) -> None:
        self._client, self._writes = client, StripeWrites(client)
        self._tax_display_name = tax_display_name

    async def prices(self, origin: Origin, specs: Iterable[PriceSpec]) -> dict[PriceSpec, str]:
        """The id of each price; products and prices that are not there are made."""
        wanted = list(dict.fromkeys(specs))
        found = await self._found(wanted)
        lacking = [spec for spec in wanted if spec not in found]
        for product in dict.fromkeys(spec.product for spec in lacking):
            await self._ensure_product(product)
        for spec in lacking:
            found[spec] = await self._new_price(origin, spec)
        return found

    async def _found(self, specs: list[PriceSpec]) -> dict[PriceSpec, str]:
        by_key = {spec.lookup_key: spec for spec in specs}
        keys = list(by_key)
        found: dict[PriceSpec, str] = {}
        for start in range(0, len(keys), _LOOKUPS_AT_ONCE):
            asked = {"lookup_keys": keys[start : start + _LOOKUPS_AT_ONCE], "active": True}
            async for price in self._client.list(Price, "/v1/prices", params=asked):
                spec = by_key.get(price.lookup_key or "")
                if spec is not None and _is(price, spec):
                    found[spec] = price.id
        return found

    async def _ensure_product(self, product: str) -> None:
        """The id is ours to choose, so that a second creation is refused."""
        id = mapping.product_id(product)
        if await self._client.find(Product, "/v1/products/{id}", id) is not None:
            return
        try:
            await self._client.post(Product, "/v1/products", body={"id": id, "name": product})
        except AlreadyExists:
            return

    async def _new_price(self, origin: Origin, spec: PriceSpec) -> str:
        body = {
            "product": mapping.product_id(spec.product),
            "currency": spec.currency.lower(),
            "unit_amount_decimal": spec.unit,
            "recurring": {"interval": "month", "interval_count": spec.months},
            "lookup_key": spec.lookup_key,
            "transfer_lookup_key": True,
            "tax_behavior": "exclusive",
            "metadata": {"q2c_product": spec.product},
        }

        async def find() -> Price | None:
            asked = {"lookup_keys": [spec.lookup_key], "active": True}
            listed = [one async for one in self._client.list(Price, "/v1/prices", params=asked)]
            return next((one for one in listed if _is(one, spec)), None)

        made = await self._writes.create(
            Price,
            "/v1/prices",
            body=body,
            origin=shared(origin, "price"),
            part=spec.lookup_key,
            find=find,
        )
        return made.id

    async def tax_rates(self, origin: Origin, percents: Iterable[Decimal]) -> dict[Decimal, list[str]]:
        """The tax rates by which Stripe computes each percentage; none for zero, and none for a percentage
        with more decimals than Stripe's rates have (its tax is then given in so many words)."""
        rates: dict[Decimal, list[str]] = {}
        wanted = {
            percent for percent in percents if percent != 0 and percent == percent.quantize(_RATE_PLACES)
        }
        there = await self._rates_there() if wanted else {}
        for percent in percents:
            if percent not in wanted:
                rates[percent] = []
            elif percent not in rates:
                rates[percent] = [there.get(percent) or await self._new_rate(origin, percent)]
        return rates

    async def _rates_there(self) -> dict[Decimal, str]:
        asked = {"active": True, "inclusive": False}
        listed = [one async for one in self._client.list(TaxRate, "/v1/tax_rates", params=asked)]
        return {rate.percentage: rate.id for rate in listed if "q2c_percent" in rate.metadata}

    async def _new_rate(self, origin: Origin, percent: Decimal) -> str:
        text = format(percent.normalize(), "f")
        body = {
            "display_name": self._tax_display_name,
            "inclusive": False,
            "percentage": text,
            "metadata": {"q2c_percent": text},
        }

        async def find() -> TaxRate | None:
            id = (await self._rates_there()).get(percent)
            return await self._client.find(TaxRate, "/v1/tax_rates/{id}", id) if id else None

        made = await self._writes.create(
            TaxRate,
            "/v1/tax_rates",
            body=body,
            origin=shared(origin, "tax_rate"),
            part=text,
            find=find,
        )
        return made.id


def _is(price: Price, spec: PriceSpec) -> bool:
    """Whether the price behind a lookup key still is the one that the key names."""
    same = (
        price.product == mapping.product_id(spec.product),
        price.currency.upper() == spec.currency,
        price.unit_amount_decimal == Decimal(spec.unit),
        (price.interval, price.interval_count) == ("month", spec.months),
    )
    return all(same)
