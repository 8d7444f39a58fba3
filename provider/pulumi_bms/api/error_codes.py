"""The vendor's error codes as data: the meaning of every code, and the next step.

Sources: the pages "Error Codes" and "Status Codes" of the Bare Metal Server API reference (the union of its editions).
The shared Common codes are from "Error Codes" of the Elastic Cloud Server API reference. The gateway's codes are from
API Gateway, the front of all these services. The codes of unsubscribing are from the billing service's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, unique
from types import MappingProxyType
from typing import TypeAlias


@unique
class Kind(Enum):
    """The subject of a code."""

    REQUEST = "request"
    """The request asks for something impossible."""
    AUTH = "auth"
    """The credential is rejected, or lacks a right."""
    BILLING = "billing"
    """Money or an order prevents the request."""
    QUOTA = "quota"
    """The quota of the account is exhausted."""
    CAPACITY = "capacity"
    """The capacity of the cloud is exhausted."""
    STATE = "state"
    """The request does not fit the present state of the resource, or is done already."""
    LOOKUP = "lookup"
    """A request to another service of the cloud failed."""
    SERVICE = "service"
    """The service or its gateway is at fault."""
    THROTTLED = "throttled"
    """Too many requests at this moment."""
    JOB_RESULT = "job result"
    """The reason of a job's failure."""
    NOT_FOUND = "not found"
    """The resource does not exist."""


@dataclass(frozen=True, slots=True)
class Code:
    """One error code.

    `transient` says whether another poll of the job may help. `transient` says nothing about another submission. A code
    with several HTTP statuses (APIGW.0201: 400 and 413, but also 502 and 504) is not transient. The status decides.
    """

    meaning: str
    hint: str
    kind: Kind
    transient: bool


def lookup(code: str | None) -> Code | None:
    """The entry of a code in any spelling, or None."""
    return CODES.get(normalise(code))


def describe(code: str | None) -> str:
    """The code and its meaning, without the hint. An unknown code stands alone."""
    known = lookup(code)
    bare = (code or "").strip()
    return f"{bare} {known.meaning}" if known else bare


def normalise(code: str | None) -> str:
    """A known code in the spelling of this module. An unknown code only loses its outer blanks."""
    bare = (code or "").strip()
    return _SPELLINGS.get(bare.upper(), bare)


_Rows: TypeAlias = tuple[tuple[str, Kind, bool, str, str], ...]

_AGAIN = "try again in a few minutes. If the error stays, ask the cloud's support"
_SUPPORT = "ask the cloud's support, with the request id"
_MESSAGE = "correct the parameter in the message"
_RIGHTS = "ask the account's administrator for the right to do this"
_QUOTA = "ask for a higher quota, or delete unused resources"
_JOB = "read the reports of the sub-jobs. Without a reason, ask the cloud's support, with the job id"
_BUSY = "wait until the server has settled, then submit the job again"
_DONE = "nothing to do: the server is in the right state"
_DISKS = "choose disks and a RAID level that the flavor offers"
_ELSEWHERE = "try another flavor or availability zone"
_FEWER = "ask for fewer servers, or try another flavor or availability zone"
_ORDERS = "check the account's balance and its unpaid orders"
_SURE = "make sure that nothing was created, then submit again"
_IDS = "check the ids in the request. If the ids are right, try again later"
_CREDENTIAL = "check access key, secret key, region and clock, or the token, and that the account is not frozen"
_DISK_QUOTA = "check the quota of disks, and try another disk type"
_SMALLER = "make the request valid and smaller. After HTTP 502 or 504, try again later"

