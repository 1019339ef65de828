"""Stripe Billing, simulated: API version 2026-05-27.dahlia."""

from sandbox.stripe.platform import StripePlatform, create

__all__ = ["StripePlatform", "create"]
