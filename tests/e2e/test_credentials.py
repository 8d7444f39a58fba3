"""Every way to sign in, with the real CLI: from the config and from the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from bms_simulator import AccessKey, Account, Accounts, Project, Simulator, User
from tests.e2e.conftest import Stack

PROJECT = "bbf1946d374b44a0a2a95533562ba954"
TEMPORARY = AccessKey("AKTEMPORARY", "SKTEMPORARY-geheim", "STS-geheim")
KEY = AccessKey("AKLASTING", "SKLASTING-geheim")
ACCOUNTS = Accounts(
    [
        Account(
            "acme",
            [Project(PROJECT, "cn-north-4")],
            [User("deploy", "Passw0rd-geheim")],
            [KEY, TEMPORARY],
            tokens={"token-geheim": PROJECT},
        )
    ]
)

WAIT = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    order = JobSubmission("order", path="baremetalservers", body=sample_order("quick-web", 2))
    done = JobCompletion("done", job_id=order.job_id, expected_servers=2)
    pulumi.export("ids", done.server_ids)
"""


@dataclass(frozen=True)
class Kind:
    """One way to sign in: the values for the config and for the environment."""

    plain: Mapping[str, str]
    secret: Mapping[str, str]
    environment: Mapping[str, str]


KINDS = {
    "token": Kind({}, {"token": "token-geheim"}, {"OS_TOKEN": "token-geheim", "OS_PROJECT_NAME": "cn-north-4"}),
    "access-key": Kind(
        {"accessKey": KEY.access},
        {"secretKey": KEY.secret},
        {"HW_ACCESS_KEY": KEY.access, "HW_SECRET_KEY": KEY.secret, "HW_PROJECT_ID": PROJECT},
    ),
    "temporary-key": Kind(
        {"accessKey": TEMPORARY.access},
        {"secretKey": TEMPORARY.secret, "securityToken": str(TEMPORARY.security_token)},
        {
            "HUAWEICLOUD_SDK_AK": TEMPORARY.access,
            "HUAWEICLOUD_SDK_SK": TEMPORARY.secret,
            "HUAWEICLOUD_SDK_SECURITY_TOKEN": str(TEMPORARY.security_token),
            "HW_PROJECT_NAME": "cn-north-4",
        },
    ),
    "user": Kind(
        {"username": "deploy", "domainName": "acme"},
        {"password": "Passw0rd-geheim"},
        {
            "OS_USERNAME": "deploy",
            "OS_PASSWORD": "Passw0rd-geheim",
            "OS_USER_DOMAIN_NAME": "acme",
            "OS_PROJECT_ID": PROJECT,
        },
    ),
}
WHERE = {"HW_AUTH_URL": "/v3", "OS_AUTH_URL": "/v3", "BMS_ENDPOINT": ""}
"""Variables with the simulator's address, and the path after the address."""


def exported(simulator: Simulator, kind: Kind) -> dict[str, str]:
    return {**kind.environment, **{name: simulator.endpoint + path for name, path in WHERE.items()}}


@pytest.mark.parametrize(("kind", "host"), [*((kind, "own") for kind in KINDS), ("user", "stock")])
def test_signing_in_by_the_environment(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], kind: str
) -> None:
    """All kinds of credentials, in all families of variables, can order and wait without any config."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS[kind])
    stack.program(WAIT)
    stack.up().ok()
    assert len(stack.outputs()["ids"]) == 2


def test_a_token_that_expires_twice_during_one_wait(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """A wait outlives the tokens of the user, because each token is renewed before the token's end."""
    simulator = simulator_with(accounts=ACCOUNTS, time_scale=20.0, token_seconds=4.0)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS["user"])
    stack.program(WAIT.replace("quick-web", "web"))
    stack.up().ok()
    signed_in = simulator.count("POST", path_contains="/v3/auth/tokens")
    assert signed_in >= 3
    assert [request.path for request in simulator.requests if request.status == 401] == []


TEN = """
    from pulumi_bms import JobCompletion, JobSubmission

    for number in range(5):
        JobCompletion(f"wait-{number}", job_id=f"quick.{number}")
        JobSubmission(f"order-{number}", path="baremetalservers", body={"server": {"name": "web"}})
"""


