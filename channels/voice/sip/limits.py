"""What one message may be at most (SIP-1). Beyond it a request is refused, a response dropped."""

DATAGRAM_BYTES = 16_384
STREAM_BYTES = 65_536
HEADER_LINES = 128
HEADER_LINE_BYTES = 8_192
LIST_VALUES = 40
"""Via, Route, Record-Route, Path and Contact values of one message; RFC 4475 has 34 of Via."""
CSEQ_LIMIT = 2**31
EXPIRES_LEAST_S = 60
EXPIRES_MOST_S = 3_600
MTU_BYTES = 1_300
"""A request larger than this goes by TCP where it would have gone by UDP (RFC 3261, 18.1.1)."""

SDP_BYTES = 32_768
SDP_MEDIA = 8
SDP_ATTRIBUTES = 512
SDP_CANDIDATES = 64
