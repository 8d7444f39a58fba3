"""How long the steps of `Servers` wait. All times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_bms.lifecycle.job_resource import BUSY_PAUSE


@dataclass(frozen=True, slots=True)
class Times:
    """The waits of a provider. Tests have shorter waits."""

    search: float = 300.0
    """How long the servers of an order without a response are searched for."""
    settling: float = 120.0
    """After this time without a change a server of a failed order counts as a survivor."""
    adoption: float = 900.0
    """After this time without a change an adopted order counts as complete, and a rollback as ended."""
    visibility: float = 300.0
    """Until then a server must show in the API after the end of its job."""
    gone: float = 900.0
    """Until then deleted servers must be gone. The billing service passes ids on later."""
    gone_after_failure: float = 30.0
    """The same after a failed delete job."""
    installation: float = 30.0
    """Until then a server must leave the state "stopped" after an installation without a response."""
    busy: float = BUSY_PAUSE
    """The pause before the next try after a refusal of a busy server."""


TIMES = Times()
