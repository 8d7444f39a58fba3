"""Programs that read the cloud, under `pulumi preview` and `pulumi up`."""

from __future__ import annotations

from collections.abc import Callable

from bms_simulator import Catalogue, Flavor, Quotas, Simulator
from tests.e2e.conftest import Stack

PROGRAM = """
    import pulumi
    from pulumi_bms import (
        JobCompletion, get_flavors, get_flavors_output, get_job, get_job_output, get_quotas, get_quotas_output,
        get_server, get_server_output, get_servers, get_servers_output,
    )

    server = get_server({server_id!r})
    pulumi.export("server", server.model_dump())
    pulumi.export("servers", [each.name for each in get_servers(tag="role=web")])
    pulumi.export("flavors", [each.model_dump() for each in get_flavors(availability_zone="az1")])
    pulumi.export("quotas", get_quotas().model_dump())
    pulumi.export("job", get_job("quick").status)

    web = JobCompletion("web", job_id="quick")
    ordered = web.server_ids[0].apply(lambda _: {server_id!r})
    later = get_server_output(ordered)
    pulumi.export("server_later", later.apply(lambda one: one.model_dump()))
    pulumi.export("ip", later.addresses[0].ip)
    pulumi.export("servers_later", get_servers_output(name=later.name).apply(len))
    pulumi.export("flavors_later", get_flavors_output(availability_zone=web.status.apply(lambda _: "az1"))[0].stock)
    pulumi.export("left_later", get_quotas_output().instances.left)
    pulumi.export("job_later", get_job_output(web.job_id).status)
"""


def test_a_program_reads_the_cloud(make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]) -> None:
    """A preview makes the calls with known arguments and `up` the rest. Equal calls are one request a run."""
    catalogue = Catalogue((Flavor("physical.a", stock={"az1": 2}),), Quotas(instances=9))
    simulator = simulator_with(catalogue=catalogue)
    server = simulator.setup.add_server("web-0001", tags={"role": "web"})
    stack = make_stack()
    stack.connect(simulator)
    stack.program(PROGRAM.format(server_id=server.id))
    stack.preview().ok()
    assert simulator.count(path_contains=server.id) == 1
    assert simulator.count(path_contains="/limits") == 1
    assert simulator.count("POST") == 0
    stack.up().ok()
    assert simulator.count(path_contains=server.id) == 2
    assert simulator.count(path_contains="/flavors") == 2
    outputs = stack.outputs()
    assert (outputs["server"]["id"], outputs["server"]["tags"]) == (server.id, {"role": "web"})
    assert outputs["server_later"] == outputs["server"]
    assert outputs["ip"] == outputs["server"]["addresses"][0]["ip"]
    assert (outputs["servers"], outputs["servers_later"]) == (["web-0001"], 1)
    assert (outputs["flavors"][0]["stock"], outputs["flavors_later"]) == (2, 2)
    assert outputs["quotas"]["max_instances"] == outputs["quotas"]["used_instances"] + outputs["left_later"] == 9
    assert (outputs["job_later"], stack.preview("--expect-no-changes").code) == ("SUCCESS", 0)


def test_an_error_of_a_read_ends_the_run(stack: Stack, simulator: Simulator) -> None:
    """An unknown server id fails a preview in both forms of the call. The error has the id and the next step."""
    for call in ("get_server('gone')", "get_server_output('gone')"):
        stack.program(f"import pulumi_bms\n\npulumi_bms.{call}\n")
        output = stack.preview().failed().output
        assert "the server gone at " in output
        assert "Check the id, the region and the project" in output
    assert simulator.count("GET") == 2


HANGING = """
    import pulumi
    from pulumi_bms import get_quotas_output

    pulumi.export("left", get_quotas_output().instances.left)
    pulumi.Output.from_input(0).apply(lambda zero: 1 / zero)
"""


def test_a_failed_program_does_not_wait_for_a_response(stack: Stack, simulator: Simulator) -> None:
    """A request without a response does not delay the end of a failed program."""
    simulator.spoil_next("hang", method="GET", times=9)
    stack.program(HANGING)
    ended = stack.ended(stack.start("preview"), 45.0).failed()
    assert "ZeroDivisionError" in ended.output
