"""Names of 0.1.0 that tests still use."""

from __future__ import annotations

from bms_simulator.cloud.jobs import ScriptedResponse, Shown
from bms_simulator.http.responses import Response as Answer

__all__ = ["Answer", "Frame"]


def Frame(show: Shown, looks: int = 1, seconds: float | None = None) -> ScriptedResponse:  # noqa: N802 - a class then
    """Return a scripted response. `looks` is `polls` of today."""
    return ScriptedResponse(show, looks, seconds)
