"""Credentials of any mixture of sources, compared with a second statement of the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.user import UserCredential
from tests.unit.settings.credentials import CALLED, HIDDEN, KINDS, SOURCES, WHOLE, outcome, shown, split


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
