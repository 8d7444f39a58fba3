"""Every way to sign in, with the real CLI: from the config and from the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from bms_simulator import AccessKey, Account, Accounts, Project, Simulator, User
from tests.e2e.conftest import Stack, job_body

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
    """One way to sign in: what to set in the config, and in the environment."""

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
"""Variables that name the simulator, and what is behind its address there."""


def exported(simulator: Simulator, kind: Kind) -> dict[str, str]:
    return {**kind.environment, **{name: simulator.endpoint + path for name, path in WHERE.items()}}


@pytest.mark.parametrize("host", ["own"])
@pytest.mark.parametrize("kind", KINDS)
def test_signing_in_by_the_config(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], kind: str
) -> None:
    """Each kind of credential of the config orders and waits; the project is looked up by its name."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    result = KINDS[kind]
    where = {"endpoint": simulator.endpoint, "iamEndpoint": simulator.endpoint, "projectName": "cn-north-4"}
    stack.configure({**where, **result.plain}, result.secret)
    stack.program(WAIT)
    stack.up().ok()
    assert len(stack.outputs()["ids"]) == 2
    assert simulator.count("POST", path_contains=f"/v1/{PROJECT}/baremetalservers") == 1


@pytest.mark.parametrize(("kind", "host"), [*((kind, "own") for kind in KINDS), ("user", "stock")])
def test_signing_in_by_the_environment(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], kind: str
) -> None:
    """Each kind of credential of each family of variables does the same, without any config."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS[kind])
    stack.program(WAIT)
    stack.up().ok()
    assert len(stack.outputs()["ids"]) == 2


@pytest.mark.parametrize("host", ["own"])
def test_a_token_that_expires_twice_during_one_wait(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """A wait outlives its user's tokens: they are renewed before their end, and nobody meets an expired one."""
    simulator = simulator_with(accounts=ACCOUNTS, time_scale=20.0, token_seconds=4.0)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS["user"])
    stack.program(WAIT.replace("quick-web", "web"))
    stack.up().ok()
    signed_in = simulator.count("POST", path_contains="/v3/auth/tokens")
    assert signed_in >= 3
    assert [request.path for request in simulator.requests if request.status == 401] == []


@pytest.mark.parametrize("host", ["own"])
def test_a_token_that_is_revoked_twice_during_one_wait(
    make_stack: Callable[..., Stack],
    simulator_with: Callable[..., Simulator],
    until: Callable[[Callable[[], bool]], None],
) -> None:
    """A 401 in the middle of a wait costs one new token, as often as it happens."""
    simulator = simulator_with(accounts=ACCOUNTS)
    polls = [job_body("j", "RUNNING", "RUNNING")] * 8
    simulator.add_job("j", [*polls, job_body("j", "SUCCESS", "SUCCESS")], project_id=PROJECT)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS["user"])
    stack.program('from pulumi_bms import JobCompletion\nJobCompletion("done", job_id="j")')
    process = stack.start("up", "--yes", "--skip-preview")
    until(lambda: simulator.count(path_contains="/jobs/j") >= 2)
    simulator.revoke_tokens()
    until(lambda: simulator.count(path_contains="/jobs/j") >= 5)
    simulator.revoke_tokens()
    stack.ended(process, 120.0).ok()
    rejected = [request.path for request in simulator.requests if request.status == 401]
    assert len(rejected) == 2
    assert simulator.count("POST", path_contains="/v3/auth/tokens") == 3


TEN = """
    from pulumi_bms import JobCompletion, JobSubmission

    for number in range(5):
        JobCompletion(f"wait-{number}", job_id=f"quick.{number}")
        JobSubmission(f"order-{number}", path="baremetalservers", body={"server": {"name": "web"}})
"""


@pytest.mark.parametrize("named", [True, False], ids=["project by name", "project by id"])
def test_ten_resources_with_a_wrong_secret_send_one_request(
    make_stack: Callable[..., Stack],
    simulator_with: Callable[..., Simulator],
    host: str,
    named: bool,  # noqa: FBT001
) -> None:
    """Five bad signatures lock a key: what the first request has shown holds for all resources of the run."""
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


