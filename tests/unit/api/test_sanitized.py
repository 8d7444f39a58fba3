"""Job documents are made safe for display and storage, without a change of meaning."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_bms.api.http.sanitized import (
    LONG_SECRET,
    SHORTEST_SECRET,
    KnownSecrets,
    sanitized,
    without_control_characters,
)
from pulumi_bms.api.models.job import Job

PASSWORD = "Pa55-w0rd"
TOKEN = "MIIEabcdefghijklmnopqrstuvwxyz0123456789"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))] + [*BIDI, "\u2028", "\u2029"]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda sign: f"{ord(sign):04x}")
def test_control_characters_are_taken_out(control: str) -> None:
    """C0, DEL, C1, bidirectional characters and line separators are removed. Whitespace becomes a blank."""
    between = " " if control.isspace() else ""
    assert without_control_characters(f"a{control}b") == f"a{between}b"


def test_other_characters_stay() -> None:
    """Words of any language, and blanks of any kind, stay unchanged."""
    text = "资源不足 — é ü \u00a0\u3000 👩\u200d💻"
    assert without_control_characters(text) == text


def test_every_text_of_a_document_is_cleaned() -> None:
    """Keys and values of sub-jobs, entities and unknown fields are cleaned at any depth."""
    bad = "\x1b[31mred\x07\x9b2J\u202e"
    wire = {
        "status": "FAIL",
        "fail_reason": bad,
        "unknown": {bad: [bad, {"deep": [[bad]], bad: bad}]},
        "entities": {
            "errorcode_message": bad,
            "sub_jobs": [{"status": "FAIL", "message": bad, "entities": [{"list": [bad]}], "more": {bad: bad}}],
        },
    }
    job = Job.read(wire)
    shown = repr([job.model_dump(), [child.model_extra for child in job.sub_jobs]])
    assert not any(repr(sign)[1:-1] in shown for sign in "\x1b\x07\x9b\u202e")
    assert (job.fail_reason, job.sub_jobs[0].message) == ("[31mred2J", "[31mred2J")


def test_secrets_are_masked_in_every_text() -> None:
    """A password or token in a document is masked, also with control characters inside."""
    wire = {
        "status": "FAIL",
        "fail_reason": f"password {PASSWORD} is weak",
        "job_type": f"x-{TOKEN}",
        "unknown": [f"Pa55-\x00w0rd {TOKEN}"],
        "entities": {"sub_jobs": [{"status": "FAIL", "entities": {"note": {f"as {TOKEN}": PASSWORD}}}]},
        f"\x1b{PASSWORD}": f"{PASSWORD}\x1b",
    }
    job = Job.read(wire, (PASSWORD, TOKEN))
    shown = repr(job)
    assert PASSWORD not in shown
    assert TOKEN not in shown
    assert job.fail_reason == "password [secret] is weak"


@pytest.mark.parametrize("secret", ["RUNNING", "8f0a-41a1", "job_id", "status", "BMS.3037", "2019-04"])
def test_a_short_secret_changes_nothing_that_is_decided_on(secret: str) -> None:
    """Ids, names of fields, statuses, codes and times are not masked by a short secret."""
    fields = {"job_id": "8f0a-41a1-b", "job_type": "RUNNING", "begin_time": "2019-04-25T20:04:47Z"}
    entities = {"server_id": "8f0a-41a1-9b18", "nicId": "8f0a-41a1", "attached_volume_ids": ["8f0a-41a1-c"]}
    wire = {"status": "RUNNING", "error_code": "BMS.3037", **fields, "entities": entities}
    assert sanitized(wire, (secret,)) == wire


def test_a_long_secret_is_masked_in_an_id_too() -> None:
    """A token in an id is masked."""
    assert len(TOKEN) >= LONG_SECRET
    job = Job.read({"status": "RUNNING", "entities": {"server_id": TOKEN}}, (TOKEN,))
    assert job.server_ids == ["[secret]"]


@pytest.mark.parametrize("text", ["SUCC\x00ESS", "SUCCESS\u202e", "\x1bSUCCESS"])
def test_what_only_looks_like_success_does_not_become_it(text: str) -> None:
    """A control character becomes a mark in statuses, ids and names of fields, so no text turns into SUCCESS."""
    job = Job.read({"status": text, "stat\x00us": "SUCCESS", "entities": {"server\x00_id": "s"}})
    assert job.status != "SUCCESS"
    assert job.status.isprintable()
    assert job.server_ids == []


def test_an_ordinary_document_is_not_copied() -> None:
    """A document without control characters and secrets is returned without a copy."""
    wire: dict[str, Any] = {"status": "RUNNING", "entities": {"sub_jobs": [{"status": "INIT", "n": [1, None, True]}]}}
    assert sanitized(wire, (PASSWORD, TOKEN)) is wire


def test_any_depth() -> None:
    """A document of any depth is cleaned without a crash."""
    inner: Any = f"\x1b{PASSWORD}"
    for _ in range(5000):
        inner = [{"in": inner}]
    result: Any = sanitized({"unknown": inner}, (PASSWORD,))["unknown"]
    for _ in range(5000):
        result = result[0]["in"]
    assert result == "[secret]"


def test_secrets_of_few_letters_are_not_looked_for() -> None:
    """Secrets of few letters are not masked in documents, because a short word may stand everywhere."""
    known = KnownSecrets()
    known.add(["x" * (SHORTEST_SECRET - 1), "true", PASSWORD, PASSWORD])
    assert known.all() == (PASSWORD,)