@pytest.mark.parametrize(
    ("host", "named"), [("own", True), ("stock", False)], ids=["own, project by name", "stock, project by id"]
)
def test_ten_resources_with_a_wrong_secret_send_one_request(
    make_stack: Callable[..., Stack],
    simulator_with: Callable[..., Simulator],
    host: str,
    named: bool,  # noqa: FBT001
) -> None:
    """Five bad signatures lock a key, so a rejected credential is sent once for all resources of the run."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    stack.environment |= {
        **exported(simulator, KINDS["access-key"]),
        "HW_SECRET_KEY": "wrong-geheim",
        **({"HW_PROJECT_ID": "", "HW_PROJECT_NAME": "cn-north-4"} if named else {}),
    }
    stack.program(TEN)
    output = stack.up("--parallel", "20", "--continue-on-error").failed().output
    assert len(simulator.requests) == 1, (host, output)
    assert "access key from HW_ACCESS_KEY" in output
    assert "Secret key and access key do not belong together" in output
    assert "the API rejected the same credential before in this run" in output
    assert "geheim" not in output


TWO = """
    import pulumi
    from pulumi_bms import JobCompletion, JobCompletions, JobSubmission, get_job
    from bms_simulator import sample_order

    for profile in ("eu", "cn"):
        body = sample_order("quick", 1)
        order = JobSubmission(f"order-{profile}", path="baremetalservers", body=body, profile=profile)
        done = JobCompletion(f"done-{profile}", job_id=order.job_id, profile=profile)
        many = JobCompletions(f"many-{profile}", job_ids={"a": order.job_id}, profile=profile)
        pulumi.export(f"ids-{profile}", done.server_ids)
        seen = done.job_id.apply(lambda job_id, profile=profile: get_job(job_id, profile=profile).status)
        pulumi.export(f"seen-{profile}", seen)
"""


def test_two_profiles_in_one_program(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """Each resource reaches only the account of the profile, with any top level and any environment."""
    eu, cn, neither = simulator_with(accounts=ACCOUNTS), simulator_with(), simulator_with()
    stack = make_stack()
    stack.connect(neither)
    stack.configure(
        {
            "endpoint": neither.endpoint,
            "projectId": neither.project_id,
            "profiles.eu.endpoint": eu.endpoint,
            "profiles.eu.iamEndpoint": eu.endpoint,
            "profiles.eu.projectName": "cn-north-4",
            "profiles.eu.username": "deploy",
            "profiles.eu.domainName": "acme",
            "profiles.cn.endpoint": cn.endpoint,
            "profiles.cn.projectId": cn.project_id,
        },
        {
            "token": neither.token,
            "profiles.eu.password": "Passw0rd-geheim",
            "profiles.cn.token": cn.token,
        },
    )
    stack.program(TWO)
    output = stack.up().ok().output
    assert "without --secret" not in output
    outputs = stack.outputs()
    assert [len(outputs[f"ids-{profile}"]) for profile in ("eu", "cn")] == [1, 1]
    assert [outputs[f"seen-{profile}"] for profile in ("eu", "cn")] == ["SUCCESS", "SUCCESS"]
    assert neither.requests == []
    # A different profile with the same account is no change.
    stack.configure(
        {"profiles.two.endpoint": cn.endpoint, "profiles.two.projectId": cn.project_id},
        {"profiles.two.token": cn.token},
    )
    stack.program(TWO.replace("profile=profile)", 'profile=profile.replace("cn", "two"))'))
    assert "unchanged" in stack.preview("--diff", "--expect-no-changes").ok().output


def test_a_secret_set_without_secret_is_warned_of(make_stack: Callable[..., Stack], simulator: Simulator) -> None:
    """The program warns once a run of each plain text secret in the config. The warning does not show the secret."""
    stack = make_stack()
    stack.configure(
        {
            "endpoint": simulator.endpoint,
            "projectId": simulator.project_id,
            "token": simulator.token,
            "profiles.eu.password": "geheim",
        }
    )
    stack.program(TEN.replace("range(5)", "range(2)"))
    output = stack.preview().ok().output
    diagnostics = output.split("Diagnostics:")[1]
    for key in ("bms:token", "bms:profiles.eu.password"):
        assert diagnostics.count(f"{key} is set without --secret") == 1, output
    assert simulator.token not in output


def test_a_clock_that_is_an_hour_off(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """The error for a signature that is refused for the signature's date contains the difference of the clocks."""
    simulator = simulator_with(accounts=ACCOUNTS, clock_offset=3600.0)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS["access-key"])
    stack.program(WAIT)
    output = stack.up().failed().output
    assert "This machine's clock is 60 minutes behind the API's clock" in output


LATE = """
    import pulumi
    from pulumi_bms import JobCompletion

    timeouts = pulumi.CustomTimeouts(create="3s")
    JobCompletion("late", job_id="stuck", opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
"""


def test_a_rotation(make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]) -> None:
    """A refresh with the config of the last `up` names the rejected token, and each documented remedy helps."""
    simulator = simulator_with()
    stack = make_stack()
    stack.configure({"endpoint": simulator.endpoint, "projectId": simulator.project_id}, {"token": simulator.token})
    stack.program(LATE)
    assert "did not finish within" in stack.up().failed().output

    simulator.revoke_token(simulator.token)
    fresh = simulator.issue_token()
    stack.configure({}, {"token": fresh})
    rejected = stack.refresh().output
    assert "token from bms:token" in rejected
    assert "use the config of the last `pulumi up`" in rejected

    assert "could not be polled" not in stack.refresh("--run-program").output
    stack.environment["HW_AUTH_TOKEN"] = fresh
    assert "could not be polled" not in stack.refresh().output
