"""Ids that follow from the id of the job: a ready-made job names the same servers in every run."""

from __future__ import annotations

import hashlib
import uuid

_NAMESPACE = uuid.UUID("6d2c9f0e-54b1-5c77-9a39-0c1b6f6a7d11")


def new_job_id() -> str:
    """Return a fresh job id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def sub_job_id(job_id: str, number: int) -> str:
    """Return the id of a sub-job: 32 hexadecimal digits."""
    return hashlib.sha256(f"{job_id}/{number}".encode()).hexdigest()[:32]


def entity_id(job_id: str, kind: str, number: int) -> str:
    """Return the UUID of the server or port that a job makes."""
    return str(uuid.uuid5(_NAMESPACE, f"{job_id}/{kind}/{number}"))


def identity_id(*names: str) -> str:
    """Return the id of an account, or of a user in it: 32 hexadecimal digits."""
    return uuid.uuid5(_NAMESPACE, "/".join(names)).hex
