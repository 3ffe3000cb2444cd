"""A visitor's token: what opens their one conversation (CHAT-2)."""

import hashlib
import re
import secrets

COOKIE = "__Host-carillon-chat"
TOKEN_AGE_S = 86_400
"""How long a conversation can be resumed after its last word."""

_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 random bits in URL-safe base64 (43 characters)."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether the text has the form of a token."""
    return _FORM.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is stored in a token's place: SHA-256, hexadecimal. 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def cookie(token: str) -> str:
    """The Set-Cookie value that lets a framed widget resume (CHAT-2)."""
    return (
        f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned;"
        f" Max-Age={TOKEN_AGE_S}"
    )


def expired_cookie() -> str:
    """The Set-Cookie value that takes the token out of the browser."""
    return f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=0"
