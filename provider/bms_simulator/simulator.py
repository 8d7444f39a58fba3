"""The simulator as a Python object: a context manager with a Job API on a port of this machine."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from bms_simulator.billing.service import Billing
from bms_simulator.clock import Clock, SimulatedTime
from bms_simulator.cloud.api import Api
from bms_simulator.cloud.behaviour import DEFAULT, Behaviour
from bms_simulator.cloud.catalogue import Catalogue
from bms_simulator.cloud.clouds import Clouds
from bms_simulator.cloud.setup import Setup
from bms_simulator.http.listener import Listener
from bms_simulator.http.recording import RecordedRequest, Recorder
from bms_simulator.http.responses import HANG, RESET
from bms_simulator.http.spoilers import Spoiler, Spoilers
from bms_simulator.identity.access_keys import Keys
from bms_simulator.identity.accounts import Accounts
from bms_simulator.identity.gate import Gate
from bms_simulator.identity.service import Identity
from bms_simulator.identity.tokens import Caller, Tokens

if TYPE_CHECKING:
    from types import TracebackType

    from bms_simulator.cloud.jobs import ScriptedResponse, Shown
    from bms_simulator.cloud.world import WorldView
    from bms_simulator.http.request import Request
    from bms_simulator.http.responses import Response

POLL_SECONDS = 0.02  # how long a stop may take to be noticed
DAY_SECONDS = 86400.0
ORDINARY = Catalogue()


def _ignore(_request: RecordedRequest) -> None:
    """Log nothing."""


class Simulator:
    """A Job API over HTTP. `with Simulator() as sim` starts a simulator on a free port and ends it."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        time_scale: float = 1.0,
        token: str | None = None,
        project_id: str | None = None,
        clock: Clock | None = None,
        log: Callable[[RecordedRequest], None] = _ignore,
        accounts: Accounts | None = None,
        token_seconds: float = DAY_SECONDS,
        clock_offset: float = 0.0,
        behaviour: Behaviour = DEFAULT,
        catalogue: Catalogue = ORDINARY,
    ) -> None:
        """Prepare one that is not started: simulated time runs `time_scale` times as fast as `clock`.

        `token` is good for `project_id` and lasts, beside the credentials of `accounts`. Tokens that are issued live
        `token_seconds` real seconds. The wall clock is `clock_offset` seconds ahead of this machine's. `behaviour`
        settles what no page of the API does, `catalogue` has the flavors with their stock, and the quotas.
        """
        self.token = token or uuid.uuid4().hex
        self.project_id = project_id or uuid.uuid4().hex
        self._host = host
        self._port = port
        self._log = log
        self._time = SimulatedTime(time_scale, clock, clock_offset)
        self._accounts = (accounts or Accounts()).with_default(self.token, self.project_id)
        self._tokens = Tokens(self._accounts, token_seconds, self._time)
        self._keys = Keys(self._accounts, self._time)
        gate = Gate(self._tokens, self._keys, self._time)
        self._clouds = Clouds(self._time, behaviour, catalogue)
        self._api = Api(gate, self._clouds)
        self._billing = Billing(gate, self._clouds)
        self._spoilers = Spoilers()
        self._identity = Identity(self._accounts, gate, self._tokens, self._time)
        self._recorder = Recorder()
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None
        self._paused = False

    def __enter__(self) -> Simulator:  # noqa: PYI034 - typing.Self would need nothing else, but no subclass is meant
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it and give the port back."""
        self.close()

    @property
    def port(self) -> int:
        """The port, 0 before the first start with any free port."""
        return self._port

    @property
    def endpoint(self) -> str:
        """The URL to give to a client."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def url(self) -> str:
        """The URL of the project: the endpoint, the version and the project id."""
        return f"{self.endpoint}/v1/{self.project_id}"

    def start(self) -> None:
        """Listen, after a stop on the same port as before. While the simulator listens, nothing happens."""
        if self._thread is not None:
            return
        listener = self._listener or self._bind()
        listener.server_activate()
        listener.pause(paused=self._paused)
        self._listener = listener
        self._thread = threading.Thread(
            target=listener.serve_forever, args=(POLL_SECONDS,), name="bms-simulator", daemon=True
        )
        self._thread.start()

    def _bind(self) -> Listener:
        listener = Listener((self._host, self._port), self._respond, self._recorder, self._time, self._log)
        self._port = listener.server_port
        return listener

    def _respond(self, request: Request) -> Response:
        spoiler = self._spoilers.take(request)
        if spoiler and not spoiler.carried_out:
            return spoiler.response
        response = self._identity.respond(request) or self._billing.respond(request) or self._api.respond(request)
        return spoiler.response if spoiler else response

    def stop(self) -> None:
        """Refuse connections and drop the open ones. Servers and jobs stay, their time goes on, the port is kept."""
        if self._close_listener():
            # Bound but not listening: nobody else gets the port, and a client sees a refused connection.
            self._listener = self._bind()

    def close(self) -> None:
        """Stop and give the port back."""
        self._close_listener()
        if self._listener is not None:
            self._listener.server_close()
            self._listener = None

    def _close_listener(self) -> bool:
        if self._listener is None or self._thread is None:
            return False
        self._listener.stop()
        self._thread.join()
        self._listener = self._thread = None
        return True

    def pause(self) -> None:
        """Reset every connection, open or new, until `resume`."""
        self._set_paused(paused=True)

    def resume(self) -> None:
        """Serve again."""
        self._set_paused(paused=False)

    def _set_paused(self, *, paused: bool) -> None:
        self._paused = paused
        if self._listener is not None:
            self._listener.pause(paused=paused)

    @property
    def requests(self) -> list[RecordedRequest]:
        """A copy of the requests so far, in order of arrival."""
        return self._recorder.snapshot()

    def count(self, method: str | None = None, *, path_contains: str = "") -> int:
        """Return the number of requests, of a method and with a text in the path."""
        return sum(
            request.method == (method or request.method) and path_contains in request.path for request in self.requests
        )

    @property
    def world(self) -> WorldView:
        """A copy of the default project's world as of now."""
        return self.setup.world()

    def world_of(self, project_id: str) -> WorldView:
        """Return a copy of a project's world as of now."""
        return self.setup_of(project_id).world()

    @property
    def history(self) -> list[tuple[float, WorldView]]:
        """The default project over time: each simulated second of a change, with the world from then on."""
        return self.setup.history()

    @property
    def setup(self) -> Setup:
        """What tests do behind the API's back, in the default project."""
        return self.setup_of(self.project_id)

    def setup_of(self, project_id: str) -> Setup:
        """Return what tests do behind the API's back in any project."""
        return Setup(self._clouds, self._known(project_id))

    def spoil_next(
        self,
        response: Response | Literal["reset", "hang"],
        *,
        method: str,
        path_contains: str = "",
        carried_out: bool = False,
        times: int = 1,
    ) -> None:
        """Give the next `times` requests of that method and path another response.

        A request that is `carried_out` takes effect all the same.
        """
        named = {"reset": RESET, "hang": HANG}[response] if isinstance(response, str) else response
        self._spoilers.add(Spoiler(named, method, path_contains, carried_out, times))

    def add_job(
        self, job_id: str, responses: Sequence[Shown | ScriptedResponse], *, project_id: str | None = None
    ) -> None:
        """Let a job show `responses` one after the other, each for one poll unless a `ScriptedResponse` says more.

        The last response stays.
        """
        self._api.script(self._known(project_id), job_id, responses)

    def _known(self, project_id: str | None) -> str:
        return self._accounts.find(project_id or self.project_id)[1].id

    def issue_token(self, project_id: str | None = None) -> str:
        """Return a new token for a project, the default one unless another is named."""
        account, project = self._accounts.find(project_id or self.project_id)
        return self._tokens.issue(Caller(account, project)).token

    @property
    def issued_tokens(self) -> list[str]:
        """The tokens issued so far and not revoked, ended tokens included: to search for in places without secrets."""
        return self._tokens.issued()

    def revoke_token(self, token: str) -> None:
        """Revoke one token, `sim.token` and those of the accounts included."""
        self._tokens.revoke(token)

    def revoke_tokens(self) -> None:
        """Revoke every issued token. Ready tokens stay, `sim.token` among them."""
        self._tokens.revoke_issued()

    def remove_access_key(self, access: str) -> None:
        """Remove an access key. Later signatures with the key are refused."""
        self._keys.remove(access)

    def advance(self, seconds: float) -> None:
        """Skip simulated seconds at once."""
        self._time.advance(seconds)
