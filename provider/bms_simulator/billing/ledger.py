"""The books of the billing service for one account: purchases and their resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from bms_simulator.clock import Moment
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import DELETED, Server, Volume
from bms_simulator.cloud.purchases import Purchase
from bms_simulator.http.responses import Refused, Response
from bms_simulator.scenarios.timeline import FAIL, SUCCESS

PROCESSING, CANCELLED, DONE, UNPAID, TO_BE_REFUNDED = 3, 4, 5, 6, 2


@dataclass(frozen=True, slots=True)
class Ledger:
    """The clouds of an account at one moment."""

    clouds: Sequence[Cloud]
    moment: Moment

    def purchases(self) -> Iterator[tuple[Cloud, Purchase]]:
        """Return all purchases, the latest first."""
        purchases = [(cloud, purchase) for cloud in self.clouds for purchase in cloud.purchases.by_id.values()]
        yield from sorted(purchases, key=lambda entry: entry[1].placed.simulated, reverse=True)

    def purchase(self, order_id: str) -> tuple[Cloud, Purchase]:
        """Return a purchase, refused if there is none."""
        entry = next((entry for entry in self.purchases() if entry[1].order_id == order_id), None)
        return entry or refuse("CBC.99005001", f"The order {order_id} does not exist.")

    def status(self, cloud: Cloud, purchase: Purchase) -> int:
        """Return the status of a purchase, by its payment and by its job."""
        if purchase.cancelled:
            return CANCELLED
        if not purchase.paid:
            return UNPAID
        phase = cloud.jobs.phase(purchase.job_id, self.moment)
        if phase is None or phase.status == SUCCESS:
            return DONE
        if phase.status == FAIL:
            started = cloud.jobs.placed(purchase.job_id) + phase.since
            refunded = self.moment.simulated >= started + cloud.behaviour.refund_seconds
            return CANCELLED if refunded else TO_BE_REFUNDED
        return UNPAID if phase.status == "PENDING_PAYMENT" else PROCESSING

    def servers(self, cloud: Cloud, purchase: Purchase) -> Iterator[Server]:
        """Return the existing servers of a purchase."""
        servers = (cloud.world.servers.at(server_id, self.moment.simulated) for server_id in purchase.server_ids)
        yield from (server for server in servers if server and server.status != DELETED)

    def server(self, server_id: str) -> tuple[Cloud, Server] | None:
        """Return a prepaid server, None for an id that is no such server now."""
        for cloud in self.clouds:
            server = cloud.world.servers.at(server_id, self.moment.simulated)
            if server and server.prepaid:
                return cloud, server
        return None

    def was_unsubscribed(self, resource_id: str) -> bool:
        """Return whether a resource was unsubscribed before."""
        return any(resource_id in cloud.purchases.unsubscribed for cloud in self.clouds)

    def volumes(self, cloud: Cloud, server: Server) -> tuple[Volume, ...]:
        """Return the volumes that were bought with a server."""
        volumes = cloud.world.volumes.all_at(self.moment.simulated)
        return tuple(volume for volume in volumes if volume.bought_with == server.id)


def refuse(code: str, message: str, status: int = 400) -> NoReturn:
    """End the request with an error in the shape of the billing service."""
    raise Refused(Response(status, {"error_code": code, "error_msg": message}))


def written(time: datetime) -> str:
    """Return a time as the billing service writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
