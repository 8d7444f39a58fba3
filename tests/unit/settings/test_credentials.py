"""Which credential is taken, and from which source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest
import requests

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.user import UserCredential
from pulumi_bms.settings import Settings
from tests.unit.settings.credentials import (
    CALLED,
    EACH,
    HIDDEN,
    KINDS,
    NAMES,
    OPENSTACK,
    SDK,
    SOURCES,
    STACK,
    TERRAFORM,
    WHERE,
    WHOLE,
    loaded,
    outcome,
    problem_of,
    shown,
    split,
)


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
