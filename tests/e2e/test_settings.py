"""An order goes to the project of the environment, or nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bms_simulator import Account, Accounts, Project, Simulator, User
from tests.e2e.conftest import Stack

REGIONS, OTHER = "a" * 32, "b" * 32
ACCOUNTS = Accounts(
    [Account("acme", [Project(REGIONS, "eu-de"), Project(OTHER, "eu-de_dev")], [User("deploy", "Passw0rd-geheim")])]
)
ORDER = """
    from bms_simulator import sample_order
    from pulumi_bms import JobSubmission

    JobSubmission("order", path="baremetalservers", body=sample_order("quick-web", 1))
"""
USER = {"OS_USERNAME": "deploy", "OS_PASSWORD": "Passw0rd-geheim", "OS_USER_DOMAIN_NAME": "acme"}


@pytest.fixture
def cloud(simulator_with: Callable[..., Simulator]) -> Simulator:
    return simulator_with(accounts=ACCOUNTS)


@pytest.fixture
def stack(make_stack: Callable[..., Stack], cloud: Simulator) -> Stack:
    """A stack whose user and addresses are in the variables of OpenStack's tools, in the form of OpenStack's files."""
    stack = make_stack()
    stack.environment |= {**USER, "OS_AUTH_URL": f"{cloud.endpoint}/v3", "OS_REGION_NAME": "eu-de"}
    stack.environment["BMS_ENDPOINT"] = cloud.endpoint
    stack.program(ORDER)
    return stack


def ordered(cloud: Simulator) -> list[str]:
    """The projects that got an order."""
    paths = [request.path for request in cloud.requests if request.method == "POST" and "/v1/" in request.path]
    return [path.split("/")[2] for path in paths]


def test_an_order_goes_to_the_project_of_its_older_name(stack: Stack, cloud: Simulator) -> None:
    """A project named by an older variable gets the order, not the project of the region's name."""
    stack.environment["OS_TENANT_NAME"] = "eu-de_dev"
    stack.up().ok()
    assert ordered(cloud) == [OTHER]


def test_a_variable_that_is_not_read_orders_nothing(stack: Stack, cloud: Simulator) -> None:
    """A variable that is read by other tools and not by this package is refused by name, before a password is sent."""
    stack.environment["OS_DELEGATED_PROJECT"] = "other"
    output = stack.up().failed().output
    assert "OS_DELEGATED_PROJECT " in output
    assert "is set and not read here" in output
    assert cloud.requests == []
