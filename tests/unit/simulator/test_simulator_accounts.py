"""Accounts in a file: the read fields, and the errors for a wrong file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bms_simulator import AccessKey, Account, Accounts, Project, Simulator, User

Write: TypeAlias = Callable[[object], Path]

PROJECT = {"id": "p", "name": "cn-north-4"}
WHOLE: dict[str, Any] = {
    "name": "acme",
    "frozen": True,
    "projects": [PROJECT, {"id": "q", "name": "cn-north-4", "region": "cn-south-1"}],
    "users": [{"name": "deploy", "password": "hidden"}, {"name": "guest", "password": "hidden", "denied": True}],
    "access_keys": [
        {"access": "AK", "secret": "hidden"},
        {"access": "AKT", "secret": "hidden", "security_token": "hidden", "expired": True, "denied": True},
    ],
    "tokens": [{"token": "hidden", "project": "p"}],
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file of accounts."""

    def to_file(content: object) -> Path:
        path = tmp_path / "accounts.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return to_file


def test_a_file_is_read(write: Write) -> None:
    """Every field of a file is in the accounts, from a path object and from a path text."""
    path = write({"accounts": [WHOLE, {"name": "empty"}]})
    acme = Account(
        "acme",
        (Project("p", "cn-north-4"), Project("q", "cn-north-4", "cn-south-1")),
        (User("deploy", "hidden"), User("guest", "hidden", denied=True)),
        (AccessKey("AK", "hidden"), AccessKey("AKT", "hidden", "hidden", expired=True, denied=True)),
        {"hidden": "p"},
        frozen=True,
    )
    assert Accounts.load(path) == Accounts.load(str(path)) == Accounts((acme, Account("empty")))


def test_what_is_left_out_is_null(write: Write) -> None:
    """Null equals a missing field."""
    content = {"name": "acme", "projects": None, "frozen": None, "access_keys": None, "users": None, "tokens": None}
    assert Accounts.load(write({"accounts": [content]})) == Accounts((Account("acme"),))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "accounts[0].name must be a string that is not empty"),
        ({"name": 1}, "accounts[0].name must be a string that is not empty"),
        ({"frozen": "no"}, "accounts[0].frozen must be true or false"),
        ({"projects": {"hidden": "p"}}, "accounts[0].projects must be a list"),
        ({"projects": ["hidden"]}, "accounts[0].projects[0] must be an object"),
        ({"projects": [PROJECT, {"id": "q"}]}, "accounts[0].projects[1].name must be a string that is not empty"),
        ({"projects": [{**PROJECT, "region": 1}]}, "accounts[0].projects[0].region must be a string"),
        ({"users": [{"name": "u", "password": ["hidden"]}]}, "accounts[0].users[0].password must be a string"),
        ({"access_keys": [{"access": "AK"}]}, "accounts[0].access_keys[0].secret must be a string"),
        (
            {"access_keys": [{"hidden": "hidden"}]},
            "accounts[0].access_keys[0] has a key that is none of access, secret",
        ),
        ({"tokens": [{"token": "hidden"}]}, "accounts[0].tokens[0].project must be a string that is not empty"),
        ({"tokens": "hidden"}, "accounts[0].tokens must be a list"),
        ({"hidden": True}, "accounts[0] has a key that is none of name, projects, users"),
        ({"tokens": [{"token": "hidden", "project": "z"}]}, "a token of the account acme is for none of its projects"),
        ({"projects": [PROJECT, PROJECT]}, "there are two of the project id p"),
        ({"users": [{"name": "u", "password": "hidden"}] * 2}, "there are two of the user of the account acme u"),
    ],
)
def test_a_wrong_file_is_named_with_the_place(changes: dict[str, Any], message: str, write: Write) -> None:
    """The error names the file and the place, and no value, because a value could be a secret."""
    path = write({"accounts": [{**WHOLE, **changes}]})
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")) as error:
        Accounts.load(path)
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1, column 1: Expecting value"),
        (b'{"accounts": [\n{"name": hidden}]}', "line 2, column 10: Expecting value"),
        (b'{"accounts": "\xff"}', "this is not JSON in UTF-8"),
        (b"[" * 100_000, "this is not JSON in UTF-8"),
        ([], "the document must be an object"),
        ({"account": []}, "the document has a key that is none of accounts"),
        ({}, "accounts must be a list"),
        ({"accounts": {}}, "accounts must be a list"),
        ({"accounts": [[]]}, "accounts[0] must be an object"),
        ({"accounts": [WHOLE, WHOLE]}, "there are two of the account acme"),
    ],
)
def test_what_is_no_list_of_accounts_is_refused(content: object, message: str, write: Write) -> None:
    """A file without JSON is refused with line and column. A wrong document is refused with the expected form."""
    path = write(content)
    with pytest.raises(ValueError, match=re.escape(f"{path}: {message}")) as error:
        Accounts.load(path)
    assert "hidden" not in str(error.value)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    """A missing file is the system's error."""
    with pytest.raises(FileNotFoundError):
        Accounts.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ((Account("a"), Account("a")), "two of the account a"),
        ((Account("a", (Project("p", "x"),)), Account("b", (Project("p", "y"),))), "two of the project id p"),
        ((Account("a", access_keys=(AccessKey("k", "x"), AccessKey("k", "y"))),), "two of the access key k"),
        ((Account("a", tokens={"hidden": "p"}),), "a token of the account a is for none of its projects"),
        (
            (
                Account("a", (Project("p", "x"),), tokens={"hidden": "p"}),
                Account("b", (Project("q", "x"),), tokens={"hidden": "q"}),
            ),
            "two accounts have the same token",
        ),
    ],
)
def test_accounts_do_not_contradict_each_other(accounts: tuple[Account, ...], message: str) -> None:
    """Names, ids, keys and tokens must be unique, also in accounts made in Python."""
    with pytest.raises(ValueError, match=message) as error:
        Accounts(accounts)
    assert "hidden" not in str(error.value)


def test_the_default_account_is_one_more() -> None:
    """The name and the token of the default account can't be used by a further account."""
    with pytest.raises(ValueError, match="two of the account simulated"):
        Simulator(accounts=Accounts((Account("simulated"),)))
    theirs = Account("a", (Project("p", "x"),), tokens={"hidden": "p"})
    with pytest.raises(ValueError, match="two accounts have the same token"):
        Simulator(accounts=Accounts((theirs,)), token="hidden")
