"""The checksums of what the log keeps, so that damage is found when it is read.

CRC-32 finds damage; it does not stop a forger.
"""

import zlib


def checksum(position: int, epoch: int, tag: str, body: bytes) -> int:
    """Over everything in a record of the log."""
    return zlib.crc32(body, zlib.crc32(f"{position} {epoch} {tag}".encode()))


def checksum_of(*pieces: bytes | memoryview) -> int:
    """Over these bytes in their order, wherever they are cut."""
    found = 0
    for piece in pieces:
        found = zlib.crc32(piece, found)
    return found