@pytest.mark.parametrize("host", ["own"])
def test_two_profiles_in_one_program(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """Each resource reaches its own account and nothing else, whatever the top level and the environment say."""
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
    # Another profile with the same account is no change.
    stack.configure(
        {"profiles.two.endpoint": cn.endpoint, "profiles.two.projectId": cn.project_id},
        {"profiles.two.token": cn.token},
    )
    stack.program(TWO.replace("profile=profile)", 'profile=profile.replace("cn", "two"))'))
    assert "unchanged" in stack.preview("--diff", "--expect-no-changes").ok().output


@pytest.mark.parametrize("host", ["own"])
def test_a_profile_that_lacks_something(make_stack: Callable[..., Stack], simulator: Simulator) -> None:
    """No key of a profile falls back: what it lacks is named, and nothing is sent."""
    stack = make_stack()
    stack.connect(simulator)
    stack.configure({"profiles.eu.endpoint": simulator.endpoint})
    stack.program('from pulumi_bms import JobCompletion\nJobCompletion("done", job_id="quick", profile="eu")')
    output = stack.up().failed().output
    assert "The project is missing in profile 'eu': set `bms:profiles.eu.projectId`" in output
    assert "A credential is missing in profile 'eu': set `bms:profiles.eu.token`" in output
    assert simulator.requests == []


@pytest.mark.parametrize("host", ["own"])
def test_a_secret_set_without_secret_is_warned_of(make_stack: Callable[..., Stack], simulator: Simulator) -> None:
    """The program warns, once a run, of each secret that the config holds in plain text, and does not show it."""
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


@pytest.mark.parametrize("offset", [3600.0, -3600.0])
@pytest.mark.parametrize("host", ["own"])
def test_a_clock_that_is_an_hour_off(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], offset: float
) -> None:
    """A signature that is refused for its date says by how much this machine's clock is off, and on which side."""
    simulator = simulator_with(accounts=ACCOUNTS, clock_offset=offset)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS["access-key"])
    stack.program(WAIT)
    output = stack.up().failed().output
    side = "behind" if offset > 0 else "ahead of"
    assert f"This machine's clock is 60 minutes {side} the API's clock" in output


LATE = """
    import pulumi
    from pulumi_bms import JobCompletion

    timeouts = pulumi.CustomTimeouts(create="3s")
    JobCompletion("late", job_id="stuck", opts=pulumi.ResourceOptions(custom_timeouts=timeouts){where})
"""


@pytest.mark.parametrize("host", ["own"])
@pytest.mark.parametrize("profile", ["", "eu"])
def test_a_rotation(make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], profile: str) -> None:
    """A refresh with the config of the last `up` names the rotation, and what the README says mends it."""
    simulator = simulator_with()
    stack = make_stack()
    keys = f"profiles.{profile}." if profile else ""
    plain = {"endpoint": simulator.endpoint, "projectId": simulator.project_id}
    stack.configure({keys + key: value for key, value in plain.items()}, {f"{keys}token": simulator.token})
    stack.program(LATE.format(where=f", profile={profile!r}" if profile else ""))
    assert "did not finish within" in stack.up().failed().output

    simulator.revoke_token(simulator.token)
    fresh = simulator.issue_token()
    stack.configure({}, {f"{keys}token": fresh})
    rejected = stack.refresh().output
    assert f"token from bms:{keys}token" in rejected
    assert "use the config of the last `pulumi up`" in rejected

    assert "could not be polled" not in stack.refresh("--run-program").output
    if not profile:
        stack.environment["HW_AUTH_TOKEN"] = fresh
        assert "could not be polled" not in stack.refresh().output
        del stack.environment["HW_AUTH_TOKEN"]
    stack.destroy().ok()


def test_what_is_finished_needs_no_credential(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """After a rotation, refresh and destroy of finished waits go through without one."""
    simulator = simulator_with()
    stack = make_stack()
    stack.configure({"endpoint": simulator.endpoint, "projectId": simulator.project_id}, {"token": simulator.token})
    stack.program('from pulumi_bms import JobCompletion\nJobCompletion("done", job_id="quick")')
    stack.up().ok()
    asked = len(simulator.requests)
    simulator.revoke_token(simulator.token)
    stack.refresh().ok()
    stack.destroy().ok()
    assert len(simulator.requests) == asked
