"""A credential comes whole from a single source: the nearest source with any part of a credential."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest
import requests
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.user import UserCredential
from pulumi_bms.settings import Settings, load

WHERE = {"bms:endpoint": "https://bms.example.com", "bms:projectId": "p", "bms:iamEndpoint": "https://iam.example.com"}
TERRAFORM = {
    "token": {"HW_AUTH_TOKEN": "hw-token"},
    "access key": {"HW_ACCESS_KEY": "hw-access", "HW_SECRET_KEY": "hw-secret"},
    "user": {"HW_USER_NAME": "hw-user", "HW_USER_PASSWORD": "hw-password", "HW_DOMAIN_NAME": "hw-domain"},
}
SDK = {"access key": {"HUAWEICLOUD_SDK_AK": "sdk-access", "HUAWEICLOUD_SDK_SK": "sdk-secret"}}
OPENSTACK = {
    "token": {"OS_TOKEN": "os-token"},
    "access key": {"OS_ACCESS_KEY": "os-access", "OS_SECRET_KEY": "os-secret"},
    "user": {"OS_USERNAME": "os-user", "OS_PASSWORD": "os-password", "OS_USER_DOMAIN_NAME": "os-domain"},
}
STACK = {
    "token": {"bms:token": "c-token"},
    "access key": {"bms:accessKey": "c-access", "bms:secretKey": "c-secret"},
    "user": {"bms:username": "c-user", "bms:password": "c-password", "bms:domainName": "c-domain"},
}
EACH = [
    (kind, where, variables, prefix)
    for where, kinds, prefix in (
        ("environ", TERRAFORM, "hw-"),
        ("environ", SDK, "sdk-"),
        ("environ", OPENSTACK, "os-"),
        ("config", STACK, "c-"),
    )
    for kind, variables in kinds.items()
]
WHOLE = "all parts of a credential come from one source"
NAMES = [f"{next(iter(variables))}" for _, _, variables, _ in EACH]


def named(prefix: str, names: str) -> dict[str, str]:
    keys = "accessKey secretKey securityToken token username password domainName projectName projectId region"
    pairs = zip(f"{keys} iamEndpoint".split(), names.split(), strict=True)
    return {f"{prefix}{name}": key for key, name in pairs if name != "-"}


SOURCES = [
    named(
        "HW_",
        "ACCESS_KEY SECRET_KEY SECURITY_TOKEN AUTH_TOKEN USER_NAME USER_PASSWORD DOMAIN_NAME PROJECT_NAME PROJECT_ID "
        "REGION_NAME AUTH_URL",
    ),
    named("HUAWEICLOUD_SDK_", "AK SK SECURITY_TOKEN - - - - - PROJECT_ID REGION_ID IAM_ENDPOINT"),
    named(
        "OS_",
        "ACCESS_KEY SECRET_KEY SECURITY_TOKEN TOKEN USERNAME PASSWORD USER_DOMAIN_NAME PROJECT_NAME PROJECT_ID "
        "REGION_NAME AUTH_URL",
    ),
    named(
        "bms:",
        "accessKey secretKey securityToken token username password domainName projectName projectId region iamEndpoint",
    )
    | {"bms:endpoint": "endpoint"},
]
"""The sources of a credential, nearest first: all names with the meanings, independent of the package."""

CALLED = {name: key for source in SOURCES for name, key in source.items()} | {"BMS_ENDPOINT": "endpoint"}
KINDS = (("token",), ("accessKey", "secretKey", "securityToken"), ("username", "password", "domainName"))
HIDDEN = ("accessKey", "secretKey", "securityToken", "token", "password")
"""Values that no message may contain. The access key is not secret, but is private."""


def split(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings split into config and environment."""
    config = {name: value for name, value in values.items() if name.startswith("bms:")}
    return config, {name: value for name, value in values.items() if name not in config}


def outcome(
    inputs: Mapping[str, object], config: Mapping[str, str], environ: Mapping[str, str]
) -> Settings | SettingsError:
    try:
        return load(inputs, config.get, environ)
    except SettingsError as error:
        return error


