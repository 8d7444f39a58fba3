"""From the environment to the simulator: the error of each bad credential, without a secret."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Mapping

import pytest

from bms_simulator import AccessKey, Account, Accounts, ManualClock, Project, Simulator, User
from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError, AuthenticationError, RefusedError
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.lifecycle.connection import connect

PROJECT, FOREIGN, COLD = "bbf1946d374b44a0a2a95533562ba954", "f" * 32, "c" * 32
KEY = {"HW_ACCESS_KEY": "AKGEHEIM", "HW_SECRET_KEY": "SK-geheim"}
TEMPORARY = {"HW_ACCESS_KEY": "AKTEMPGEHEIM", "HW_SECRET_KEY": "SK-temp-geheim", "HW_SECURITY_TOKEN": "STS-geheim"}
USER = {"HW_USER_NAME": "deploy", "HW_USER_PASSWORD": "Passw0rd-geheim", "HW_DOMAIN_NAME": "acme"}
ACCOUNTS = Accounts(
    [
        Account(
            "acme",
            [
                Project(PROJECT, "cn-north-4"),
                Project(FOREIGN, "cn-east-3", region="cn-east-3"),
                Project("1" * 32, "twice"),
                Project("2" * 32, "twice"),
            ],
            [User("deploy", "Passw0rd-geheim"), User("trainee", "Passw0rd-geheim", denied=True)],
            [
                AccessKey("AKGEHEIM", "SK-geheim"),
                AccessKey("AKTEMPGEHEIM", "SK-temp-geheim", "STS-geheim"),
                AccessKey("AKOLDGEHEIM", "SK-geheim", "STS-geheim", expired=True),
                AccessKey("AKDENIEDGEHEIM", "SK-geheim", denied=True),
            ],
            tokens={"foreign-geheim": FOREIGN},
        ),
        Account(
            "cold",
            [Project(COLD, "cold")],
            [User("deploy", "Passw0rd-geheim")],
            [AccessKey("AKCOLDGEHEIM", "SK-geheim")],
            frozen=True,
        ),
    ]
)
HIDDEN = "geheim"


def nothing(_key: str) -> None:
    """A config without anything."""


def error_of(simulator: Simulator, environment: Mapping[str, str]) -> ApiError:
    """The error of a poll with the variables."""
    known = {"BMS_ENDPOINT": simulator.endpoint, "HW_AUTH_URL": f"{simulator.endpoint}/v3", "HW_PROJECT_ID": PROJECT}
    with pytest.raises(ApiError) as caught:
        connect({}, nothing, {**known, **environment}).jobs.get_job("quick")
    error = caught.value
    shown = "".join(traceback.format_exception(error, chain=True))
    for text in (str(error), repr(error), shown, pickle.dumps(error).decode("latin-1"), repr(vars(error))):
        assert HIDDEN not in text.lower()
    return error


@pytest.mark.parametrize(
    ("environment", "kind", "says"),
    [
        (
            {**KEY, "HW_SECRET_KEY": "wrong-geheim"},
            AuthenticationError,
            "HTTP 401 APIGW.0301 Incorrect IAM authentication information: verify aksk signature fail (request id",
        ),
        (
            {**KEY, "HW_SECRET_KEY": "wrong-geheim"},
            AuthenticationError,
            "Secret key and access key do not belong together",
        ),
        ({**KEY, "HW_ACCESS_KEY": "AKNOBODYGEHEIM"}, AuthenticationError, "The cloud does not know the access key"),
        (
            {**TEMPORARY, "HW_SECURITY_TOKEN": "other-geheim"},
            AuthenticationError,
            "Security token and access key do not",
        ),
        (
            {**TEMPORARY, "HW_ACCESS_KEY": "AKOLDGEHEIM", "HW_SECRET_KEY": "SK-geheim"},
            AuthenticationError,
            "et all parts of a new temporary key",
        ),
        ({**KEY, "HW_ACCESS_KEY": "AKDENIEDGEHEIM"}, RefusedError, "sk the account's administrator for the right"),
        ({**KEY, "HW_PROJECT_ID": COLD}, RefusedError, f"The project {COLD} does not belong to the credential"),
        ({**KEY, "HW_ACCESS_KEY": "AKCOLDGEHEIM", "HW_PROJECT_ID": COLD}, AuthenticationError, "The account is frozen"),
        (
            {**KEY, "HW_PROJECT_ID": "", "HW_PROJECT_NAME": "x"},
            RefusedError,
            "no project is called 'x'",
        ),
        (
            {**KEY, "HW_PROJECT_ID": "", "HW_PROJECT_NAME": "twice"},
            RefusedError,
            f"2 projects are called 'twice': {'1' * 32}, {'2' * 32}",
        ),
        ({**USER, "HW_USER_PASSWORD": "wrong-geheim"}, AuthenticationError, "heck user name, password and account"),
        ({**USER, "HW_DOMAIN_NAME": "nobody"}, AuthenticationError, "with the user from HW_USER_NAME"),
        ({**USER, "HW_USER_NAME": "trainee"}, RefusedError, "sk the account's administrator for the right"),
        ({**USER, "HW_PROJECT_ID": COLD}, ApiError, "project"),
        ({**USER, "HW_DOMAIN_NAME": "cold", "HW_PROJECT_ID": COLD}, ApiError, "The account is frozen"),
        ({**USER, "HW_PROJECT_ID": FOREIGN}, AuthenticationError, "IAM endpoint and endpoint are of one region"),
        (
            {"HW_AUTH_TOKEN": "never-geheim"},
            AuthenticationError,
            "he token has expired, was revoked, or belongs to another",
        ),
        (
            {"HW_AUTH_TOKEN": "foreign-geheim", "HW_PROJECT_ID": FOREIGN},
            AuthenticationError,
            "belongs to another region",
        ),
    ],
)
def test_a_bad_credential(environment: Mapping[str, str], kind: type[ApiError], says: str) -> None:
    """The error of a bad credential has the cause, the next step and the setting, and no secret."""
    with Simulator(accounts=ACCOUNTS) as simulator:
        error = error_of(simulator, environment)
        assert isinstance(error, kind)
        assert says in str(error)
        assert "from HW_" in str(error)


@pytest.mark.parametrize(
    "environment",
    [
        KEY,
        TEMPORARY,
        USER,
        {**USER, "HW_PROJECT_ID": "", "HW_PROJECT_NAME": "cn-north-4"},
        {**KEY, "HW_PROJECT_ID": "", "HW_PROJECT_NAME": "cn-north-4"},
    ],
)
def test_a_good_credential(environment: Mapping[str, str]) -> None:
    """Each kind of credential is accepted, with a project by id or by name."""
    with Simulator(accounts=ACCOUNTS) as simulator:
        simulator.add_job("j", [{"status": "RUNNING"}], project_id=PROJECT)
        known = {"BMS_ENDPOINT": simulator.endpoint, "HW_AUTH_URL": simulator.endpoint, "HW_PROJECT_ID": PROJECT}
        api = connect({}, nothing, {**known, **environment}).jobs
        assert [api.get_job("j").job.status for _ in range(2)] == ["RUNNING"] * 2


def test_a_key_that_five_bad_signatures_have_locked() -> None:
    """The error of a locked key names the lock and the next step, although the key's signature is valid now."""
    with Simulator(accounts=ACCOUNTS) as simulator:
        wrong = AccessKeyCredential("AKGEHEIM", "wrong-geheim", "a test")
        for _ in range(5):
            with pytest.raises(AuthenticationError):
                JobApi(
                    Channel(Client(simulator.endpoint, wrong, lockout_guard=LockoutGuard()), GivenProject(PROJECT))
                ).get_job("quick")
        error = error_of(simulator, KEY)
        assert "ive wrong signatures lock an access key for five minutes" in str(error)