# number, kind, transient, meaning, hint
_BMS: _Rows = (
    ("0001", Kind.REQUEST, False, "the request body can't be parsed", "correct the JSON as the message says"),
    ("0002", Kind.REQUEST, False, "bare metal servers are not offered in this region", "choose another region"),
    ("0003", Kind.REQUEST, False, "the body of the create request is empty", "send a body with a server object"),
    ("0004", Kind.AUTH, False, "the check of the user's role failed", _RIGHTS),
    ("0005", Kind.AUTH, False, "a right is missing, or the balance is too low", "check both rights and balance"),
    ("0006", Kind.SERVICE, False, "the job could not be created", _SURE),
    ("0008", Kind.LOOKUP, True, "the flavor could not be looked up", _AGAIN),
    ("0009", Kind.LOOKUP, True, "the extra specs of the flavor could not be looked up", _AGAIN),
    ("0010", Kind.LOOKUP, True, "the image could not be looked up", _AGAIN),
    ("0011", Kind.REQUEST, False, "the image can't be used for bare metal servers", "choose a bare metal image"),
    ("0012", Kind.CAPACITY, False, "the subnet has too few free IP addresses", "free some, or use another subnet"),
    ("0013", Kind.LOOKUP, True, "the ports of the subnet could not be looked up", _AGAIN),
    ("0014", Kind.REQUEST, False, "the IP address is already in use", "choose another address, or leave it empty"),
    ("0015", Kind.LOOKUP, True, "the subnet could not be looked up", _AGAIN),
    ("0017", Kind.QUOTA, False, "the quota of elastic IPs is used up", _QUOTA),
    ("0018", Kind.REQUEST, False, "a parameter is invalid", _MESSAGE),
    ("0019", Kind.REQUEST, False, "the publicip block is invalid", _MESSAGE),
    ("0020", Kind.REQUEST, False, "the charging mode was not accepted", "check chargingMode against the flavor"),
    ("0021", Kind.REQUEST, False, "the flavor can't be used to create a server", "choose another flavor"),
    ("0022", Kind.REQUEST, False, "a parameter is invalid", _MESSAGE),
    ("0023", Kind.LOOKUP, True, "the quotas could not be looked up", _AGAIN),
    ("0025", Kind.QUOTA, False, "the quota of servers is used up", _QUOTA),
    ("0026", Kind.QUOTA, False, "the quota of CPU cores is used up", _QUOTA),
    ("0027", Kind.QUOTA, False, "the quota of memory is used up", _QUOTA),
    ("0028", Kind.QUOTA, False, "the quotas of servers and CPU cores are used up", _QUOTA),
    ("0029", Kind.QUOTA, False, "the quotas of servers and memory are used up", _QUOTA),
    ("0030", Kind.QUOTA, False, "the quotas of memory and CPU cores are used up", _QUOTA),
    ("0031", Kind.QUOTA, False, "the quotas of servers, CPU cores and memory are used up", _QUOTA),
    ("0032", Kind.AUTH, False, "the token was not accepted", "check the credential, and the right to use the service"),
    ("0033", Kind.AUTH, False, "the user's roles don't allow this", _RIGHTS),
    ("0034", Kind.REQUEST, False, "such servers are not provisioned automatically", "choose another flavor or region"),
    ("0035", Kind.STATE, False, "the server is powering on", _BUSY),
    ("0036", Kind.STATE, False, "the server is powering off", _BUSY),
    ("0037", Kind.STATE, False, "the server is rebooting", _BUSY),
    ("0038", Kind.STATE, False, "the server is running already", _DONE),
    ("0039", Kind.STATE, False, "the server is stopped already", _DONE),
    ("0040", Kind.NOT_FOUND, False, "the server does not exist", "check the server id, the project and the region"),
    ("0047", Kind.REQUEST, False, "the settings of the system disk are invalid", "correct root_volume"),
    ("0049", Kind.LOOKUP, True, "the key pair could not be looked up", _IDS),
    ("0054", Kind.CAPACITY, False, "too few servers of the flavor are free", _FEWER),
    ("0055", Kind.LOOKUP, True, "the free capacity of the flavor could not be looked up", _AGAIN),
    ("0071", Kind.REQUEST, False, "an existing and a new elastic IP are asked for at once", "give either id or eip"),
    ("0072", Kind.REQUEST, False, "one elastic IP can't serve several servers", "submit one job per server"),
    ("0073", Kind.REQUEST, False, "the bandwidth of the elastic IP is missing", "add bandwidth to the eip block"),
    ("0074", Kind.REQUEST, False, "the elastic IP lacks extendparam or chargingMode", "add both to the eip block"),
    ("0075", Kind.REQUEST, False, "the id of the bandwidth is missing", "add the id to the bandwidth block"),
    ("0076", Kind.REQUEST, False, "a shared bandwidth must be postPaid", "set chargingMode of the eip to postPaid"),
    ("0077", Kind.REQUEST, False, "the size of the bandwidth is not allowed", "choose a size within the allowed range"),
    ("0078", Kind.QUOTA, False, "the shared bandwidth serves as many elastic IPs as it may", _QUOTA),
    ("0079", Kind.REQUEST, False, "a shared bandwidth needs its id", "add the id, or use the share type PER"),
    ("0080", Kind.STATE, False, "the subnet is missing or not active", "check the subnet, and wait until it is active"),
    ("0102", Kind.REQUEST, False, "servers of this image can't attach disks", "choose another image"),
    ("0103", Kind.REQUEST, False, "the disk does not exist", "check the disk id"),
    ("0104", Kind.REQUEST, False, "the device is that of the system disk", "choose another device, or leave it empty"),
    ("0105", Kind.REQUEST, False, "the device name is not allowed", "choose another device, or leave it empty"),
    ("0106", Kind.REQUEST, False, "disk and server are in different availability zones", "use a disk of the server's"),
    ("0108", Kind.REQUEST, False, "the system disk does not match the server", "attach the server's own system disk"),
    ("0111", Kind.REQUEST, False, "no way to log in is given, or more than one", "give a password or a key pair"),
    ("0114", Kind.STATE, False, "the disk is not attached to this server", "nothing to do, if the disk id is right"),
    ("0201", Kind.REQUEST, False, "the parameters of the server are not accepted", _MESSAGE),
    ("0202", Kind.REQUEST, False, "the data disks are of different types", "give all data disks one type"),
    ("0203", Kind.REQUEST, False, "the settings of a disk are not allowed", _MESSAGE),
    ("0204", Kind.REQUEST, False, "there are too many data disks", "ask for fewer data disks"),
    ("0205", Kind.REQUEST, False, "the number of servers is out of range", "ask for fewer servers at a time"),
    ("0206", Kind.REQUEST, False, "the name of the server is not allowed", "shorten it, or leave out odd characters"),
    ("0207", Kind.REQUEST, False, "the network settings are not allowed, such as a fixed IP for a batch", _MESSAGE),
    ("0208", Kind.LOOKUP, True, "the availability zone could not be looked up", _AGAIN),
    ("0210", Kind.REQUEST, False, "the user data is too large", "shorten user_data"),
    ("0211", Kind.REQUEST, False, "the key pair is missing or not allowed", "name an existing key pair"),
    ("0212", Kind.SERVICE, True, "the service is overloaded", "try again later"),
    ("0213", Kind.AUTH, False, "the user takes no part in the test of this availability zone", "choose another one"),
    ("0214", Kind.LOOKUP, True, "the network service said nothing about the subnet", _AGAIN),
    ("0215", Kind.BILLING, False, "the price of the order could not be found out", _SURE),
    ("0216", Kind.BILLING, False, "the order could not be submitted", _ORDERS),
    ("0217", Kind.REQUEST, False, "the metadata is not allowed", "correct the metadata. op_svc_userid is required"),
    ("0218", Kind.BILLING, False, "the order could not be created", _ORDERS),
    ("0219", Kind.SERVICE, False, "the server could not be renamed", _SUPPORT),
    ("0222", Kind.REQUEST, False, "the primary network card can't be removed", "leave the primary one in place"),
    ("0223", Kind.REQUEST, False, "only SCSI disks can be used", "use a disk of the device type SCSI"),
    ("0246", Kind.REQUEST, False, "the VPC id is invalid", "check vpcid"),
    ("0288", Kind.AUTH, False, "a policy forbids this", _RIGHTS),
    ("0290", Kind.REQUEST, False, "only a shared disk can be attached to several servers", "use a shareable disk"),
    ("0291", Kind.REQUEST, False, "the enterprise project is missing", "set enterprise_project_id"),
    ("0292", Kind.REQUEST, False, "the enterprise project is disabled", "enable it, or choose another one"),
    ("0293", Kind.LOOKUP, True, "the enterprise project service said nothing about the project", _AGAIN),
    ("0294", Kind.LOOKUP, True, "the enterprise project could not be looked up", _AGAIN),
    ("0297", Kind.BILLING, False, "the disk is locked by an unpaid order", "pay or cancel the order"),
    ("0315", Kind.REQUEST, False, "servers of this flavor can't attach disks", "choose another flavor"),
    ("0316", Kind.REQUEST, False, "the RAID level does not go with the RAID type", _DISKS),
    ("0317", Kind.REQUEST, False, "the disks of the RAID are not described", "describe the disks"),
    ("0320", Kind.REQUEST, False, "the flavor has no RAID of disks of this type", _DISKS),
    ("0321", Kind.REQUEST, False, "the flavor has no RAID of disks of this size", _DISKS),
    ("0322", Kind.REQUEST, False, "the number of disks does not go with the RAID level", _DISKS),
    ("0323", Kind.REQUEST, False, "the number of disks is not that of the flavor", _DISKS),
    ("0325", Kind.REQUEST, False, "there are more disks than the flavor has", _DISKS),
    ("0327", Kind.REQUEST, False, "only JBOD is possible", "use JBOD, or another flavor"),
    ("0328", Kind.REQUEST, False, "only RAID 0 of single disks is possible", "use that, or another flavor"),
    ("0329", Kind.REQUEST, False, "the type of the disks is missing", "give the type of the disks"),
    ("0330", Kind.REQUEST, False, "the flavor has no RAID", "leave RAID out, or choose another flavor"),
    ("0331", Kind.AUTH, False, "the account takes no part in the beta test of IPv6", "use IPv4, or ask to take part"),
    ("0333", Kind.REQUEST, False, "this region or flavor lacks IPv6", "use IPv4"),
    ("0360", Kind.BILLING, False, "the disk is frozen", "settle the account, or detach the disk"),
    ("0395", Kind.REQUEST, False, "a Windows server has no remote login", "use the remote desktop of Windows"),
    ("0400", Kind.REQUEST, False, "the image has no IPv6", "use IPv4, or another image"),
    ("0605", Kind.STATE, False, "the server is locked", "unlock the server, or find out who locked it"),
    ("1001", Kind.STATE, False, "the server is neither stopped nor active", _BUSY),
    ("1002", Kind.QUOTA, False, "the server has as many disks as it may have", "detach an unused disk"),
    ("1003", Kind.STATE, False, "the state of the disk does not allow this", "wait until the disk is available"),
    ("1004", Kind.QUOTA, False, "the server has as many shared disks as it may have", "detach an unused disk"),
    ("1006", Kind.LOOKUP, True, "the state of the server can't be read at present", _AGAIN),
    ("1007", Kind.SERVICE, True, "a call inside the cloud failed", _AGAIN),
    ("1008", Kind.REQUEST, False, "the type of the disk does not go with the server", "use a disk of another type"),
    ("1009", Kind.STATE, False, "the disk is attached to this server already", _DONE),
    ("1011", Kind.STATE, False, "the disk is being attached", "wait until the disk is attached"),
    ("2005", Kind.REQUEST, False, "the network does not exist", "check the subnet ids. The API expects network ids"),
    ("3001", Kind.LOOKUP, True, "the security group or the subnet could not be looked up", _IDS),
    ("3004", Kind.JOB_RESULT, False, "create failed", _JOB),
    ("3005", Kind.JOB_RESULT, False, "a network port could not be created", "check the subnet and quota"),
    ("3006", Kind.JOB_RESULT, False, "the floating IP could not be assigned", "check the quota of elastic IPs"),
    ("3011", Kind.AUTH, False, "the service could not read the token", "check the credential, then ask support"),
    ("3019", Kind.JOB_RESULT, False, "a data disk could not be attached", _JOB),
    ("3021", Kind.JOB_RESULT, False, "a data disk could not be created", _DISK_QUOTA),
    ("3025", Kind.REQUEST, False, "shareable disks can't be created here", "set shareable to false"),
    ("3026", Kind.REQUEST, False, "the password breaks the rules", "choose a password by the rules"),
    ("3027", Kind.REQUEST, False, "the VPC settings are invalid", "check vpcid and the subnets"),
    ("3028", Kind.QUOTA, False, "the check of the quota of disks failed", _QUOTA),
    ("3029", Kind.JOB_RESULT, False, "the system disk came up in a wrong state", _JOB),
    ("3033", Kind.JOB_RESULT, False, "the system disk could not be created", _DISK_QUOTA),
    ("3035", Kind.REQUEST, False, "the disk belongs to another server", "use a disk of this server"),
    ("3037", Kind.CAPACITY, False, "no resources or the server failed to start", _ELSEWHERE),
    ("3038", Kind.JOB_RESULT, False, "the elastic IP could not be assigned", "check the quota of elastic IPs"),
    ("3039", Kind.REQUEST, False, "the password is not complex enough", "choose a password by the rules"),
    ("3040", Kind.REQUEST, False, "the VPC does not exist", "check vpcid"),
)

