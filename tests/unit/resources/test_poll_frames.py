"""The call path of a poll through our code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import requests

import pulumi_bms
from bms_simulator import Simulator
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider

PACKAGE = str(Path(pulumi_bms.__file__).parent)
MOST_FRAMES = 10
_SEND = requests.Session.send.__code__
_STEP = "_step"


def own_frames(frame: FrameType | None) -> list[str]:
    """Our functions of a stack, from the innermost to the poll loop's step or the beginning of the thread."""
    names: list[str] = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            names.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}")
            if frame.f_code.co_name == _STEP:
                break
        frame = frame.f_back
    return names


@contextmanager
def stacks_at_send() -> Iterator[list[list[str]]]:
    """Collects our frames of both threads on each send of `requests`: the caller's and the exchange's."""
    stacks: list[list[str]] = []
    caller = threading.get_ident()

    def observe(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is _SEND:
            waiting = own_frames(sys._current_frames()[caller])
            stacks.append([*own_frames(frame), *(waiting if threading.get_ident() != caller else [])])

    threading.setprofile(observe)
    try:
        yield stacks
    finally:
        threading.setprofile(None)


def test_one_poll_is_a_short_way(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A poll has at most ten frames of our code, over both threads, from the poll loop's step to `requests`."""
    sim.add_job("one", [{"status": "SUCCESS", "entities": {"server_id": "a"}}])
    with stacks_at_send() as stacks:
        completion.create({"job_id": "one"})
    (frames,) = stacks
    assert frames[-1] == "poll_loop.py:_step"
    assert len(frames) <= MOST_FRAMES, frames
