"""Whether an incoming mail joins a case (MAIL-4), and whether it is answered by itself (MAIL-5)."""

from enum import StrEnum

import msgspec

from channels.mail.parsing import ParsedMail
from channels.mail.reply_tokens import ReplyTokens, tokens_in
from channels.mail.verdicts import Authentication
from router.model.ids import CaseId

UNVERIFIED_SENDER = "unverified_sender"


class Verdict(StrEnum):
    """``JOINS``: the mail is part of a case. ``MAY_BELONG``: a new interaction that is shown with
    cases it mentions. ``NEW``: it mentions none."""

    JOINS = "joins"
    MAY_BELONG = "may_belong"
    NEW = "new"


class Joining(msgspec.Struct, frozen=True):
    """The decision. ``case`` is set only when it joins; ``why_not`` names what was missing.

    ``mentions`` are message ids (ours or others', without brackets) for looking up cases that an
    agent may be shown; they open nothing.
    """

    verdict: Verdict
    case: CaseId | None = None
    why_not: str = ""
    mentions: tuple[str, ...] = ()


def decide_joining(
    mail: ParsedMail, tokens: ReplyTokens, authentication: Authentication
) -> Joining:
    """Join only by a token of ours made for the author, believed as their domain demands.

    The author must be the single one in From. Where their domain publishes DMARC, it must have
    passed. Subject numbers, In-Reply-To, References, Cc and foreign headers join nothing.
    """
    headers = mail.headers
    mentions = tuple(dict.fromkeys((*headers.in_reply_to, *reversed(headers.references))))
    carried = tokens_in(
        (*headers.references, *headers.in_reply_to, *mail.delivered_to, *headers.cc, *headers.to)
    )
    if not carried:
        verdict = Verdict.MAY_BELONG if mentions else Verdict.NEW
        return Joining(verdict, why_not="no token", mentions=mentions)
    if not mail.sender_clear or not headers.sender:
        return Joining(Verdict.MAY_BELONG, why_not="ambiguous sender", mentions=mentions)
    case = next(
        (found for token in carried if (found := tokens.case_of(token, headers.sender))), None
    )
    if case is None:
        return Joining(Verdict.MAY_BELONG, why_not="token of another", mentions=mentions)
    if authentication.must_be_verified and not authentication.verified:
        return Joining(Verdict.MAY_BELONG, why_not="unverified sender", mentions=mentions)
    return Joining(Verdict.JOINS, case, mentions=mentions)


def why_no_auto_reply(
    mail: ParsedMail, authentication: Authentication, *, envelope_sender: str | None = None
) -> str:
    """Why this mail gets no automatic answer; empty when it may get one.

    ``envelope_sender`` is that of the SMTP dialogue; None asks what the mail was parsed with. How
    often a sender is answered the store knows (``may_acknowledge``). The answer goes out with a
    null return path, to the author alone, and holds no text of the mail it answers; whoever sends
    it sees to that.
    """
    if not mail.kind.may_be_answered_automatically:
        return f"kind {mail.kind.value}"
    returned = mail.return_path if envelope_sender is None else envelope_sender
    if returned is not None and not returned.strip("<> "):
        return "null sender"
    if not mail.sender_clear or not mail.headers.sender:
        return "ambiguous sender"
    if not authentication.verified:
        return "unverified sender"
    return ""
