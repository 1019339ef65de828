"""What Prometheus reads: counts and times by platform and outcome; no ids, no personal data."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class GatewayMetrics:
    """All metrics of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.webhooks = Counter(
            "q2c_webhooks", "Webhooks by answer", ("platform", "status"), registry=registry
        )
        self.webhook_seconds = Histogram(
            "q2c_webhook_seconds",
            "Time from a webhook's body to its answer",
            registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.stored = Counter("q2c_events_stored", "Events stored", registry=registry)
        self.duplicates = Counter("q2c_events_duplicate", "Events that were known", registry=registry)
        self.events = Gauge("q2c_events", "Inbound events by state", ("state",), registry=registry)
        self.handed_on = Counter(
            "q2c_relay_outcomes", "Events handed on, by outcome", ("outcome",), registry=registry
        )
        self.relay_paused = Gauge("q2c_relay_paused", "1 while Temporal is not reachable", registry=registry)
        self.open_exceptions = Gauge("q2c_exceptions_open", "Exceptions that wait", registry=registry)
        self.requests = Counter(
            "q2c_api_requests", "Requests by route and status", ("route", "status"), registry=registry
        )
        self.refused = Counter(
            "q2c_requests_refused", "Requests refused before a route", ("reason",), registry=registry
        )

    def page(self) -> bytes:
        return generate_latest(self.registry)
