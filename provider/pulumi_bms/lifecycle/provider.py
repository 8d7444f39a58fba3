"""The common base of the providers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.lifecycle import settings_checks
from pulumi_bms.lifecycle.connection import Connection, connect, explained
from pulumi_bms.lifecycle.once import print_once
from pulumi_bms.lifecycle.resource import ProviderName
from pulumi_bms.operation import Operation

_STOCK_HOST = (
    "pulumi-bms: these waits run on Pulumi's own host for dynamic resources: four at a time, without progress, and "
    "without state after a failure or an interrupt"
)
_INSTALL = "`python -m pulumi_bms.host install` installs a better host"
_INSTALL_FOR_AUTOMATION = (
    "The Automation API can use a better host, in a `work_dir` with a Pulumi.yaml, after "
    "`python -m pulumi_bms.host install` in the `work_dir`"
)


class BmsProvider(ResourceProvider):
    """A provider with no state except the config. One instance serves all threads of a plugin process."""

    serialize_as_secret_always = False
    uses_operation = True
    resource_name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._config = Config({}, "")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a call of `load_provider`."""
        return ProviderName(self.resource_name).__reduce__()

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's config, to be read when an API is needed."""
        self._config = req.config

    def connection(self, inputs: Mapping[str, Any]) -> Connection:
        """Connect to the API for these inputs. Missing settings are an error without a traceback."""
        try:
            return connect(inputs, self._config.get)
        except SettingsError as error:
            raise explained(error) from None

    def connection_problems(self, inputs: Mapping[str, Any]) -> list[str]:
        """The problems of the connection inputs, and of the settings behind the inputs."""
        return settings_checks.connection_problems(inputs, self._config.get)

    def enterprise_project_problem(self, inputs: Mapping[str, Any]) -> str | None:
        """The problem if a variable names an enterprise project, but an order's body does not."""
        return settings_checks.enterprise_project_problem(inputs, self._config.get)


def tell(operation: Operation, text: str) -> None:
    """Leave a lasting warning. On Pulumi's own host the warning goes to stderr, once."""
    if operation.keeps_partial_state:
        operation.warn(text)
    else:
        print_once(f"pulumi-bms: {text}")


def stock_host_hint(environment: Mapping[str, str], system: str) -> str:
    """The limits of Pulumi's own host, and how to install the better host, if possible.

    The Automation API writes its own Pulumi.yaml for a program without a `work_dir`, so nothing can be installed. The
    launcher of the better host does not run on Windows.
    """
    if system == "nt":
        return _STOCK_HOST
    by_automation = environment.get("PULUMI_AUTOMATION_API") == "true"
    return f"{_STOCK_HOST}. {_INSTALL_FOR_AUTOMATION if by_automation else _INSTALL}"


def tell_of_stock_host(operation: Operation) -> None:
    """Name the limits of Pulumi's own host, once a run."""
    if not operation.keeps_partial_state:
        print_once(stock_host_hint(os.environ, os.name))
