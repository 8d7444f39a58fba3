"""`get_quotas`: the quotas of a project, and their use.

API: `GET /v1/{project_id}/baremetalservers/limits`.
"""

from __future__ import annotations

import pulumi

from pulumi_bms.api.models.quota import Quotas
from pulumi_bms.api.quotas import QuotaApi
from pulumi_bms.data_sources.questions import answered, connected, output_of


def get_quotas(
    *,
    region: str | None = None,
    project_id: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
) -> Quotas:
    """Read the quotas of the project, in a preview too. A second call sends no second request in a run.

    Raises `ValueError` for an invalid argument, `SettingsError` for missing settings, and an `ApiError`. Source: the
    page "Querying Tenant Quotas" of the Bare Metal Server API reference.
    """
    connection = connected({"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile})
    return answered(connection, "get_quotas", QuotaApi(connection.channel).get)


def get_quotas_output(
    *,
    region: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[Quotas]:
    """`get_quotas` for arguments that may be outputs. While an argument is not known in a preview, nothing is sent."""
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    return output_of(get_quotas, where)
