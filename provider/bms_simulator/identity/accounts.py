"""Who there is: accounts with their projects, users, access keys and ready tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bms_simulator.identity.json_file import Place, read_json

DEFAULT_NAME = "simulated"  # of the account and of the project that are always there


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `region` names another region than the simulator's own."""

    id: str
    name: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A user with a password. `denied` is a user without rights to the Job API."""

    name: str
    password: str = field(repr=False)
    denied: bool = False


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key to sign with. A key with a security token is temporary. `expired` ends such a key.

    `user` is the name of the owner, by default the first user of the account.
    """

    access: str
    secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    expired: bool = False
    denied: bool = False
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `tokens` are ready tokens without an end, each with the id of its project."""

    name: str
    projects: Sequence[Project] = ()
    users: Sequence[User] = ()
    access_keys: Sequence[AccessKey] = ()
    tokens: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    frozen: bool = False

    def project(self, project_id: str) -> Project | None:
        """Return the project with that id."""
        return next((each for each in self.projects if each.id == project_id), None)

    def projects_named(self, name: str) -> tuple[Project, ...]:
        """Return all projects with that name."""
        return tuple(each for each in self.projects if each.name == name)

    def owner_of(self, key: AccessKey) -> str:
        """Return the name of a key's user, the account's own name if there are no users."""
        return key.user or next((user.name for user in self.users), self.name)

    def user(self, name: str) -> User | None:
        """Return the user with that name."""
        return next((each for each in self.users if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts, with unique names, ids and keys."""

    accounts: Sequence[Account] = ()

    def __post_init__(self) -> None:
        """Refuse accounts that contradict each other."""
        _refuse_repeated("account", (each.name for each in self.accounts))
        _refuse_repeated("project id", (project.id for each in self.accounts for project in each.projects))
        _refuse_repeated("access key", (key.access for each in self.accounts for key in each.access_keys))
        for account in self.accounts:
            _refuse_repeated(f"user of the account {account.name}", (user.name for user in account.users))
            if any(account.project(project_id) is None for project_id in account.tokens.values()):
                raise ValueError(f"a token of the account {account.name} is for none of its projects")
        if len({token for each in self.accounts for token in each.tokens}) < sum(len(a.tokens) for a in self.accounts):
            raise ValueError("two accounts have the same token")

    @classmethod
    def load(cls, path: str | Path) -> Accounts:
        """Return the accounts of a JSON file. A ValueError names the file and the place of the mistake."""
        document = read_json(Path(path))
        if "accounts" not in document.object_of("accounts"):
            document.at("accounts").wrong("must be a list")
        accounts = document.items("accounts", _read_account)
        try:
            return cls(accounts)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def named(self, name: str) -> Account | None:
        """Return the account with that name."""
        return next((each for each in self.accounts if each.name == name), None)

    def owner(self, project_id: str) -> Account | None:
        """Return the account of a project."""
        return next((each for each in self.accounts if each.project(project_id)), None)

    def find(self, project_id: str) -> tuple[Account, Project]:
        """Return a project and its account. An unknown id raises ValueError."""
        for account in self.accounts:
            if project := account.project(project_id):
                return account, project
        raise ValueError(f"project {project_id} does not exist")

    def with_default(self, token: str, project_id: str) -> Accounts:
        """Return the accounts with one more ready token for a project. A project without an account gets one."""
        owner = self.owner(project_id)
        if owner is None:
            default = Account(DEFAULT_NAME, (Project(project_id, DEFAULT_NAME),), tokens={token: project_id})
            return Accounts((*self.accounts, default))
        extended = replace(owner, tokens={**owner.tokens, token: project_id})
        return Accounts(tuple(extended if each is owner else each for each in self.accounts))


def _refuse_repeated(what: str, names: Iterable[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"there are two of the {what} {repeated[0]}")


def _read_account(place: Place) -> Account:
    place.object_of("name", "projects", "users", "access_keys", "tokens", "frozen")
    return Account(
        place.text("name"),
        place.items("projects", _read_project),
        place.items("users", _read_user),
        place.items("access_keys", _read_access_key),
        dict(place.items("tokens", _read_token)),
        place.flag("frozen"),
    )


def _read_project(place: Place) -> Project:
    place.object_of("id", "name", "region")
    return Project(place.text("id"), place.text("name"), place.text_or_none("region"))


def _read_user(place: Place) -> User:
    place.object_of("name", "password", "denied")
    return User(place.text("name"), place.text("password"), place.flag("denied"))


def _read_access_key(place: Place) -> AccessKey:
    place.object_of("access", "secret", "security_token", "expired", "denied", "user")
    access, secret, security_token = place.text("access"), place.text("secret"), place.text_or_none("security_token")
    return AccessKey(
        access, secret, security_token, place.flag("expired"), place.flag("denied"), place.text_or_none("user")
    )


def _read_token(place: Place) -> tuple[str, str]:
    place.object_of("token", "project")
    return place.text("token"), place.text("project")
