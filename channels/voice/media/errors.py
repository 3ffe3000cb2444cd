"""What goes wrong in the sound of calls."""


class MalformedPacket(ValueError):
    """A datagram that is not what its protocol allows; the text says which rule it breaks."""


class MissingLibrary(RuntimeError):
    """A library of the system that one codec needs is not installed; the text names the package."""
