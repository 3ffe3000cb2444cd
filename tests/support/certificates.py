"""A certificate authority of the tests' own, and certificates for loopback names."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC)
EXPIRED = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority to trust, and a server's certificate with its key."""

    authority: Path
    certificate: Path
    key: Path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: str, issuer: str, public: ec.EllipticCurvePublicKey, end: datetime.datetime = END
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(end)
    )


def make_certificates(
    folder: Path, *names: str, expired: bool = False, issuer: str = "Carillon tests"
) -> Certificates:
    """Write an authority and a certificate it issued for these DNS names and loopback.

    Args:
        names: DNS names; `localhost` when none is given.
        expired: the server's certificate ended long ago, for tests of refusals.
        issuer: another name makes an authority that others do not know.
    """
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _builder(issuer, issuer, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(root_identifier, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    hosts = names or ("localhost",)
    other = [x509.DNSName(name) for name in hosts]
    addresses = [
        x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "127.0.0.2", "::1")
    ]
    known = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_identifier)
    builder = _builder(hosts[0], issuer, key.public_key(), end=EXPIRED if expired else END)
    certificate = (
        builder.add_extension(x509.SubjectAlternativeName([*other, *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(known, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    pem = serialization.Encoding.PEM
    made.authority.write_bytes(root.public_bytes(pem))
    made.certificate.write_bytes(certificate.public_bytes(pem))
    made.key.touch(mode=0o600)
    made.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
