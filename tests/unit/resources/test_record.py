"""The record of a request: on the disk before the request, never mistaken for absent, and without a secret."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_bms.lifecycle.record import (
    Found,
    Order,
    Pending,
    Record,
    RecordError,
    Records,
    orders_folder,
)

PASSWORD = "hunter2"
REQUEST = "POST https://bms.example.com/v1/p/baremetalservers"
ORDER = Order("acme/urn:pulumi:prod::shop::JobSubmission::web", f'{{"adminPass":"{PASSWORD}"}}', "s3://states")
OTHER_INPUTS = replace(ORDER, inputs="{}")
PATIENCE = 30.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "orders"


@pytest.fixture
def records(folder: Path) -> Records:
    return Records(folder)


def written(records: Records, order: Order = ORDER) -> Pending:
    """The record of a request before the sending."""
    pending = records.pending(order)
    pending.write(REQUEST)
    return pending


def same(records: Records, order: Order = ORDER) -> Record:
    result = records.find(order).same
    assert result is not None
    return result


# --- life


def test_a_record_lives_from_before_the_request_until_the_job_is_in_the_state(records: Records) -> None:
    """A record is written before the request, completed with the job, and removed when the job is in the state."""
    assert records.find(ORDER) == Found()
    pending = written(records)
    result = same(records)
    assert (result.request, result.orderer, result.answered, result.job_id) == (REQUEST, ORDER.orderer, False, None)
    assert result.sent_at.endswith("Z")

    pending.complete(job_id="j", order_id="CS1")
    result = same(records)
    assert (result.answered, result.job_id, result.order_id, result.attempt) == (
        True,
        "j",
        "CS1",
        pending.record.attempt,
    )
    records.settle(job_id="another")
    assert same(records).job_id == "j"
    records.settle(job_id="j")
    assert records.find(ORDER) == Found()


def test_what_came_to_nothing_is_forgotten(records: Records) -> None:
    """A refused request leaves no record. The removal of an unwritten record removes nothing."""
    pending = written(records)
    records.pending(ORDER).remove()
    assert same(records) == pending.record
    pending.remove()
    assert records.find(ORDER) == Found()


def test_a_request_without_a_job_is_removed_by_its_own_name(records: Records) -> None:
    """A record without a job is removed by the attempt. An empty name removes nothing."""
    first, second = written(records), written(records, OTHER_INPUTS)
    for pending in (first, second):
        pending.complete(error="HTTP 504", ids={"order_id": "CS1"}, text="{")
    records.settle(job_id=None, attempt="")
    records.settle(attempt=first.record.attempt)
    assert records.find(ORDER) == Found(None, (second.record,))


def test_records_of_other_inputs_and_of_other_resources(records: Records) -> None:
    """A record with different inputs of the same resource is found. Records of different resources are not."""
    written(records, OTHER_INPUTS)
    result = records.find(ORDER)
    assert result.same is None
    assert [record.request for record in result.others] == [REQUEST]
    assert records.find(replace(ORDER, orderer="acme/urn:another")) == Found()


def test_only_the_records_of_an_orderer_are_read(records: Records) -> None:
    """A record is removed only by the same orderer."""
    written(records).complete(job_id="j")
    records.settle(job_id="j", orderer="acme/urn:another")
    assert same(records).job_id == "j"
    records.settle(job_id="j", orderer=ORDER.orderer)
    assert records.find(ORDER) == Found()


# --- runs at the same time


def test_one_of_many_gets_the_record(folder: Path) -> None:
    """Of many runs with the same order at the same time, only one may send."""

    def attempt(_number: int) -> str:
        try:
            written(Records(folder))
        except RecordError as error:
            return str(error)
        return "sends"

    with ThreadPoolExecutor(16) as pool:
        messages = list(pool.map(attempt, range(64)))
    assert messages.count("sends") == 1
    assert sum("is being sent by another run at this moment" in text for text in messages) == 63
    assert len(list(folder.glob("*.json"))) == 1
    assert not list(folder.glob(".new-*"))


SENDER = """
import sys, time
from pathlib import Path
from pulumi_bms.lifecycle.record import Order, Records
pending = Records(Path(sys.argv[1])).pending(Order(sys.argv[2], sys.argv[3], sys.argv[4]))
pending.write("POST x")
print("sending", flush=True)
sys.stdin.readline()
pending.complete(job_id="j")
print("done", flush=True)
sys.stdin.readline()
"""


def sender(folder: Path) -> subprocess.Popen[str]:
    """A second process that sends the same request."""
    arguments = [str(folder), ORDER.orderer, ORDER.inputs, ORDER.backend]
    process = subprocess.Popen(
        [sys.executable, "-c", SENDER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "sending\n"
    return process


def test_a_sender_that_lives_is_known(records: Records, folder: Path) -> None:
    """A record is being sent as long as the sending process waits for the response."""
    with sender(folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert records.is_being_sent(same(records))
        process.stdin.write("go on\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"
        assert not records.is_being_sent(same(records))
        assert same(records).job_id == "j"
        process.kill()


def test_a_killed_sender_sends_no_more(records: Records, folder: Path) -> None:
    """After kill -9 of the sender the record stays, and is not being sent."""
    with sender(folder) as process:
        process.kill()
        process.wait(PATIENCE)
        assert not records.is_being_sent(same(records))
        assert not same(records).answered


# --- backends


def test_two_backends_may_each_have_a_stack_of_one_name(records: Records) -> None:
    """Stacks of two named backends have separate records. A stack of an unnamed backend finds the record."""
    written(records).complete(job_id="j")
    elsewhere, unnamed = replace(ORDER, backend="s3://others"), replace(ORDER, backend="")
    assert records.find(elsewhere) == Found()
    assert same(records, unnamed).job_id == "j"
    written(records, elsewhere).complete(job_id="k")
    assert (same(records).job_id, same(records, elsewhere).job_id) == ("j", "k")


# --- a damaged record is never absent


def content_of(folder: Path) -> Path:
    (path,) = folder.glob("*.json")
    return path


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"orderer": 1}', b"\xff\xfe", b'{"version": 9, "all": "else"}', b"[" * 10**5]
)
@pytest.mark.parametrize("order", [ORDER, OTHER_INPUTS], ids=["same inputs", "other inputs"])
def test_a_damaged_record_is_no_absent_one(records: Records, folder: Path, content: bytes, order: Order) -> None:
    """With a damaged record of the resource no request is sent, and the error has the next step."""
    written(records)
    content_of(folder).write_bytes(content)
    with pytest.raises(RecordError, match="damaged") as error:
        records.find(order)
    for words in (str(content_of(folder)), "nothing was sent", "console", "delete the file"):
        assert words in str(error.value)
    records.settle(job_id="j")
    assert content_of(folder).exists()


@pytest.mark.parametrize("key", [None, b"x" * 32, b"short"], ids=["gone", "another", "damaged"])
def test_a_record_of_another_key_is_no_absent_one(records: Records, folder: Path, key: bytes | None) -> None:
    """Records without a valid key can't be used, and nothing is sent."""
    written(records)
    (folder / "key").unlink()
    if key is not None:
        (folder / "key").write_bytes(key)
    with pytest.raises(RecordError, match=r"(?s)nothing was sent: .*can't be used"):
        records.find(ORDER)


