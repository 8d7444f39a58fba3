"""The operations of this package: method, path, and the documented limit of requests a minute, as one table.

Source of the limits: the vendor's API definition. Every limit is for one tenant. A second limit, twice to four times as
high, is shared by all tenants of a region. None: no figure is documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

_SERVERS = "/v1/{project_id}/baremetalservers"
_SERVER = f"{_SERVERS}/{{server_id}}"
_ORDERS = "/v2/orders/customer-orders"
_SUBSCRIPTIONS = "/v2/orders/subscriptions/resources"
_RENEWAL = f"{_SUBSCRIPTIONS}/autorenew/{{resource_id}}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an API. Names in braces stand for parts of the path."""

    name: str
    method: str
    path: str
    per_minute: int | None = None

    def address(self, **names: str) -> str:
        """The path with every name quoted, so that no id can change the path."""
        return self.path.format_map({name: quote(value, safe="") for name, value in names.items()})


CREATE_SERVERS = Operation("create servers", "POST", _SERVERS, 50)
GET_SERVER = Operation("get a server", "GET", _SERVER, 1000)
LIST_SERVERS = Operation("list servers", "GET", f"{_SERVERS}/detail", 1000)
LIST_SERVERS_BRIEFLY = Operation("list servers briefly", "GET", "/v1.1/{project_id}/baremetalservers/detail", 1000)
RENAME_SERVER = Operation("rename a server", "PUT", _SERVER, 100)
UPDATE_METADATA = Operation("update metadata", "POST", f"{_SERVER}/metadata", 100)
GET_TAGS = Operation("get tags", "GET", f"{_SERVER}/tags")
CHANGE_TAGS = Operation("change tags", "POST", f"{_SERVER}/tags/action")
DELETE_SERVERS = Operation("delete servers", "POST", f"{_SERVERS}/delete")
START_SERVERS = Operation("start servers", "POST", f"{_SERVERS}/action", 50)
STOP_SERVERS = Operation("stop servers", "POST", f"{_SERVERS}/action", 50)
REBOOT_SERVERS = Operation("reboot servers", "POST", f"{_SERVERS}/action", 50)
LIST_ATTACHMENTS = Operation("list attachments", "GET", f"{_SERVER}/os-volume_attachments", 500)
ATTACH_VOLUME = Operation("attach a volume", "POST", f"{_SERVER}/attachvolume", 100)
DETACH_VOLUME = Operation("detach a volume", "DELETE", f"{_SERVER}/detachvolume/{{attachment_id}}", 100)
REINSTALL = Operation("reinstall a server", "POST", f"{_SERVER}/reinstallos", 50)
CHANGE_IMAGE = Operation("change the image", "POST", f"{_SERVER}/changeos", 50)
ADD_NICS = Operation("add NICs", "POST", f"{_SERVER}/nics", 500)
REMOVE_NICS = Operation("remove NICs", "POST", f"{_SERVER}/nics/delete", 500)
LIST_FLAVORS = Operation("list flavors", "GET", f"{_SERVERS}/flavors", 500)
GET_STOCK = Operation("get the stock", "GET", f"{_SERVERS}/available_resource")
GET_QUOTAS = Operation("get quotas", "GET", f"{_SERVERS}/limits", 500)
GET_JOB = Operation("get a job", "GET", "/v1/{project_id}/jobs/{job_id}", 2000)

GET_PORT = Operation("get a port", "GET", "/v1/{project_id}/ports/{port_id}")
UPDATE_PORT = Operation("update a port", "PUT", "/v1/{project_id}/ports/{port_id}")

LIST_ORDERS = Operation("list orders", "GET", _ORDERS)
GET_ORDER = Operation("get an order", "GET", f"{_ORDERS}/details/{{order_id}}")
# The vendor's spelling.
LIST_ORDERED = Operation("list ordered resources", "POST", "/v2/orders/suscriptions/resources/query")
UNSUBSCRIBE = Operation("unsubscribe", "POST", f"{_SUBSCRIPTIONS}/unsubscribe")
START_RENEWING = Operation("start renewing", "POST", _RENEWAL)
STOP_RENEWING = Operation("stop renewing", "DELETE", _RENEWAL)

GET_ACCESS_KEY = Operation("get an access key", "GET", "/v3.0/OS-CREDENTIAL/credentials/{access_key}")

OPERATIONS = (
    *(CREATE_SERVERS, GET_SERVER, LIST_SERVERS, LIST_SERVERS_BRIEFLY, RENAME_SERVER, UPDATE_METADATA, GET_TAGS),
    *(CHANGE_TAGS, DELETE_SERVERS, START_SERVERS, STOP_SERVERS, REBOOT_SERVERS, LIST_ATTACHMENTS, ATTACH_VOLUME),
    *(REINSTALL, CHANGE_IMAGE, ADD_NICS, REMOVE_NICS),
    *(DETACH_VOLUME, LIST_FLAVORS, GET_STOCK, GET_QUOTAS, GET_JOB, GET_PORT, UPDATE_PORT),
    *(LIST_ORDERS, GET_ORDER, LIST_ORDERED, UNSUBSCRIBE, START_RENEWING, STOP_RENEWING, GET_ACCESS_KEY),
)
