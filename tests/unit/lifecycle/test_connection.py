"""Further services of a resource beside the Job API: the billing service, and the user of an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from bms_simulator import AccessKey, Account, Accounts, Project, Simulator, User, sample_order
from pulumi_bms.api.errors import AuthenticationError, NoAnswerError, RefusedError, SettingsError
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.lifecycle.connection import Connection, connect

PROJECT = "bbf1946d374b44a0a2a95533562ba954"
KEY = {"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK"}
TEMPORARY = {"HW_ACCESS_KEY": "AKT", "HW_SECRET_KEY": "SKT", "HW_SECURITY_TOKEN": "temporary"}
USER = {"HW_USER_NAME": "deploy", "HW_USER_PASSWORD": "right horse", "HW_DOMAIN_NAME": "acme"}
ACCOUNTS = Accounts(
    [
        Account(
            "acme",
            [Project(PROJECT, "cn-north-4")],
            [User("deploy", "right horse"), User("guest", "guest")],
            [
                AccessKey("AK", "SK"),
                AccessKey("AKG", "SKG", user="guest"),
                AccessKey("AKD", "SKD", denied=True),
                AccessKey("AKT", "SKT", security_token="temporary"),
            ],
        )
    ]
)
LOOKUP = "OS-CREDENTIAL"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(accounts=ACCOUNTS, project_id=PROJECT) as simulator:
        yield simulator


def connection(sim: Simulator, environ: Mapping[str, str], **config: str) -> Connection:
    values = {f"bms:{key}": value for key, value in config.items()}
    where = {"BMS_ENDPOINT": sim.endpoint, "HW_AUTH_URL": f"{sim.endpoint}/v3", "HW_PROJECT_ID": PROJECT}
    return connect({}, values.get, {**where, **environ})


def test_an_order_is_found_at_the_billing_service(sim: Simulator) -> None:
    """Orders are read from the billing service at the setting's address, without a project."""
    found = connection(sim, KEY, billingEndpoint=sim.endpoint)
    server = sample_order("web", 1, prepaid=True)["server"]
    assert isinstance(server, dict)
    order_id = ServerApi(found.channel).create(server).order_id
    assert order_id
    assert found.orders().get(order_id).order_id == order_id
    assert "x-project-id" not in {name.lower() for name in sim.requests[-1].headers}


def test_nothing_is_sent_or_refused_before_it_is_needed(sim: Simulator) -> None:
    """Without an address of the billing service only a monthly order fails. The error names the setting."""
    found = connection(sim, KEY)
    with pytest.raises(SettingsError, match="set `bms:billingEndpoint`"):
        found.orders()
    connection(sim, KEY, billingEndpoint=sim.endpoint).orders()
    assert sim.requests == []


def test_another_billing_service_is_another_connection(sim: Simulator) -> None:
    """Two profiles with different billing services have separate connections."""
    first, second = (connection(sim, KEY, billingEndpoint=f"{sim.endpoint}{path}") for path in ("/a", "/b"))
    assert isinstance(first.orders().channel.client.endpoint, str)
    assert first.orders().channel.client.endpoint != second.orders().channel.client.endpoint
    assert connection(sim, KEY, billingEndpoint=f"{sim.endpoint}/a") is first


def test_the_billing_service_has_its_own_rate_limit(sim: Simulator) -> None:
    """The billing service has a separate rate limit, shared by all connections to the service."""
    found = connection(sim, KEY, billingEndpoint=sim.endpoint)
    other = connection(sim, TEMPORARY, billingEndpoint=sim.endpoint)
    assert found.orders().channel.pace is not found.channel.pace
    assert found.orders().channel.pace is other.orders().channel.pace


def test_the_user_of_a_token_is_its_users(sim: Simulator) -> None:
    """The user of a token is known by the sign-in, without a further request."""
    found = connection(sim, USER)
    user_id = found.user_id()
    assert user_id == connection(sim, KEY).user_id()
    assert (sim.count(path_contains="auth/tokens"), sim.count(path_contains=LOOKUP)) == (1, 1)


def test_the_owner_of_an_access_key_is_looked_up_once(sim: Simulator) -> None:
    """Orders at the same time send one lookup of the key's owner. A different key has a different owner."""
    found = connection(sim, {"HW_ACCESS_KEY": "AKG", "HW_SECRET_KEY": "SKG"})
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: found.user_id(), range(16)))
    assert len(ids) == 1
    assert sim.count(path_contains=LOOKUP) == 1
    assert ids != {connection(sim, KEY).user_id()}


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({**TEMPORARY}, "temporary access key"),
        ({"HW_AUTH_TOKEN": "t"}, "ready token"),
        ({**KEY, "HW_AUTH_URL": ""}, "`bms:iamEndpoint`"),
        ({"HW_ACCESS_KEY": "AKD", "HW_SECRET_KEY": "SKD"}, "Access denied"),
    ],
)
def test_an_unknown_user_is_asked_for(sim: Simulator, environ: Mapping[str, str], says: str) -> None:
    """For a credential without a known user, the error has the reason and names `user_id`. Nothing counts as sent."""
    with pytest.raises(RefusedError) as error:
        connection(sim, environ).user_id()
    assert says in str(error.value)
    assert "`user_id`" in (error.value.next_step or "")
    assert error.value.sent is False


def test_a_failed_lookup_is_tried_again(sim: Simulator) -> None:
    """After a failed lookup of the user, the next call repeats the lookup."""
    found = connection(sim, {**KEY, "HW_PROJECT_ID": PROJECT})
    sim.spoil_next("reset", method="GET", path_contains=LOOKUP)
    with pytest.raises(NoAnswerError):
        found.user_id()
    assert found.user_id()


def test_a_lookup_ends_with_the_run(sim: Simulator) -> None:
    """A cancel ends the lookup of the user, and a wrong password is an `AuthenticationError`."""
    sim.pause()
    with pytest.raises(NoAnswerError):
        connection(sim, KEY).user_id(unwanted=lambda: True)
    sim.resume()
    with pytest.raises(AuthenticationError):
        connection(sim, {**USER, "HW_USER_PASSWORD": "wrong"}).user_id()
