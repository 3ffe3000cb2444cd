"""The headers of the widget's host (CHAT-1)."""

from urllib.parse import urlsplit

from channels.chat.settings import ChatSettings, is_loopback_origin

SCRIPT_AGE_S = 300


def own_origin(settings: ChatSettings, scheme: str, host: str) -> str:
    """The origin browsers reach us by: the configured one, or a loopback name as asked for.

    Empty when none is configured and the name is not this machine's own: a name somebody else
    chose must not become an allowed origin.
    """
    if settings.origin:
        return settings.origin
    plain = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    asked = f"{plain}://{host}".lower()
    return asked if is_loopback_origin(asked) else ""


def content_policy(origin: str, frame_ancestors: tuple[str, ...]) -> str:
    """The content policy of every page of the widget's host."""
    parts = urlsplit(origin)
    socket = f" {'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}" if origin else ""
    ancestors = " ".join(frame_ancestors) or "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
        f" connect-src 'self'{socket}; media-src 'self'; base-uri 'none'; form-action 'none';"
        f" object-src 'none'; frame-ancestors {ancestors}"
    )


def guarded(origin: str, frame_ancestors: tuple[str, ...] = ()) -> dict[str, str]:
    """The headers every answer has."""
    headers = {
        "Content-Security-Policy": content_policy(origin, frame_ancestors),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Permissions-Policy": "microphone=(), camera=(), geolocation=(), payment=()",
    }
    if origin.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def for_script() -> dict[str, str]:
    """What lets a foreign page load the widget's scripts, and nothing else, from us."""
    return {
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": f"public, max-age={SCRIPT_AGE_S}",
    }


def for_site(origin: str) -> dict[str, str]:
    """What lets a page of an allowed origin, and no other, read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Max-Age": "600",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Origin",
    }
