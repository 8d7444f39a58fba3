"""The orders that were paid or are to be paid, as the billing service keeps them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from bms_simulator.clock import Moment
from bms_simulator.cloud.orders import CreateOrder

DAYS = {"month": 30, "year": 365}


@dataclass(slots=True)
class Purchase:
    """An order: a new one makes servers by a job, an unsubscription ends them."""

    order_id: str
    placed: Moment
    server_ids: tuple[str, ...]
    kind: Literal["new", "unsubscribe"] = "new"
    job_id: str = ""
    order: CreateOrder | None = None
    paid: bool = True
    cancelled: bool = False

    @property
    def length(self) -> timedelta:
        """How long the servers are paid for, a month for servers without an order."""
        if self.order is None:
            return timedelta(days=DAYS["month"])
        terms = self.order.body.terms
        number, unit = terms.get("periodNum"), terms.get("periodType")
        days = DAYS.get(unit, 0) if isinstance(unit, str) else 0
        return timedelta(days=days * (number if isinstance(number, int) else 1))


@dataclass(slots=True)
class Purchases:
    """All purchases of a project by order id, and the servers that renew themselves."""

    by_id: dict[str, Purchase] = field(default_factory=dict[str, Purchase])
    renewing: set[str] = field(default_factory=set[str])
    unsubscribed: set[str] = field(default_factory=set[str])

    def add(self, purchase: Purchase) -> Purchase:
        """Keep a purchase."""
        self.by_id[purchase.order_id] = purchase
        return purchase


def new_order_id() -> str:
    """Return a fresh order id."""
    return f"CS{uuid.uuid4().hex[:14].upper()}"
