"""The other end of many browsers' legs: ICE, DTLS and SRTP, then sound both ways.

A process of its own: ``python -m tests.bench._browser_load``. Lines of JSON: ``{"legs": n}`` is
answered with fingerprints; ``{"allocated": [[port, ufrag, password], ...]}`` connects them all and
is answered with how many could; ``{"seconds": s}`` talks and counts.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import threading
import time

from channels.voice.media import rtp
from channels.voice.media.answers import Allocated
from tests.channels.voice.webrtc.stand_in import StandIn

PAUSE = threading.Event()
TRIES = 100


def connect(ends: list[StandIn], allocated: list[tuple[int, str, str]]) -> int:
    for end, (port, ufrag, password) in zip(ends, allocated, strict=True):
        end.to(Allocated(0, "", port, port, 0, ufrag, password))
        end.socket.settimeout(0.02)
        end.check()
        end.receive()
        end.hello()
        for _ in range(TRIES):
            if end.keys is not None:
                break
            end.receive()
    return sum(end.keys is not None for end in ends)


def talk(ends: list[StandIn], first: int, seconds: float) -> dict[str, float]:
    for end in ends:
        end.socket.settimeout(0)
    received = 0
    gc.disable()
    begun = time.monotonic()
    for tick in range(first, first + int(seconds * 50)):
        for end in ends:
            if end.keys is not None:
                packet = rtp.Packet(0, tick & 0xFFFF, tick * 160, 5, b"\x55" * 160)
                end.send(end.keys.protect(rtp.serialise(packet)))
            if tick % 100 == 0:
                end.check()
        due = begun + (tick + 1 - first) * 0.02
        PAUSE.wait(max(0, due - time.monotonic()))
        for end in ends:
            with contextlib.suppress(BlockingIOError):
                while True:
                    received += end.socket.recv(2_048)[0] >> 6 == 2
    return {"received": received, "expected": int(seconds * 50) * len(ends)}


def main() -> None:
    ends: list[StandIn] = []
    sent = 0
    for line in sys.stdin:
        wish = json.loads(line)
        answer: object
        if "legs" in wish:
            ends = [StandIn() for _ in range(wish["legs"])]
            answer = [end.fingerprint for end in ends]
        elif "allocated" in wish:
            answer = connect(ends, wish["allocated"])
        else:
            answer = talk(ends, sent, wish["seconds"])
            sent += int(wish["seconds"] * 50)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