@pytest.mark.parametrize(("offset", "side"), [(3600.0, "behind"), (-1200.0, "ahead of")])
def test_a_clock_that_is_off(offset: float, side: str) -> None:
    """The error of a wrong clock has the minutes and the direction, read from the response's date."""
    with Simulator(accounts=ACCOUNTS, clock_offset=offset) as simulator:
        minutes = round(abs(offset) / 60)
        says = f"his machine's clock is {minutes} minutes {side} the API's clock"
        assert says in str(error_of(simulator, KEY))


@pytest.mark.parametrize("ended", ["expired", "revoked"])
def test_a_ready_token_that_has_ended(ended: str) -> None:
    """An ended token of the config is reported as expired or revoked, with the setting's name."""
    clock = ManualClock()
    with Simulator(accounts=ACCOUNTS, clock=clock, token_seconds=60.0) as simulator:
        token = simulator.issue_token(PROJECT)
        clock.advance(61.0) if ended == "expired" else simulator.revoke_token(token)
        config = {"bms:endpoint": simulator.endpoint, "bms:projectId": PROJECT, "bms:token": token}
        with pytest.raises(AuthenticationError) as caught:
            connect({}, config.get, {}).jobs.get_job("quick")
        assert caught.value.credential is not None
        assert caught.value.credential.source == "bms:token"
        assert "The token has expired, was revoked, or belongs to another region. Get a new token" in str(caught.value)
        assert token not in f"{caught.value!r} {caught.value}"
