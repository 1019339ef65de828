"""What the REST API sends and takes, as far as it is used."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Record = dict[str, Any]
"""A record as the API gives it: fields by name, parents and children nested."""


class Wire(BaseModel):
    """Fields that the vendor adds are ignored; those that we read must be there, in their type."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class QueryPage(Wire):
    """A page of a query's records, or of a record's children."""

    total_size: int = Field(alias="totalSize")
    done: bool
    next_records_url: str | None = Field(default=None, alias="nextRecordsUrl")
    records: list[Record]


class SubResponse(Wire):
    reference_id: str = Field(alias="referenceId")
    http_status_code: int = Field(alias="httpStatusCode")
    body: Any


class CompositeResponse(Wire):
    composite_response: list[SubResponse] = Field(alias="compositeResponse")


class PicklistValue(Wire):
    value: str
    active: bool


class DescribedField(Wire):
    name: str
    type: str
    updateable: bool
    external_id: bool = Field(alias="externalId")
    unique: bool
    reference_to: list[str] = Field(alias="referenceTo")
    relationship_name: str | None = Field(alias="relationshipName")
    picklist_values: list[PicklistValue] = Field(alias="picklistValues")


class ChildRelationship(Wire):
    child_object: str = Field(alias="childSObject")
    relationship_name: str | None = Field(alias="relationshipName")


class Described(Wire):
    name: str
    fields: list[DescribedField]
    child_relationships: list[ChildRelationship] = Field(alias="childRelationships")


class ApiRequests(Wire):
    most: int = Field(alias="Max")
    remaining: int = Field(alias="Remaining")


class Limits(Wire):
    daily_api_requests: ApiRequests = Field(alias="DailyApiRequests")


class SubRequest(BaseModel):
    """One call inside a composite request."""

    model_config = ConfigDict(frozen=True)

    method: str
    url: str
    reference_id: str
    body: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        named = {"method": self.method, "url": self.url, "referenceId": self.reference_id}
        return named | ({"body": self.body} if self.body is not None else {})
