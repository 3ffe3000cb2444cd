"""Routes whose bodies are msgspec structs: decoded strictly, described in the OpenAPI page."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from agent_desktop.api.access import Allow, Public
from agent_desktop.permissions import Permission
from agent_desktop.problems import Problem
from router.model.errors import InvalidInput

T = TypeVar("T")
Handler = Callable[..., Awaitable[Response]]
REF = "#/components/schemas/{name}"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}
_kinds: dict[str, Any] = {}
_ERRORS = (401, 403, 404, 405, 409, 413, 415, 422, 429, 503)


def endpoint(
    router: APIRouter,
    route: str,
    needs: Permission | str,
    *,
    answers: Any = None,
    takes: Any = None,
    optional: bool = False,
    status: int = 200,
) -> Callable[[Handler], Handler]:
    """Register a handler for ``"GET /path"``.

    ``needs`` is a permission, or in words why the route is for everybody. ``answers`` and
    ``takes`` are the msgspec types of the bodies (for the OpenAPI page; ``take`` decodes), and
    ``optional`` says that there need not be one.
    """
    method, _, path = route.partition(" ")
    gate = Allow(needs) if isinstance(needs, Permission) else Public(needs)

    def register(handler: Handler) -> Handler:
        extra: dict[str, Any] = {"x-permission": str(needs)}
        if takes is not None:
            schema = {"schema": takes if isinstance(takes, dict) else _noted(takes)}
            kind = "application/json" if not isinstance(takes, dict) else "application/octet-stream"
            extra["requestBody"] = {"required": not optional, "content": {kind: schema}}
        good: dict[str, Any] = {"description": "Done"}
        if answers is not None:
            good["content"] = {"application/json": {"schema": _noted(answers)}}
        router.add_api_route(
            path,
            handler,
            methods=[method],
            dependencies=[Depends(gate)],
            status_code=status,
            response_class=Response,
            response_model=None,
            responses={status: good},
            openapi_extra=extra,
            operation_id=handler.__name__,
            summary=(handler.__doc__ or "").strip().partition("\n")[0],
        )
        return handler

    return register


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as a JSON answer."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


async def take(request: Request, kind: type[T]) -> T:
    """The request's JSON body. Raises InvalidInput naming the field that is wrong or unknown."""
    body = await request.body()
    try:
        return msgspec.convert(_whole(msgspec.json.decode(body)), kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        message = str(error)
        field = message.rpartition("`$")[2].strip("`.") if "`$" in message else ""
        raise InvalidInput(message, field=field or "body") from error


def _whole(value: Any) -> Any:
    """The value with 5.0 as 5: JSON has one kind of number, and so has JSON Schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    return value


def _noted(kind: Any) -> dict[str, Any]:
    """A schema to be filled in when the page is made."""
    _kinds[str(kind)] = kind
    return {"x-kind": str(kind)}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI page, with the shapes of all bodies and the one form of every error."""
    page = get_openapi(
        title="Carillon",
        version="1",
        description="The API of the desk. docs/protocol/desk.md says what it means.",
        routes=app.routes,
    )
    wanted = [Problem, *_kinds.values()]
    schemas, components = msgspec.json.schema_components(wanted, ref_template=REF)
    by_kind = {str(kind): schema for kind, schema in zip(wanted, schemas, strict=True)}
    found = page.setdefault("components", {}).setdefault("schemas", {})
    found.clear()  # The framework's own error shapes are never sent.
    found.update(components)
    page["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-carillon"}
    }
    for operations in page["paths"].values():
        for operation in operations.values():
            _complete(operation, by_kind)
    return page


def _complete(operation: dict[str, Any], by_kind: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in _ERRORS:
        responses[str(status)] = {"description": "Refused", "content": _PROBLEM}
    if operation.get("x-permission", "") in tuple(Permission):
        operation["security"] = [{"session": []}]
    bodies = [operation.get("requestBody", {}), *responses.values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            schema = content.get("schema", {})
            name = schema.pop("x-kind", None)
            if name is not None:
                content["schema"] = by_kind[name]