_COMMON: _Rows = (
    ("0001", Kind.SERVICE, True, "the service failed", _AGAIN),
    ("0002", Kind.REQUEST, False, "the request body is empty", "send a body"),
    ("0011", Kind.NOT_FOUND, False, "no such job", "check job id, project and endpoint. Old records are deleted"),
    ("0013", Kind.AUTH, False, "the token is invalid", "get a new token, or check the credential"),
    ("0018", Kind.AUTH, False, "the token belongs to another project", "use the project id of the credential"),
    ("0020", Kind.JOB_RESULT, False, "the tries to repeat a task failed", _JOB),
    ("0021", Kind.LOOKUP, True, "the sub-jobs could not be queried", _AGAIN),
    ("0022", Kind.SERVICE, False, "the job could not be submitted", _SURE),
    ("0024", Kind.THROTTLED, True, "too many requests at this moment", "try again later"),
    ("0025", Kind.LOOKUP, True, "the job could not be queried", _AGAIN),
    ("0026", Kind.LOOKUP, True, "the region could not be looked up", _AGAIN),
    ("0999", Kind.JOB_RESULT, False, "a task of the job stopped", _JOB),
    ("1503", Kind.THROTTLED, True, "too many requests to this API at this moment", "try again later"),
)

_GATEWAY: _Rows = (
    ("0101", Kind.REQUEST, False, "the gateway knows no such API", "check the endpoint, the region and the path"),
    ("0103", Kind.SERVICE, False, "the gateway knows no service behind this API", _SUPPORT),
    ("0104", Kind.SERVICE, False, "a plug-in of the gateway is not set up", _SUPPORT),
    ("0105", Kind.SERVICE, False, "the service behind the gateway is not set up", _SUPPORT),
    ("0106", Kind.SERVICE, False, "the gateway could not arrange the call", _SUPPORT),
    # 400, 413, 414, 494: the request. 502, 504: the service. So the HTTP status decides.
    ("0201", Kind.REQUEST, False, "the gateway could not pass the request on", _SMALLER),
    ("0301", Kind.AUTH, False, "the credential was not accepted", _CREDENTIAL),
    ("0302", Kind.AUTH, False, "the user may not call this API", _RIGHTS),
    ("0303", Kind.AUTH, False, "the app's credential was not accepted", "check the key and the clock of this machine"),
    ("0304", Kind.AUTH, False, "the app may not call this API", _RIGHTS),
    ("0305", Kind.AUTH, False, "the credential is wrong", "check the credential"),
    ("0306", Kind.AUTH, False, "access to the API is denied", _RIGHTS),
    ("0307", Kind.AUTH, False, "the token has to be renewed", "get a new token of the same region as the endpoint"),
    ("0308", Kind.THROTTLED, True, "too many requests in this minute", "try again later, or poll less often"),
    ("0310", Kind.STATE, False, "the project is not available", "check the state of the project, or use another one"),
    ("0311", Kind.AUTH, False, "the debugging credential is wrong", _SUPPORT),
    ("0401", Kind.AUTH, False, "the gateway can't tell the address of the client", _SUPPORT),
    ("0402", Kind.AUTH, False, "the address of the client is not allowed", "check the allowed and blocked addresses"),
    ("0404", Kind.AUTH, False, "the gateway may not reach the address behind the API", _SUPPORT),
    ("0501", Kind.QUOTA, False, "the app's quota of calls is used up", "ask for a higher quota"),
    ("0502", Kind.BILLING, False, "the app is frozen", "settle the account"),
    ("0601", Kind.SERVICE, True, "the gateway failed", _AGAIN),
    ("0602", Kind.REQUEST, False, "the gateway finds the request invalid", "check the endpoint, the path and the body"),
    ("0605", Kind.SERVICE, True, "the gateway could not resolve a host name", _AGAIN),
    ("0606", Kind.SERVICE, True, "the gateway has not loaded the API's settings", _AGAIN),
    ("0607", Kind.REQUEST, False, "the gateway does not speak this protocol", "use https in the endpoint"),
    ("0608", Kind.SERVICE, True, "the gateway could not get its own token", _AGAIN),
    ("0609", Kind.SERVICE, True, "the gateway did not find the network behind the API", _AGAIN),
    ("0610", Kind.SERVICE, True, "no server behind the gateway is available", _AGAIN),
    ("0611", Kind.SERVICE, True, "the gateway did not find the port behind the API", _AGAIN),
    ("0612", Kind.SERVICE, True, "the gateway was led in a circle", _AGAIN),
    ("0613", Kind.SERVICE, True, "the identity service is not available", _AGAIN),
    ("0705", Kind.SERVICE, True, "the gateway could not sign its call to the service", _AGAIN),
    ("0801", Kind.REQUEST, False, "the service can't be reached from this region", "use another region's endpoint"),
    ("0802", Kind.AUTH, False, "the user is not allowed in this region", "use another region, or ask for the right"),
)

