"""`get_flavors`: the flavors of servers, and their stock in an availability zone.

API: `GET /v1/{project_id}/baremetalservers/flavors` and `GET /v1/{project_id}/baremetalservers/available_resource`.
"""

from __future__ import annotations

import pulumi

from pulumi_bms.api.errors import NoSuchApiError, RefusedError
from pulumi_bms.api.flavors import FlavorApi
from pulumi_bms.api.models.flavor import Flavor, Stock
from pulumi_bms.data_sources.questions import answered, connected, output_of

_FORBIDDEN = 403


class FlavorDetails(Flavor):
    """One flavor. Memory is in MB, the local disk in GB. Missing values are None.

    `sale` and `stock` are about the availability zone of the call, and None without a zone. `sale` is normal, abandon,
    sellout, obt, promotion or a new word of the API. `stock` is the number of servers left. `stock` is None too if the
    API does not tell the number.
    """

    availability_zone: str | None = None
    sale: str | None = None
    stock: int | None = None

    @classmethod
    def of(cls, flavor: Flavor, availability_zone: str | None, stock: int | None) -> FlavorDetails:
        """The details of a flavor from a response."""
        sale = flavor.sale_in(availability_zone) if availability_zone else None
        return cls.model_construct(**dict(flavor), availability_zone=availability_zone, sale=sale, stock=stock)


def get_flavors(
    *,
    availability_zone: str | None = None,
    region: str | None = None,
    project_id: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
) -> tuple[FlavorDetails, ...]:
    """Read the flavors of one availability zone with their stock, or of all zones. In a preview too.

    The same call sends no second request in a run. Raises `ValueError` for an invalid argument, `SettingsError` for
    missing settings, and an `ApiError`. Sources: the page "Querying Flavor Details and Extended Flavor Information" of
    the Bare Metal Server API reference, and the operation `ShowAvailableResource` of the vendor's API definition.
    """
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    connection = connected(where, _problem(availability_zone))
    api = FlavorApi(connection.channel)
    return answered(connection, "get_flavors", lambda: _read(api, availability_zone), availability_zone)


def get_flavors_output(
    *,
    availability_zone: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[tuple[FlavorDetails, ...]]:
    """`get_flavors` for arguments that may be outputs. While an argument is not known in a preview, nothing is sent."""
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    return output_of(get_flavors, {"availability_zone": availability_zone, **where})


def _problem(zone: object) -> str | None:
    if zone is None or (isinstance(zone, str) and zone.strip()):
        return None
    return "availability_zone must be a string that is not empty: leave availability_zone out to read all flavors"


def _read(api: FlavorApi, zone: str | None) -> tuple[FlavorDetails, ...]:
    flavors = api.list(zone)
    counts = {each.flavor_id: each.count for each in _stock(api, zone)} if zone else {}
    return tuple(FlavorDetails.of(each, zone, counts.get(each.id)) for each in flavors)


def _stock(api: FlavorApi, zone: str) -> tuple[Stock, ...]:
    """The stock of a zone. Empty if the cloud does not have the call, or the user does not have the right."""
    try:
        return tuple(each for each in api.stock([zone]) if each.availability_zone == zone)
    except RefusedError as error:
        if isinstance(error, NoSuchApiError) or error.status == _FORBIDDEN:
            return ()
        raise
