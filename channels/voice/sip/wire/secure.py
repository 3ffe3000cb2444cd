"""TLS 1.2 and 1.3: our certificate for those who come, and whom we believe where we go (SIP-9)."""

from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import interfaces, ssl
from zope.interface import implementer  # type: ignore[import-untyped]  # It has no types.

from router.model.errors import InvalidInput

_ssl: Any = ssl
"""Most of it carries no types."""


def server_options(certificate_file: str, key_file: str) -> Any:
    """How we show who we are: PEM files, the certificate first, then those that vouch for it.

    Raises InvalidInput naming the file that cannot be used.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    try:
        context.use_certificate_chain_file(certificate_file)
        context.use_privatekey_file(key_file)
        context.check_privatekey()
    except SSL.Error as reason:
        raise InvalidInput(
            f"no usable certificate and key in {certificate_file} and {key_file}: {reason}",
            field="certificate",
        ) from None
    return _Shown(context)


@implementer(interfaces.IOpenSSLServerConnectionCreator)
class _Shown:
    """Makes the server's side of each connection."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """A connection of Twisted's own memory buffers."""
        return SSL.Connection(self._context, None)


def client_options(name: str, authority_file: str = "") -> Any:
    """How we check whom we reach: the certificate must be for ``name``.

    Raises ValueError when the authority's file cannot be read.
    """
    trust: Any = _ssl.platformTrust()
    if authority_file:
        try:
            pem = Path(authority_file).read_bytes()
        except OSError as reason:
            raise ValueError(f"no authority in {authority_file}: {reason}") from None
        trust = _ssl.trustRootFromCertificates(
            [_ssl.Certificate.loadPEM(text) for text in _certificates(pem)]
        )
    return _ssl.optionsForClientTLS(name.strip("[]"), trustRoot=trust)


def _certificates(pem: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----"
    parts = pem.split(end)[:-1]
    return [part[part.index(b"-----BEGIN CERTIFICATE") :] + end for part in parts]
