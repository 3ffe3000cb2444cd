"""Why a mail could not be delivered: dead address (hard) or anything that may pass (soft).

A hard bounce means that no mail will ever reach this address: nobody is there, its domain does not
exist, takes no mail, or the mailbox moved. A full or switched-off mailbox, a refused sender, spam
rules, size, time-outs and broken servers are soft. The words of the refusing server are believed
before its enhanced status code (RFC 3463), which servers choose carelessly.
"""

import re
from enum import StrEnum


class Reason(StrEnum):
    """What stopped the mail."""

    NO_SUCH_USER = "no_such_user"
    NO_SUCH_DOMAIN = "no_such_domain"
    TAKES_NO_MAIL = "takes_no_mail"
    MOVED = "moved"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_DISABLED = "mailbox_disabled"
    SENDER_REFUSED = "sender_refused"
    REFUSED_BY_POLICY = "refused_by_policy"
    TOO_LARGE = "too_large"
    TRY_LATER = "try_later"
    SERVER_ERROR = "server_error"
    LOOP = "loop"
    UNKNOWN = "unknown"


HARD = frozenset({Reason.NO_SUCH_USER, Reason.NO_SUCH_DOMAIN, Reason.TAKES_NO_MAIL, Reason.MOVED})
_TEXT_LENGTH = 4_000
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
"""An enhanced status code (RFC 3463)."""


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_USER = (
    r"(?:user|recipient|mailbox|account|address|addressee|alias|person|member|name|"
    r"local part|userid)"
)
_PHRASES: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    (Reason.SERVER_ERROR, _words(r"pipe to \|", r"local (?:configuration|delivery) error")),
    (Reason.TRY_LATER, _words(r"unexpected name server reply", r"servfail|server failure")),
    (
        Reason.MAILBOX_FULL,
        _words(
            r"(?:mail ?box|inbox|account|user|storage|mailfolder|maildir|disk) (?:\S+ )?"
            r"(?:is |are |has )?"
            r"(?:full|over ?quota|exceed)",
            r"(?:over|out of|exceed\w*|beyond|above|insufficient|not enough|no)\W+(?:\w+ ){0,4}?"
            r"(?:quota|storage|disk space|mailbox size|space left)",
            r"quota (?:has been |is )?(?:exceed|full|violation|reached)",
            r"overquota|mailbox exceeds|user has exhausted|boite du destinataire pleine",
        ),
    ),
    (
        Reason.TOO_LARGE,
        _words(
            r"(?:message|mail|size|body)\S* (?:\w+ ){0,4}?(?:too (?:large|big|long)|exceeds)",
            r"exceeded? (?:the )?(?:maximum|max|fixed) (?:\w+ ){0,3}size",
            r"size limit",
        ),
    ),
    (
        Reason.MAILBOX_DISABLED,
        _words(
            rf"{_USER}\S* (?:\S+ ){{0,3}}?(?:is |has been |was |temporarily |currently )+"
            r"(?:\w+ly )?(?:disabled|inactive|suspended|locked|deactivated|expired|blocked)",
            r"(?:account|mailbox|user|recipient)\S*[- ](?:disabled|inactive|suspended|inactivity)",
            r"disabled (?:mailbox|account|user)|inactive (?:user|account|mailbox|recipient)",
            r"not active|no longer (?:active|valid|available)(?! (?:user|address))",
            r"mailbox (?:currently )?(?:unavailable or )?suspended|dormant|is frozen",
        ),
    ),
    (
        Reason.SENDER_REFUSED,
        _words(
            r"sender (?:\S+ ){0,2}?(?:reject|denied|refused|invalid|not allowed|blocked|verify)",
            r"(?:reject\w*|unknown|bad|invalid|fake|unresolvable) (?:\w+ )?sender",
            r"domain of sender|sender(?:'s)? domain|from (?:address|domain) (?:\S+ )?(?:not|does)",
            r"invalid domain, see|mail from \S+ (?:rejected|not allowed)",
        ),
    ),
    (
        Reason.REFUSED_BY_POLICY,
        _words(
            r"spam|block ?list|black ?list|deny ?list|blocked|reputation|dmarc|dkim|\bspf\b",
            r"rbl|dnsbl",
            r"polic(?:y|ies)|no relay|relay(?:ing)? (?:access |is )?(?:denied|not)",
            r"not permitted to relay",
            r"unable to relay|cannot relay|ptr |reverse dns|not authori[sz]ed|unauthenticated",
            r"authenticat|virus|malware|banned|prohibited|content reject|access denied",
            r"not accepting mail (?:from|with)|refused by (?:the )?(?:filter|recipient)|"
            r"suspicious|infected|"
            r"closed mailing list|not (?:a )?member|moderat|too many (?:\w+ )?(?:hops|recipients)",
        ),
    ),
    (
        Reason.NO_SUCH_DOMAIN,
        _words(
            r"host (?:or domain name )?(?:is |was )?(?:unknown|not found)",
            r"host \S+ not found|unknown host|hostname",
            r"(?:domain|host)\S* (?:\S+ )?(?:does not|doesn't|doesn.t|could not|couldn't|cannot) "
            r"(?:be )?(?:exist|found|resolv)|(?:no such|non-?existent|nonexistent|invalid|illegal|"
            r"bad|unrouteable|unknown) (?:destination |recipient )?(?:domain|host)\b",
            r"nxdomain|name service error|could ?n.t find any host|name or service not known|"
            r"all relevant mx records point to non-existent hosts|domain not found|"
            r"host/domain|address resolution|dns error|dns soft error|bad destination mailbox",
        ),
    ),
    (
        Reason.TAKES_NO_MAIL,
        _words(
            r"null ?mx|indicated no smtp service|not accepting network messages",
            r"does not accept (?:any )?(?:mail|e-?mail|messages)|doesn't accept|"
            r"smtp protocol returned a permanent error|accepts no mail|no mail is accepted|"
            r"mail receiving disabled",
        ),
    ),
    (
        Reason.MOVED,
        _words(
            r"has moved|moved to another|address has changed|user moved|"
            r"has been replaced by|new address"
        ),
    ),
    (
        Reason.NO_SUCH_USER,
        _words(
            rf"{_USER}\S*,? (?:\S+ ){{0,4}}?(?:is )?(?:unknown|not found|not exist|invalid|"
            r"doesn.?t exist|does ?not exist|not exists|not known|not listed|unrouteable|"
            r"non-?existent|wasn't found|nicht gefunden|unbekannt)",
            rf"(?:unknown|no such|invalid|unrouteable|undeliverable|non-?existent|bad|"
            rf"unrecognized|nonexistent|not a (?:known|valid)|not our|no longer valid)"
            rf"(?: (?:or \w+|local|virtual|smtp|e-?mail|destination|relay|recipient|remote))*"
            rf" ['\"<]?{_USER}",
            r"(?:does not|doesn't|doesn.t|don't|didn.t) (?:\w+ )?(?:have|exist|match|find)",
            r"no (?:such|mailbox|account|person|user|recipient|local mailbox)\b",
            r"invalid (?:\w+ ){0,2}user ?id|user\.? ?unknown|userunknown",
            r"not listed in|unknown in|not a valid (?:mailbox|user)|"
            r"address rejected|recipient reject|mailbox not found|550 5\.1\.1|there is no one|"
            r"could not be found|wasn.t found|couldn.t be found|bad address|gone|unroutable|"
            r"ruser_unknown|no_such_user|undeliverable address|invalid recipient",
        ),
    ),
    (
        Reason.LOOP,
        _words(r"mail loop|loops? back|routing loop|loop (?:detected|alert)|hop count"),
    ),
    (
        Reason.TRY_LATER,
        _words(
            r"timed? ?out|timeout|try (?:again )?later|temporar|greylist|grey-?listed|deferred|"
            r"connection (?:refused|reset|lost|closed|dropped|failed)|retry|too many connections|"
            r"not been collected|delayed|could not be delivered for|rate ?limit|too fast|busy|"
            r"no route to host|unreachable|couldn't connect",
        ),
    ),
    (
        Reason.SERVER_ERROR,
        _words(
            r"local error|configuration error|system error|internal error|software error|"
            r"can't create|cannot open|command (?:not|died|failed)|syntax error|"
            r"permission denied|i/o error|transaction failed|pipe",
        ),
    ),
)
_BY_STATUS: dict[str, Reason] = {
    "1.0": Reason.NO_SUCH_USER,
    "1.1": Reason.NO_SUCH_USER,
    "1.2": Reason.NO_SUCH_DOMAIN,
    "1.3": Reason.NO_SUCH_USER,
    "1.6": Reason.MOVED,
    "1.7": Reason.SENDER_REFUSED,
    "1.8": Reason.SENDER_REFUSED,
    "1.10": Reason.TAKES_NO_MAIL,
    "2.0": Reason.MAILBOX_DISABLED,
    "2.1": Reason.MAILBOX_DISABLED,
    "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.TOO_LARGE,
    "3.1": Reason.MAILBOX_FULL,
    "3.2": Reason.TAKES_NO_MAIL,
    "3.4": Reason.TOO_LARGE,
    "4.1": Reason.TRY_LATER,
    "4.4": Reason.NO_SUCH_DOMAIN,
    "4.6": Reason.LOOP,
    "4.7": Reason.TRY_LATER,
}


