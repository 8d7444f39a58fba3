"""The pause of the header `Retry-After`."""

from __future__ import annotations

import pytest

from pulumi_bms.api.classification import read_object
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.http.response import Response

NOW = "Thu, 25 Apr 2019 20:04:47 GMT"
SOON = "Thu, 25 Apr 2019 20:05:17 GMT"

PAUSES: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"retry_after": "30"}, 30.0),
    ({"retry_after": " 30 "}, 30.0),
    ({"retry_after": "0"}, 0.0),
    ({"retry_after": "1.5"}, 1.5),
    ({"retry_after": "-1"}, None),
    ({"retry_after": ""}, None),
    ({"retry_after": "soon"}, None),
    ({"retry_after": "nan"}, None),
    ({"retry_after": "inf"}, None),
    ({"retry_after": "1e999"}, None),
    ({"retry_after": "9" * 5000}, None),
    ({"retry_after": SOON, "date": NOW}, 30.0),
    ({"retry_after": NOW, "date": SOON}, 0.0),
    ({"retry_after": SOON}, None),
    ({"retry_after": SOON, "date": "today"}, None),
    ({"retry_after": "Thu, 25 Apr 2019 20:05:17 -0000", "date": NOW}, None),
    ({"retry_after": "Thu, 99 Apr 2019 20:05:17 GMT", "date": NOW}, None),
    ({"retry_after": "Thu, 25 Apr 99999999999 20:05:17 GMT", "date": NOW}, None),
    ({"retry_after": f"Thu, 25 Apr {'9' * 5000} 20:05:17 GMT", "date": NOW}, None),
    ({"retry_after": "Thu, 25 Apr 2019 20:05:17 +99999999999999", "date": NOW}, None),
    ({"retry_after": "Thursday, 25-Apr-19 20:05:17 GMT", "date": NOW}, 30.0),
    ({"retry_after_ms": "1500"}, 1.5),
    ({"x_ms_retry_after_ms": "250"}, 0.25),
    ({"retry_after_ms": "1500", "retry_after": "2"}, 1.5),
    ({"retry_after_ms": "soon", "retry_after": "2"}, 2.0),
    ({"retry_after_ms": "-5", "retry_after": "2"}, 2.0),
]


@pytest.mark.parametrize(("headers", "pause"), PAUSES)
def test_retry_after(headers: dict[str, str], pause: float | None) -> None:
    """Seconds, milliseconds and dates by the server's clock are a pause. Any other value is not a pause."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    for status in (200, 429, 503):
        response = Response(status, names, b"")
        assert response.retry_after == pause
        with pytest.raises(ApiError) as caught:
            read_object(response, "GET x", lambda _: False)
        assert caught.value.retry_after == pause