def test_a_folder_that_can_not_be_written_to(folder: Path) -> None:
    """Without a writable folder nothing is sent. The error names the folder, the reason and the variable."""
    folder.write_text("a file where the folder should be")
    with pytest.raises(RecordError, match="nothing was sent: the record of the request can't be written") as error:
        Records(folder).pending(ORDER)
    assert "PULUMI_HOME" in str(error.value)
    assert str(folder) in str(error.value)


FULL = """
import resource, sys
from pathlib import Path
from pulumi_bms.lifecycle.record import Order, RecordError, Records
records = Records(Path(sys.argv[1]))
first = records.pending(Order("a", "b"))
first.write("POST x")
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
for attempt in (lambda: records.pending(Order("a", "c")).write("POST y"), lambda: first.complete(job_id="j")):
    try:
        attempt()
    except RecordError as error:
        print(error)
"""


def test_a_disk_that_is_full(folder: Path) -> None:
    """An unwritable record is an error and leaves nothing. A record that can't be completed stays unchanged."""
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(folder)], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    first, second = ended.stdout.splitlines()
    assert "nothing was sent" in first
    assert "can't be written (File too large)" in second
    assert json.loads(content_of(folder).read_text())["answered"] is False
    assert not list(folder.glob(".new-*"))


# --- secrets


def test_no_secret_is_in_a_record(records: Records, folder: Path) -> None:
    """Only the owner can read a record, and the digests are keyed, so no password can be guessed."""
    written(records)
    path = content_of(folder)
    assert PASSWORD not in path.read_text()
    assert "s3://" not in path.read_text()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    elsewhere = Records(folder.parent / "others").pending(ORDER).record
    assert elsewhere.inputs != json.loads(path.read_text())["inputs"]
    assert PASSWORD not in repr(ORDER)


# --- the folder


def test_the_folder_is_in_pulumis_home(tmp_path: Path) -> None:
    """The folder of the records is in `PULUMI_HOME`, or in `.pulumi` of the user's home."""
    assert orders_folder({"PULUMI_HOME": str(tmp_path)}) == tmp_path / "bms" / "orders"
    assert orders_folder({}) == Path.home() / ".pulumi" / "bms" / "orders"
    assert orders_folder({"PULUMI_HOME": ""}) == orders_folder({})
