"""The lines that mail programs write around quoted text, in the languages they write them."""

import re

WROTE_WORDS = (
    "wrote|writes|schrieb|schrieben|geschrieben|a écrit|écrit|escribió|escribio|escribis|"
    "scritto|ha scritto|scrive|escreveu|schreef|skrev|kirjoitti|napisał|napisała|napisał\\(a\\)|"
    "napsal|napsala|napsal\\(a\\)|napísal|napísala|írta|a scris|написал|написала|написал\\(а\\)|"
    "пишет|пише|написав|написала|έγραψε|yazdı|şöyle yazdı|עבר|כתב|כתבה|كتب|نوشت|đã viết|menulis|"
    "wrote the following|sent|写道|寫道|書きました|のメール|작성|님이 작성"
)
_WROTE = re.compile(
    rf"(?<!\w)(?:{WROTE_WORDS})(?!\w)|写道|寫道|書きました|님이 작성", re.IGNORECASE
)
_DATE_LEADS = (
    "on|at|am|le|el|il|em|op|den|w dniu|dnia|dne|dňa|på|på den|pe|в|у|στις|la|pada|vào|"
    "ngày|tarihinde|il giorno|el día|ons?|man|tir|tor|fre|lør|søn|den|kl"
)
_LEAD = re.compile(rf"(?:{_DATE_LEADS})[\s,.]", re.IGNORECASE)
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\s?\d{2}(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NUMERIC_DATE = re.compile(r"(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)")
_ADDRESS = re.compile(r"<?\s*[^\s<>@]{1,100}@[^\s<>@]{1,150}\s*>?")
_ISO_START = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]")
_ZONE = re.compile(r"GMT[+-]\d|UTC[+-]\d")
_STARTS_WITH_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}\.? \w{2,12}\.? \d{4}")

