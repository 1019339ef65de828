"""A simulated Salesforce org (REST API, OAuth, SOQL, composite, webhooks) with a customer's own fields."""

from sandbox.salesforce.platform import Salesforce, create

__all__ = ["Salesforce", "create"]
