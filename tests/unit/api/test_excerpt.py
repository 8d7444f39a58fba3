"""The excerpt of a response: all ids, and the start of the text, also of an incomplete response."""

from __future__ import annotations

import json

import pytest

from pulumi_bms.api.http.excerpt import (
    LONGEST_TEXT,
    MOST_IDS,
    Excerpt,
    excerpt_of,
)

IDS: list[tuple[object, dict[str, str]]] = [
    ({"order_id": "CS1"}, {"order_id": "CS1"}),
    ({"orderId": 7, "job_id": None, "id": ""}, {"orderId": "7"}),
    ({"job": {"id": "j", "name": "web"}}, {"job.id": "j"}),
    ({"servers": [{"id": "a"}, {"id": "b"}]}, {"servers[0].id": "a", "servers[1].id": "b"}),
    ({"serverIds": ["a", "b"], "server_ids": ["c"]}, {"serverIds[0]": "a", "serverIds[1]": "b", "server_ids[0]": "c"}),
    ([{"ID": "a"}], {"[0].ID": "a"}),
    ({"paid": "yes", "grid": "x", "avoid": "y", "valid": "true"}, {}),
    ({"order_id": True, "job_id": 1.5, "a_id": {"b": "c"}}, {}),
    ({"order_id": "two words", "job_id": "a\x1b[2J", "x_id": "x" * 129}, {}),
]


@pytest.mark.parametrize(("document", "ids"), IDS)
def test_each_id_is_found_by_its_name(document: object, ids: dict[str, str]) -> None:
    """Ids are found at any depth, as texts and numbers. A value that is not a plain id is left out."""
    assert excerpt_of(json.dumps(document).encode()).ids == ids


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"job_id": "j1", "order_id": "CS', {"job_id": "j1"}),
        (b'{"order_id":"CS1","job', {"order_id": "CS1"}),
        (b'{"job_id": 71, "status": "', {"job_id": "71"}),
        (b'{"job_id": 71', {}),
        (b'{"job_id": "', {}),
        (b'{"name": "j1", "x": ', {}),
        (b'\xff{"job_id": "j1"}', {"job_id": "j1"}),
        (b"<html>", {}),
        (b"[" * 100_000, {}),
    ],
)
def test_of_a_document_that_was_cut_off_each_whole_id_is_found(body: bytes, ids: dict[str, str]) -> None:
    """Of a cut-off document every whole id is found. A value without an end is not an id."""
    assert excerpt_of(body).ids == ids


def test_the_text_is_one_bounded_line() -> None:
    """The text has no control characters, and a long text is cut."""
    assert excerpt_of(b'{\n "a":\t"\x1b[2J"}').text == '{ "a": " [2J"}'
    assert len(excerpt_of(b"x" * 10**6).text) == LONGEST_TEXT
    assert excerpt_of(b"") == Excerpt()


def test_the_ids_are_bounded() -> None:
    """The number of ids is limited."""
    many = json.dumps({f"{number}_id": str(number) for number in range(1000)}).encode()
    assert len(excerpt_of(many).ids) == MOST_IDS
    assert len(excerpt_of(json.dumps({"ids": list(range(1000))}).encode()).ids) == MOST_IDS


def test_no_secret_is_in_an_excerpt() -> None:
    """A secret is masked in the text, also at the cut, and is never an id."""
    body = json.dumps({"a_id": "hunter2", "b": "x" * (LONGEST_TEXT - 30) + "hunter2"}).encode()
    result = excerpt_of(body, ["hunter2"])
    assert result.ids == {}
    assert "hunter" not in result.text
    assert '"a_id": "[secret]"' in result.text


def test_an_id_is_found_by_any_of_its_names() -> None:
    """The first known name of an id counts, at any place."""
    result = excerpt_of(b'{"result": {"orderId": "CS1"}}')
    assert result.id_of("order_id", "orderId") == "CS1"
    assert result.id_of("job_id") is None
