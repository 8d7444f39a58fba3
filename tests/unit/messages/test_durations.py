"""Durations in the form of users and in the form of messages."""

from __future__ import annotations

from typing import Any, cast

import pulumi
import pytest

from pulumi_bms.messages.durations import create_timeout, parse, show


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400.0),
        (" 90m", 5400.0),
        ("90m\n", 5400.0),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        ("5400s", 5400.0),
        ("1h29m60s", 5400.0),
        ("30m1h", 5400.0),
        (".5m", 30.0),
        ("1.m", 60.0),
        ("090s", 90.0),
        ("1500ms", 1.5),
        ("2us", 2e-6),
        ("2µs", 2e-6),
        ("3ns", 3e-9),
        ("0h5m", 300.0),
        ("8760h", 31_536_000.0),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    """A duration is the sum of numbers with units. Blanks around a number are ignored."""
    assert parse("create", text) == pytest.approx(seconds)


NONSENSE: list[object] = [
    *("", " ", "90", "1d", "2w", "m", "h1", "1h 30m", "90 m", "90M", "1,5h", "1e3s", "-5m", "+5m", "m90", "soon"),
    *("1h30", "1..5h", ".h", "\N{ARABIC-INDIC DIGIT FIVE}m", "1h-30m", "inf", "nans", "0x5m", "1_0m"),
    *(90, 90.0, True, b"90m", ["90m"], None),
]


@pytest.mark.parametrize("value", NONSENSE)
def test_nonsense_is_refused_by_name(value: object) -> None:
    """The message for a bad duration names the property, the format and the value."""
    with pytest.raises(ValueError, match=r"^custom_timeouts\.create must be a duration such as \"90m\"") as error:
        parse("custom_timeouts.create", value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("value", ["0s", "0m", "0h0m0s", "0.0h", ".0ms"])
def test_nothing_is_no_duration(value: str) -> None:
    """A duration of zero is refused."""
    with pytest.raises(ValueError, match=r"^x must be "):
        parse("x", value)


def test_the_timeout_of_create_is_read() -> None:
    """The timeout is `custom_timeouts.create`, or None."""
    assert create_timeout(None) is None
    assert create_timeout(pulumi.ResourceOptions()) is None
    assert create_timeout(_options(pulumi.CustomTimeouts())) is None
    assert create_timeout(_options(pulumi.CustomTimeouts(create="90m"))) == 5400.0
    assert create_timeout(_options(pulumi.CustomTimeouts(create="1.5h", update="5m", delete="1s"))) == 5400.0
    assert create_timeout(_options(pulumi.CustomTimeouts(update="5m"))) is None


def test_the_timeouts_may_be_a_dict() -> None:
    """Pulumi takes `custom_timeouts` as a dict too."""
    assert create_timeout(_options({})) is None
    assert create_timeout(_options({"create": "90m"})) == 5400.0
    assert create_timeout(_options({"update": "90m"})) is None


@pytest.mark.parametrize("name", ["create", "update", "delete"])
@pytest.mark.parametrize("value", ["0", "-5m", "90", "1d", "0s", ""])
def test_each_bad_timeout_is_named(name: str, value: str) -> None:
    """A bad timeout is refused by name before Pulumi fails, also for update and delete."""
    for timeouts in (pulumi.CustomTimeouts(**{name: value}), {name: value}):
        with pytest.raises(ValueError, match=rf"^custom_timeouts\.{name} .*{value!r}"):
            create_timeout(_options(timeouts))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (-3.0, "0s"),
        (0.6, "1s"),
        (45, "45s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (60, "1m00s"),
        (247.2, "4m07s"),
        (3599.7, "1h00m00s"),
        (5400, "1h30m00s"),
        (10_800.0, "3h00m00s"),
        (360_061, "100h01m01s"),
    ],
)
def test_a_duration_is_shown_to_the_second(seconds: float, text: str) -> None:
    """A duration is shown in whole seconds with hours and minutes, with at most 59 s or min, and never below zero."""
    assert show(seconds) == text


def test_what_is_shown_can_be_written() -> None:
    """A shown duration is a valid `custom_timeouts` value."""
    for seconds in (1, 59, 60, 61, 3599, 3600, 3661, 86_400, 90_061):
        assert parse("create", show(seconds)) == seconds


def _options(timeouts: pulumi.CustomTimeouts | dict[str, Any]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(custom_timeouts=cast("pulumi.CustomTimeouts", timeouts))
