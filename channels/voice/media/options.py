"""How a node is started."""

import argparse
from pathlib import Path

import msgspec

LEGS = 1_024


class Options(msgspec.Struct, frozen=True):
    """``address``: where legs listen and what SDP says. ``public``: what SDP says instead, behind
    a router that passes the ports on. ``loopback``: for a machine that talks to itself.
    """

    name: str
    address: str
    sounds: Path
    recordings: Path
    public: str = ""
    socket: Path | None = None
    listen: str = ""
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    legs: int = LEGS
    loopback: bool = False
    guarded: bool = False


def parsed(arguments: list[str]) -> Options:
    """The options of a command line; ends the process with a message when they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m channels.voice.media.node",
        description="Receives, mixes, records and sends the sound of calls.",
    )
    parser.add_argument("--name", default="media", help="how the node calls itself")
    parser.add_argument("--address", required=True, help="the local address of all legs")
    parser.add_argument("--public", default="", help="the address outside, where it differs")
    parser.add_argument("--sounds", type=Path, required=True, help="folder of prompts and music")
    parser.add_argument("--recordings", type=Path, required=True, help="folder of recordings")
    parser.add_argument("--socket", type=Path, help="path of the control socket")
    parser.add_argument("--listen", default="", help="HOST:PORT for control over TLS")
    parser.add_argument("--certificate", type=Path, help="our certificate, for --listen")
    parser.add_argument("--key", type=Path, help="its key")
    parser.add_argument("--authority", type=Path, help="whose certificates may command us")
    parser.add_argument("--legs", type=int, default=LEGS, help="how many legs at most")
    parser.add_argument("--loopback", action="store_true", help="send to this machine, too")
    parser.add_argument("--guarded", action="store_true", help="end when standard input ends")
    found = vars(parser.parse_args(arguments))
    if not found["socket"] and not found["listen"]:
        parser.error("give --socket or --listen")
    if found["listen"] and not (found["certificate"] and found["key"] and found["authority"]):
        parser.error("--listen needs --certificate, --key and --authority")
    if not 2 <= found["legs"] <= 8_192:
        parser.error("--legs: 2 to 8192")
    return Options(**found)
