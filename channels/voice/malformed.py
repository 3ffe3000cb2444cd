"""The one thing every parser of sound and its keys says of bytes from outside."""


class MalformedPacket(ValueError):
    """A datagram that is not what its protocol allows; the text says which rule it breaks."""
