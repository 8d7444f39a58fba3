"""The wire: orders of the billing service and their resources, read tolerantly.

Sources: the pages "Querying Orders", "Querying Order Details", "Querying Yearly/Monthly Resources" and "Unsubscribing
from Yearly/Monthly Resources" of the billing service's API reference.
"""

from __future__ import annotations

from enum import IntEnum

from pydantic import Field

from pulumi_bms.api.models.job import Text
from pulumi_bms.api.models.values import Flag, Number, Wire


class OrderStatus(IntEnum):
    """The documented statuses. The API may have others, so the status of an order is any number."""

    IN_REVIEW = 1
    TO_BE_REFUNDED = 2
    PROCESSING = 3
    CANCELLED = 4
    DONE = 5
    UNPAID = 6
    TO_BE_CONFIRMED = 9


class ResourceStatus(IntEnum):
    """The documented statuses of a resource."""

    IN_USE = 2
    CLOSED = 3
    FROZEN = 4
    EXPIRED = 5


NEW_ORDER = "1"
RENEWS_ITSELF = 3


class Order(Wire):
    """One order. Times are ISO 8601 texts in UTC."""

    order_id: str
    status: Number = None
    order_type: Number = None
    service_type_code: Text = None
    create_time: Text = None
    payment_time: Text = None


class OrderedResource(Wire):
    """One resource of an order. A server is a main resource. A disk bought with a server is not."""

    resource_id: str
    resource_name: Text = None
    is_main_resource: Flag = None
    parent_resource_id: Text = None
    status: Number = None
    resource_type_code: Text = None
    expire_time: Text = None
    expire_policy: Number = None

    @property
    def renews_itself(self) -> bool | None:
        """Whether the resource is renewed at its end. None if the response does not tell."""
        return None if self.expire_policy is None else self.expire_policy == RENEWS_ITSELF


class FailedResource(Wire):
    """One resource that was not unsubscribed, with the reason."""

    resource_id: str
    code: Text = Field(None, alias="error_code")
    message: Text = Field(None, alias="error_msg")


class Unsubscription(Wire):
    """The result of an unsubscription: orders for the resources that end, and the resources that stay."""

    order_ids: tuple[str, ...] = ()
    failed: tuple[FailedResource, ...] = ()
