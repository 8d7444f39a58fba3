"""The record: an order is on the disk of the machine before the order is sent. Standard library only.

The API has no idempotency key, and the engine saves a resource only when its create returns. A process killed between
the two would leave an order unknown to later runs. So every order has a file in `bms/orders` of Pulumi's home folder:

1. The file is on the disk before the request is sent: orderer, digest of the inputs, method, address, time.
2. The file is completed as soon as the response is read, before anything else: the job, or the ids in the response.
3. The file is removed when the request came to nothing, and when the engine is known to have saved the job: the
   program was told of the job, or a later run has the job among the resources of the stack.

A create with a file of the same orderer and the same inputs follows a run with a bad end. With a job in the file the
create goes on with the job. Without a job nothing is sent.

The name of a file is `ORDERER-INPUTS-BACKEND.json`, three digests. Two processes with the same order at the same moment
need the same name, and the file system gives the name to the first process. Digests of inputs and backend are keyed,
and the key is in a separate file: a record alone lets no password be guessed. Only the owner can read the files.

A damaged file, or a file of a lost key, is never taken for absent.
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
    """A record can't be written or read: nothing may be sent. The text names the file, the reason and the next step."""


def orders_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the user's records. Raises `RecordError` for a user without a home."""
    try:
        home = Path(environ.get("PULUMI_HOME") or Path.home() / ".pulumi").expanduser()
    except RuntimeError:
        raise RecordError("no home folder for the record: set PULUMI_HOME to a permanent folder") from None
    return home / "bms" / "orders"


def utc_now() -> str:
    """The present time in the form of the records: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Order:
    """An order to be sent.

    `orderer` is organization and URN, `inputs` the text of all replacing inputs, `backend` the address of the state.
    """

    orderer: str
    inputs: str = field(repr=False)
    backend: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One request as the machine remembers the request.

    `request` is method and address, `sent_at` a time in UTC, `attempt` a random name. `answered` says whether the
    outcome is on record. Then `job_id`, `order_id`, `ids` and `text` are from the response, and `error` is the fault of
    the response. `inputs`, `backend` and `key` are digests.
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
    """The record of a request of the running process: `write` before sending, afterwards `complete` or `remove`."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.written = False
        """Whether the record is on the disk, and the request may have been sent."""
        self._lock: int | None = None

    def write(self, request: str) -> None:
        """Put the record on the disk, once. After a `RecordError` the request must not be sent."""
        if self.written:
            return
        self.record = replace(self.record, request=request, sent_at=utc_now())
        try:
            self._lock = durable.create(self.record.path, _content(self.record))
        except FileExistsError:
            raise RecordError(
                f"{request} is being sent by another run at this moment, so this run does not send the request: "
                f"{self.record.path}"
            ) from None
        except OSError as error:
            raise _unwritable(self.record.path, error) from None
        self.written = True

    def complete(self, **result: Any) -> Record:
        """Add fields of `Record` from the response. After a `RecordError` the record is as before."""
        self.record = replace(self.record, answered=True, **result)
        try:
            durable.replace(self.record.path, _content(self.record))
        except OSError as error:
            raise RecordError(f"{self.record.path} can't be written ({_why(error)})") from None
        finally:
            self._unlock()
        return self.record

    def remove(self) -> None:
        """Forget a request without effect. The same request may be written again."""
        if self.written:
            with suppress(OSError):
                self.record.path.unlink(missing_ok=True)
            self.written = False
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@dataclass(frozen=True, slots=True)
class Found:
    """The records of an orderer: the record of the same inputs, or None, and the records of different inputs."""

    same: Record | None = None
    others: tuple[Record, ...] = ()


class Records:
    """The records in a folder. Safe to use from many threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pending(self, order: Order) -> Pending:
        """A record to be written. Raises `RecordError` for a read-only folder."""
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
        """The records of the orderer. Raises `RecordError` for a damaged record, and for a record of a lost key."""
        result = [record for path in self._paths(_hashed(order.orderer)) if (record := _read(path))]
        if not result:
            return Found()
        key = self._key() or b""
        for record in result:
            if record.key != _name_of(key):
                raise _useless(record.path, f"the file was written with another key than {self._folder / _KEY}")
        inputs, backend = _digests(key, order)
        # Stacks of the same name in two backends are two stacks.
        mine = [record for record in result if not (backend and record.backend and record.backend != backend)]
        same = [record for record in mine if record.inputs == inputs]
        # A record without a job counts before a record with a job: the request must not be sent again.
        same.sort(key=lambda record: record.job_id is not None)
        return Found(same[0] if same else None, tuple(record for record in mine if record.inputs != inputs))

    def is_being_sent(self, record: Record) -> bool:
        """Whether the sending process lives, and the outcome will be on record soon."""
        return not record.answered and durable.is_locked(record.path)

    def settle(
        self, *, job_id: object = None, order_id: object = None, attempt: object = None, orderer: str = ""
    ) -> None:
        """Remove the record of a job, of an order, or of an attempt, in the saved state of the engine.

        `orderer` limits the search to the records of one orderer. A damaged record stays.
        """
        with suppress(RecordError):
            for path in self._paths(_hashed(orderer) if orderer else ""):
                self._settle(path, job_id=job_id, order_id=order_id, attempt=attempt)

    def _settle(self, path: Path, **known: object) -> None:
        with suppress(RecordError, OSError):
            record = _read(path)
            if record is not None and any(value and getattr(record, name) == value for name, value in known.items()):
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
            raise _useless(path, "the file is damaged")
        return key

    def _new_key(self) -> bytes:
        with suppress(FileExistsError):
            os.close(durable.create(self._folder / _KEY, secrets.token_bytes(_KEY_BYTES)))
        return self._key() or b""


def _read(path: Path) -> Record | None:
    """The record in a file, or None for a file removed by a second process in the meantime."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _useless(path, _why(error)) from None
    names = set(Record.__dataclass_fields__) - {"path"}
    if not isinstance(content, dict) or not content.keys() <= names or not _is_whole(content):
        raise _useless(path, "the file is damaged, or from a newer version")
    return Record(path=path, **{"backend": "", **content})


def _is_whole(content: Mapping[str, Any]) -> bool:
    texts = all(isinstance(content.get(name), str) and content[name] for name in _REQUIRED)
    return texts and isinstance(content.get("ids", {}), dict) and isinstance(content.get("answered"), bool)


def _content(record: Record) -> bytes:
    content = {name: value for name, value in asdict(record).items() if name != "path" and value is not None}
    return json.dumps(content, indent=1).encode()


def _digests(key: bytes, order: Order) -> tuple[str, str]:
    """The digests of inputs and backend, the latter "" for an unknown backend."""
    return _keyed(key, order.inputs), _keyed(key, order.backend)[:8] if order.backend else ""


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _keyed(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _name_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]


def _why(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "the file is damaged"


def _unwritable(path: Path, error: OSError) -> RecordError:
    return RecordError(
        f"nothing was sent: the record of the request can't be written to {path} ({_why(error)}). Without a record, a "
        "killed run could order twice. Make the folder writable, or set PULUMI_HOME to a permanent folder"
    )


def _useless(path: Path, why: str) -> RecordError:
    return RecordError(
        f"nothing was sent: {path} can't be used ({why}). The file is the record of a request: an earlier run has sent "
        "the request, or was about to. Check the cloud's console (servers, orders, operation log). When the outcome is "
        "known, delete the file"
    )
