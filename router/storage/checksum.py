"""The checksum every record of the log carries, so that damage is found when it is read."""

import zlib


def checksum(position: int, epoch: int, tag: str, body: bytes) -> int:
    """CRC-32 over everything in the record: finds damage, does not stop a forger."""
    return zlib.crc32(body, zlib.crc32(f"{position} {epoch} {tag}".encode()))
