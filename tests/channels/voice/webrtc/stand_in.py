"""The other end of a browser's leg, by the same standards but other code paths: it leads in ICE and
is the client in DTLS. For what a real browser cannot be made to do.
"""

from __future__ import annotations

import contextlib
import datetime
import socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from channels.voice.media.answers import Allocated
from channels.voice.media.commands import Browser
from channels.voice.webrtc import stun
from channels.voice.webrtc.srtp import PROFILES, SrtpPair

HOST = "127.0.0.1"


class StandIn:
    """Ends a browser's leg; ``profiles`` and ``version`` can be made wrong on purpose."""

    def __init__(
        self,
        profiles: bytes = b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80",
        *,
        ciphers: bytes = b"DEFAULT",
        only_version: int | None = None,
        host: str = HOST,
    ) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(0.05)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "browser")])
        begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=36_500))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
        context.set_verify(SSL.VERIFY_PEER, lambda *_certificate: True)
        context.set_cipher_list(ciphers)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_tlsext_use_srtp(profiles)
        if only_version is not None:
            context.set_min_proto_version(only_version)
            context.set_max_proto_version(only_version)
        self.connection = SSL.Connection(context, None)
        self.connection.set_connect_state()
        self.keys: SrtpPair | None = None
        self.refused = ""
        self.media: list[bytes] = []
        self.answers = 0

    def browser(self) -> Browser:
        """What our SDP would say."""
        return Browser("abcd", "0123456789abcdef0123456789abcdef", self.fingerprint)

    def to(self, at: Allocated) -> None:
        self.at = at

    def check(self, password: str | None = None, *, nominate: bool = True) -> None:
        name = f"{self.at.ufrag}:abcd"
        secret = self.at.password if password is None else password
        self.send(stun.request(name, secret, nominate=nominate))

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, (HOST, self.at.port))

    def hello(self) -> None:
        """The first flight of the handshake."""
        with contextlib.suppress(SSL.WantReadError):
            self.connection.do_handshake()
        self.flush()

    def flush(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            flight = self.connection.bio_read(65_536)
            while flight:
                size = 13 + int.from_bytes(flight[11:13], "big")
                self.send(flight[:size])
                flight = flight[size:]

    def receive(self) -> None:
        """Everything that has come."""
        try:
            while True:
                self._take(self.socket.recv(2_048))
        except TimeoutError:
            return

    def _take(self, data: bytes) -> None:
        if stun.is_stun(data[0]):
            self.answers += data[:2] == b"\x01\x01"
        elif data[0] >= 128:
            self.media.append(data)
        else:
            self.connection.bio_write(data)
            try:
                if self.keys is None:
                    self.connection.do_handshake()
                    self._agree()
            except SSL.WantReadError:
                pass
            except SSL.Error as problem:
                self.refused = str(problem)
            self.flush()

    def _agree(self) -> None:
        agreed = self.connection.get_selected_srtp_profile().decode()
        profile = next(each for each in PROFILES if each.dtls == agreed)
        size, salt = profile.key_bytes, profile.salt_bytes
        made = self.connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (size + salt))
        ours, theirs = made[:size], made[size : 2 * size]
        our_salt, their_salt = made[2 * size : 2 * size + salt], made[2 * size + salt :]
        self.keys = SrtpPair(profile, ours + our_salt, theirs + their_salt)
        self.profile = profile

    def close(self) -> None:
        self.socket.close()
