"""Which source decides each setting: one table.

| credential from | API address and project from the first source with either        |
|-----------------|------------------------------------------------------------------|
| `HW_*`          | the resource, the config, `HW_*`                                 |
| HUAWEICLOUD_SDK | the resource, the config, `HUAWEICLOUD_SDK_*`, `HW_*`            |
| `OS_*`          | the resource, the config, `OS_*`                                 |
| the config      | the resource, the config, `HW_*`, `HUAWEICLOUD_SDK_*`, `OS_*`    |
| a profile       | the profile                                                      |

All parts of a credential come from one source: the first of `HW_*`, `HUAWEICLOUD_SDK_*`, `OS_*` and the config with any
part of a credential. A region and an address are alternatives: a region in one source wins over an address in the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_bms.config_keys import SECRET_KEYS, Lookup
from pulumi_bms.settings import credentials, sources
from pulumi_bms.settings.sources import Setting, Source
from pulumi_bms.settings.variables import Family


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one resource, in the order of precedence.

    `stack` is the config, or the profile instead of the config. `owner` is the source of the credential. `places` are
    the sources for the API's address. `hints` is the family of variables that messages name, None with a profile.
    `problems` are the problems of the profile as a whole.
    """

    inputs: Source
    stack: Source
    owner: Source | None
    places: tuple[Source, ...]
    hints: Source | None
    problems: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets of all sources, for masking."""
        values = (source.get(key) for source in (self.owner, self.stack, *self.places) if source for key in SECRET_KEYS)
        return tuple(secret for secret in values if secret)

    def setting(self, *keys: str) -> Setting | None:
        """The first set key in the first place with any of the keys."""
        return next((Setting(place, key) for place in self.places for key in keys if place.has(key)), None)

    def is_place(self, family: Family) -> bool:
        """Whether a family of variables may give the API's address."""
        return any(place.family is family for place in self.places)


def with_profile(inputs: Source, profile: Source, problems: tuple[str, ...]) -> Sources:
    """The sources of a resource with a profile: only the profile counts."""
    return Sources(inputs, profile, credentials.owner_of([profile]), (profile,), None, problems)


def without_profile(inputs: Source, config: Lookup, environ: Mapping[str, str]) -> Sources:
    """The sources of a resource without a profile, by the table above."""
    stack, families = sources.of_config(config), sources.of_environment(environ)
    owner = credentials.owner_of((*families, stack))
    address_sources = _families_of(owner, families)
    hints = next(family for family in address_sources if family.family is not Family.SDK)
    return Sources(inputs, stack, owner, (inputs, stack, *address_sources), hints)


def _families_of(owner: Source | None, families: Sequence[Source]) -> list[Source]:
    terraform, sdk, openstack = families
    if owner is not None and owner.family:
        of_owner = {Family.TERRAFORM: [terraform], Family.SDK: [sdk, terraform], Family.OPENSTACK: [openstack]}
        return of_owner[owner.family]
    # A password of the config is not sent to an address that other tools left in the environment.
    return [family.without("iamEndpoint") for family in families]
