"""The sources of settings: the families of environment variables, the stack config, a profile in it, the inputs.

The variables are in `variables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pulumi_bms.api.auth.credential import Unpicklable
from pulumi_bms.config_keys import KEYS, NAMESPACE, Lookup
from pulumi_bms.settings.variables import VARIABLES, Family


@dataclass(frozen=True, slots=True)
class Source(Unpicklable):
    """One source of settings: its name, and its values and their names by config key.

    `differing` has the names of a key that several variables set to different values. `is_in_stack` is whether the
    source is the stack's config or a profile in the config.
    """

    title: str
    names: Mapping[str, str] = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    family: Family | None = None
    differing: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    is_in_stack: bool = False

    def get(self, key: str) -> str:
        """The value, or ""."""
        return self.values.get(key, "")

    def has(self, *keys: str) -> bool:
        """Whether any of the keys is set."""
        return any(self.get(key) for key in keys)

    def without(self, key: str) -> Source:
        """A copy of the source without the key."""
        names, values = ({name: text for name, text in of.items() if name != key} for of in (self.names, self.values))
        return replace(self, names=names, values=values)

    def name(self, key: str) -> str:
        """The name of the setting in this source."""
        return self.names.get(key, key)


@dataclass(frozen=True, slots=True)
class Setting(Unpicklable):
    """One value of a source."""

    source: Source
    key: str

    @property
    def value(self) -> str:
        """The value."""
        return self.source.get(self.key)

    @property
    def name(self) -> str:
        """The name of the setting in its source, such as `bms:endpoint`."""
        return self.source.name(self.key)


def of_inputs(inputs: Mapping[str, object]) -> Source:
    """The inputs of a resource."""
    names = {"endpoint": "endpoint", "region": "region", "projectId": "project_id"}
    return _source("the resource", names, inputs.get)


def of_config(config: Lookup) -> Source:
    """The stack config."""
    return replace(_source("the config", {key: f"{NAMESPACE}:{key}" for key in KEYS}, config), is_in_stack=True)


def of_environment(environ: Mapping[str, str]) -> tuple[Source, ...]:
    """The families of environment variables, in the order of precedence."""
    values = dict(environ)
    return tuple(_of_family(family, values) for family in Family)


def of_profile(name: str, values: Mapping[str, object]) -> Source:
    """A profile in the stack config."""
    names = {key: f"{place_of(name)}.{key}" for key in KEYS}
    return replace(_source(f"profile {name!r}", names, _by_last_part(values)), is_in_stack=True)


def place_of(profile: str) -> str:
    """The config key of a profile."""
    return f"{NAMESPACE}:profiles.{profile}"


def _of_family(family: Family, environ: Mapping[str, str]) -> Source:
    """The first set variable of a key counts. Variables with a different value are noted in `differing`."""
    names: dict[str, str] = {}
    values: dict[str, str] = {}
    differing: dict[str, tuple[str, ...]] = {}
    for variable in VARIABLES:
        if variable.family is not family or not variable.is_read:
            continue
        key, text = variable.key, _text(variable.key, environ.get(variable.name))
        if not text or key in values:
            names.setdefault(key, variable.name)
        else:
            names[key], values[key] = variable.name, text
        if text and text != values[key]:
            differing[key] = (*differing.get(key, (names[key],)), variable.name)
    return Source(f"the environment ({family.value})", names, values, family, differing)


def _by_last_part(values: Mapping[str, object]) -> Lookup:
    # Pulumi turns a value in a profile into a number or true if possible.
    return lambda name: _written(values.get(name.rsplit(".", 1)[-1]))


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, int | float) else value


def _source(title: str, names: Mapping[str, str], lookup: Lookup) -> Source:
    return Source(title, names, {key: text for key, name in names.items() if (text := _text(key, lookup(name)))})


def _text(key: str, value: object) -> str:
    text = _written(value) if key == "maxRequestsPerMinute" else value
    if not isinstance(text, str) or not text.strip():
        return ""
    if key == "password":
        # A password may contain blanks. A line break at the end comes from a file or a pipe.
        return text.rstrip("\r\n")
    return text.strip().lower() if key in ("region", "cloud") else text.strip()
