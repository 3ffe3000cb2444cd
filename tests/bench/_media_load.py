"""The other end of many calls: sends a frame each 20 ms for every leg, and counts what comes back.

A process of its own, so that what it costs is not counted: ``python -m tests.bench._media_load``.
It reads lines of JSON: ``{"legs": n}`` opens sockets and is answered with their ports;
``{"remotes": [[port, payload type], ...]}`` says where each sends; ``{"seconds": s}`` runs.
"""

from __future__ import annotations

import gc
import json
import resource
import select
import socket
import sys
import threading
import time

import numpy as np

HOST = "127.0.0.1"
PAUSE = threading.Event()
PACKET = np.dtype(
    [
        ("head", "u1", 2),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("ssrc", ">u4"),
        ("payload", "u1", 160),
    ]
)


class Load:
    def __init__(self, legs: int) -> None:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.sockets = []
        for _ in range(legs):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
            made.bind((HOST, 0))
            made.setblocking(False)
            self.sockets.append(made)
        self.packets = np.zeros(legs, PACKET)
        flat = self.packets.view(np.uint8).data
        size = PACKET.itemsize
        self.views = [flat[at * size : (at + 1) * size] for at in range(legs)]
        self.sequence = 0

    def ports(self) -> list[int]:
        return [made.getsockname()[1] for made in self.sockets]

    def towards(self, remotes: list[tuple[int, int]]) -> None:
        for at, (port, payload_type) in enumerate(remotes):
            self.sockets[at].connect((HOST, port))
            self.packets["head"][at] = (0x80, payload_type)
        noise = np.random.default_rng(1).integers(0, 256, (len(remotes), 160), np.uint8)
        self.packets["payload"] = noise
        self.packets["ssrc"] = np.arange(len(remotes)) + 1_000

    def run(self, seconds: float) -> dict[str, float]:
        epoll = select.epoll()
        fast = {}
        for at, made in enumerate(self.sockets):
            epoll.register(made.fileno(), select.EPOLLIN)
            fast[made.fileno()] = (at, made.recv_into)
        buffer = memoryview(bytearray(2_048))
        last: list[int | None] = [None] * len(self.sockets)
        received, lost = [0] * len(self.sockets), [0] * len(self.sockets)
        sends = [made.send for made in self.sockets]
        gc.disable()
        begun = time.monotonic()
        for tick in range(int(seconds * 50)):
            self.sequence += 1
            self.packets["sequence"] = self.sequence & 0xFFFF
            self.packets["timestamp"] = self.sequence * 160 & 0xFFFFFFFF
            for send, view in zip(sends, self.views, strict=True):
                try:
                    send(view)
                except OSError:
                    continue
            due = begun + (tick + 1) * 0.02
            while (wait := due - time.monotonic()) > 0:
                # Asleep, not in poll: a reader that waits there would be woken at each packet, at
                # the sender's cost, which a network card does not do to it.
                PAUSE.wait(min(wait, 0.002))
                for descriptor, _ in epoll.poll(0, 1_024):
                    at, receive = fast[descriptor]
                    try:
                        receive(buffer)
                    except OSError:
                        continue
                    sequence = buffer[2] << 8 | buffer[3]
                    before = last[at]
                    if before is not None:
                        lost[at] += (sequence - before - 1) & 0xFFFF
                    last[at] = sequence
                    received[at] += 1
        epoll.close()
        late = time.monotonic() - begun - seconds
        return {
            "sent": int(seconds * 50) * len(self.sockets),
            "received": sum(received),
            "lost": sum(lost),
            "legs_whole": sum(
                not gone and bool(got) for gone, got in zip(lost, received, strict=True)
            ),
            "late_s": late,
            "cpu_s": time.process_time(),
        }


def main() -> None:
    load = Load(0)
    for line in sys.stdin:
        wish = json.loads(line)
        answer: object = "ok"
        if "legs" in wish:
            load = Load(wish["legs"])
            answer = load.ports()
        elif "remotes" in wish:
            load.towards(wish["remotes"])
        else:
            answer = load.run(wish["seconds"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
