"""Approvals as the org's records have them: a callout or Outbound Message that was lost is found again.

The callout's id is in no record, so the event is named after the order and its version; that its webhook has
come is known by contract and version.
"""

import datetime as dt
from collections.abc import Mapping

from connectors.http import exact_json
from connectors.salesforce.client import PLATFORM
from connectors.salesforce.fields import FieldMap
from connectors.salesforce.records import Figures
from connectors.salesforce.wire import Record
from ports.events import ListedEvent, PlatformEvent

_TYPES: Mapping[str, str] = {
    "new": "contract.approved",
    "amendment": "amendment.approved",
    "renewal": "renewal.approved",
    "cancellation": "cancellation.approved",
    "transfer": "amendment.approved",
    "merge": "amendment.approved",
}


def approval_of(fields: FieldMap, record: Record) -> ListedEvent:
    """What the callout says of this approved order. Rejected or UnexpectedAnswer: a figure is not there."""
    order = Figures(fields.order, record, "order")
    listed = Figures(fields.listed_order, record, "order")
    contract, version = listed.need("contract"), order.need("version")
    event = PlatformEvent(
        id=f"{order.need('record_id')}/{version}",
        platform=PLATFORM,
        type=_TYPES[order.need("type")],
        occurred_at=listed.need("changed_at"),
        contract=contract,
        object_kind="contract",
        object_id=contract,
        version=version,
    )
    return ListedEvent(event=event, body=exact_json(record))


def moment(at: dt.datetime) -> str:
    """A date and time as SOQL writes it."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
