"""Servers of a finished resource: refused, never adopted, never deleted by the run that adopted servers."""

from __future__ import annotations

import pytest

from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.operation import ExpectedError, PartialStateError
from tests.unit.ownership.conftest import QUICK, Bench

ONE = {**QUICK, "count": 1.0}


@pytest.mark.parametrize("keeps_partial_state", [True, False])
def test_unchanged_inputs_are_refused_with_the_ways_on(keeps_partial_state: bool, bench: Bench) -> None:  # noqa: FBT001
    """A create with unchanged inputs, as after `--target-replace`, is refused with the next steps."""
    bench.next_run(keeps_partial_state=keeps_partial_state)
    outputs = bench.create(ONE)
    bench.run.end()
    bench.next_run()
    with pytest.raises(ExpectedError) as caught:
        bench.create(ONE)
    assert not isinstance(caught.value, PartialStateError)
    text = str(caught.value)
    for part in (*outputs["server_ids"], "triggers", "import_=", "console", "Nothing was ordered"):
        assert part in text
    assert bench.orders() == 1


def test_deleted_before_replaced_works(bench: Bench) -> None:
    """After a delete with unchanged inputs, a create orders anew, as with `delete_before_replace`."""
    outputs = bench.create(ONE)
    bench.run.end()
    bench.next_run()
    bench.delete(outputs)
    again = bench.create(ONE)
    assert (list(bench.existing()), bench.orders()) == (again["server_ids"], 2)


def test_other_triggers_order_new_servers_and_delete_the_old_ones(bench: Bench) -> None:
    """The marker depends on the triggers, so new triggers order new servers and delete the old servers."""
    old = bench.create(ONE)
    news = {**ONE, "triggers": "v2"}
    bench.next_run()
    assert bench.changes(old, news) == ["triggers"]
    new = bench.create(news)
    assert len(bench.existing()) == 2
    bench.delete(old)
    assert list(bench.existing()) == new["server_ids"]


@pytest.mark.parametrize("orderer", ["other-org/urn:web", "acme/urn:other"])
def test_stacks_of_other_organizations_have_other_servers(orderer: str, bench: Bench) -> None:
    """The marker depends on organization and URN, so equal stacks of different organizations have separate servers."""
    first = bench.create(ONE)
    second = bench.create({**ONE, ORDERED_BY: orderer})
    assert sorted([*first["server_ids"], *second["server_ids"]]) == sorted(bench.existing())


def test_a_stack_in_another_backend_is_refused(bench: Bench) -> None:
    """Two backends without organizations have the same marker. Servers and records are never shared."""
    bench.monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///one")
    first = bench.create(ONE)
    bench.monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///two")
    bench.next_run()
    with pytest.raises(ExpectedError, match="servers of a finished resource"):
        bench.create(ONE)
    assert list(bench.existing()) == first["server_ids"]


def test_adopted_servers_are_not_deleted_by_the_same_run(bench: Bench) -> None:
    """A delete keeps servers adopted by a create of the same run, and notes the servers."""
    bench.sim.spoil_next("reset", method="POST", path_contains="/baremetalservers", carried_out=True)
    outputs = bench.create(ONE)
    bench.delete(outputs)
    assert list(bench.existing()) == outputs["server_ids"]
    assert any("not deleted, because this run has adopted" in text for text in bench.run.told)
    bench.next_run()
    bench.delete(outputs)
    assert bench.existing() == {}


def test_the_tag_and_the_texts_have_no_secret(bench: Bench) -> None:
    """A password is in no tag, no row, no record, and no error."""
    secret = "Cloud.1234-secret"
    inputs = {**{name: value for name, value in ONE.items() if name != "key_pair"}, "admin_pass": secret}
    bench.sim.spoil_next("reset", method="POST", path_contains="/baremetalservers", carried_out=True)
    bench.create(inputs)
    with pytest.raises(ExpectedError) as caught:
        bench.create(inputs)
    records = [path.read_text(errors="replace") for path in bench.home.rglob("*.json")]
    tags = [str(each.tags) + str(each.metadata) for each in bench.existing().values()]
    assert secret not in "".join([str(caught.value), *records, *tags, *bench.run.told])
