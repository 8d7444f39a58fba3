"""The record: a request that orders something is on this machine before it is sent. Standard library only.

The API has no idempotency key, and the engine writes its state only when a create returns. A process that is killed
between the two would leave an order that no later run knows of. So each order has a file in `bms/orders` of Pulumi's
home folder:

1. The file is on the disk before the request is sent: orderer, digest of the inputs, method, address, time.
2. The file is completed as soon as the response is read, before anything else: the job, or the ids in the response.
3. The file is removed when the request came to nothing, and when the engine is known to have the job in its state: the
   program was told of the job, or a later run has the job among its resources.

A create that finds a file of the same orderer and the same inputs follows a run that did not end well. With a job in
the file the create goes on with that job. Without a job nothing is sent.

The name of a file is `ORDERER-INPUTS-BACKEND.json`, three digests. Two processes that order the same at one moment
need the same name, and the file system gives the name to one process. Digests of inputs and backend are keyed, and
the key is in a file of its own: a record alone lets no password be guessed. Only the owner can read the files.

A file that can't be read, or was written with another key, is never taken for absent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi_bms.lifecycle import durable

_KEY = "key"
_KEY_BYTES = 32
_SUFFIX = ".json"


class RecordError(Exception):
    """A record can't be written or read: nothing may be sent. The text says which file, why and what to do."""


def orders_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the records of this machine's user. Raises `RecordError` where the user has no home."""
    try:
        home = Path(environ.get("PULUMI_HOME") or Path.home() / ".pulumi").expanduser()
    except RuntimeError:
        raise RecordError("there is no home folder for the record: set PULUMI_HOME to a folder that stays") from None
    return home / "bms" / "orders"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent, and for whom.

    `orderer` is organization and URN, `inputs` the text of all inputs that replace, `backend` where the state is.
    """

    orderer: str
    inputs: str = field(repr=False)
    backend: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One request as the machine remembers it.

    `request` is method and address, `sent_at` a time in UTC, `attempt` the name of this one request. `answered` is
    whether the outcome is on record; then `job_id`, `order_id`, `ids` and `text` are from the response, and `error` is
    what was wrong with the response. `inputs`, `backend` and `key` are digests.
    """

    path: Path
    orderer: str
    inputs: str
    backend: str
    key: str
    request: str
    sent_at: str
    attempt: str
    answered: bool = False
    job_id: str | None = None
    order_id: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    error: str = ""


_REQUIRED = ("orderer", "inputs", "key", "request", "sent_at", "attempt")


