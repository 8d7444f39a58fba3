"""From settings to the API: one transport for each endpoint and credential, shared by all resources of a process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.transport import Transport
from pulumi_bms.settings import Lookup, load

_TRANSPORTS: dict[tuple[str, str], Transport] = {}
_LOCK = threading.Lock()


def connect(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str] | None = None) -> JobApi:
    """The API for a resource with these inputs; raises `SettingsError`. Sends nothing."""
    settings = load(inputs, config, os.environ if environ is None else environ)
    key = (settings.endpoint, settings.credential.fingerprint)
    with _LOCK:
        if key not in _TRANSPORTS:
            _TRANSPORTS[key] = Transport(settings.endpoint, settings.credential)
        return JobApi(_TRANSPORTS[key], settings.project_id)
