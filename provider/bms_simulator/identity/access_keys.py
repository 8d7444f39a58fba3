"""Access keys, their locks, and the key of a request's signature."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import NoReturn

from bms_simulator.clock import SimulatedTime
from bms_simulator.http.request import Request
from bms_simulator.http.responses import Refused, unauthorized
from bms_simulator.identity.accounts import AccessKey, Account, Accounts
from bms_simulator.identity.attempts import Attempts
from bms_simulator.identity.signatures import (
    DATE_FORMAT,
    DATE_HEADER,
    NEEDED_HEADERS,
    Signature,
    canonical_request,
    is_right,
    read_authorization,
    signed_at,
)
from bms_simulator.identity.tokens import Caller

LOCKED_SECONDS = 300.0
LARGEST_SKEW = timedelta(minutes=15)


class Keys:
    """All access keys of all accounts."""

    def __init__(self, accounts: Accounts, time: SimulatedTime) -> None:
        """Begin with none locked."""
        self._keys = {key.access: (account, key) for account in accounts.accounts for key in account.access_keys}
        self._time = time
        self._attempts = Attempts(LOCKED_SECONDS)

    def remove(self, access: str) -> None:
        """Forget a key, as if it had never been."""
        self._keys.pop(access, None)

    def caller(self, request: Request) -> Caller:
        """Return who signed a request, refused unless the signature is right."""
        signature = read_authorization(request.headers["authorization"])
        if signature is None:
            _refuse("the Authorization header is malformed")
        account, key = self._owner_and_key(signature)
        _check_date(request, signature, self._time.wall())
        _check_security_token(request, key)
        self._check_signature(request, signature, key)
        return Caller(account, denied=key.denied)

    def _owner_and_key(self, signature: Signature) -> tuple[Account, AccessKey]:
        entry = self._keys.get(signature.access)
        if entry is None:
            _refuse_unknown(signature.access)
        if self._attempts.locked(signature.access, self._time.now().real):
            _refuse("AK access failed to reach the limit,forbidden.")
        return entry

    def _check_signature(self, request: Request, signature: Signature, key: AccessKey) -> None:
        right = is_right(request, signature, key.secret)
        self._attempts.count(key.access, self._time.now().real, right=right)
        if not right:
            shown = canonical_request(request, signature.headers).decode(errors="replace").replace("\n", "|")
            _refuse(f"verify aksk signature fail, canonicalRequest:{shown}")


def _check_date(request: Request, signature: Signature, now: datetime) -> None:
    if not set(signature.headers) >= NEEDED_HEADERS:
        _refuse(f"calc aksk signature fail:{' and '.join(sorted(NEEDED_HEADERS))} must be signed")
    signed = signed_at(request)
    if signed is None:
        _refuse(f"calc aksk signature fail:{DATE_HEADER} is malformed")
    if abs(now - signed) > LARGEST_SKEW:
        times = f"signature time:{signed.strftime(DATE_FORMAT)},server time:{now.strftime(DATE_FORMAT)}"
        _refuse(f"calc aksk signature fail:signature expired, {times}")


def _check_security_token(request: Request, key: AccessKey) -> None:
    offered = request.headers.get("x-security-token", "")
    if key.security_token and not offered:
        # Without a token a temporary key is searched for among the permanent keys.
        _refuse_unknown(key.access)
    if not hmac.compare_digest(offered.encode(), (key.security_token or "").encode()):
        _refuse("decrypt token fail")
    if key.expired:
        _refuse(f"Get secretKey failed,ak:{key.access},err:ak expired")  # no page has this text


def _refuse_unknown(access: str) -> NoReturn:
    _refuse(f"Get secretKey failed,ak:{access},err:ak not exist")


def _refuse(reason: str) -> NoReturn:
    raise Refused(unauthorized(reason))
