"""What a media node may lack."""


class MissingLibrary(RuntimeError):
    """A library of the system that one codec needs is not installed; the text names the package."""
