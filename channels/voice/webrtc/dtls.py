"""DTLS-SRTP (RFC 5764) as the answering end: a fresh certificate, one handshake a leg (RTP-5)."""

import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from channels.voice.webrtc import srtp

DEADLINE_S = 10.0
PATH_BYTES = 1_200
HANDSHAKE_BYTES_MAX = 64 * 1024
"""What one handshake may send us in all."""
LIFETIME = datetime.timedelta(hours=24)
EARLY = datetime.timedelta(hours=1)
"""It begins so long ago, for a browser whose clock is behind."""
_EXPORTER = b"EXTRACTOR-dtls_srtp"
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
)
_RECORD_HEAD = 13


def is_dtls(first_byte: int) -> bool:
    """Whether a datagram of a shared port that begins so is DTLS (RFC 7983)."""
    return 20 <= first_byte <= 63


class Identity(NamedTuple):
    """What all handshakes of a process share: settings, certificate, and its fingerprint."""

    context: SSL.Context
    fingerprint: str
    expires: datetime.datetime


def new_identity(now: datetime.datetime) -> Identity:
    """A P-256 certificate for a day at most, and a context that speaks DTLS 1.2 or newer with it.

    Every certificate of the other end is taken here: who it is says its fingerprint, which came
    over the desk's authenticated line and is compared when the handshake is done.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    context = SSL.Context(SSL.DTLS_SERVER_METHOD)
    context.set_min_proto_version(0xFEFD)  # DTLS 1.2
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
    context.set_verify(
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_certificate: True
    )
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(":".join(each.dtls for each in srtp.PROFILES).encode())
    return Identity(context, fingerprint_of(certificate), now + LIFETIME)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, as SDP writes it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


class Failed(Exception):
    """The handshake is over, without keys; the text says why."""


class Handshake:
    """One handshake, without a socket: datagrams in, datagrams and at last keys out."""

    def __init__(self, context: SSL.Context, fingerprint: str) -> None:
        self._fingerprint = fingerprint.upper()
        self._connection = SSL.Connection(context, None)
        self._connection.set_ciphertext_mtu(PATH_BYTES)
        self._connection.set_accept_state()
        self._received = 0
        self.keys: srtp.SrtpPair | None = None

    def receive(self, datagram: bytes) -> list[bytes]:
        """What to send in answer; ``keys`` is set when it is done.

        Raises Failed when the other end is not the one of the fingerprint, when no protection
        profile is common, or when DTLS says so.
        """
        self._received += len(datagram)
        if self._received > HANDSHAKE_BYTES_MAX and self.keys is None:
            raise Failed("the handshake is too long")
        self._connection.bio_write(datagram)
        try:
            if self.keys is None:
                self._connection.do_handshake()
                self._finish()
            else:
                self._connection.recv(1)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            # The other end closes; the call ends by signalling or by silence, never by a datagram.
            pass
        except SSL.Error as problem:
            if self.keys is None:
                raise Failed(f"DTLS: {_reason(problem)}") from problem
        return self._outgoing()

    def again(self) -> list[bytes]:
        """What is to be sent once more, because no answer came in time."""
        if self.keys is None and self._connection.DTLSv1_get_timeout() == 0:
            self._connection.DTLSv1_handle_timeout()
            return self._outgoing()
        return []

    def _finish(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or fingerprint_of(certificate) != self._fingerprint:
            raise Failed("the certificate is not the one of the fingerprint")
        agreed = self._connection.get_selected_srtp_profile().decode()
        profile = next((each for each in srtp.PROFILES if each.dtls == agreed), None)
        if profile is None:
            raise Failed("no common SRTP profile")
        size, salt = profile.key_bytes, profile.salt_bytes
        made = self._connection.export_keying_material(_EXPORTER, 2 * (size + salt))
        # RFC 5764, section 4.2: both keys, then both salts, the client's first.
        theirs, ours = made[:size], made[size : 2 * size]
        their_salt, our_salt = made[2 * size : 2 * size + salt], made[2 * size + salt :]
        self.keys = srtp.SrtpPair(profile, ours + our_salt, theirs + their_salt)

    def _outgoing(self) -> list[bytes]:
        """What DTLS wants to send, in datagrams that end with a record."""
        try:
            flight = self._connection.bio_read(HANDSHAKE_BYTES_MAX)
        except SSL.WantReadError:
            return []
        datagrams: list[bytes] = []
        while flight:
            size = _RECORD_HEAD + int.from_bytes(flight[11:13], "big")
            record, flight = flight[:size], flight[size:]
            if datagrams and len(datagrams[-1]) + len(record) <= PATH_BYTES:
                datagrams[-1] += record
            else:
                datagrams.append(record)
        return datagrams


def _reason(problem: SSL.Error) -> str:
    """OpenSSL's own words."""
    for error in problem.args[:1]:
        if isinstance(error, list) and error:
            return str(error[0][-1])
    return str(problem) or "closed"
