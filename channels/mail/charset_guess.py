"""What a text without a believable character set looks like.

Each candidate reads the bytes; the one whose text holds most of the letters that are frequent in
its languages wins. A few words are enough, and nothing is learned or stored.
"""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_SAMPLE_BYTES = 6_000
_FEW_LETTERS = 4


class _Candidate(NamedTuple):
    codec: str
    frequent: frozenset[str]
    latin: bool = False


_HAN = (
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她"
    "里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从"
    "动两长请问谢您收件电话号码订单退款货物发票钱客服务联系帮助，。！？、：；（）“”"
)
_HAN_TRADITIONAL = (
    "的一是不了人我在有他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她"
    "裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從"
    "動兩長請問謝您收件電話號碼訂單退款貨物發票錢客服務聯繫幫助，。！？、：；（）「」"
)
_KANA = (
    "のにはをたがでてとしれさあいうえおかきくけこすせそちつなねひふへほまみむめもやゆよらりるろわんっ"
    "アイウエオカキクケコサシスセソタチツテトナニネノハヒフホマミムメモラリルレロワンッーャュョ、。「」"
)
_HANGUL = (
    "이다는을가의에고하지한로기사도리인어나자니은서해시를그대정일수아있들보제요습안녕세문주부"
    "관련감합드님과라만면게으전스와구여원상"
)
_CANDIDATES = (
    _Candidate("gb18030", frozenset(_HAN)),
    _Candidate("cp950", frozenset(_HAN_TRADITIONAL)),
    _Candidate("cp932", frozenset(_KANA)),
    _Candidate("euc-jp", frozenset(_KANA)),
    _Candidate("cp949", frozenset(_HANGUL)),
    _Candidate("cp1251", frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщіїєґОПНСВЯЗКДУМТ")),
    _Candidate("koi8-r", frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщОПНСВЯЗКДУМТ")),
    _Candidate("cp866", frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщОПНСВЯЗКДУМТ")),
    _Candidate("cp1253", frozenset("αεοιτνσςρκπυηλμγδθχωάέίόύήώφβξψζΑΕΟΚΤΠΣΜ")),
    _Candidate("cp1255", frozenset("אבגדהוזחטיכךלמםנןסעפףצץקרשת")),
    _Candidate("cp1256", frozenset("اأإآبتثجحخدذرزسشصضطظعغفقكلمنهويىةئءؤ،؟")),
    _Candidate("cp874", frozenset("กขคงจชดตทนบปพมยรลวสหอะาิีึืุูเแโใไ่้็์ั")),
    _Candidate("cp1252", frozenset("éèàäöüßçñáíóúåæøÄÖÜÉ€’‘“”–—…«»°¿¡ãõ§£©ù"), latin=True),
    _Candidate("cp1250", frozenset("ěščřžýáíéůúťďňóöüąćęłńśźżőűäțșăâîŠČŘŽŁŚŻ€„”–’"), latin=True),
    _Candidate("cp1254", frozenset("ığşçöüİĞŞÇÖÜâ’“”€"), latin=True),
)
_LESS_FREQUENT = frozenset("êâôîûœëïìòÀÈÊÇÓÁÍÑÅÆØ")
_WORDS_OF_ONE_LETTER = frozenset("àÀéóÓíÉèÈ")
_BY_CODEC = {candidate.codec: candidate for candidate in _CANDIDATES}
_FALLBACK = "cp1252"


def guess_charset(data: bytes, declared: str | None, hints: Sequence[str] = ()) -> str:
    """The codec that most likely wrote ``data`` (which is neither ASCII nor UTF-8).

    ``declared`` is kept unless another one fits much better; ``hints`` win where scores are near.
    Uses at most the first lines of the text, so the cost does not grow with the mail.
    """
    wide = wide_codec(data)
    if wide is not None:
        return wide
    sample = _sample(data)
    scores = {
        candidate.codec: _score(sample, candidate) + (0.15 if candidate.codec in hints else 0.0)
        for candidate in _CANDIDATES
    }
    best = max(scores, key=lambda codec: scores[codec])
    if declared is None:
        return best if scores[best] > 0 else _FALLBACK
    letters = sum(byte >= 0x80 for byte in sample)
    own = scores.get(declared, 0.0)
    if declared not in _BY_CODEC:
        # A set we keep no letters for (Latin-4, say) is doubted only where another fits plainly.
        own = 0.45
    if letters >= 2 * _FEW_LETTERS and scores[best] > own + 0.4:
        return best
    return declared


def _sample(data: bytes) -> bytes:
    """The first part of the text that is not plain ASCII, cut at a line end where there is one."""
    first = next((index for index, byte in enumerate(data[:200_000]) if byte >= 0x80), 0)
    start = data.rfind(b"\n", 0, first) + 1
    start = max(start, first - 200)
    sample = data[start : start + _SAMPLE_BYTES]
    if len(sample) == _SAMPLE_BYTES:
        end = sample.rfind(b"\n")
        sample = sample[:end] if end > _SAMPLE_BYTES // 2 else sample
    return sample


def wide_codec(data: bytes) -> str | None:
    """The codec of UTF-16 without its mark, where every other byte of Latin text is zero."""
    head = data[:400]
    zeros = head.count(0)
    if len(head) < 4 or zeros * 3 < len(head) or zeros * 2 > len(head) + 1:
        return None
    return "utf-16-le" if head[1] == 0 else "utf-16-be"


def _score(sample: bytes, candidate: _Candidate) -> float:
    """Share of the letters beyond ASCII that are frequent ones, less what makes no sense."""
    try:
        text = sample.decode(candidate.codec)
    except UnicodeDecodeError as error:
        # The sample may end within a character; anything earlier means another set.
        if len(sample) < _SAMPLE_BYTES // 2 or error.start < len(sample) - 4:
            return 0.0
        text = sample[: error.start].decode(candidate.codec, "ignore")
    points = 0.0
    letters = 0
    before = " "
    for index, letter in enumerate(text):
        if letter >= "\x80":
            letters += 1
            after = text[index + 1] if index + 1 < len(text) else " "
            beside_ascii = (before.isascii() and before.isalpha()) or (
                after.isascii() and after.isalpha()
            )
            points += _worth(letter, candidate, beside_ascii=beside_ascii)
        before = letter
    return points / letters if letters else 0.0


def _worth(letter: str, candidate: _Candidate, *, beside_ascii: bool) -> float:
    """How much one letter speaks for a candidate: Latin letters stand beside ASCII, others not."""
    if letter in candidate.frequent:
        worth = 1.0
    elif candidate.codec == _FALLBACK and letter in _LESS_FREQUENT:
        worth = 0.8
    else:
        return -1.0 if letter < "\xa0" or letter >= "\ue000" else 0.0
    if unicodedata.category(letter)[0] not in "LM" or letter in _WORDS_OF_ONE_LETTER:
        return worth
    if candidate.latin:
        return worth if beside_ascii else 0.1
    return 0.2 if beside_ascii else worth
