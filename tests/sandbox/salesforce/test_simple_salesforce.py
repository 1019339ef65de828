"""simple-salesforce, unchanged, against the simulator over HTTPS."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_soql

from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.server import Certificate, listen, serving
from sandbox.kit.state import State
from sandbox.kit.tls import ensure_authority, issue
from sandbox.salesforce import Salesforce, create
from tests.sandbox.salesforce.scenarios import SCENARIO


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Logged on with the session that comes with the credentials, in the library's own default version."""
    directory: Path = tmp_path_factory.mktemp("salesforce")
    listening = listen("127.0.0.1", 0)
    url = f"https://127.0.0.1:{listening.getsockname()[1]}"
    config = PlatformConfig(secrets_dir=directory, control_token="t", base_url=url)
    org = create(State(":memory:"), config=config)
    assert isinstance(org, Salesforce)
    app = build_app(org)
    asyncio.run(org.load({"scenario": SCENARIO, "approve": "CH-1"}))
    certificate = Certificate(*issue(directory / "tls", "127.0.0.1"))
    with listening, serving(app, listening, certificate), requests.Session() as session:
        session.headers["Connection"] = "close"  # the server shall have no connection left at its end
        session.trust_env = False  # the environment's REQUESTS_CA_BUNDLE would go before `verify`
        session.verify = str(ensure_authority(directory / "tls"))
        given = org.credentials()
        yield Client(instance_url=given["instance_url"], session_id=given["session_id"], session=session)


def test_the_librarys_default_version_is_served(client: Any) -> None:
    assert client.sf_version == "59.0"
    assert client.is_sandbox() is True
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000


def test_query_and_usage(client: Any) -> None:
    answer = client.query(
        format_soql("SELECT Id, Name FROM Account WHERE Name = {}", 'Northwind\'s "Best" & Co')
    )
    assert answer["totalSize"] == 1
    assert client.api_usage["api-usage"].used >= 1


def test_query_all_follows_the_pages(client: Any) -> None:
    made = [{"attributes": {"type": "Contact"}, "LastName": f"L{number:03}"} for number in range(200)]
    for _ in range(2):
        client.restful("composite/sobjects", method="POST", json={"records": made})
    options = {"Sforce-Query-Options": "batchSize=200"}
    assert client.query("SELECT Id FROM Contact", headers=options)["done"] is False
    everything = client.query_all("SELECT Id, LastName FROM Contact", headers=options)
    assert (everything["totalSize"], len(everything["records"])) == (400, 400)


def test_children_and_exact_numbers(client: Any) -> None:
    exact: Any = Client(
        instance_url=f"https://{client.sf_instance}",
        session_id=client.session_id,
        session=client.session,
        version="60.0",
        parse_float=Decimal,
    )
    soql = "SELECT Id, (SELECT Id, (SELECT Exact_Unit_Price__c FROM OrderItems) FROM Orders) FROM Contract"
    (contract,) = exact.query(soql)["records"]
    prices = [
        item["Exact_Unit_Price__c"]
        for order in contract["Orders"]["records"]
        for item in order["OrderItems"]["records"]
    ]
    assert Decimal("1200.123456789") in prices


def test_create_get_update_upsert_delete(client: Any) -> None:
    made = client.Account.create({"Name": "Zoë's", "Q2C_Id__c": "Z 1+/ü"})
    assert made["success"] is True
    assert client.Account.get(made["id"])["Name"] == "Zoë's"
    assert client.Account.update(made["id"], {"Phone": "1"}) == 204
    assert client.Account.upsert("Q2C_Id__c/Z%201%2B%2F%C3%BC", {"Phone": "2"}) == 200
    assert client.Account.upsert("Q2C_Id__c/Z-2", {"Name": "Two"}) == 201
    assert client.Account.get_by_custom_id("Q2C_Id__c", "Z-2")["Name"] == "Two"
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made["id"])


def test_describe(client: Any) -> None:
    names = [each["name"] for each in client.describe()["sobjects"]]
    assert {"Account", "Contract", "Order", "Price_Tier__c"} <= set(names)
    fields = {each["name"]: each for each in client.Contract.describe()["fields"]}
    assert fields["Q2C_Id__c"]["externalId"] is True
    assert client.Contract.metadata()["objectDescribe"]["keyPrefix"] == "800"


def test_composite(client: Any) -> None:
    root = f"/services/data/v{client.sf_version}/sobjects"
    requests_ = [
        {"method": "POST", "url": f"{root}/Account", "referenceId": "a", "body": {"Name": "A"}},
        {"method": "GET", "url": f"{root}/Account/@{{a.id}}?fields=Name", "referenceId": "b"},
    ]
    body = {"allOrNone": True, "compositeRequest": requests_}
    answer = client.restful("composite", method="POST", json=body)
    assert [each["httpStatusCode"] for each in answer["compositeResponse"]] == [201, 200]


def test_errors_are_the_librarys_own(client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as raised:
        client.Account.create({"Nope__c": 1})
    content: Any = raised.value.content
    assert content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceMalformedRequest):
        client.query("SELECT Nope FROM Account")
    stranger: Any = Client(
        instance_url=f"https://{client.sf_instance}", session_id="nobody", session=client.session
    )
    with pytest.raises((SalesforceExpiredSession, RuntimeError)):
        stranger.query("SELECT Id FROM Account")
