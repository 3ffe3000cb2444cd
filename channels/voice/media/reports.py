"""What we tell of a leg: RTCP to its other end, and figures to the main process."""

from channels.voice.media import quality, rtcp
from channels.voice.media.answers import LegFigures, Quality
from channels.voice.media.codings import Codec
from channels.voice.media.exchange import Exchange
from channels.voice.media.leg import Leg

EVERY_TICKS = 250
"""A report every five seconds (RFC 3550, section 6.2)."""
NAME = "carillon"


def rtcp_of(exchange: Exchange, leg: Leg, now_s: float, *, leaving: bool = False) -> bytes:
    """Our report of a leg, in clear. The clock of its NTP times is our own, which only we read."""
    row, received = leg.row, exchange.reception.of(leg.row)
    blocks: tuple[rtcp.ReportBlock, ...] = ()
    if received.packets and leg.sources.ssrc is not None:
        delay = int((now_s - leg.last_report_s) * 65_536) if leg.last_report else 0
        blocks = (
            rtcp.ReportBlock(
                leg.sources.ssrc,
                exchange.reception.fraction_lost(row),
                received.lost,
                received.highest_sequence,
                exchange.reception.jitter_ticks(row),
                leg.last_report,
                delay,
            ),
        )
    sent = leg.sent
    report = rtcp.Report(
        leg.ssrc,
        blocks,
        ntp=rtcp.ntp_time(now_s) if sent else 0,
        timestamp=int(exchange.speaking.timestamp[row]) & 0xFFFF_FFFF,
        packets=sent,
        octets=sent * 160,
    )
    return rtcp.serialise(report, NAME, leaving=leaving)


def quality_of(exchange: Exchange, leg: Leg) -> Quality:
    """How a leg does, from its beginning."""
    received = exchange.reception.of(leg.row)
    expected = received.packets + max(0, received.lost)
    # What comes behind its place is as good as lost.
    loss = (max(0, received.lost) + received.late) / expected if expected else 0.0
    stored_ms = 20.0 * exchange.buffers.stored_frames(leg.row)
    codec = leg.codec or Codec.PCMU
    trip_ms = leg.round_trip_ms or 0.0
    score = quality.estimate(codec, loss, received.jitter_ms, stored_ms, trip_ms)
    return Quality(
        packets=received.packets,
        lost=received.lost,
        late=received.late,
        loss=round(loss, 4),
        jitter_ms=round(received.jitter_ms, 2),
        round_trip_ms=None if leg.round_trip_ms is None else round(leg.round_trip_ms, 1),
        remote_loss=leg.remote_loss,
        score=round(score, 2) if received.packets else 0.0,
        sent=leg.sent,
        concealed=int(exchange.buffers.concealed[leg.row]),
        strangers=leg.latch.strangers if leg.latch is not None else 0,
        malformed=leg.malformed,
        unauthentic=leg.unauthentic,
    )


def figures_of(exchange: Exchange, leg: Leg, number: int) -> LegFigures:
    """The answer to ``stats`` of a leg."""
    address = leg.address
    return LegFigures(
        number=number,
        leg=leg.name,
        quality=quality_of(exchange, leg),
        remote="" if address is None else f"{address[0]}:{address[1]}",
        secure_media=leg.secure_media,
    )