_CONSOLE = "check the order in the console's billing center"
_BILLING: _Rows = (
    ("0100", Kind.REQUEST, False, "a parameter is invalid", _MESSAGE),
    ("0151", Kind.AUTH, False, "the right to use the billing service is missing", _RIGHTS),
    ("0156", Kind.AUTH, False, "the account belongs to another site", "set the billing endpoint of the account's site"),
    ("0999", Kind.SERVICE, False, "the billing service failed", _AGAIN),
    ("30000067", Kind.NOT_FOUND, False, "the resource is already deleted", "nothing to do"),
    ("99003012", Kind.NOT_FOUND, False, "no such resource", "check that the server is paid by month or year"),
    ("99003100", Kind.BILLING, False, "the resource is part of an unpaid order", "pay or cancel the order first"),
    ("99003185", Kind.BILLING, False, "only the whole set can be unsubscribed", "unsubscribe the main resource"),
    ("99003643", Kind.BILLING, False, "an invoice was issued for the order", "return the invoice first"),
    ("99003649", Kind.BILLING, False, "the resource can't be unsubscribed", _CONSOLE),
    ("99003650", Kind.BILLING, False, "the resource can't be unsubscribed", _CONSOLE),
    ("99003651", Kind.STATE, False, "another transaction on the resource is running", "try again in a few minutes"),
    ("99003652", Kind.BILLING, False, "the resource can't be unsubscribed", _CONSOLE),
    ("99003656", Kind.BILLING, False, "the resource is frozen", "settle the account"),
    ("99005010", Kind.STATE, False, "the status of the order does not allow this", _CONSOLE),
)