_ABOUT_THE_SENDER = ("1.7", "1.8")
_PREAMBLE = re.compile(r"(?:recipient )?address rejected:", re.IGNORECASE)
"""What Postfix writes before the reason itself."""
_DIRECTORY_BLOCK = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)
"""Exchange Online says so of addresses that its directory does not know."""
_NOT_ABOUT_THE_ADDRESS = ("2.0", "3.", "7.")


def told(status: str, reason: Reason) -> str:
    """The refusal in a few words that name nobody: they stand in the log in clear (PRIV-1)."""
    words = "refused" if reason is Reason.UNKNOWN else reason.value.replace("_", " ")
    return f"{status} {words}" if STATUS.fullmatch(status) else words


def classify(status: str, words: str, action: str = "failed") -> Reason:
    """The reason for a refusal: ``status`` such as ``5.1.1``, ``words`` of the server's answer.

    Never raises; what says nothing is UNKNOWN, which is soft.
    """
    text = _PREAMBLE.sub(" ", " ".join(words[:_TEXT_LENGTH].split()))
    detail = status.partition(".")[2]
    if detail == "4.1" and _DIRECTORY_BLOCK.search(words):
        return Reason.NO_SUCH_USER
    if detail in _ABOUT_THE_SENDER:
        return Reason.SENDER_REFUSED
    for reason, phrases in _PHRASES:
        if phrases.search(text):
            if reason in HARD and (status.startswith("4.") or action == "delayed"):
                continue
            if reason is Reason.NO_SUCH_USER and detail.startswith(_NOT_ABOUT_THE_ADDRESS):
                # Words and status disagree: an address is not given up for that.
                return Reason.REFUSED_BY_POLICY
            return reason
    if status.startswith("4."):
        return Reason.TRY_LATER
    if detail in _BY_STATUS:
        return _BY_STATUS[detail]
    if detail.startswith("7."):
        return Reason.REFUSED_BY_POLICY
    return Reason.TRY_LATER if action == "delayed" else Reason.UNKNOWN
