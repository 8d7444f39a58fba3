"""Rules of billing from the documentation of the API.

A rule's docstring begins with the rule's page in the API reference. A rule returns the problems of a set of inputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_bms.lifecycle.model_reading import Problem, items, known
from pulumi_bms.resources.servers_model import ServersInputs

PREPAID, POSTPAID = "prePaid", "postPaid"
PERIODS = {"month": range(1, 9 + 1), "year": range(1, 1 + 1)}


def charging_mode(inputs: ServersInputs) -> Iterator[Problem]:
    """API Explorer, CreateBareMetalServers, `chargingMode`: prePaid or postPaid."""
    if (value := known(inputs.charging_mode)) is not None and value not in {PREPAID, POSTPAID}:
        yield Problem("charging_mode", f"must be {PREPAID} or {POSTPAID}")


def period(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 9, `periodType` and `periodNum`: 1 to 9 months, or 1 year."""
    unit, number = known(inputs.period_unit), known(inputs.period)
    if unit is not None and unit not in PERIODS:
        yield Problem("period_unit", "must be month or year")
    elif number is not None and number not in (PERIODS[unit] if unit else PERIODS["month"]):
        text = "write 1 with period_unit year" if unit == "year" else "write 1 to 9 months, or 1 year"
        yield Problem("period", f"is {number}: {text}")


def parts_of_prepaid(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 9: `periodType`, `periodNum` and `isAutoRenew` take effect for prePaid only."""
    if inputs.charging_mode is None or known(inputs.charging_mode) == POSTPAID:
        for name in ("period_unit", "period", "auto_renew"):
            if known(value := getattr(inputs, name)) is not None and value is not False:
                yield Problem(
                    name, f'is for yearly and monthly billing: write charging_mode="{PREPAID}", or leave it out'
                )


def whole_period(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 9: prePaid needs `periodType` and `periodNum`."""
    if known(inputs.charging_mode) == PREPAID:
        if inputs.period_unit is None:
            yield Problem("period_unit", f"is missing: {PREPAID} needs month or year")
        if inputs.period is None:
            yield Problem("period", f"is missing: {PREPAID} needs 1 to 9 months, or 1 year")


def dedicated_disks(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 8, `volumetype`: DESS disks can't be had with yearly and monthly billing."""
    if known(inputs.charging_mode) == PREPAID:
        for path, disk in items("data_disks", known(inputs.data_disks)):
            if (known(disk.type) or "").startswith("DESS_"):
                yield Problem(f"{path}.type", f"is not sold with {PREPAID}: write another type, or {POSTPAID}")


RULES = (charging_mode, period, parts_of_prepaid, dedicated_disks)
RULES_OF_ORDERS = (whole_period,)