_FAMILIES: Mapping[str, _Rows] = {"BMS": _BMS, "Common": _COMMON, "APIGW": _GATEWAY, "CBC": _BILLING}

CODES: Mapping[str, Code] = MappingProxyType(
    {
        f"{family}.{number}": Code(meaning, hint, kind, transient)
        for family, rows in _FAMILIES.items()
        for number, kind, transient, meaning, hint in rows
    }
)
"""All known codes. The gateway's codes stand under APIGW. The gateway also writes APIG."""

_SPELLINGS: Mapping[str, str] = {
    spelling.upper(): code for code in CODES for spelling in (code, code.replace("APIGW.", "APIG."))
}

NOT_FOUND_CODES = frozenset({"Common.0011"})
"""Codes, as `normalise` spells them, for an unknown job."""

NO_SUCH_API_CODES = frozenset({"APIGW.0101", "APIGW.0103", "APIGW.0104", "APIGW.0105"})
"""Codes, as `normalise` spells them, for a gateway without the API or without a backend."""

REJECTED_CREDENTIAL_CODES = frozenset(
    {
        *("APIGW.0301", "APIGW.0303", "APIGW.0305", "APIGW.0307", "APIGW.0311"),
        *("BMS.0032", "BMS.3011", "Common.0013"),
    }
)
"""Codes, as `normalise` spells them, for a rejected credential. A new token may help."""
