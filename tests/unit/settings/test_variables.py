"""The table of variables is complete, and each row has the stated effect."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import huaweicloudsdkcore
import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.config_keys import KEYS
from pulumi_bms.settings import load
from pulumi_bms.settings.variables import (
    VARIABLES,
    Effect,
    Family,
    Variable,
)

NAMES = Counter(variable.name for variable in VARIABLES)

# The variables of each tool for cloud, region, project, endpoint, account and credential, from the tool's source. Time
# limits, retries, certificates, the way to sign, logs, and ids of images and flavors are left out.
TERRAFORM_HUAWEI = """
    HW_REGION_NAME OS_REGION_NAME HW_ACCESS_KEY OS_ACCESS_KEY HW_SECRET_KEY OS_SECRET_KEY HW_SECURITY_TOKEN
    HW_DOMAIN_ID OS_DOMAIN_ID OS_USER_DOMAIN_ID OS_PROJECT_DOMAIN_ID HW_DOMAIN_NAME OS_DOMAIN_NAME OS_USER_DOMAIN_NAME
    OS_PROJECT_DOMAIN_NAME HW_USER_NAME OS_USERNAME HW_USER_ID OS_USER_ID HW_USER_PASSWORD OS_PASSWORD
    HW_ASSUME_ROLE_AGENCY_NAME HW_ASSUME_ROLE_DOMAIN_NAME HW_ASSUME_ROLE_DOMAIN_ID HW_ASSUME_ROLE_DURATION
    HW_ASSUME_ROLE_IDP_ID HW_ASSUME_ROLE_ID_TOKEN_FILE HW_ASSUME_ROLE_ID_TOKEN HW_PROJECT_ID OS_PROJECT_ID
    HW_PROJECT_NAME OS_PROJECT_NAME OS_TENANT_ID OS_TENANT_NAME HW_AUTH_TOKEN OS_AUTH_TOKEN OS_AGENCY_NAME
    OS_AGENCY_DOMAIN_NAME OS_DELEGATED_PROJECT HW_AUTH_URL OS_AUTH_URL HW_CLOUD HW_SHARED_CONFIG_FILE HW_PROFILE
    HW_ENTERPRISE_PROJECT_ID
"""
TERRAFORM_OPEN_TELEKOM = """
    OS_ACCESS_KEY OS_SECRET_KEY OS_AUTH_URL OS_REGION_NAME OS_REGION OS_USERNAME OS_USER_ID OS_TENANT_ID OS_PROJECT_ID
    OS_TENANT_NAME OS_PROJECT_NAME OS_PASSWORD OS_TOKEN OS_AUTH_TOKEN OS_SECURITY_TOKEN OS_PASSCODE OS_USER_DOMAIN_ID
    OS_PROJECT_DOMAIN_ID OS_DOMAIN_ID OS_USER_DOMAIN_NAME OS_PROJECT_DOMAIN_NAME OS_DOMAIN_NAME OS_DEFAULT_DOMAIN
    OS_ENDPOINT_TYPE OS_AGENCY_NAME OS_AGENCY_DOMAIN_NAME OS_DELEGATED_PROJECT OS_CLOUD
"""
GOPHERTELEKOMCLOUD = """
    OS_ACCESS_KEY OS_ACCESS_KEY_ID OS_AK OS_SECRET_KEY OS_ACCESS_KEY_SECRET OS_SK OS_SECURITY_TOKEN
    OS_AKSK_SECURITY_TOKEN OS_ST OS_REGION_NAME OS_REGION_ID OS_CLOUD OS_PROFILE OS_AUTH_URL OS_USERNAME OS_USERID
    OS_USER_ID OS_PASSWORD OS_DOMAIN_ID OS_USER_DOMAIN_ID OS_PROJECT_DOMAIN_ID OS_DOMAIN_NAME OS_USER_DOMAIN_NAME
    OS_PROJECT_DOMAIN_NAME OS_PROJECT_ID OS_TENANT_ID OS_PROJECT_NAME OS_TENANT_NAME OS_TOKEN OS_TOKEN_ID OS_AGENCY_NAME
    OS_TARGET_AGENCY_NAME OS_AGENCY_DOMAIN_NAME OS_TARGET_DOMAIN_NAME OS_DELEGATED_PROJECT OS_PASSCODE OS_DEFAULT_DOMAIN
    OS_AUTH_TYPE OS_ENDPOINT_TYPE OS_INTERFACE OS_CLIENT_CONFIG_FILE OS_CLIENT_SECURE_FILE OS_CLIENT_VENDOR_FILE
    OS_CLOUD_NAME
