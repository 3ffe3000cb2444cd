"""Run the centre: everything the configuration names, until it is told to stop.

Exit code 0: it was stopped (SIGTERM, SIGINT). 1: it could not start, or lost the lead.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from config import loop
from config.defaults import USUAL_PORTS, Start
from config.folder import add_folder
from router.model.errors import CannotListen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon run``."""
    add_folder(parser)
    parser.add_argument(
        "--demo", action="store_true", help="let simulated customers come (lab profile only)"
    )
    parser.add_argument(
        "--ports",
        type=_port,
        default=0,
        metavar="FIRST",
        help="desk, chat and mail listen on this port and the next ones"
        f" (lab profile only; usual: {', '.join(map(str, USUAL_PORTS[:3]))})",
    )


def _port(text: str) -> int:
    """The first of four ports, above those that only root may open."""
    if not text.isascii() or not text.isdecimal() or not 1_024 <= int(text) <= 65_532:
        raise argparse.ArgumentTypeError("name a port from 1024 to 65532")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Run until stopped."""
    folder: Path = arguments.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    start = Start(ports=arguments.ports, demo=arguments.demo)
    try:
        return loop.run(_serve(folder, start))
    except CannotListen as error:
        sys.stderr.write(f"carillon: {error.message}\n{_way_out(error)}")
        return 1


def _way_out(error: CannotListen) -> str:
    """How to get another port, in words that can be typed."""
    section, _, name = error.field.rpartition(".")
    return (
        f'name another one in a file of the folder: [{section}] {name} = "127.0.0.1:9000"\n'
        "or, in the lab, take other ports for everything: --ports 9000"
        ' (make run ARGS="--ports 9000")\n'
    )


async def _serve(folder: Path, start: Start) -> int:
    # Imported late: channels import Twisted, whose reactor belongs to this loop.
    from config.administration import Administration
    from config.centre import Site
    from config.check import load
    from router.hub import settle

    Administration.recover(folder)
    loaded = load(folder, start=start)
    if loaded.mistakes:
        for mistake in loaded.mistakes:
            sys.stderr.write(f"mistake  {mistake}\n")
        sys.stderr.write(f"{folder} cannot be used\n")
        return 1
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    site = Site(loaded, start)
    await site.open()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, site.reload.request)
    settle()
    try:
        sys.stdout.write(await site.greeting())
        sys.stdout.flush()
        stopped = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(site.centre.hub.ended())
        await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
        lost = ended.done() and not stopped.done()
        stopped.cancel()
        ended.cancel()
    finally:
        await site.close()
    if lost:
        sys.stderr.write("another process leads this centre now\n")
    return 1 if lost else 0