_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Direction marks, which mail programs write around addresses in right-to-left languages."""
_DATED_ADDRESS = re.compile(r"\D{0,30}\d[^<>]{5,120}<[^\s<>@]{1,100}@[^\s<>@]{1,150}>\s*[:：]\Z")
"""A date, a name and an address, as Gmail writes in Japanese: no word for writing."""

ATTRIBUTION_LINES = 7
_ATTRIBUTION_LENGTH = 600
_ORIGINAL = (
    "original message|original mail|original e-mail|ursprüngliche nachricht|"
    "ursprüngliche e-mail|originalnachricht|original-nachricht|message d'origine|"
    "message original|message d’origine|mensaje original|mensagem original|messaggio originale|"
    "oorspronkelijk bericht|oorspronkelijke bericht|ursprungligt meddelande|"
    "originalmeddelande|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|"
    "oryginalna wiadomość|wiadomość oryginalna|původní zpráva|pôvodná správa|eredeti üzenet|"
    "mesaj original|исходное сообщение|оригинальное сообщение|вихідне повідомлення|"
    "αρχικό μήνυμα|orijinal ileti|özgün ileti|原始邮件|原始郵件|原邮件|元のメッセージ|원본 메시지|"
    "reply message|mensaje citado|הודעה מקורית|الرسالة الأصلية|pesan asli"
)
_ORIGINAL_LINE = re.compile(
    rf"[>\s]*\**\s*[-_=—]{{2,}}\s*(?:{_ORIGINAL})\s*[-_=—]{{0,}}\s*\**\s*\Z", re.I
)
_ORIGINAL_BARE = re.compile(rf"(?:{_ORIGINAL})\s*:?\s*\Z", re.I)
_FORWARDED = re.compile(
    r"[>\s]*[-_=]{3,}\s*(?:forwarded (?:message|by)|begin forwarded|weitergeleitete nachricht|"
    r"message transféré|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|"
    r"doorgestuurd bericht|转发|轉寄|пересылаемое сообщение|wiadomość przekazana)",
    re.I,
)
_BEGIN_FORWARDED = re.compile(
    r"[>\s]*(?:begin forwarded message|anfang der weitergeleiteten)", re.I
)

_FROM = (
    "from|von|de|da|van|från|fra|lähettäjä|od|feladó|от|від|από|kimden|寄件者|发件人|寄件人|差出人|"
    "보낸 사람|מאת|من|expéditeur|remitente|mittente|dari|từ"
)
_DATE = (
    "sent|date|enviado el|verzonden op|data wysłania|gesendet|datum|"
    "envoyé|date d'envoi|enviado|fecha|data|inviato|verzonden|"
    "skickat|dato|sendt|lähetetty|päiväys|wysłano|odesláno|odoslané|dátum|küldve|elküldve|"
    "отправлено|дата|надіслано|ημερομηνία|gönderilme|tarih|日期|发送时间|寄件日期|傳送時間|時間|"
    "送信日時|日付|보낸 날짜|날짜|נשלח|تاريخ|sent at|sent on|gesendet am|dikirim|trimis|gửi"
)
_TO = (
    "to|an|à|a|para|aan|till|til|vastaanottaja|do|komu|címzett|кому|προς|kime|收件者|收件人|"
    "宛先|받는 사람|אל|إلى|destinataire|destinatario|kepada|risposta|reply-to|antwort an|către"
)
_SUBJECT = (
    "subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|"
    "předmět|predmet|tárgy|тема|θέμα|konu|主题|主旨|件名|제목|נושא|الموضوع|perihal|subiect|chủ đề"
)
_CC = "cc|kopie|copie|copia|kopia|cópia|копия|копія|抄送|副本|참조|bcc|kopi"
_HEADER_LINE = re.compile(
    rf"[>\s]*[*_]{{0,2}}(?:(?P<from>{_FROM})|(?P<date>{_DATE})|(?P<to>{_TO})|"
    rf"(?P<subject>{_SUBJECT})|(?P<cc>{_CC}))\s?[*_]{{0,2}}\s?[:：][*_]{{0,2}}(?:\s|\Z|[^/\s])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\s{0,3}(?:>|\|(?:\s|\Z)|[A-Za-z][\w.-]{0,20}>(?:\s|\Z))")
_RULE = re.compile(r"\s{0,3}[*]{0,2}[-_=—–]{10,}[*]{0,2}\s*\Z")


def is_quoted(line: str) -> bool:
    """Whether the line carries a quotation mark: ``>``, ``|`` or initials such as ``JD>``."""
    return _QUOTED.match(line) is not None


def is_original_marker(line: str) -> bool:
    """``-----Original Message-----`` and its like."""
    if len(line) > 120:
        return False
    return _ORIGINAL_LINE.match(line) is not None


def is_bare_original_marker(line: str) -> bool:
    """The same words without dashes: a marker only where a quotation follows."""
    return len(line) <= 120 and _ORIGINAL_BARE.match(line.strip()) is not None


def is_forward_marker(line: str) -> bool:
    """The head of a forwarded message, which the customer wants read."""
    return len(line) <= 200 and (
        _FORWARDED.match(line) is not None or _BEGIN_FORWARDED.match(line) is not None
    )


def is_rule(line: str) -> bool:
    """A line of ten dashes or more and nothing else."""
    return _RULE.match(line) is not None


def header_block_length(lines: list[str], start: int) -> int:
    """How many lines of a quoted header block (From, Sent, To, Subject) stand at ``start``.

    0 unless it names a subject, a sender or a date, and three fields in all: travellers write
    "From:" and "To:" too.
    """
    kinds: set[str] = set()
    index = start
    blanks = 0
    while index < len(lines) and index - start < 25:
        line = lines[index]
        found = _HEADER_LINE.match(line) if len(line) <= 2_000 else None
        if found is not None and found.lastgroup:
            kinds.add(found.lastgroup)
            blanks = 0
        elif not line.strip(" >*") and kinds and blanks == 0 and len(kinds) < 3:
            blanks += 1
        else:
            break
        index += 1
    enough = len(kinds) >= 3 and bool(kinds & {"from", "date"}) and "subject" in kinds
    return index - start if enough else 0


def attribution_length(lines: list[str], start: int) -> int:
    """How many lines the attribution at ``start`` takes ("On ... wrote:"); 0 if there is none.

    It may be broken over lines, with empty ones between; it names a date or an address, and it
    ends with a word for writing and a colon, or has that word before its date.
    """
    if not _may_begin(lines[start]):
        return 0
    joined = ""
    filled = 0
    for index in range(start, min(len(lines), start + ATTRIBUTION_LINES)):
        part = _INVISIBLE.sub("", lines[index]).strip()
        if not part:
            if not _is_open(joined):
                break
            continue
        if index > start and is_quoted(lines[index]) and not part.endswith(":"):
            return 0
        joined = f"{joined} {part}".strip()
        filled += 1
        if len(joined) > _ATTRIBUTION_LENGTH:
            return 0
        if joined.endswith((":", "：")):
            return index - start + 1 if is_attribution(joined) else 0
    return _undotted_attribution(lines, start)


def _may_begin(line: str) -> bool:
    text = _INVISIBLE.sub("", line).strip().lstrip("*_ ")
    if not text or len(text) > _ATTRIBUTION_LENGTH:
        return False
    return (
        _LEAD.match(text) is not None
        or text[0].isdigit()
        or "@" in text
        or _WROTE.search(text) is not None
        or "在" in text[:2]
        or _TIME.search(text) is not None
    )


def _is_open(joined: str) -> bool:
    """An attribution may only run on over an empty line when it plainly is one."""
    return _LEAD.match(joined) is not None and _TIME.search(joined) is not None


def is_attribution(text: str) -> bool:
    """Whether one joined line that ends with a colon attributes a quotation."""
    wrote = _WROTE.search(text)
    if wrote is None:
        return _DATED_ADDRESS.match(text) is not None
    dated = (
        _TIME.search(text) is not None
        or _YEAR.search(text) is not None
        or _NUMERIC_DATE.search(text) is not None
    )
    addressed = _ADDRESS.search(text) is not None
    leads = _LEAD.match(text.lstrip("*_ ")) is not None or text.lstrip("*_ ")[:1].isdigit()
    near_end = len(text) - wrote.end() <= 25
    if addressed:
        return near_end or dated
    return dated and (leads or text.startswith("在")) and len(text) <= 200


def _undotted_attribution(lines: list[str], start: int) -> int:
    """ "2013/7/20 Some One <some@one>" alone on its line, as some programs write it."""
    text = lines[start].strip()
    following = lines[start + 1].strip() if start + 1 < len(lines) else ""
    alone = not following or is_quoted(following)
    named = _ADDRESS.search(text) is not None or _ZONE.search(text) is not None
    plain = _ISO_START.match(text) is not None and len(text) <= 200
    return 1 if plain and named and alone and not text.endswith((".", "!", "?")) else 0
