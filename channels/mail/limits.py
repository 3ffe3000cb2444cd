"""The bounds within which a mail is read (MAIL-2, FILE-1): numbers, and what is left of them."""

import msgspec

PARTS_LEFT_OUT = "parts_left_out"
NESTING_CUT = "nesting_cut"
HEADERS_CUT = "headers_cut"
PARAMETERS_CUT = "parameters_cut"
ADDRESSES_CUT = "addresses_cut"
FILES_LEFT_OUT = "files_left_out"
TEXT_CUT = "text_cut"
HTML_LEFT_OUT = "html_left_out"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of one mail is read. Beyond a bound the rest is left out and a notice says so.

    ``levels``: multiparts and messages within each other. ``parts``: of the whole tree.
    ``header_bytes``: all header blocks together. ``addresses``: all address fields together.
    ``parameters``: of one header field. ``html_characters``: of HTML that is cleaned and shown.
    ``text_characters``: of readable text. ``files`` and ``inline_files``: attachments handed on.
    """

    levels: int = 20
    parts: int = 250
    header_bytes: int = 262_144
    addresses: int = 500
    parameters: int = 100
    html_characters: int = 2_000_000
    text_characters: int = 1_000_000
    files: int = 20
    inline_files: int = 50


DEFAULT_LIMITS = Limits()


class Budget:
    """What one mail may still use up, and the notices of the bounds it ran into."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.parts_left = limits.parts
        self.header_bytes_left = limits.header_bytes
        self.addresses_left = limits.addresses
        self.notices: list[str] = []

    def note(self, notice: str) -> None:
        """Remember a notice, once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def take_part(self) -> bool:
        """Whether one more part may be read."""
        if self.parts_left <= 0:
            self.note(PARTS_LEFT_OUT)
            return False
        self.parts_left -= 1
        return True

    def take_header_bytes(self, count: int) -> bool:
        """Whether ``count`` more bytes of header fields may be read."""
        if count > self.header_bytes_left:
            self.header_bytes_left = 0
            self.note(HEADERS_CUT)
            return False
        self.header_bytes_left -= count
        return True
