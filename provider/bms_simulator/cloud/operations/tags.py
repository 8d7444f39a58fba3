"""Tags of a server."""

from __future__ import annotations

from dataclasses import replace

from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import Server
from bms_simulator.cloud.rules.tag_rules import are_good_tags
from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import JsonObject, Response

MOST_TAGS = 20


def list_tags(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/{server_id}/tags."""
    server = cloud.existing_server(call.names["server_id"], call)
    tags: list[JsonObject] = [{"key": key, "value": value} for key, value in server.tags.items()]
    return Response(200, {"tags": tags})


def change_tags(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/tags/action. An existing key gets the new value."""
    server = cloud.existing_server(call.names["server_id"], call)
    body = mapping(call.body)
    tags = objects(body.get("tags"))
    if not tags or text(body, "action") not in {"create", "delete"}:
        refuse("BMS.0018", "action must be create or delete, and tags a list of objects with a key.")
    if text(body, "action") == "create":
        changed = {**server.tags, **{text(tag, "key"): text(tag, "value") for tag in tags}}
        if not are_good_tags(tags) or len(changed) > MOST_TAGS:
            refuse("BMS.0018", f"A server has at most {MOST_TAGS} tags, with keys of 36 and values of 43 characters.")
    else:
        keys = {text(tag, "key") for tag in tags}
        changed = {key: value for key, value in server.tags.items() if key not in keys}

    def tagged(one: Server) -> Server:
        return replace(one, tags=changed)

    cloud.world.servers.plan(server.id, call.now, tagged)
    return Response(204)
