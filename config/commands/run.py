"""Run the centre: everything the configuration names, until it is told to stop.

Exit code 0: it was stopped (SIGTERM, SIGINT). 1: it could not start, or lost the lead.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from config import loop
from config.folder import add_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon run``."""
    add_folder(parser)
    parser.add_argument(
        "--demo", action="store_true", help="let simulated customers come (lab profile only)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until stopped."""
    folder: Path = arguments.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return loop.run(_serve(folder, demo=arguments.demo))


async def _serve(folder: Path, *, demo: bool) -> int:
    # Imported late: channels import Twisted, whose reactor belongs to this loop.
    from config.administration import Administration
    from config.centre import Site
    from config.check import load
    from router.hub import settle

    Administration.recover(folder)
    loaded = load(folder)
    if loaded.mistakes:
        for mistake in loaded.mistakes:
            sys.stderr.write(f"mistake  {mistake}\n")
        sys.stderr.write(f"{folder} cannot be used\n")
        return 1
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    site = Site(loaded, demo=demo)
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
