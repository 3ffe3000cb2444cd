"""TLS 1.2 and 1.3: our certificate for those who come, and whom we believe where we go (SIP-9)."""

from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import ssl

from router.model.errors import InvalidInput

_ssl: Any = ssl
"""Most of it carries no types."""


def server_options(certificate_file: str, key_file: str) -> Any:
    """How we show who we are: PEM files, the certificate first, then those that vouch for it.

    Raises InvalidInput naming the file that cannot be used.
    """
    try:
        pem = Path(certificate_file).read_bytes()
        key = Path(key_file).read_bytes()
        chain = [_ssl.Certificate.loadPEM(text) for text in _certificates(pem)]
        pair = _ssl.PrivateCertificate.loadPEM(_certificates(pem)[0] + b"\n" + key)
    except (OSError, ValueError, IndexError, SSL.Error) as reason:
        raise InvalidInput(
            f"no usable certificate and key in {certificate_file} and {key_file}: {reason}",
            field="certificate",
        ) from None
    return _ssl.CertificateOptions(
        privateKey=pair.privateKey.original,
        certificate=pair.original,
        extraCertChain=[one.original for one in chain[1:]],
        raiseMinimumTo=_ssl.TLSVersion.TLSv1_2,
    )


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
