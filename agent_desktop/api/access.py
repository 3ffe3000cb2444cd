"""Which permission a route needs: a dependency that every route must have (test 28)."""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import compile_path

from agent_desktop.context import Desk
from agent_desktop.guards import COOKIE, cookie
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from router.model.errors import InvalidInput


def desk_of(request: Request) -> Desk:
    """The desk an application serves."""
    desk = request.app.state.desk
    if not isinstance(desk, Desk):
        raise TypeError("the application has no desk")
    return desk


class Allow:
    """A dependency: somebody is signed in and their role has this permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Principal:
        """Raises SignedOut, Forbidden, ConfirmationNeeded, or InvalidInput for unknown fields."""
        desk = desk_of(request)
        found = await desk.sessions.principal(cookie(request.scope, COOKIE))
        found.demand(self.permission, desk.clock.now())
        _refuse_unknown_fields(request)
        principal = msgspec.structs.replace(found, address=request.state.address)
        request.state.principal = principal
        return principal


class Public:
    """A dependency for the few routes that need nobody to be signed in; ``why`` says why."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self, request: Request) -> None:
        """Raises InvalidInput for unknown fields."""
        _refuse_unknown_fields(request)


def current(request: Request) -> Principal:
    """The person the route's ``Allow`` has let in."""
    principal = request.state.principal
    if not isinstance(principal, Principal):
        raise TypeError("the route asks for nobody")
    return principal


Who = Annotated[Principal, Depends(current)]
TheDesk = Annotated[Desk, Depends(desk_of)]


def _refuse_unknown_fields(request: Request) -> None:
    """A misspelt filter must not look like no filter (WEB-8)."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = set(_query_names(route.dependant))
    for name in request.query_params:
        if name not in known:
            raise InvalidInput(f"there is no field {name[:50]!r}", field=name[:50])


def _query_names(dependant: Dependant) -> list[str]:
    names = [str(field.alias) for field in dependant.query_params]
    for each in dependant.dependencies:
        names += _query_names(each)
    return names


class Served(msgspec.Struct, frozen=True):
    """One method of one route as it is served, with what it asks for (None: it forgot to ask)."""

    method: str
    path: str
    name: str
    summary: str
    row: Allow | Public | None


def served_routes(app: FastAPI) -> list[Served]:
    """Every HTTP route of an application, those of included routers as well."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            raise InvalidInput(f"{context.path} is no route of the API", field="routes")
        row = next(
            (
                each.call
                for each in context.dependant.dependencies
                if isinstance(each.call, Allow | Public)
            ),
            None,
        )
        for method in sorted(context.methods or ()):
            name, summary = route.operation_id or route.name, route.summary or ""
            found.append(Served(method, str(context.path), name, summary, row))
    return found


def methods_by_path(app: FastAPI) -> Callable[[str], Sequence[str]]:
    """What tells the methods that a path of this application has, over all of its routes."""
    routes = [(compile_path(each.path)[0], each.method) for each in served_routes(app)]

    def methods_of(path: str) -> Sequence[str]:
        return sorted({method for pattern, method in routes if pattern.match(path)})

    return methods_of


def require_rows(app: FastAPI) -> None:
    """Refuse to serve an application with a route that asks for no permission (test 28)."""
    bare = [f"{each.method} {each.path}" for each in served_routes(app) if each.row is None]
    if bare:
        raise InvalidInput(f"routes without a permission: {', '.join(bare)}", field="routes")
