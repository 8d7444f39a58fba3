"""A change of existing servers as one plan: each server stops once and starts once.

The order: properties without a job, new NICs, installations, old NICs, security groups, power, a reboot. Each part is
kept as soon as the part is done, so that an interrupted run does what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_bms.lifecycle.job_resource import CHANGE, Step
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.resources.servers_changes import INSTALL_INPUTS, Changes, changes, installs
from pulumi_bms.resources.servers_installing import INSTALLED, Installing
from pulumi_bms.resources.servers_nics import Wiring, difference
from pulumi_bms.resources.servers_outputs import EMPTY, count_of, slots_of
from pulumi_bms.resources.servers_power import STOPPED, Power, Powering, stopped_of
from pulumi_bms.resources.servers_times import TIMES, Times
from pulumi_bms.resources.servers_updating import Updating


@dataclass(frozen=True)
class InPlace:
    """Brings the existing servers of a resource from the old inputs to the new inputs."""

    step: Step
    olds: Mapping[str, Any]
    news: Mapping[str, Any]
    times: Times = TIMES

    def change(self) -> None:
        """Carry out the plan for all that differs."""
        self.step.end_earlier(CHANGE)
        change = changes(self.olds, self.news)
        self._properties(change)
        was_installed = self._machines(change)
        if "reboot_triggers" in change.in_place:
            self._reboot(was_installed=was_installed)

    def power(self) -> None:
        """Start or stop the servers that need it. Unmanaged servers start if stopped for an installation."""
        power, stopped = self.news.get("power"), stopped_of(self.step.kept.outputs)
        if power or stopped:
            Powering(self.step, self._updating).bring(self._ids if power else stopped, Power(power or Power.ON))
            self.step.kept.keep(**{"power": power, STOPPED: []})

    @property
    def _ids(self) -> list[str]:
        return [each for each in slots_of(self.step.kept.outputs) if each != EMPTY]

    @property
    def _updating(self) -> Updating:
        return Updating(self.step, self.news, self.times)

    def _keep(self, *names: str) -> None:
        self.step.kept.keep(**{name: self.news.get(name) for name in names})

    def _properties(self, change: Changes) -> None:
        existing = {slot: each for slot, each in enumerate(slots_of(self.step.kept.outputs)) if each != EMPTY}
        if "name" in change.in_place:
            self._updating.rename(existing, count_of(self.news))
            self._keep("name")
        if "tags" in change.in_place:
            self._updating.retag(self._ids)
            self._keep("tags")
        if "metadata" in change.in_place or "agency_name" in change.in_place:
            self._updating.remember(self._ids, self.olds)
            self._keep("metadata", "agency_name")
        if "auto_renew" in change.in_place and self.news.get("charging_mode") == "prePaid":
            self._updating.renew(self._ids)
            self._keep("auto_renew")

    def _machines(self, change: Changes) -> bool:
        """Change NICs, systems and power. Returns whether a system was installed."""
        wiring, is_rewired = Wiring(self.step, self.news), "nics" in change.in_place
        if is_rewired:
            wiring.add(self._ids)
        was_installed = self._systems()
        if is_rewired:
            _, removed = difference(self.olds.get("nics"), self.news.get("nics"))
            wiring.remove(self._ids, removed)
            self._keep("nics")
        if "security_groups" in change.in_place:
            wiring.guard(self._ids)
            self._keep("security_groups")
        self.power()
        return was_installed

    def _systems(self) -> bool:
        """Install the servers that need it. Returns whether a system was installed."""
        installing = Installing(self.step, self.news, self.olds, self.times)
        installing.end_earlier(self._ids)
        left = installing.outdated(self._ids)
        if left and not installs(self.news):
            text = "have the system of a change that did not end: to install the system of the program, set"
            tell(self.step.operation, f'servers {", ".join(left)} {text} on_image_change="reinstall"')
            return False
        if left:
            installing.install(left)
        # Also without an installation: a server ordered by this run has the image and the triggers of this run.
        self.step.kept.outputs.update({INSTALLED: {}, **{name: self.news.get(name) for name in INSTALL_INPUTS}})
        return bool(left)

    def _reboot(self, *, was_installed: bool) -> None:
        # An installation has started the servers: a reboot would add nothing.
        if not was_installed:
            Powering(self.step, self._updating).reboot(self._ids, reboot_triggers=self.news.get("reboot_triggers"))
        self._keep("reboot_triggers")
