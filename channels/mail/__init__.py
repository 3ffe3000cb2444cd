"""Mail: SMTP in, IMAP and POP3 polling, SMTP out.

A mail's way in: ``smtp_server`` or ``imap_client`` / ``pop3_client`` -> ``arriving`` (``worker``
reads it, ``joining`` finds its case) -> Inbox. Its way out: Deliver -> ``outgoing`` -> ``replying``
composes it -> relay. ``channel`` starts and ends it all.
"""

from channels.api import ChannelSpec
from channels.mail.channel import MailChannel
from channels.mail.settings import MailSettings, check
from router.model.ids import Medium

CHANNEL = ChannelSpec(name=Medium("mail"), settings=MailSettings, build=MailChannel, check=check)
