"""The SDK stays usable for foreign dynamic resources in a program with this package's resources."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_bms import load_provider
from pulumi_bms.lifecycle.resource import pickled

MANY = 400
"""More than the about 310 dynamic resources after which the SDK's pickler fails."""

PROGRAM = """
import json, sys
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pulumi_bms import JobCompletion, JobCompletions, JobSubmission

class Cloud(pulumi.runtime.Mocks):
    seen = {}
    def new_resource(self, args):
        self.seen[args.name] = [args.typ, args.inputs.get("__provider")]
        return f"{args.name}-id", args.inputs
    def call(self, args):
        return {}

class Disk(Resource, module="shop", name="Disk"):
    pass

class Disks(ResourceProvider):
    serialize_as_secret_always = False
    sizes = {"small": 1, "large": 2}
    def create(self, props):
        return CreateResult("id", self.sizes)

@pulumi.runtime.test
def build():
    pulumi.runtime.set_mocks(Cloud())
    ours = [JobCompletion(f"wait-{number}", job_id="j") for number in range(int(sys.argv[1]))]
    ours += [JobCompletions("waits", job_ids={"a": "j"}), JobSubmission("order", path="p")]
    foreign = Disk(Disks(), "foreign", {})
    return pulumi.Output.all(*[one.urn for one in [*ours, foreign]])

build()
print(json.dumps(Cloud.seen))
"""


def registered(ours: int) -> dict[str, Any]:
    """The type and the pickled provider of every resource of a program with `ours` waits, by name."""
    command = [sys.executable, "-c", PROGRAM, str(ours)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def test_a_foreign_provider_pickles_after_many_resources_of_ours() -> None:
    """A provider pickled by value can be registered after many resources of this package."""
    result = registered(MANY)
    assert len(result) == MANY + 3
    assert result["foreign"][0] == "pulumi-python:dynamic/shop:Disk"
    assert len(base64.b64decode(result["foreign"][1])) > 100


def test_resources_carry_their_providers() -> None:
    """Each resource is registered under the resource's type, with the provider as pickled by the SDK."""
    result = registered(1)
    for name, kind in {"wait-0": "JobCompletion", "waits": "JobCompletions", "order": "JobSubmission"}.items():
        assert result[name] == [f"pulumi-python:dynamic/bms:{kind}", serialize_provider(load_provider(kind))]


@pytest.mark.parametrize("name", ["JobCompletion", "JobCompletions", "JobSubmission"])
def test_a_pickle_makes_the_provider(name: str) -> None:
    """The pickle is a call of `load_provider`, with the same bytes as the SDK's pickle."""
    provider = load_provider(name)
    assert pickled(provider) == serialize_provider(provider)
    assert type(pickle.loads(base64.b64decode(pickled(provider)))) is type(provider)  # noqa: S301 - the test's own
