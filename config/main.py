"""The command line: ``carillon COMMAND``. Each module of ``config.commands`` is one command.

A command module has ``NAME`` (optional: else the module's name), a docstring whose first line is
the help, ``add_arguments(parser)`` and ``run(arguments) -> int``. Exit codes: 0 all is well, 1
the command found something wrong, 2 it was called wrongly.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

import config.commands
from router.model.errors import CarillonError

EXIT_OK = 0
EXIT_WRONG = 1
EXIT_USAGE = 2


def commands() -> dict[str, ModuleType]:
    """All commands by name: the modules of ``config.commands``, found by scanning."""
    found: dict[str, ModuleType] = {}
    for module in pkgutil.iter_modules(config.commands.__path__):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"config.commands.{module.name}")
            found[getattr(loaded, "NAME", module.name)] = loaded
    return found


def parser() -> argparse.ArgumentParser:
    """The whole command line, with the help of every command."""
    top = argparse.ArgumentParser(
        prog="carillon", description="A contact centre: calls, mail, web chat and fax in one queue."
    )
    below = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in sorted(commands().items()):
        text = (module.__doc__ or "").strip()
        one = below.add_parser(
            name,
            help=text.splitlines()[0] if text else "",
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(one)
        one.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Wrong usage leaves with code 2 (argparse)."""
    given = parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except CarillonError as error:
        sys.stderr.write(f"carillon: {error.message}\n")
        return EXIT_WRONG
    except BrokenPipeError:
        return EXIT_WRONG
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
