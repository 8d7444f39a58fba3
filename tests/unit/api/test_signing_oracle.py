"""Signatures, compared with the signatures of the vendor's signer."""

from __future__ import annotations

import string
import time
from urllib.parse import quote, urlencode

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_bms.api.auth.access_key import AccessKeyCredential

KEYS = st.text(string.ascii_letters + string.digits + "+/=_-", min_size=1, max_size=40)
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
# A segment of dots changes the path. Both signers take a slash inside a segment as a separator.
SEGMENTS = st.lists(WORDS.filter(lambda word: word not in (".", "..")), max_size=5)
QUERIES = st.lists(st.tuples(WORDS, WORDS), max_size=6)
BODIES = st.one_of(st.none(), st.just(b""), st.binary(max_size=200), WORDS.map(str.encode))
HOSTS = st.sampled_from(["bms.cn-north-4.myhuaweicloud.com", "bms.eu-de.otc.t-systems.com:8443", "127.0.0.1:8080"])
MOMENTS = st.integers(0, 4_102_444_800)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    host=HOSTS,
    segments=SEGMENTS,
    slash=st.booleans(),
    query=QUERIES,
    body=BODIES,
    key=KEYS,
    secret=KEYS,
    security_token=st.one_of(st.none(), KEYS),
    project_id=st.one_of(st.none(), KEYS),
    moment=MOMENTS,
)
@settings(max_examples=1000, deadline=None, database=None)
def test_both_signers_agree(
    method: str,
    host: str,
    segments: list[str],
    slash: bool,  # noqa: FBT001
    query: list[tuple[str, str]],
    body: bytes | None,
    key: str,
    secret: str,
    security_token: str | None,
    project_id: str | None,
    moment: int,
) -> None:
    """For any path, query and body, our signature of the sent request equals the vendor's signature."""
    path = "/v1/" + "/".join(quote(segment, safe="") for segment in segments) + ("/" if slash else "")
    target = path + ("?" + urlencode(query, quote_via=quote) if query else "")
    headers = {"Content-Type": "application/json", **({"X-Project-Id": project_id} if project_id else {})}
    ours = requests.Request(method, f"https://{host}{target}", headers=headers, data=body).prepare()
    AccessKeyCredential(key, secret, "a test", security_token, clock=lambda: moment).authenticate(ours)

    theirs = SdkRequest(
        method=method,
        schema="https",
        host=host,
        resource_path=path,
        uri=target,
        query_params=list(query),
        header_params={
            **headers,
            "Host": host,
            "X-Sdk-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment)),
            **({"X-Security-Token": security_token} if security_token else {}),
        },
        body=body,
    )
    signed = Signer(BasicCredentials(key, secret, "p")).sign(theirs)
    assert ours.headers["Authorization"] == signed.header_params["Authorization"]
