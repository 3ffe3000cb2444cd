"""The desk's HTTP API, a file each for what it is about. docs/protocol/desk.md lists it."""

import importlib
import pkgutil

from fastapi import APIRouter


def all_routers() -> list[APIRouter]:
    """The ``ROUTER`` of every module of this folder that has one."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    )
    return [module.ROUTER for module in modules if hasattr(module, "ROUTER")]