"""
OPENSTACK_CLIENTS = """
    OS_CLIENT_CONFIG_FILE OS_CLIENT_SECURE_FILE OS_CLOUD_NAME OS_CLOUD OS_PROFILE OS_REGION_NAME OS_INTERFACE
    OS_AUTH_TYPE OS_AUTH_PLUGIN OS_AUTH_URL OS_TENANT_ID OS_TENANT_NAME OS_TRUST_ID OS_SYSTEM_SCOPE OS_DOMAIN_ID
    OS_DOMAIN_NAME OS_PROJECT_ID OS_PROJECT_NAME OS_PROJECT_DOMAIN_ID OS_PROJECT_DOMAIN_NAME OS_DEFAULT_DOMAIN_ID
    OS_DEFAULT_DOMAIN_NAME OS_USER_ID OS_USERID OS_USERNAME OS_USER_NAME OS_USER_DOMAIN_ID OS_USER_DOMAIN_NAME
    OS_PASSWORD OS_TOKEN OS_PASSCODE OS_APPLICATION_CREDENTIAL_ID OS_APPLICATION_CREDENTIAL_NAME
    OS_APPLICATION_CREDENTIAL_SECRET OS_ENDPOINT OS_URL OS_BMS_ENDPOINT_OVERRIDE OS_BMS_ENDPOINT
"""


@pytest.mark.parametrize(
    "names",
    [TERRAFORM_HUAWEI, TERRAFORM_OPEN_TELEKOM, GOPHERTELEKOMCLOUD, OPENSTACK_CLIENTS],
    ids=["Terraform Huawei Cloud", "Terraform Open Telekom Cloud", "gophertelekomcloud", "OpenStack"],
)
def test_each_variable_of_each_tool_has_a_row(names: str) -> None:
    """Each variable of each tool has a row."""
    assert [name for name in names.split() if name not in NAMES] == []


def test_each_variable_of_the_vendors_sdk_has_a_row() -> None:
    """Each variable of the installed SDK has a row, so new variables of a new version are noticed."""
    (folder,) = huaweicloudsdkcore.__path__
    result = set()
    for file in Path(folder).rglob("*.py"):
        result |= set(re.findall(r"\"((?:HUAWEICLOUD|HC)_[A-Z_]+)\"", file.read_text(encoding="utf-8")))
    # The prefix stands for one variable per service and region.
    assert result - {"HUAWEICLOUD_SDK_REGION"} - NAMES.keys() == set()
    assert len(result) > 15


def test_each_row_is_one_of_its_name() -> None:
    """Only `BMS_ENDPOINT` has rows in several families. Each read variable is read as a key of the config."""
    assert {name for name, number in NAMES.items() if number > 1} == {"BMS_ENDPOINT"}
    assert {variable.key for variable in VARIABLES if variable.is_read} <= {*KEYS, "cloud"}


CREDENTIALS = {
    Family.TERRAFORM: {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "p", "HW_DOMAIN_NAME": "d"},
    Family.SDK: {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s"},
    Family.OPENSTACK: {"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_NAME": "d"},
}
SAID = {
    "region": "eu-nl",
    "iamEndpoint": "https://iam.private.example",
    "endpoint": "https://bms.private.example",
    "cloud": "private.example",
}
AT_REST = (Effect.NOTHING, Effect.LAST_CREDENTIAL, Effect.ENTERPRISE_PROJECT, Effect.PART, Effect.LATER_CREDENTIAL)
"""Effects that do not change a request with a credential and account in a supported form."""


NOTHING: dict[str, object] = {}


def outcome(environ: dict[str, str]) -> object:
    """The place and the sender of a request, or the reason of an error."""
    try:
        result = load({}, NOTHING.get, environ)
    except SettingsError as error:
        return str(error)
    where = (result.endpoint, result.project_id, result.project_name, result.iam_endpoint)
    return (*where, result.credential.name.source, result.credential.secrets, repr(result.credential))


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: f"{variable.name}-{variable.family.name}")
def test_no_variable_is_skipped(variable: Variable) -> None:
    """Each variable with an effect changes the outcome, or is refused by name."""
    region = "OS_REGION_NAME" if variable.family is Family.OPENSTACK else "HW_REGION_NAME"
    environ = {**CREDENTIALS[variable.family], region: "eu-de"}
    name = variable.name.format(region="EU_DE")
    without = outcome(environ)
    changed = outcome({**environ, name: SAID.get(variable.key, "S3CR3T")})
    assert isinstance(without, tuple)
    if variable.effect in AT_REST:
        assert changed == without
    else:
        assert changed != without
        assert not isinstance(changed, str) or name in changed
