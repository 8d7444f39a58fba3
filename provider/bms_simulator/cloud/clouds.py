"""The clouds of all projects, their common time, and the lock for one request after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from bms_simulator.clock import SimulatedTime
from bms_simulator.cloud.behaviour import Behaviour
from bms_simulator.cloud.catalogue import Catalogue
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.identity.accounts import Account


class Clouds:
    """A cloud for each project, made when it is first asked for."""

    def __init__(self, time: SimulatedTime, behaviour: Behaviour, catalogue: Catalogue) -> None:
        """Begin with none."""
        self.time = time
        self.behaviour = behaviour
        self.lock = threading.Lock()
        self._catalogue = catalogue
        self._clouds: dict[str, Cloud] = {}

    def of(self, project_id: str) -> Cloud:
        """Return the cloud of a project. To be used with the lock held."""
        if project_id not in self._clouds:
            self._clouds[project_id] = Cloud(project_id, self.time.time_scale, self.behaviour, self._catalogue)
        return self._clouds[project_id]

    def of_account(self, account: Account) -> Iterator[Cloud]:
        """Return the clouds of all projects of an account. To be used with the lock held."""
        for project in account.projects:
            yield self.of(project.id)
