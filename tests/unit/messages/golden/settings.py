"""Every problem of the settings, and every missing setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.lifecycle.config_warnings import unread_text, unsafe_text
from pulumi_bms.lifecycle.settings_checks import enterprise_project_problem
from pulumi_bms.settings import load

TOKEN: dict[str, Any] = {"bms:token": "t", "bms:region": "eu-de"}
USER = {"bms:username": "u", "bms:password": "p", "bms:domainName": "d"}
AT = {"bms:endpoint": "https://bms.example.com", "bms:projectId": "p"}
NOWHERE = "/nonexistent/ca.pem"

Case = tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, Any]]
"""Config, environment and inputs."""


def _of_config(config: Mapping[str, Any], environ: Mapping[str, str] | None = None, **inputs: Any) -> Case:
    return config, environ or {}, inputs


def _eu(values: Mapping[str, Any]) -> Case:
    return _of_config({"bms:profiles": {"eu": values}}, profile="eu")


MISSING: dict[str, Case] = {
    "nothing is set": _of_config({}),
    "the credential": _of_config(AT),
    "the credential, and variables in another form": _of_config(AT, {"OS_CLOUD": "otc", "OS_USER_ID": "u"}),
    "the project": _of_config({"bms:token": "t", "bms:endpoint": "https://bms.example.com"}),
    "the identity service of a user": _of_config({**USER, **AT}),
    "the identity service in an unknown cloud, for a project by name": _of_config(
        {"bms:token": "t", "bms:endpoint": "https://bms.example.com", "bms:projectName": "n"}
    ),
    "a part of an access key": _of_config(AT, {"HW_ACCESS_KEY": "a"}),
    "parts of a user": _of_config(AT, {"OS_USERNAME": "u", "OS_USER_DOMAIN_ID": "d"}),
    "a part of a user in the config": _of_config({"bms:password": "p", "bms:domainName": "d", **AT}),
    "an empty profile": _eu({}),
    "a part in a profile": _eu({"accessKey": "a", "region": "eu-de"}),
    "the identity service in a profile": _eu(
        {"username": "u", "password": "p", "domainName": "d", "endpoint": "https://bms.example.com", "projectId": "p"}
    ),
}
WRONG: dict[str, Case] = {
    "values": _of_config(
        {
            "bms:token": "t",
            "bms:endpoint": "htp://bms.example.com",
            "bms:iamEndpoint": "http://iam.example.com",
            "bms:projectId": "a b",
            "bms:caBundle": NOWHERE,
            "bms:maxRequestsPerMinute": "many",
            "bms:region": "eu de",
        }
    ),
    "an endpoint with blanks": _of_config({**TOKEN, "bms:endpoint": "https://bms.example.com/x y"}),
    "an endpoint with a user": _of_config({**TOKEN, "bms:endpoint": "https://user:S3CR3T@bms.example.com"}),
    "an endpoint with ..": _of_config({**TOKEN, "bms:endpoint": "https://bms.example.com/../x"}),
    "an endpoint with a bad port": _of_config({**TOKEN, "bms:endpoint": "https://bms.example.com:x"}),
    "an unknown region": _of_config({"bms:token": "t", "bms:region": "private-1"}),
    "a region with a typing error": _of_config({"bms:token": "t", "bms:region": "cn-noth-4"}),
    "an unknown region of a variable": _of_config({}, {"HW_AUTH_TOKEN": "t", "HW_REGION_NAME": "private-1"}),
    "two clouds": _of_config(
        {**USER, **TOKEN, "bms:token": "", "bms:iamEndpoint": "https://iam.cn-north-4.myhuaweicloud.com"}
    ),
    "a cloud of a variable": _of_config(TOKEN, {"HW_CLOUD": "x.example"}),
    "a project of another region": _of_config(
        {"bms:token": "t", "bms:region": "cn-north-4", "bms:endpoint": "https://bms.cn-north-1.myhuaweicloud.com"}
    ),
    "two credentials": _of_config({"bms:token": "t", "bms:secretKey": "s", "bms:username": "u", **AT}),
    "a credential with blanks": _of_config({**TOKEN, "bms:token": "t x"}),
    "variables with two values": _of_config({}, {"OS_TOKEN": "a", "OS_AUTH_TOKEN": "b", "OS_REGION_NAME": "eu-de"}),
    "an unread credential": _of_config(TOKEN, {"OS_CLOUD": "otc"}),
    "an unread profile of another tool": _of_config(TOKEN, {"HW_PROFILE": "x", "HW_ASSUME_ROLE_AGENCY_NAME": "a"}),
    "an unread project": _of_config(TOKEN, {"OS_DELEGATED_PROJECT": "x"}),
    "an unread address": _of_config(TOKEN, {"OS_BMS_ENDPOINT_OVERRIDE": "https://bms.example.com"}),
    "an unread identity service": _of_config(
        {**USER}, {"HW_REGION_NAME": "eu-de", "OS_AUTH_URL": "https://iam.example.com/v3"}
    ),
    "wrong and missing": _of_config({"bms:endpoint": "x", "bms:accessKey": "a"}),
    "an unknown profile": _of_config({"bms:profiles": {"eu-1": {}}}, profile="us"),
    "a profile with a typing error": _of_config({"bms:profiles": {"eu1": {}}}, profile="eu"),
    "a profile and inputs": _of_config({"bms:profiles": {"eu": {}}}, profile="eu", region="eu-de", project_id="p"),
    "a profile with a bad name": _of_config({}, profile="a b"),
    "unknown keys in a profile": _eu({"Token": "x", "other": "y", "region": "eu-de", "token": "t"}),
    "two credentials in a profile": _eu({"token": "t", "accessKey": "a", "secretKey": "s", "region": "eu-de"}),
}


def _text(case: Case) -> str:
    config, environ, inputs = case
    try:
        load(inputs, config.get, environ)
    except SettingsError as error:
        return str(error)
    raise AssertionError(f"not refused: {case}")


def cases() -> Iterator[tuple[str, str]]:
    """All cases of the room."""
    for title, case in MISSING.items():
        yield f"missing: {title}", _text(case)
    for title, case in WRONG.items():
        yield f"wrong: {title}", _text(case)
    order = {"path": "baremetalservers", "body": {"server": {"name": "web"}}}
    problem = enterprise_project_problem(order, TOKEN.get, {"HW_ENTERPRISE_PROJECT_ID": "ep"})
    yield "an enterprise project beside an order", problem or ""
    yield "warning: a readable secret", unsafe_text("bms:token", "--secret")
    yield "warning: an unknown key", unread_text("bms:endpont", "bms:endpoint")
    yield "warning: an unknown key without a similar key", unread_text("bms:xyz", "")
