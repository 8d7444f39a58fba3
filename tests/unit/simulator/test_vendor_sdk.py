"""The vendor's SDK uses the simulator: each operation by typed calls, signed with an access key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import huaweicloudsdkbms.v1 as bms
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from bms_simulator import VOLUME_IDS, AccessKey, Account, Accounts, ManualClock, Project, Simulator

Wait: TypeAlias = Callable[[str], Any]
LONG_SECONDS = 600.0  # simulated seconds, longer than any job


@pytest.fixture
def sim() -> Iterator[Simulator]:
    account = Account("acme", (Project("north", "cn-north-4"),), access_keys=(AccessKey("AK", "SK"),))
    with Simulator(accounts=Accounts((account,)), project_id="north", clock=ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def client(sim: Simulator) -> Iterator[Any]:
    credentials = BasicCredentials("AK", "SK", sim.project_id)
    built = bms.BmsClient.new_builder().with_credentials(credentials).with_endpoint(sim.endpoint).build()
    yield built
    built.close()


@pytest.fixture
def wait(sim: Simulator, client: Any) -> Wait:
    """Return a function that lets a job run to the end, and returns the job read by the SDK."""

    def ended(job_id: str) -> Any:
        sim.advance(LONG_SECONDS)
        job = client.show_job_infos(bms.ShowJobInfosRequest(job_id=job_id))
        assert (job.status, job.error_code, job.fail_reason) == ("SUCCESS", None, None)
        return job

    return ended


@pytest.fixture
def server_id(client: Any, wait: Wait) -> str:
    """Return the id of a running server ordered by the SDK."""
    ordered = client.create_bare_metal_servers(_order(name="web"))
    return str(wait(ordered.job_id).entities.sub_jobs[0].entities.server_id)


def _order(**fields: Any) -> Any:
    """Return an order with all typed parts of the SDK, changed by `fields`."""
    options: dict[str, Any] = {
        "image_ref": "1fc4b3a5-5a4b-4c8e-a0c8-bc7a3e2b1f11",
        "flavor_ref": "physical.s3.large",
        "metadata": bms.MetaDataInfo(op_svc_userid="8ea65f4099ba412883e2a0da72b96873", agency_name="agency"),
        "key_name": "deploy",
        "security_groups": [bms.SecurityGroupsInfo(id="group")],
        "nics": [bms.Nics(subnet_id="network", ip_address="")],
        "availability_zone": "az1",
        "vpcid": "vpc",
        "data_volumes": [bms.DataVolumes(volumetype="SSD", size=100)],
        "extendparam": bms.ExtendParam(charging_mode="postPaid", region_id="cn-north-4", enterprise_project_id="0"),
        "server_tags": [bms.SystemTags(key="stage", value="test")],
        "publicip": _public_ip(),
    }
    server = bms.CreateServers(**{**options, **fields})
    return bms.CreateBareMetalServersRequest(body=bms.CreateBaremetalServersBody(server=server))


def _public_ip() -> Any:
    bandwidth = bms.BandWidth(name="line", sharetype="PER", size=10, chargemode="bandwidth")
    terms = bms.ExtendParamEip(charging_mode="postPaid")
    return bms.PublicIp(eip=bms.Eip(iptype="5_bgp", bandwidth=bandwidth, extendparam=terms))


def _servers(server_id: str) -> list[Any]:
    return [bms.ServersList(id=server_id)]


def _stop(client: Any, wait: Wait, server_id: str) -> None:
    body = bms.OsStopBody(os_stop=bms.OsStopBodyType(type="HARD", servers=_servers(server_id)))
    wait(client.batch_stop_baremetal_servers(bms.BatchStopBaremetalServersRequest(body=body)).job_id)


def _detail(client: Any, server_id: str) -> Any:
    return client.list_bare_metal_server_details(bms.ListBareMetalServerDetailsRequest(server_id=server_id)).server


def test_create_and_get(client: Any, server_id: str) -> None:
    """An order with every typed part makes a server, and the SDK reads all details."""
    server = _detail(client, server_id)
    assert (server.id, server.name, server.status) == (server_id, "web", "ACTIVE")
    assert (server.os_ext_st_svm_state, server.os_ext_st_stask_state, server.os_ext_st_spower_state) == (
        "active",
        None,
        1,
    )
    assert (server.os_ext_a_zavailability_zone, server.key_name, server.image.id[:8]) == ("az1", "deploy", "1fc4b3a5")
    assert [address.os_ext_ip_stype for address in server.addresses["vpc"]] == ["fixed", "floating"]
    assert (server.flavor.id, server.flavor.vcpus, server.flavor.ram) == ("physical.s3.large", "48", "196608")
    assert [volume.device for volume in server.os_extended_volumesvolumes_attached] == ["/dev/sdb"]
    assert server.tags == ["stage=test", "__type_baremetal"]
    assert (server.metadata.charging_mode, server.metadata.vpc_id) == ("0", "vpc")
    assert [group.id for group in server.security_groups] == ["group"]


def test_a_prepaid_order_has_two_ids(client: Any) -> None:
    """The response to a monthly order has a job id and an order id."""
    terms = bms.ExtendParam(charging_mode="prePaid", period_type="month", period_num=2, is_auto_pay="true")
    ordered = client.create_bare_metal_servers(_order(name="yearly", extendparam=terms))
    assert len(ordered.job_id) == 32
    assert ordered.order_id.startswith("CS")


def test_a_refusal_is_an_error_of_the_sdk(client: Any) -> None:
    """A broken rule reaches the caller of the SDK as the code of the service."""
    with pytest.raises(ClientRequestException) as caught:
        client.create_bare_metal_servers(_order(name="web", count=2, nics=[bms.Nics("network", "192.168.0.2")]))
    assert (caught.value.status_code, caught.value.error_code) == (400, "BMS.0207")


def test_lists(client: Any, server_id: str) -> None:
    """Both versions of the list find the server, by name and by tag."""
    listed = client.list_bare_metal_servers(bms.ListBareMetalServersRequest(name="web", tags="stage=test", limit=5))
    assert (listed.count, [server.id for server in listed.servers]) == (1, [server_id])
    brief = client.list_bare_metal_servers_detail(bms.ListBareMetalServersDetailRequest(name="web")).servers[0]
    assert (brief.id, brief.vm_state, brief.in_recycle_bin, brief.flavor.vcpus) == (server_id, "active", False, 48)


# The SDK reads two times of the response with a package outside the SDK's dependencies.
@pytest.mark.filterwarnings("ignore:Unable to convert string to datetime:ImportWarning")
def test_rename(client: Any, server_id: str) -> None:
    """A new name is visible at once."""
    body = bms.ChangeBaremetalNameBody(server=bms.ChangeBaremetalNameServer(name="db"))
    request = bms.ChangeBaremetalServerNameRequest(server_id=server_id, body=body)
    assert client.change_baremetal_server_name(request).server.name == "db"
    assert _detail(client, server_id).name == "db"


def test_tags(client: Any, server_id: str) -> None:
    """Tags are added, overwritten, listed and taken away."""
    tags = [bms.BaremetalServerTag("stage", "live"), bms.BaremetalServerTag("team", "a")]
    added = bms.BatchCreateBaremetalServerTagsRequestBody(action="create", tags=tags)
    client.batch_create_baremetal_server_tags(bms.BatchCreateBaremetalServerTagsRequest(server_id, added))
    shown = client.show_baremetal_server_tags(bms.ShowBaremetalServerTagsRequest(server_id)).tags
    assert {tag.key: tag.value for tag in shown} == {"stage": "live", "team": "a"}
    removed = bms.BatchDeleteBaremetalServerTagsRequestBody(action="delete", tags=tags[:1])
    client.batch_delete_baremetal_server_tags(bms.BatchDeleteBaremetalServerTagsRequest(server_id, removed))
    shown = client.show_baremetal_server_tags(bms.ShowBaremetalServerTagsRequest(server_id)).tags
    assert [tag.key for tag in shown] == ["team"]


def test_metadata(client: Any, server_id: str) -> None:
    """Metadata are merged."""
    body = bms.UpdateBaremetalServerMetadataReq(metadata={"role": "web"})
    request = bms.UpdateBaremetalServerMetadataRequest(server_id=server_id, body=body)
    merged = client.update_baremetal_server_metadata(request).metadata
    assert (merged["role"], merged["agency_name"]) == ("web", "agency")


def test_power(client: Any, wait: Wait, server_id: str) -> None:
    """Stop, start and reboot are jobs."""
    _stop(client, wait, server_id)
    assert _detail(client, server_id).status == "SHUTOFF"
    start = bms.OsStartBody(os_start=bms.StartServersInfo(servers=_servers(server_id)))
    wait(client.batch_start_baremetal_servers(bms.BatchStartBaremetalServersRequest(body=start)).job_id)
    reboot = bms.RebootBody(reboot=bms.ServersInfoType(type="HARD", servers=_servers(server_id)))
    wait(client.batch_reboot_baremetal_servers(bms.BatchRebootBaremetalServersRequest(body=reboot)).job_id)
    assert _detail(client, server_id).status == "ACTIVE"


def test_volumes(client: Any, wait: Wait, server_id: str) -> None:
    """A volume is attached, listed and detached."""
    attachment = bms.VolumeAttachment(volume_id=VOLUME_IDS[0], device="/dev/sdd")
    body = bms.AttachVolumeBody(volume_attachment=attachment)
    wait(client.attach_baremetal_server_volume(bms.AttachBaremetalServerVolumeRequest(server_id, body)).job_id)
    request = bms.ShowBaremetalServerVolumeInfoRequest(server_id=server_id)
    listed = client.show_baremetal_server_volume_info(request).volume_attachments
    assert {each.volume_id: each.device for each in listed}[VOLUME_IDS[0]] == "/dev/sdd"
    detached = bms.DetachBaremetalServerVolumeRequest(server_id=server_id, attachment_id=VOLUME_IDS[0])
    wait(client.detach_baremetal_server_volume(detached).job_id)
    assert len(client.show_baremetal_server_volume_info(request).volume_attachments) == 1


def test_nics(client: Any, wait: Wait, server_id: str) -> None:
    """A NIC is added, listed, marked and removed."""
    nic = bms.ServerNicsReq(subnet_id="other", security_groups=[bms.SecurityGroupInfo(id="group")])
    added = bms.AddServerNicsRequest(server_id=server_id, body=bms.AddServerNicsReq(nics=[nic]))
    wait(client.add_server_nics(added).job_id)
    request = bms.ShowBaremetalServerInterfaceAttachmentsRequest(server_id=server_id)
    _primary, second = client.show_baremetal_server_interface_attachments(request).interface_attachments
    assert (second.net_id, second.port_state, len(second.fixed_ips)) == ("other", "ACTIVE", 1)
    marked = bms.UpdateBaremetalServerInterfaceAttachmentsReq(
        interface_attachment=bms.InterfaceAttachmentsReq(delete_on_termination=True)
    )
    client.update_baremetal_server_interface_attachments(
        bms.UpdateBaremetalServerInterfaceAttachmentsRequest(second.port_id, server_id, marked)
    )
    removed = bms.DeleteServerNicsReq(nics=[bms.ServerNics(id=second.port_id)])
    wait(client.delete_server_nics(bms.DeleteServerNicsRequest(server_id, removed)).job_id)
    assert len(client.show_baremetal_server_interface_attachments(request).interface_attachments) == 1


def test_reinstall(client: Any, wait: Wait, server_id: str) -> None:
    """A stopped server is installed anew and runs afterwards."""
    _stop(client, wait, server_id)
    body = bms.OsReinstallBody(os_reinstall=bms.OsReinstall(keyname="other"))
    wait(client.reinstall_baremetal_server_os(bms.ReinstallBaremetalServerOsRequest(server_id, body)).job_id)
    assert (_detail(client, server_id).status, _detail(client, server_id).key_name) == ("ACTIVE", "other")


def test_change_of_the_image(client: Any, wait: Wait, server_id: str) -> None:
    """A stopped server gets a new image. The job id is in the field jobId."""
    _stop(client, wait, server_id)
    body = bms.OSChangeReq(os_change=bms.OsChange(imageid="image", keyname="deploy"))
    wait(client.change_baremetal_server_os(bms.ChangeBaremetalServerOsRequest(server_id, body)).job_id)
    assert _detail(client, server_id).image.id == "image"


def test_delete(client: Any, wait: Wait, sim: Simulator, server_id: str) -> None:
    """A server is deleted with the elastic IP and the data volume, reads DELETED, then 404."""
    body = bms.DeleteBaremetalBody(servers=_servers(server_id), delete_publicip=True, delete_volume=True)
    job_id = client.delete_baremetal_server(bms.DeleteBaremetalServerRequest(body=body)).job_id
    sim.advance(150.0)
    assert _detail(client, server_id).status == "DELETED"
    wait(job_id)
    with pytest.raises(ClientRequestException) as caught:
        _detail(client, server_id)
    assert caught.value.status_code == 404
    assert (sim.world.eips, len(sim.world.volumes)) == ((), len(VOLUME_IDS))


def test_flavors_stock_and_quotas(client: Any, server_id: str) -> None:
    """Flavors have specs, stock is per zone, and quotas count the server."""
    assert server_id
    request = bms.ListBaremetalFlavorDetailExtendsRequest(availability_zone="az1")
    flavors = {flavor.id: flavor for flavor in client.list_baremetal_flavor_detail_extends(request).flavors}
    specs = flavors["physical.s3.large"].os_extra_specs
    assert (specs.baremetal__support_evs, specs.baremetalext_boot_type) == ("true", "LocalDisk")
    zones = ["az1", "az2"]
    stock = client.show_available_resource(bms.ShowAvailableResourceRequest(availability_zone=zones))
    assert [each.availability_zone for each in stock.available_resource] == zones
    assert {flavor.status for flavor in stock.available_resource[0].flavors} == {"normal"}
    absolute = client.show_tenant_quota(bms.ShowTenantQuotaRequest()).absolute
    assert (absolute.max_total_instances, absolute.total_instances_used, absolute.total_cores_used) == (-1, 1, 48)
