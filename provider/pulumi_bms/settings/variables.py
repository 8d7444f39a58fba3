"""The environment variables for the destination and the sender of an order. Every variable is read, or refused by name.

The variables belong to tools that people use beside this package. Sources, as of August 2026: the providers for
Terraform of Huawei Cloud and of Open Telekom Cloud (`provider.go`), Huawei Cloud's SDKs (`huaweicloudsdkcore`), Open
Telekom Cloud's SDK for Go (`gophertelekomcloud`), OpenStack's `keystoneauth`, `openstacksdk` and `gophercloud`. The
manual of KooCLI documents options and profiles only. `HW_SHARED_CONFIG_FILE` and `HW_PROFILE` select a profile of
KooCLI for the provider for Terraform.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Family(Enum):
    """The variables of one set of tools, in the order of precedence for credentials."""

    TERRAFORM = "HW_*"
    SDK = "HUAWEICLOUD_SDK_*"
    OPENSTACK = "OS_*"


class Effect(Enum):
    """The effect of a variable that is not read."""

    NOTHING = auto()
    """No effect alone, or no effect on the destination."""
    CREDENTIAL = auto()
    """A credential, before the variables of the same family."""
    LATER_CREDENTIAL = auto()
    """A credential, after the variables of the same family."""
    LAST_CREDENTIAL = auto()
    """A credential of last resort. Platforms set the variable, not people."""
    PART = auto()
    """Another form of the setting in `key`."""
    PROJECT = auto()
    """The project of the order."""
    ADDRESS = auto()
    """The address of the API."""
    ENTERPRISE_PROJECT = auto()
    """The enterprise project of new servers."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: the setting in `key`, or the effect of the variable and the alternative in `instead`.

    `also` lists other families whose tools read the variable. `harmless` lists values without an effect.
    `{region}` in a name stands for the region in capitals.
    """

    name: str
    family: Family
    key: str = ""
    effect: Effect | None = None
    instead: str = ""
    also: tuple[Family, ...] = ()
    harmless: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Whether the variable is read as the setting in `key`."""
        return self.effect is None


_HW, _SDK, _OS = Family
_HUAWEI = (_HW, _SDK)
_HW_FILE = "set HW_ACCESS_KEY, HW_SECRET_KEY, HW_REGION_NAME and HW_PROJECT_ID to the values in the file"
_HW_AGENCY = "set HW_ACCESS_KEY, HW_SECRET_KEY and HW_SECURITY_TOKEN to a temporary access key of the agency"
_SDK_KEY = "set HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and, for a temporary key, HUAWEICLOUD_SDK_SECURITY_TOKEN"
_OS_FILE = (
    "set OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME, OS_REGION_NAME and OS_PROJECT_NAME to the values "
    "in the file"
)
_OS_AGENCY = "set OS_TOKEN to a token of the agency, or OS_ACCESS_KEY, OS_SECRET_KEY and OS_SECURITY_TOKEN to a key"
_OS_USER = "set OS_USERNAME, OS_PASSWORD and OS_USER_DOMAIN_NAME, or OS_TOKEN"

