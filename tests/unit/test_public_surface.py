"""Names in users' programs and data in users' stacks: pinned, because no change is allowed."""

from __future__ import annotations

import base64
import inspect
import json
import pickle
import re
import subprocess
import sys
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_bms
from pulumi_bms import load_provider

RESOURCES = ("JobCompletion", "JobCompletions", "JobSubmission")
NEEDED = {"JobCompletion": "job_id", "JobCompletions": "job_ids", "JobSubmission": "path"}
OWNERS = ("Servers", "VolumeAttachment")
"""Resources that own the created things."""


def run(program: str, *arguments: str) -> Any:
    """The JSON that a program prints in a separate interpreter."""
    command = [sys.executable, "-c", program, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


# --- names


def test_the_names_are_pinned() -> None:
    """The public names are exactly the pinned names, in `dir` too."""
    names = [
        "FlavorDetails",
        "Job",
        "JobCompletion",
        "JobCompletions",
        "JobStatus",
        "JobSubmission",
        "Quota",
        "Quotas",
        "ServerDetails",
        "Servers",
        "SubJob",
        "SubJobResult",
        "VolumeAttachment",
        "__version__",
        "get_flavors",
        "get_flavors_output",
        "get_job",
        "get_job_output",
        "get_quotas",
        "get_quotas_output",
        "get_server",
        "get_server_output",
        "get_servers",
        "get_servers_output",
        "load_provider",
    ]
    assert sorted(pulumi_bms.__all__) == names
    assert dir(pulumi_bms) == names
    for name in names:
        assert getattr(pulumi_bms, name) is not None
    for name in ("JobWaiter", "resource", "_HOME"):
        with pytest.raises(AttributeError, match=f"module 'pulumi_bms' has no attribute '{name}'"):
            getattr(pulumi_bms, name)


def test_the_names_are_those_of_their_homes() -> None:
    """A lazily made name is the class or function itself."""
    for name in set(pulumi_bms.__all__) - {"__version__"}:
        assert getattr(pulumi_bms, name).__name__ == name
        assert getattr(pulumi_bms, name) is getattr(pulumi_bms, name)


def test_the_version_is_one() -> None:
    """The version is the distribution's version, in the form of PEP 440."""
    result = run("import importlib.metadata, json; print(json.dumps(importlib.metadata.version('pulumi-bms')))")
    assert pulumi_bms.__version__ == result
    assert re.fullmatch(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?", result)


# --- resources

RECORDER = """
import json, pulumi

class Recorder(pulumi.runtime.Mocks):
    seen = []
    def new_resource(self, args):
        self.seen.append((args.typ, args.name, sorted(args.inputs)))
        return f"{args.name}-id", args.inputs
    def call(self, args):
        return {}
"""
OBSERVE = (
    RECORDER
    + """
@pulumi.runtime.test
def build():
    pulumi.runtime.set_mocks(Recorder())
    from pulumi_bms import JobCompletion, JobCompletions, JobSubmission
    where = {"region": "eu-de", "project_id": "p", "endpoint": "https://bms.example.com"}
    timeouts = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="90m"))
    built = [
        JobCompletion("all", job_id="j", expected_servers=3, opts=timeouts, **where),
        JobCompletion("least", job_id="j"),
        JobCompletions("all", job_ids={"a": "j"}, opts=timeouts, **where),
        JobSubmission("all", path="p", body={"a": {"adminPass": "x"}}, method="PUT", triggers=[1], **where),
        JobSubmission("least", path="p"),
        JobCompletion("there", job_id="j", profile="eu"),
        JobCompletions("there", job_ids={"a": "j"}, profile="eu"),
        JobSubmission("there", path="p", profile="eu"),
    ]
    Recorder.properties = [sorted(name for name in vars(one) if not name.startswith("_")) for one in built]
    return pulumi.Output.all(*[one.urn for one in built])

build()
print(json.dumps({"seen": Recorder.seen, "properties": Recorder.properties}))
"""
)
WHERE = {"region", "project_id", "endpoint"}
ANYWHERE = {*WHERE, "profile"}
OUTPUTS_OF_A_COMPLETION = {
    *("job_id", "job_type", "status", "begin_time", "end_time", "duration_seconds"),
    *("error_code", "fail_reason", "message", "code", "sub_jobs_total"),
    *("server_ids", "nic_ids", "surviving_server_ids", "sub_jobs", "entities"),
}
KEPT = {"__provider", "id", "urn"}
"""The properties of every dynamic resource."""


def test_types_and_properties_are_pinned() -> None:
    """Type tokens, inputs and outputs are pinned, with all inputs and with the fewest inputs, as in users' states."""
    observed = run(OBSERVE)
    completion, completions, submission = (f"pulumi-python:dynamic/bms:{name}" for name in RESOURCES)
    assert {(typ, name): set(inputs) - KEPT for typ, name, inputs in observed["seen"]} == {
        (completion, "all"): {"job_id", "expected_servers", "create_timeout_seconds", *WHERE},
        (completion, "least"): {"job_id"},
        (completions, "all"): {"job_ids", "create_timeout_seconds", *WHERE},
        (submission, "all"): {"__ordered_by", "path", "method", "body", "triggers", *WHERE},
        (submission, "least"): {"__ordered_by", "path", "method"},
        (completion, "there"): {"job_id", "profile"},
        (completions, "there"): {"job_ids", "profile"},
        (submission, "there"): {"__ordered_by", "path", "method", "profile"},
    }
    of_completion = {*OUTPUTS_OF_A_COMPLETION, "expected_servers", "create_timeout_seconds", *ANYWHERE}
    of_completions = {"job_ids", "server_ids", "jobs", "create_timeout_seconds", *ANYWHERE}
    of_submission = {"job_id", "order_id", "digests", "path", "method", "body", "triggers", *ANYWHERE}
    properties = [set(names) - KEPT for names in observed["properties"]]
    of_each = (of_completion, of_completions, of_submission)
    assert properties == [of_completion, of_completion, of_completions, of_submission, of_submission, *of_each]


OWNING = (
    RECORDER
    + """
@pulumi.runtime.test
def build():
    pulumi.runtime.set_mocks(Recorder())
    from pulumi_bms import Servers, VolumeAttachment
    where = {"region": "eu-de", "project_id": "p", "endpoint": "https://bms.example.com"}
    least = {"flavor_id": "f", "image_id": "i", "availability_zone": "z", "vpc_id": "v", "nics": [{"subnet_id": "s"}]}
    built = [
        Servers("least", **least),
        Servers("all", key_pair="k", tags={"a": "b"}, triggers=[1], auto_renew=True, **least, **where),
        VolumeAttachment("least", server_id="s", volume_id="v"),
        VolumeAttachment("all", server_id="s", volume_id="v", device="/dev/sdb", **where),
        VolumeAttachment("there", server_id="s", volume_id="v", profile="eu"),
    ]
    return pulumi.Output.all(*[one.urn for one in built])

build()
print(json.dumps(Recorder.seen))
"""
)


def test_types_and_properties_of_owners_are_pinned() -> None:
    """Type tokens and inputs of owning resources are pinned, as in users' states."""
    servers, attachment = (f"pulumi-python:dynamic/bms:{name}" for name in OWNERS)
    least = {"__ordered_by", "name", "count", "flavor_id", "image_id", "availability_zone", "vpc_id", "nics"}
    assert {(typ, name): set(inputs) - KEPT for typ, name, inputs in run(OWNING)} == {
        (servers, "least"): least,
        (servers, "all"): {*least, "key_pair", "tags", "triggers", "auto_renew", *WHERE},
        (attachment, "least"): {"server_id", "volume_id"},
        (attachment, "all"): {"server_id", "volume_id", "device", *WHERE},
        (attachment, "there"): {"server_id", "volume_id", "profile"},
    }


ORDERERS = """
import json, pulumi

class Recorder(pulumi.runtime.Mocks):
    seen = {}
    def new_resource(self, args):
        self.seen[args.name] = args.inputs.get("__ordered_by")
        return f"{args.name}-id", {"job_id": "j", **args.inputs}
    def call(self, args):
        return {}

@pulumi.runtime.test
def build():
    pulumi.runtime.set_mocks(Recorder(), project="shop", stack="prod", organization="acme")
    from pulumi_bms import JobSubmission
    cluster = pulumi.ComponentResource("a:b:Cluster", "cluster")
    part = pulumi.ComponentResource("a:b:Part", "part", opts=pulumi.ResourceOptions(parent=cluster))
    parents = {"top": None, "mid": cluster, "low": part}
    built = [JobSubmission(n, path="p", opts=pulumi.ResourceOptions(parent=p)) for n, p in parents.items()]
    return pulumi.Output.all(*[one.urn for one in built])

build()
print(json.dumps(Recorder.seen))
"""


def test_who_orders_is_organization_and_urn() -> None:
    """The orderer is organization and URN, and the same on every host, so two resources never share a record."""
    seen = run(ORDERERS)
    kind = "pulumi-python:dynamic/bms:JobSubmission"
    assert seen["top"] == f"acme/urn:pulumi:prod::shop::{kind}::top"
    assert seen["mid"].startswith("acme/urn:pulumi:")
    assert seen["mid"].endswith(f"a:b:Cluster${kind}::mid")
    assert seen["low"].endswith(f"a:b:Cluster$a:b:Part${kind}::low")


def test_every_output_is_annotated() -> None:
    """Every output in the state is annotated in the class, for type checkers and editors."""
    assert inspect.get_annotations(pulumi_bms.JobCompletion).keys() == OUTPUTS_OF_A_COMPLETION
    assert inspect.get_annotations(pulumi_bms.JobCompletions).keys() == {"job_ids", "server_ids", "jobs"}
    assert inspect.get_annotations(pulumi_bms.JobSubmission).keys() == {"job_id", "order_id"}
    of_servers = {"server_ids", "surviving_server_ids", "servers", "job_id", "order_id"}
    assert inspect.get_annotations(pulumi_bms.Servers).keys() == of_servers
    of_attachment = {"server_id", "volume_id", "device", "job_id"}
    assert inspect.get_annotations(pulumi_bms.VolumeAttachment).keys() == of_attachment


# --- pickles

PICKLES = {
    4: {
        "JobCompletion": "gASVNAAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjA1Kb2JDb21wbGV0aW9ulIWUUpQu",
        "JobCompletions": "gASVNQAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjA5Kb2JDb21wbGV0aW9uc5SFlFKULg==",
        "JobSubmission": "gASVNAAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjA1Kb2JTdWJtaXNzaW9ulIWUUpQu",
        "Servers": "gASVLgAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjAdTZXJ2ZXJzlIWUUpQu",
        "VolumeAttachment": "gASVNwAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjBBWb2x1bWVBdHRhY2htZW50lIWUUpQu",
    },
    5: {
        "JobCompletion": "gAWVNAAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjA1Kb2JDb21wbGV0aW9ulIWUUpQu",
        "JobCompletions": "gAWVNQAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjA5Kb2JDb21wbGV0aW9uc5SFlFKULg==",
        "JobSubmission": "gAWVNAAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjA1Kb2JTdWJtaXNzaW9ulIWUUpQu",
        "Servers": "gAWVLgAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjAdTZXJ2ZXJzlIWUUpQu",
        "VolumeAttachment": "gAWVNwAAAAAAAACMCnB1bHVtaV9ibXOUjA1sb2FkX3Byb3ZpZGVylJOUjBBWb2x1bWVBdHRhY2htZW50lIWUUpQu",
    },
}
"""By pickle protocol: Python's default, and 5 from Python 3.14 on. Both pickles are in users' stacks forever."""

LOAD = """
import base64, json, pickle, sys
provider = pickle.loads(base64.b64decode(sys.argv[1]))
print(json.dumps(type(provider).__name__))
"""


@pytest.mark.parametrize("name", [*RESOURCES, *OWNERS])
def test_the_pickle_of_a_provider_is_pinned(name: str) -> None:
    """The pickle of a provider is pinned, short and not secret, because every resource's state has the pickle."""
    serialized = serialize_provider(load_provider(name))
    assert serialized == PICKLES[pickle.DEFAULT_PROTOCOL][name]
    assert len(serialized) < 100
    assert load_provider(name).serialize_as_secret_always is False


@pytest.mark.parametrize("name", [*RESOURCES, *OWNERS])
def test_a_configured_provider_pickles_the_same(name: str) -> None:
    """The configuration of a provider is not in the pickle."""
    from pulumi.dynamic import Config, ConfigureRequest  # noqa: PLC0415

    provider = load_provider(name)
    provider.configure(ConfigureRequest(Config({"bms:token": "S3CR3T"}, "project")))
    assert pickle.dumps(provider) == pickle.dumps(load_provider(name))


@pytest.mark.parametrize("name", [*RESOURCES, *OWNERS])
def test_a_pickle_loads_anywhere(name: str) -> None:
    """Pickles of each protocol load in a fresh interpreter."""
    assert run(LOAD, PICKLES[4][name]) == f"{name}Provider"
    for by_name in PICKLES.values():
        provider = pickle.loads(base64.b64decode(by_name[name]))  # noqa: S301 - the test's own
        assert type(provider) is type(load_provider(name))


# --- the modules loaded by an import

IMPORT = """
import json, sys
before = set(sys.modules)
__import__(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_the_package_alone_loads_next_to_nothing() -> None:
    """The import of the package loads neither Pulumi nor requests nor pydantic."""
    assert not {"pulumi", "requests", "pydantic", "grpc", "bms_simulator"} & set(run(IMPORT, "pulumi_bms"))
    assert not {"pulumi", "requests", "pydantic", "grpc"} & set(run(IMPORT, "pulumi_bms.operation"))


PROGRAM = """
import json, sys
import pulumi
from pulumi_bms import JobCompletion, JobCompletions, JobSubmission, SubJobResult

@pulumi.runtime.test
def build():
    pulumi.runtime.set_mocks(Cloud())
    order = JobSubmission("order", path="p", body={"adminPass": "x"})
    built = [JobCompletion("web", job_id=order.job_id), JobCompletions("all", job_ids={"a": order.job_id})]
    return pulumi.Output.all(*[one.urn for one in built])

class Cloud(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return f"{args.name}-id", {"job_id": "j", **args.inputs}
    def call(self, args):
        return {}

build()
print(json.dumps(sorted(sys.modules)))
"""
PROVIDER_HALF = ("pulumi_bms.api", "pulumi_bms.settings", "pulumi_bms.waiting", "pulumi_bms.lifecycle.provider")


def test_a_program_loads_no_provider() -> None:
    """A program with each resource loads neither requests nor pydantic nor a provider, because loading costs time."""
    loaded = run(PROGRAM)
    assert "pulumi_bms.resources.job_completion" in loaded
    foreign = {name.partition(".")[0] for name in loaded}
    assert not {"requests", "pydantic", "urllib3"} & foreign
    assert [name for name in loaded if name.startswith(PROVIDER_HALF) or name.endswith("_provider")] == []


@pytest.mark.parametrize("name", RESOURCES)
def test_a_misspelt_argument_is_refused(name: str) -> None:
    """A misspelt argument is Python's TypeError, for resources and data sources."""
    with pytest.raises(TypeError, match=rf"{name}\(\) got an unexpected keyword argument 'regoin'"):
        getattr(pulumi_bms, name)("web", **{NEEDED[name]: "x"}, regoin="eu-de")
    with pytest.raises(TypeError, match=r"get_job\(\) got an unexpected keyword argument 'opts'"):
        pulumi_bms.get_job("j", opts=None)  # type: ignore[call-arg]


def test_the_simulator_loads_nothing_of_the_client() -> None:
    """The simulator loads only the standard library."""
    loaded = set(run(IMPORT, "bms_simulator"))
    assert "bms_simulator" in loaded
    assert not loaded - {"bms_simulator", *sys.stdlib_module_names}
