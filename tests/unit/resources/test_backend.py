"""The backend of a stack: from the environment, else from the project, in one spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_bms.lifecycle.backend import backend_of

URLS = [
    ("https://api.pulumi.com/", "https://api.pulumi.com"),
    ("s3://states?region=eu-de", "s3://states"),
    ("file:///states/", "file:///states"),
    ("file:///a/../states", "file:///states"),
    ("file://~", f"file://{Path.home()}"),
]


@pytest.mark.parametrize(("url", "backend"), URLS)
def test_a_backend_is_spelt_one_way(tmp_path: Path, url: str, backend: str) -> None:
    """The same place is the same backend, from the environment and from the project."""
    assert backend_of({"PULUMI_BACKEND_URL": url}, tmp_path) == backend
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nbackend:\n  url: {url}\n")
    assert backend_of({}, tmp_path) == backend
    (tmp_path / "program").mkdir()
    assert backend_of({}, tmp_path / "program") == backend


def test_a_local_folder_is_the_projects(tmp_path: Path) -> None:
    """A relative path counts from the project's folder, for a program in any folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nbackend:\n  url: file://./state\n")
    (tmp_path / "program").mkdir()
    for folder in (tmp_path, tmp_path / "program"):
        assert backend_of({}, folder) == f"file://{tmp_path.resolve()}/state"


def test_the_environment_comes_first(tmp_path: Path) -> None:
    """The backend of the environment comes before the backend of the project, as in the CLI."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nbackend:\n  url: s3://states\n")
    assert backend_of({"PULUMI_BACKEND_URL": "s3://others"}, tmp_path) == "s3://others"


@pytest.mark.parametrize("text", ["", "name: shop", "backend: s3://states", "backend: {url: 3}", "[", "\x00", "- a"])
def test_a_project_that_names_none(tmp_path: Path, text: str) -> None:
    """Without a backend in environment and project, the backend is unknown."""
    (tmp_path / "Pulumi.yaml").write_text(text)
    assert backend_of({}, tmp_path) == ""
    assert backend_of({"PULUMI_BACKEND_URL": " "}, tmp_path) == ""
