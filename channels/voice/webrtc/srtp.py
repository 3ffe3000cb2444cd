"""SRTP (RFC 3711, RFC 7714) for one leg, by libsrtp: two profiles and no weaker one (RTP-6)."""

import secrets
from typing import NamedTuple

from pylibsrtp import Error, Policy, Session

from channels.voice.malformed import MalformedPacket

REPLAY_WINDOW = 128


class Profile(NamedTuple):
    """A protection profile: names in SDES and DTLS, its number in DTLS-SRTP, key lengths."""

    sdes: str
    dtls: str
    code: int
    key_bytes: int
    salt_bytes: int

    @property
    def master_bytes(self) -> int:
        """Master key and salt together."""
        return self.key_bytes + self.salt_bytes


GCM = Profile(
    "AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12
)
SHA1_80 = Profile(
    "AES_CM_128_HMAC_SHA1_80",
    "SRTP_AES128_CM_SHA1_80",
    Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    16,
    14,
)
PROFILES = (GCM, SHA1_80)
"""In order of preference. NULL and the 32-bit tag are not there, so they cannot be agreed on."""


def by_sdes_name(name: str) -> Profile:
    """The profile of an a=crypto suite. Raises ValueError for one we do not speak."""
    for profile in PROFILES:
        if profile.sdes == name:
            return profile
    raise ValueError(f"{name} is not spoken; {', '.join(profile.sdes for profile in PROFILES)} are")


def new_master(profile: Profile) -> bytes:
    """A fresh master key with its salt."""
    return secrets.token_bytes(profile.master_bytes)


class SrtpPair:
    """Protects what one leg sends and opens what it receives."""

    def __init__(self, profile: Profile, send_key: bytes, receive_key: bytes) -> None:
        if {len(send_key), len(receive_key)} != {profile.master_bytes}:
            raise ValueError(f"keys of {profile.sdes} have {profile.master_bytes} bytes with salt")
        self._out = Session(self._policy(profile, send_key, Policy.SSRC_ANY_OUTBOUND))
        self._in = Session(self._policy(profile, receive_key, Policy.SSRC_ANY_INBOUND))

    @staticmethod
    def _policy(profile: Profile, key: bytes, kind: int) -> Policy:
        policy = Policy(key=key, ssrc_type=kind, srtp_profile=profile.code)
        policy.window_size = REPLAY_WINDOW
        return policy

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet, protected. Raises MalformedPacket when libsrtp refuses it."""
        try:
            return self._out.protect(packet)
        except (Error, ValueError) as problem:
            raise MalformedPacket(str(problem)) from problem

    def protect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet, protected. Raises MalformedPacket when libsrtp refuses it."""
        try:
            return self._out.protect_rtcp(packet)
        except (Error, ValueError) as problem:
            raise MalformedPacket(str(problem)) from problem

    def open(self, packet: bytes) -> bytes:
        """An RTP packet. Raises MalformedPacket when it is not authentic or was there before."""
        try:
            return self._in.unprotect(packet)
        except (Error, ValueError) as problem:
            raise MalformedPacket(str(problem)) from problem

    def open_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet. Raises MalformedPacket when it is not authentic or was there before."""
        try:
            return self._in.unprotect_rtcp(packet)
        except (Error, ValueError) as problem:
            raise MalformedPacket(str(problem)) from problem