class Pending:
    """The record of a request of this process: `write` before sending; afterwards `complete`, or `remove`."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.written = False
        """Whether the record is on the disk, so that the request may have been sent."""
        self._lock: int | None = None

    def write(self, request: str) -> None:
        """Put the record on the disk, once. Raises `RecordError`; then the request must not be sent."""
        if self.written:
            return
        sent_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.record = replace(self.record, request=request, sent_at=sent_at)
        try:
            self._lock = durable.create(self.record.path, _content(self.record))
        except FileExistsError:
            raise RecordError(
                f"{request} is being sent by another run at this moment, so it is not sent: {self.record.path}"
            ) from None
        except OSError as error:
            raise _unwritable(self.record.path, error) from None
        self.written = True

    def complete(self, **found: Any) -> Record:
        """Add fields of `Record` that the response tells. Raises `RecordError`; the record then stays as before."""
        self.record = replace(self.record, answered=True, **found)
        try:
            durable.replace(self.record.path, _content(self.record))
        except OSError as error:
            raise RecordError(f"{self.record.path} can't be written ({_why(error)})") from None
        finally:
            self._unlock()
        return self.record

    def remove(self) -> None:
        """Forget a request that came to nothing."""
        if self.written:
            with suppress(OSError):
                self.record.path.unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@dataclass(frozen=True, slots=True)
class Found:
    """The records of an orderer: the one of the same inputs, if there is one, and those of other inputs."""

    same: Record | None = None
    others: tuple[Record, ...] = ()


class Records:
    """The records in a folder. Safe to use from many threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pending(self, order: Order) -> Pending:
        """A record to be written. Raises `RecordError` where the folder can't be written to."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = self._key() or self._new_key()
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        inputs, backend = _digests(key, order)
        name = "-".join([_hashed(order.orderer), inputs[:32], backend or "any"]) + _SUFFIX
        return Pending(
            Record(
                path=self._folder / name,
                orderer=order.orderer,
                inputs=inputs,
                backend=backend,
                key=_name_of(key),
                request="",
                sent_at="",
                attempt=secrets.token_hex(16),
            )
        )

    def find(self, order: Order) -> Found:
        """The records of the orderer. Raises `RecordError` where one can't be read or compared."""
        found = [record for path in self._paths(_hashed(order.orderer)) if (record := _read(path))]
        if not found:
            return Found()
        key = self._key() or b""
        for record in found:
            if record.key != _name_of(key):
                raise _useless(record.path, f"it was written with another key than {self._folder / _KEY}")
        inputs, backend = _digests(key, order)
        # Two backends may each have a stack of this name, which know nothing of each other.
        mine = [record for record in found if not (backend and record.backend and record.backend != backend)]
        same = [record for record in mine if record.inputs == inputs]
        # Of two records the one without a job counts: its request must not be sent again.
        same.sort(key=lambda record: record.job_id is not None)
        return Found(same[0] if same else None, tuple(record for record in mine if record.inputs != inputs))

    def is_being_sent(self, record: Record) -> bool:
        """Whether the process that sends this request still lives, so that the outcome will be on record soon."""
        return not record.answered and durable.is_locked(record.path)

    def settle(self, *, job_id: object = None, attempt: object = None, orderer: str = "") -> None:
        """Remove the record of a job, or of an attempt, that the engine is known to have in its state.

        `orderer` limits the search to the records of one orderer. A record that can't be read or removed stays.
        """
        with suppress(RecordError):
            for path in self._paths(_hashed(orderer) if orderer else ""):
                self._settle(path, job_id, attempt)

    def _settle(self, path: Path, job_id: object, attempt: object) -> None:
        with suppress(RecordError, OSError):
            record = _read(path)
            known = record is not None and (
                (job_id and record.job_id == job_id) or (attempt and record.attempt == attempt)
            )
            if known:
                path.unlink(missing_ok=True)

    def _paths(self, prefix: str) -> list[Path]:
        try:
            paths = sorted(self._folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise RecordError(f"the records in {self._folder} can't be read ({_why(error)}): nothing is sent") from None
        return [path for path in paths if path.name.startswith(prefix) and path.suffix == _SUFFIX]

    def _key(self) -> bytes | None:
        path = self._folder / _KEY
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _useless(path, _why(error)) from None
        if len(key) != _KEY_BYTES:
            raise _useless(path, "it is damaged")
        return key

    def _new_key(self) -> bytes:
        with suppress(FileExistsError):
            os.close(durable.create(self._folder / _KEY, secrets.token_bytes(_KEY_BYTES)))
        return self._key() or b""


def _read(path: Path) -> Record | None:
    """The record in a file; None where another process has just removed it."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _useless(path, _why(error)) from None
    names = set(Record.__dataclass_fields__) - {"path"}
    if not isinstance(content, dict) or not content.keys() <= names or not _is_whole(content):
        raise _useless(path, "it is damaged, or a newer version wrote it")
    return Record(path=path, **{"backend": "", **content})


def _is_whole(content: Mapping[str, Any]) -> bool:
    texts = all(isinstance(content.get(name), str) and content[name] for name in _REQUIRED)
    return texts and isinstance(content.get("ids", {}), dict) and isinstance(content.get("answered"), bool)


def _content(record: Record) -> bytes:
    content = {name: value for name, value in asdict(record).items() if name != "path" and value is not None}
    return json.dumps(content, indent=1).encode()


def _digests(key: bytes, order: Order) -> tuple[str, str]:
    """The digests of inputs and backend; the latter is "" where the environment names none."""
    return _keyed(key, order.inputs), _keyed(key, order.backend)[:8] if order.backend else ""


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _keyed(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _name_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]


def _why(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "it is damaged"


def _unwritable(path: Path, error: OSError) -> RecordError:
    return RecordError(
        f"nothing was sent: the record of the request can't be written to {path} ({_why(error)}). Without a record a "
        "killed run could order twice: make the folder writable, or set PULUMI_HOME to a folder that stays"
    )


def _useless(path: Path, why: str) -> RecordError:
    return RecordError(
        f"nothing was sent: {path} can't be used ({why}). The file belongs to a request that an earlier run has sent "
        "or was about to send. Look in the cloud's console (servers, orders, operation log); once the outcome is "
        "known, delete the file"
    )