_READ = (
    *(
        Variable(name, _HW, key)
        for name, key in (
            ("HW_ACCESS_KEY", "accessKey"),
            ("HW_SECRET_KEY", "secretKey"),
            ("HW_SECURITY_TOKEN", "securityToken"),
            ("HW_USER_NAME", "username"),
            ("HW_USER_PASSWORD", "password"),
            ("HW_DOMAIN_NAME", "domainName"),
            ("HW_AUTH_TOKEN", "token"),
            ("HW_PROJECT_NAME", "projectName"),
            ("HW_PROJECT_ID", "projectId"),
            ("HW_REGION_NAME", "region"),
            ("HW_AUTH_URL", "iamEndpoint"),
            # Compared with the cloud of the address. No address is built from the domain.
            ("HW_CLOUD", "cloud"),
            ("BMS_ENDPOINT", "endpoint"),
        )
    ),
    Variable("HUAWEICLOUD_SDK_AK", _SDK, "accessKey"),
    Variable("HUAWEICLOUD_SDK_SK", _SDK, "secretKey"),
    Variable("HUAWEICLOUD_SDK_SECURITY_TOKEN", _SDK, "securityToken"),
    Variable("HUAWEICLOUD_SDK_PROJECT_ID", _SDK, "projectId", also=(_HW,)),
    Variable("HUAWEICLOUD_SDK_REGION_ID", _SDK, "region"),
    Variable("HUAWEICLOUD_SDK_IAM_ENDPOINT", _SDK, "iamEndpoint", also=(_HW,)),
    Variable("BMS_ENDPOINT", _SDK, "endpoint"),
    # Several names of one key: the first is the usual name. All variables of a key must agree.
    *(
        Variable(name, _OS, key, also=_HUAWEI if key in ("projectId", "projectName") else ())
        for key, names in (
            ("accessKey", ("OS_ACCESS_KEY", "OS_ACCESS_KEY_ID", "OS_AK")),
            ("secretKey", ("OS_SECRET_KEY", "OS_ACCESS_KEY_SECRET", "OS_SK")),
            ("securityToken", ("OS_SECURITY_TOKEN", "OS_AKSK_SECURITY_TOKEN", "OS_ST")),
            ("username", ("OS_USERNAME", "OS_USER_NAME")),
            ("password", ("OS_PASSWORD",)),
            ("domainName", ("OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME", "OS_DOMAIN_NAME")),
            ("token", ("OS_TOKEN", "OS_AUTH_TOKEN", "OS_TOKEN_ID")),
            ("projectName", ("OS_PROJECT_NAME", "OS_TENANT_NAME")),
            ("projectId", ("OS_PROJECT_ID", "OS_TENANT_ID")),
            ("region", ("OS_REGION_NAME", "OS_REGION", "OS_REGION_ID")),
            ("endpoint", ("BMS_ENDPOINT",)),
        )
        for name in names
    ),
    Variable("OS_AUTH_URL", _OS, "iamEndpoint", also=_HUAWEI),
)
_NOT_READ = (
    Variable("HW_PROFILE", _HW, effect=Effect.CREDENTIAL, instead=_HW_FILE),
    Variable("HW_SHARED_CONFIG_FILE", _HW, effect=Effect.CREDENTIAL, instead=_HW_FILE),
    Variable("HW_ASSUME_ROLE_AGENCY_NAME", _HW, effect=Effect.CREDENTIAL, instead=_HW_AGENCY),
    Variable("HW_ASSUME_ROLE_IDP_ID", _HW, effect=Effect.CREDENTIAL, instead=_HW_AGENCY),
    # The tools read these variables only together with the two variables above.
    Variable("HW_ASSUME_ROLE_DOMAIN_NAME", _HW, effect=Effect.NOTHING),
    Variable("HW_ASSUME_ROLE_DOMAIN_ID", _HW, effect=Effect.NOTHING),
    Variable("HW_ASSUME_ROLE_DURATION", _HW, effect=Effect.NOTHING),
    Variable("HW_ASSUME_ROLE_ID_TOKEN", _HW, effect=Effect.NOTHING),
    Variable("HW_ASSUME_ROLE_ID_TOKEN_FILE", _HW, effect=Effect.NOTHING),
    Variable("HW_USER_ID", _HW, "username", Effect.PART),
    Variable("HW_DOMAIN_ID", _HW, "domainName", Effect.PART),
    Variable("HW_ENTERPRISE_PROJECT_ID", _HW, effect=Effect.ENTERPRISE_PROJECT, harmless=("0",)),
    Variable("HUAWEICLOUD_SDK_CREDENTIALS_FILE", _SDK, effect=Effect.LATER_CREDENTIAL, instead=_SDK_KEY),
    Variable("HUAWEICLOUD_SDK_IDP_ID", _SDK, effect=Effect.CREDENTIAL, instead=_SDK_KEY),
    Variable("HUAWEICLOUD_OIDC_PROVIDER_URN", _SDK, effect=Effect.CREDENTIAL, instead=_SDK_KEY),
    Variable("HC_CONTAINER_CREDENTIALS_FULL_URI", _SDK, effect=Effect.LAST_CREDENTIAL),
    # The tools read these variables only together with the three variables above.
    Variable("HUAWEICLOUD_SDK_ID_TOKEN_FILE", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_AGENCY_URN", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_ID_TOKEN", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_TOKEN_FILE", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_SESSION_NAME", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_DURATION_SECONDS", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_POLICY", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_OIDC_POLICY_IDS", _SDK, effect=Effect.NOTHING),
    Variable("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", _SDK, effect=Effect.NOTHING),
    # For services without regions, and for a service that is not used here.
    Variable("HUAWEICLOUD_SDK_DOMAIN_ID", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_SDK_STS_ENDPOINT", _SDK, effect=Effect.NOTHING),
    Variable("HUAWEICLOUD_SDK_REGIONS_FILE", _SDK, effect=Effect.ADDRESS, also=(_HW,)),
    Variable("HUAWEICLOUD_SDK_REGION_BMS_{region}", _SDK, effect=Effect.ADDRESS, also=(_HW,)),
    Variable("OS_CLOUD", _OS, effect=Effect.CREDENTIAL, instead=_OS_FILE),
    Variable("OS_CLIENT_CONFIG_FILE", _OS, effect=Effect.LATER_CREDENTIAL, instead=_OS_FILE),
    Variable("OS_CLIENT_SECURE_FILE", _OS, effect=Effect.LATER_CREDENTIAL, instead=_OS_FILE),
    # The first names the content of the other variables. The second is a file of defaults for `OS_PROFILE`.
    Variable("OS_CLOUD_NAME", _OS, effect=Effect.NOTHING),
    Variable("OS_CLIENT_VENDOR_FILE", _OS, effect=Effect.NOTHING),
    Variable("OS_AGENCY_NAME", _OS, effect=Effect.CREDENTIAL, instead=_OS_AGENCY, also=(_HW,)),
    Variable("OS_TARGET_AGENCY_NAME", _OS, effect=Effect.CREDENTIAL, instead=_OS_AGENCY),
    # The tools read these variables only together with the two variables above.
    Variable("OS_AGENCY_DOMAIN_NAME", _OS, effect=Effect.NOTHING),
    Variable("OS_TARGET_DOMAIN_NAME", _OS, effect=Effect.NOTHING),
    Variable("OS_DELEGATED_PROJECT", _OS, effect=Effect.PROJECT),
    *(
        Variable(name, _OS, effect=Effect.CREDENTIAL, instead=_OS_USER)
        for name in (
            "OS_APPLICATION_CREDENTIAL_ID",
            "OS_APPLICATION_CREDENTIAL_NAME",
            "OS_APPLICATION_CREDENTIAL_SECRET",
            "OS_TRUST_ID",
            "OS_SYSTEM_SCOPE",
            "OS_PASSCODE",
        )
    ),
    *(
        Variable(
            name,
            _OS,
            effect=Effect.CREDENTIAL,
            instead=_OS_USER,
            harmless=("password", "v3password", "token", "v3token", "aksk", "v3aksk"),
        )
        for name in ("OS_AUTH_TYPE", "OS_AUTH_PLUGIN")
    ),
    Variable("OS_USER_ID", _OS, "username", Effect.PART),
    Variable("OS_USERID", _OS, "username", Effect.PART),
    Variable("OS_USER_DOMAIN_ID", _OS, "domainName", Effect.PART),
    Variable("OS_PROJECT_DOMAIN_ID", _OS, "domainName", Effect.PART),
    Variable("OS_DOMAIN_ID", _OS, "domainName", Effect.PART),
    Variable("OS_DEFAULT_DOMAIN", _OS, "domainName", Effect.PART),
    Variable("OS_DEFAULT_DOMAIN_ID", _OS, "domainName", Effect.PART),
    Variable("OS_DEFAULT_DOMAIN_NAME", _OS, "domainName", Effect.PART),
    Variable("OS_PROFILE", _OS, effect=Effect.ADDRESS),
    Variable("OS_INTERFACE", _OS, effect=Effect.ADDRESS, harmless=("public", "publicURL")),
    Variable("OS_ENDPOINT_TYPE", _OS, effect=Effect.ADDRESS, harmless=("public", "publicURL")),
    Variable("OS_BMS_ENDPOINT_OVERRIDE", _OS, effect=Effect.ADDRESS),
    Variable("OS_BMS_ENDPOINT", _OS, effect=Effect.ADDRESS),
    Variable("OS_ENDPOINT", _OS, effect=Effect.ADDRESS),
    Variable("OS_URL", _OS, effect=Effect.ADDRESS),
)

VARIABLES = (*_READ, *_NOT_READ)
"""All variables, read and refused."""
