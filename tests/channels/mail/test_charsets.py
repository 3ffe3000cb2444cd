"""Text stays readable when its character set is wrong, missing or unknown."""

import pytest

from channels.mail.charsets import CODECS, codec_for, decode_text

CHINESE = "您好，我的订单号是12345，请问什么时候发货？谢谢"
TAIWANESE = "您好，我的訂單號碼是12345，請問什麼時候出貨？"
JAPANESE = "お世話になっております。請求書の件でご連絡いたします。"
KOREAN = "안녕하세요. 주문한 상품이 아직 도착하지 않았습니다."
RUSSIAN = "Здравствуйте, когда придёт мой заказ?"
GERMAN = "Schöne Grüße aus Köln, ich hätte eine Frage"
TEXTS = [
    ("gb18030", CHINESE),
    ("cp950", TAIWANESE),
    ("cp932", JAPANESE),
    ("euc-jp", JAPANESE),
    ("cp949", KOREAN),
    ("cp1251", RUSSIAN),
    ("koi8-r", RUSSIAN),
    ("cp866", RUSSIAN),
    ("cp1252", GERMAN),
    ("cp1252", "Où est ma commande ? Merci d'avance à tous"),
    ("cp1252", "¿Dónde está mi pedido, señor?"),
    ("cp1252", "café"),
    ("cp1252", "10 € for “that”"),
    ("cp1250", "Dobrý den, kdy přijde moje zásilka? Děkuji"),
    ("cp1250", "Dzień dobry, gdzie jest moje zamówienie? Dziękuję bardzo"),
    ("cp1253", "Καλημέρα, πού είναι η παραγγελία μου;"),
    ("cp1254", "Siparişim nerede? Teşekkür ederim, iyi günler"),
    ("cp1255", "שלום, איפה ההזמנה שלי?"),
    ("cp1256", "مرحبا، أين طلبي؟"),
    ("cp874", "สวัสดีครับ สินค้าของผมอยู่ที่ไหน"),
]


@pytest.mark.parametrize("label", ["", "x-unknown", "us-ascii", "utf-8", "no such set", "x" * 500])
@pytest.mark.parametrize(("codec", "text"), TEXTS)
def test_text_without_a_believable_label_is_read(codec: str, text: str, label: str) -> None:
    decoded = decode_text(text.encode(codec), label)
    assert decoded.text == text
    assert decoded.repaired


@pytest.mark.parametrize(
    ("codec", "text"), [pair for pair in TEXTS if pair[0] not in ("cp1250", "cp1254")]
)
def test_text_labelled_latin_1_is_read_as_what_it_is(codec: str, text: str) -> None:
    """Central European and Turkish text stays as labelled: every byte of it is Latin-1 too."""
    assert decode_text(text.encode(codec), "iso-8859-1").text == text


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (GERMAN.encode(), "iso-8859-1", GERMAN),
        (GERMAN.encode(), "", GERMAN),
        (RUSSIAN.encode(), "us-ascii", RUSSIAN),
        ("“quoted” – yes".encode("cp1252"), "iso-8859-1", "“quoted” – yes"),
        ("镕朱".encode("gb18030"), "gb2312", "镕朱"),
        ("㈱田中①".encode("cp932"), "shift_jis", "㈱田中①"),
        ("똠방각하".encode("cp949"), "ks_c_5601-1987", "똠방각하"),
        ("Grüße".encode("utf-7"), "utf-7", "Grüße"),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße"),
        ("Hello".encode("utf-16-le"), "", "Hello"),
        ("\ufeffHello".encode(), "", "Hello"),
        (JAPANESE.encode("iso2022_jp"), "", JAPANESE),
        (JAPANESE.encode("iso2022_jp"), "ISO-2022-JP", JAPANESE),
        ("Żółć".encode("iso8859-2"), "ISO-8859-2", "Żółć"),
        (b"plain", "utf-16", "plain"),
    ],
)
def test_labels_are_read_as_senders_mean_them(data: bytes, label: str, text: str) -> None:
    assert decode_text(data, label).text == text


def test_a_character_set_named_elsewhere_in_the_mail_helps() -> None:
    short = "登録".encode("euc-jp")
    assert decode_text(short, "", ("euc-jp",)).text == "登録"


def test_a_few_broken_bytes_do_not_change_the_set() -> None:
    data = GERMAN.encode() * 5 + b"\xff" + GERMAN.encode()
    decoded = decode_text(data, "utf-8")
    assert decoded.text.count("\ufffd") == 1
    assert decoded.text.count("Grüße") == 6


def test_labels_outside_the_table_never_reach_the_codec_search() -> None:
    for label in (
        "idna",
        "punycode",
        "unicode_escape",
        "rot13",
        "zip",
        "base64",
        "mbcs",
        "undefined",
    ):
        assert codec_for(label) is None
    assert set(map(str.lower, CODECS)) == set(CODECS)


def test_no_bytes_at_all_can_fail() -> None:
    for label in ("", "utf-8", "gb2312", "utf-7", "utf-16", "iso-2022-jp", "hz-gb-2312"):
        for data in (b"", b"\x00", b"\xff\xfe\x00", b"\x1b$B\x00", bytes(range(256)), b"+-~{~}"):
            assert isinstance(decode_text(data, label).text, str)
