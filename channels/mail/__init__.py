"""Mail: SMTP in, IMAP and POP3 polling, SMTP out.

A mail's way in: ``smtp_server`` or ``imap_client`` / ``pop3_client`` -> ``arriving`` (``worker``
reads it, ``joining`` finds its case) -> Inbox. Its way out: Deliver -> ``outgoing`` -> ``replying``
composes it -> relay. ``channel`` starts and ends it all.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from channels.api import ChannelSpec

    CHANNEL: ChannelSpec


def __getattr__(name: str) -> Any:
    """Build ``CHANNEL`` when it is asked for.

    The processes that read hostile mails import modules of this package too; they must not carry
    servers, stores and clients with them.
    """
    if name != "CHANNEL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from channels.api import ChannelSpec
    from channels.mail.channel import MailChannel
    from channels.mail.settings import MailSettings, check
    from router.model.ids import Medium

    return ChannelSpec(name=Medium("mail"), settings=MailSettings, build=MailChannel, check=check)