def shown(error: BaseException) -> str:
    """The complete output of a failed run."""
    return f"{error} {error!r} {''.join(traceback.format_exception(error, chain=True))}"


def loaded(config: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    return load({}, {**WHERE, **(config or {})}.get, environ or {})


def problem_of(config: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(config, environ)
    return str(error.value)


@pytest.mark.parametrize(("kind", "where", "variables", "prefix"), EACH, ids=NAMES)
def test_each_kind_from_each_source(kind: str, where: str, variables: dict[str, str], prefix: str) -> None:
    """Each kind of credential is read from each source with all parts, and is named by the first setting."""
    result = loaded(**{where: variables}).credential
    assert str(result.name) == f"{kind.removeprefix('temporary ')} from {next(iter(variables))}"
    assert result.name.is_in_stack is next(iter(variables)).startswith("bms:")
    secrets = {value for name, value in variables.items() if "access key" in kind or not name.endswith(("NAME", "ame"))}
    assert {secret for secret in result.secrets if secret.startswith(prefix)} == secrets - {f"{prefix}user"}


@pytest.mark.parametrize(
    ("where", "variables"),
    [
        ("environ", {**TERRAFORM["access key"], "HW_SECURITY_TOKEN": "sts"}),
        ("environ", {**SDK["access key"], "HUAWEICLOUD_SDK_SECURITY_TOKEN": "sts"}),
        ("config", {**STACK["access key"], "bms:securityToken": "sts"}),
    ],
)
def test_a_temporary_key(where: str, variables: dict[str, str]) -> None:
    """The security token is part of a temporary key."""
    result = loaded(**{where: variables}).credential
    assert isinstance(result, AccessKeyCredential)
    assert result.security_token == "sts"


def test_the_order_of_the_sources() -> None:
    """The families of variables come in order, then the config. The first source with a credential counts."""
    families = [TERRAFORM["user"], SDK["access key"], OPENSTACK["token"]]
    for number in range(len(families)):
        environ = {name: value for family in families[number:] for name, value in family.items()}
        assert loaded(STACK["access key"], environ).credential.name.source == next(iter(families[number]))
    assert loaded(STACK["access key"]).credential.name.source == "bms:accessKey"


@pytest.mark.parametrize(
    ("own_region", "further"),
    [
        (own_region, further)
        for (near, here), (far, there) in combinations(enumerate((TERRAFORM, SDK, OPENSTACK, STACK)), 2)
        if near < far
        for own_region in here.values()
        for further in there.values()
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_of_each_two_sources_the_nearer_counts(own_region: dict[str, str], further: dict[str, str]) -> None:
    """Of two sources only the nearer counts: no part comes from the further source."""
    config, environ = split({**further, **own_region})
    result = loaded(config, environ)
    assert result.credential.name.source == next(iter(own_region))
    assert set(result.credential.secrets) <= set(own_region.values())
    assert not any(value in repr(result) for value in further.values())


@pytest.mark.parametrize(
    ("config", "environ", "says"),
    [
        (
            STACK["access key"],
            {"HW_ACCESS_KEY": "S3CR3T"},
            f"Set HW_SECRET_KEY as well: {WHOLE}",
        ),
        (
            STACK["token"],
            {"HW_SECURITY_TOKEN": "S3CR3T"},
            f"Set HW_ACCESS_KEY and HW_SECRET_KEY as well: {WHOLE}",
        ),
        (
            {},
            {"HUAWEICLOUD_SDK_SK": "S3CR3T", **OPENSTACK["access key"]},
            f"Set HUAWEICLOUD_SDK_AK as well: {WHOLE}",
        ),
        (
            STACK["user"],
            {"OS_USERNAME": "deploy"},
            f"Set OS_PASSWORD and OS_USER_DOMAIN_NAME as well: {WHOLE}",
        ),
        (
            {"bms:password": "S3CR3T", "bms:domainName": "acme"},
            {},
            f"Set bms:username as well: {WHOLE}",
        ),
    ],
)
def test_half_a_credential(config: Mapping[str, str], environ: Mapping[str, str], says: str) -> None:
    """A missing part of a credential is named, and never taken from the next source."""
    assert problem_of(config, environ).startswith(says)


PARTS = [
    ("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"),
    ("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
    ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    ("OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_SECURITY_TOKEN"),
    ("OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"),
    ("bms:accessKey", "bms:secretKey", "bms:securityToken"),
    ("bms:username", "bms:password", "bms:domainName"),
]
"""The names of the parts of a credential, by source, for credentials with several parts."""


def halves() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """All incomplete sets of parts of a credential, each with the missing parts."""
    for parts in PARTS:
        optional = {part for part in parts if part.upper().endswith(("SECURITY_TOKEN", "SECURITYTOKEN"))}
        for number in range(1, len(parts)):
            for there in combinations(parts, number):
                lacks = tuple(part for part in parts if part not in there and part not in optional)
                if lacks and not all(part.upper().endswith(("DOMAIN_NAME", "DOMAINNAME")) for part in there):
                    yield there, lacks


@pytest.mark.parametrize(("there", "lacks"), list(halves()), ids="+".join)
def test_each_half_of_each_credential(there: tuple[str, ...], lacks: tuple[str, ...]) -> None:
    """An incomplete credential is refused, also if further sources have a whole credential of the kind."""
    nearest = next(number for number, source in enumerate(SOURCES) if there[0] in source)
    kind = next(number for number, parts in enumerate(KINDS) if CALLED[there[0]] in parts)
    address_sources = {
        name: f"S3CR3T-{name}" for source in SOURCES[nearest + 1 :] for name in source if CALLED[name] in KINDS[kind]
    }
    config, environ = split(address_sources | {name: f"S3CR3T-{name}" for name in there})
    message = problem_of(config, environ)
    assert message.startswith(f"Set {' and '.join(lacks)} as well: {WHOLE}")
    assert message.endswith(f" {', '.join(there)}")


@pytest.mark.parametrize(
    ("config", "environ", "says"),
    [
        (
            {},
            {**TERRAFORM["token"], **TERRAFORM["access key"]},
            (
                "the environment (HW_*) has a token (HW_AUTH_TOKEN) and an access key (HW_ACCESS_KEY, "
                "HW_SECRET_KEY): unset all but one"
            ),
        ),
        (
            {},
            {**OPENSTACK["token"], **OPENSTACK["user"]},
            (
                "the environment (OS_*) has a token (OS_TOKEN) and a user (OS_USERNAME, OS_PASSWORD, "
                "OS_USER_DOMAIN_NAME): unset all but one"
            ),
        ),
        (
            {**STACK["token"], "bms:username": "deploy", "bms:secretKey": "x"},
            {},
            (
                "the config has a token (bms:token) and an access key (bms:secretKey) and a user (bms:username): "
                "unset all but one"
            ),
        ),
    ],
)
def test_two_kinds_in_one_source(config: Mapping[str, str], environ: Mapping[str, str], says: str) -> None:
    """Two kinds of credentials in one source are refused, and both are named."""
    assert problem_of(config, environ) == says


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        (title, chosen)
        for title, source in (
            ("the environment (HW_*)", TERRAFORM),
            ("the environment (OS_*)", OPENSTACK),
            ("the config", STACK),
        )
        for number in (2, 3)
        for chosen in combinations(source.items(), number)
    ],
)
def test_each_two_kinds_in_each_source(title: str, kinds: tuple[tuple[str, dict[str, str]], ...]) -> None:
    """Several kinds in one source are refused, and all kinds are named with the settings."""
    articles = {"token": "a token", "access key": "an access key", "user": "a user"}
    config, environ = split({name: value for _, variables in kinds for name, value in variables.items()})
    result = " and ".join(f"{articles[kind]} ({', '.join(variables)})" for kind, variables in kinds)
    assert problem_of(config, environ) == f"{title} has {result}: unset all but one"


def test_two_kinds_in_two_sources() -> None:
    """Further sources are not read, so two kinds or an incomplete credential in a further source are no error."""
    for further in ({**OPENSTACK["token"], **OPENSTACK["user"]}, {"OS_ACCESS_KEY": "x"}, {"HUAWEICLOUD_SDK_SK": "x"}):
        assert loaded(STACK["token"], {**TERRAFORM["access key"], **further}).credential.name.source == "HW_ACCESS_KEY"


def test_an_account_alone_is_no_credential() -> None:
    """An account, a project or a region in the environment is no credential. The config's credential counts."""
    environ = {"HW_DOMAIN_NAME": "x", "HW_PROJECT_ID": "y", "HW_REGION_NAME": "z", "OS_USER_DOMAIN_NAME": "x"}
    assert loaded(STACK["token"], environ).credential.name.source == "bms:token"


def test_blanks_around_a_value() -> None:
    """Blanks around a value are removed. Of a password only a line break at the end is removed."""
    key = loaded({"bms:accessKey": " a\n", "bms:secretKey": "\ts "}).credential
    assert isinstance(key, AccessKeyCredential)
    assert (key.access_key, key.secret_key) == ("a", "s")
    user = loaded({**STACK["user"], "bms:password": " pass word \r\n"}).credential
    assert isinstance(user, UserCredential)
    assert user.password == " pass word "


def sent_with(settings: Settings) -> str:
    """The headers of a request with the credential, for a credential without a sign-in."""
    request = requests.Request("GET", settings.endpoint).prepare()
    settings.credential.authenticate(request)
    return str(request.headers)


def test_an_access_key_signs() -> None:
    """The access key is sent in the signature. The secret key is never sent."""
    sent = sent_with(loaded(STACK["access key"]))
    assert "Access=c-access, " in sent
    assert "c-secret" not in sent


@pytest.mark.parametrize(
    "text",
    ["S3CR3T x", "S3CR3T\nX-Evil: 1", "x\rS3CR3T", "S3CR3T\x00", "S3CR3Tü", "„S3CR3T”", "\x1bS3CR3T", "S3CR3T\udc80"],
)
@pytest.mark.parametrize("name", [name for name in CALLED if CALLED[name] in HIDDEN and CALLED[name] != "password"])
def test_a_malformed_secret_is_refused_unseen(name: str, text: str) -> None:
    """A secret with invalid characters is refused. The error names the setting and does not show the secret."""
    source = next(source for source in SOURCES if name in source)
    kind = next(kind for kind in KINDS if CALLED[name] in kind)
    whole = {each: f"S3CR3T-{each}" for each in source if CALLED[each] in kind}
    config, environ = split({**whole, name: text})
    with pytest.raises(SettingsError) as caught:
        loaded(config, environ)
    what = {"accessKey": "access key", "secretKey": "secret key", "securityToken": "security token"}
    assert str(caught.value).startswith(
        f"the {what.get(CALLED[name], 'token')} from {name} is empty, or contains blanks"
    )
    assert "S3CR3T" not in shown(caught.value)


@pytest.mark.parametrize("name", ["HW_USER_PASSWORD", "OS_PASSWORD", "bms:password"])
@pytest.mark.parametrize(
    "text", ["S3CR3T x", " S3CR3T", "S3CR3T\n1", "S3CR3Tü", "„S3CR3T”", "S3CR3T\udc80", '"S3CR3T\\']
)
def test_a_password_may_hold_anything(name: str, text: str) -> None:
    """A password may hold any characters, and is never shown."""
    source = next(source for source in SOURCES if name in source)
    user = {each: "x" for each in source if CALLED[each] in ("username", "domainName")}
    config, environ = split({**user, name: text})
    result = loaded(config, environ)
    assert result.credential.secrets == (text,)
    assert "S3CR3T" not in repr(result)


KEY_LIKE = "S3CR3TxxxxxxxxxxAKz7" * 2
"""A text in the form of a cloud's keys: 40 letters and digits."""


@pytest.mark.parametrize("text", [KEY_LIKE, f"{KEY_LIKE} x", f"{KEY_LIKE}/..", f"https://{KEY_LIKE}@h"])
@pytest.mark.parametrize("name", [name for name in CALLED if CALLED[name] not in HIDDEN])
def test_a_secret_in_a_wrong_place_is_not_shown(name: str, text: str) -> None:
    """A secret in a wrong setting is never shown in an error."""
    config, environ = split({**STACK["token"], name: text})
    for number in range(len(WHERE) + 1):
        for address_sources in combinations(WHERE.items(), number):
            result = outcome({}, {**dict(address_sources), **config}, environ)
            assert isinstance(result, Settings) or "s3cr3t" not in shown(result).lower()


@pytest.mark.parametrize("name", [name for name in CALLED if CALLED[name] not in HIDDEN])
@pytest.mark.parametrize("text", ["S3CR3T x", "https://h/S3CR3T x", "S3CR3T/.."])
def test_a_value_that_holds_a_secret_is_not_shown(name: str, text: str) -> None:
    """The active token is never shown, also as the value of a different setting."""
    config, environ = split({"bms:token": "S3CR3T", name: text})
    result = outcome({}, {**WHERE, **config}, environ)
    assert isinstance(result, Settings) or "s3cr3t" not in shown(result).lower()


def kinds_in(source: Mapping[str, str], names: set[str]) -> list[tuple[str, ...]]:
    keys = {source[name] for name in names if name in source} - {"domainName"}
    return [kind for kind in KINDS if keys & set(kind)]


def problem_with(source: Mapping[str, str] | None, names: set[str]) -> str:
    """The expected problem of the source, or "" for a valid credential."""
    if source is None:
        return "HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN"
    kind, *others = kinds_in(source, names)
    if others:
        return "unset all but one"
    keys = {source[name] for name in names if name in source}
    return "" if set(kind) - {"securityToken"} <= keys else WHOLE


FORMS = {"endpoint": "https://v{:03}.example", "iamEndpoint": "https://v{:03}.example"}
FORMS |= dict.fromkeys(HIDDEN, "S3CR3T-{:03}")
VALUES = {name: FORMS.get(key, "v{:03}").format(number) for number, (name, key) in enumerate(CALLED.items())}
VALUES |= {
    "HW_REGION_NAME": "cn-north-1",
    "HUAWEICLOUD_SDK_REGION_ID": "cn-north-2",
    "OS_REGION_NAME": "cn-north-4",
    "bms:region": "cn-north-9",
}
"""A unique value for each setting. The regions are of one cloud."""


@given(st.sets(st.sampled_from(sorted(CALLED)), max_size=8) | st.sets(st.sampled_from(sorted(CALLED))))
@hypothesis_settings(max_examples=300, deadline=None, database=None)
def test_any_mixture(names: set[str]) -> None:
    """For any mixture of settings, the first source with a part of a credential gives all parts, or is an error."""
    config, environ = split({name: VALUES[name] for name in names})
    counts = next((source for source in SOURCES if kinds_in(source, names)), None)
    result = outcome({}, config, environ)
    problem = problem_with(counts, names)
    if isinstance(result, SettingsError):
        assert "S3CR3T" not in shown(result)
        assert problem in str(result)
        assert problem or str(result).startswith(("The ", *names))
        return
    assert problem == ""
    assert counts is not None
    (kind,) = kinds_in(counts, names)
    mine = {counts[name]: VALUES[name] for name in names if counts.get(name) in kind}
    assert counts[result.credential.name.source] == kind[0]
    assert set(result.credential.secrets) == {value for key, value in mine.items() if key in HIDDEN}
    if isinstance(result.credential, UserCredential):
        assert (result.credential.user_name, result.credential.domain_name) == (mine["username"], mine["domainName"])
    assert "S3CR3T" not in f"{result} {result!r}"


INPUTS = {"endpoint": "https://v901.example", "region": "cn-north-11", "project_id": "v903"}
PLACES = {"endpoint", "iamEndpoint", "region", "projectId", "projectName"}


@given(
    st.sampled_from([(source, kind) for source in SOURCES for kind in KINDS if set(kind) & set(source.values())]),
    st.sets(st.sampled_from(sorted(name for name, key in CALLED.items() if key in PLACES))),
    st.sets(st.sampled_from(sorted(INPUTS))),
)
@hypothesis_settings(max_examples=300, deadline=None, database=None)
def test_no_credential_meets_another_familys_cloud(
    credential_source: tuple[dict[str, str], tuple[str, ...]], names: set[str], inputs: set[str]
) -> None:
    """Address and project come from the nearest place: inputs, config, then the credential's family."""
    own, kind = credential_source
    config, environ = split({name: VALUES[name] for name in CALLED if name in names or own.get(name) in kind})
    result = outcome({name: INPUTS[name] for name in inputs}, config, environ)

    terraform, sdk, openstack, stack = (
        {key: VALUES[name] for name, key in of.items() if name in names} for of in SOURCES
    )
    nearby = {{"project_id": "projectId"}.get(name, name): INPUTS[name] for name in inputs}
    number = SOURCES.index(own)
    families = {0: [terraform], 1: [sdk, terraform], 2: [openstack]}.get(number, [terraform, sdk, openstack])
    if own is SOURCES[3]:
        families = [{key: value for key, value in family.items() if key != "iamEndpoint"} for family in families]
    shared = {"endpoint": VALUES["BMS_ENDPOINT"]} if "BMS_ENDPOINT" in names else {}
    families = [{**family, **shared} for family in families]
    places = [nearby, stack, *families]

    def first(places: list[dict[str, str]], *keys: str) -> str:
        """The first existing key in the first place with any of the keys."""
        place = next((place for place in places if place.keys() & set(keys)), {})
        return next((place[key] for key in keys if key in place), "")

    endpoint = first(places, "endpoint", "region")
    project = first(places, "projectId", "projectName") or first(places, "region")
    mine = {key: VALUES[name] for name, key in own.items() if name in names}
    # A region gives an identity service's address only if a region gives the API's address.
    by_region = ("iamEndpoint", "region") if endpoint.startswith("cn-") else ("iamEndpoint",)
    own_region = first([mine], *by_region) if "region" not in nearby else first([mine], "iamEndpoint")
    iam = own_region or first(places, *by_region)
    skipped = skipped_of(number, project, iam, families)
    if isinstance(result, SettingsError):
        message = str(result)
        needs_iam = "username" in kind or (project and project != named_id(places))
        missing = ("The endpoint is", not endpoint), ("The project is", not project), ("The IAM endpoint", not iam)
        assert {what for what, _ in missing if what in message} == {
            what for what, is_missing in missing if is_missing and (needs_iam or "IAM" not in what)
        }
        assert any(is_missing for _, is_missing in missing) or any(name in names for name in skipped)
        assert "S3CR3T" not in message
        return
    numbers = [re.findall("[0-9]+", text) for text in (endpoint, project, iam)]
    assert re.findall("[0-9]+", result.endpoint) == numbers[0]
    assert re.findall("[0-9]+", result.project_id or result.project_name) == numbers[1]
    assert not (result.project_id and result.project_name)
    needed = bool(result.project_name) or isinstance(result.credential, UserCredential)
    assert re.findall("[0-9]+", result.iam_endpoint) == (numbers[2] if needed else [])
    assert not (result.project_name and set(skipped) & names & {name for name in skipped if "PROJECT" in name})


def named_id(places: list[dict[str, str]]) -> str:
    """The project id of the first place with a project, or "" for a project by name."""
    return next((place.get("projectId", "") for place in places if place.keys() & {"projectId", "projectName"}), "")


def skipped_of(number: int, project: str, iam: str, families: list[dict[str, str]]) -> set[str]:
    """The variables read by further tools of the credential's family: a default never replaces the variables."""
    others = {name for of in SOURCES[1:3] for name, key in of.items() if key in ("projectId", "projectName")}
    result = others if number < 2 and project.startswith("cn-") else set()
    if iam.startswith("cn-") and any(family.get("region") == iam for family in families):
        result |= {"OS_AUTH_URL", "HUAWEICLOUD_SDK_IAM_ENDPOINT"} if number < 2 else set()
        result |= {"OS_AUTH_URL", "HUAWEICLOUD_SDK_IAM_ENDPOINT", "HW_AUTH_URL"} if number == 3 else set()
    return result
