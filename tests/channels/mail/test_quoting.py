"""The customer's words apart from quotations and signatures; nothing lost, nothing buried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.quoting import split_quoted

ATTRIBUTIONS = [
    "On Mon, 1 Jan 2024 at 10:00, Help <help@centre.example> wrote:",
    "On Monday, January 1, 2024 at 10:00:00 AM GMT+1, Help <help@centre.example> wrote: ",
    "On Mon, 1 Jan 2024 at 10:00, A Very Long Name of a Department <\nhelp@centre.example> wrote:",
    "Am Mo., 1. Jan. 2024 um 10:00 Uhr schrieb Help <help@centre.example>:",
    "Am 01.01.2024 um 10:00 schrieb Help:",
    "Le lun. 1 janv. 2024 à 10:00, Help <help@centre.example> a écrit :",
    "El lun, 1 ene 2024 a las 10:00, Help (<help@centre.example>) escribió:",
    "Il giorno lun 1 gen 2024 alle ore 10:00 Help <help@centre.example> ha scritto:",
    "Em seg., 1 de jan. de 2024 às 10:00, Help <help@centre.example> escreveu:",
    "Op ma 1 jan 2024 om 10:00 schreef Help <help@centre.example>:",
    "Den mån 1 jan. 2024 kl 10:00 skrev Help <help@centre.example>:",
    "pon., 1 sty 2024 o 10:00 Help <help@centre.example> napisał(a):",
    "po 1. 1. 2024 v 10:00 odesílatel Help <help@centre.example> napsal:",
    "пн, 1 янв. 2024 г. в 10:00, Help <help@centre.example>:",
    "1 января 2024 г., 10:00, Help <help@centre.example> написал:",
    "Help <help@centre.example>, 1 Oca 2024 Pzt, 10:00 tarihinde şunu yazdı:",
    "Help <help@centre.example> 于2024年1月1日周一 10:00写道：",
    "Help <help@centre.example> 於 2024年1月1日 週一 上午10:00寫道：",
    "2024年1月1日(月) 10:00 Help <help@centre.example>:",
    "2024년 1월 1일 (월) 오전 10:00, Help <help@centre.example>님이 작성:",
    "‫בתאריך יום ב׳, 1 בינו׳ 2024 ב-10:00 מאת Help <‪help@centre.example‬‏>:‬",
]
HEADER_BLOCKS = [
    "From: Help <help@centre.example>\nSent: Monday, 1 January 2024 10:00\nTo: Ann\nSubject: Order",
    "Von: Help <help@centre.example>\nGesendet: Montag, 1. Januar 2024 10:00\nAn: Ann\nBetreff: X",
    "De : Help <help@centre.example>\nEnvoyé : lundi 1 janvier 2024 10:00\nÀ : Ann\nObjet : X",
    "De: Help\nEnviado el: lunes, 1 de enero de 2024\nPara: Ann\nAsunto: X",
    "Da: Help\nInviato: lunedì 1 gennaio 2024 10:00\nA: Ann\nOggetto: X",
    "Van: Help\nVerzonden: maandag 1 januari 2024\nAan: Ann\nOnderwerp: X",
    "发件人: Help\n发送时间: 2024年1月1日 10:00\n收件人: Ann\n主题: X",
    "差出人: Help\n送信日時: 2024年1月1日 10:00\n宛先: Ann\n件名: X",
    "От: Help\nОтправлено: 1 января 2024 г.\nКому: Ann\nТема: X",
    "*From:* Help\n*Date:* Monday\n*To:* Ann\n*Cc:*\n*Subject:* X",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_marked_quotation_is_folded_with_its_attribution(attribution: str) -> None:
    split = split_quoted(f"Thank you!\n\n{attribution}\n\n> Your order\n> is on its way.\n")
    assert split.own == "Thank you!"
    assert "> is on its way." in split.quoted
    assert attribution.split("\n")[0].strip() in split.quoted


@pytest.mark.parametrize("attribution", [line for line in ATTRIBUTIONS if "‫" not in line])
def test_an_unmarked_quotation_is_folded_too(attribution: str) -> None:
    split = split_quoted(f"Thank you!\n\n{attribution}\n\nYour order\nis on its way.\n")
    assert split.own == "Thank you!"
    assert "is on its way." in split.quoted


@pytest.mark.parametrize("block", HEADER_BLOCKS)
@pytest.mark.parametrize("before", ["", "________________________________\n", "-----\n"])
def test_what_follows_a_block_of_fields_is_folded(block: str, before: str) -> None:
    split = split_quoted(f"Thank you!\n\n{before}{block}\n\nYour order\nis on its way.")
    assert split.own == "Thank you!"
    assert split.quoted.endswith("is on its way.")


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----",
        "----- Ursprüngliche Nachricht -----",
        "-------- Message d'origine --------",
        "------------------ 原始邮件 ------------------",
        "*-----Original Message-----*",
    ],
)
def test_what_follows_a_line_for_the_original_message_is_folded(line: str) -> None:
    assert split_quoted(f"Yes\n\n{line}\nold words\nmore").own == "Yes"


def test_the_words_original_message_alone_need_a_quotation_after_them() -> None:
    assert split_quoted("Yes\n\nOriginal message:\n\n> old words").own == "Yes"
    prose = "My letter:\n\nOriginal message:\nPlease answer."
    assert split_quoted(prose).own == prose


@pytest.mark.parametrize(
    "text",
    [
        "From: Berlin\nTo: Paris\nDate: 3 May\n\nPlease book two seats.",
        "On 3 May your colleague promised me a refund.\nWhere is it?",
        "I wrote to you on 1 January 2024:\nnobody answered.",
        "On Monday I bought a phone.\n\nIt is broken: see below.",
        "Items\n----------\none\ntwo\n----------\nTotal 2",
        "Please change these\n\nName: Ann\nPhone: 12345\nAddress: High Street 1",
        "5 > 3 and I | you",
        "My order is late. Subject: order 4711.",
        "2024-01-01 10:00 the machine stopped.\n\nWhat now?",
    ],
)
def test_the_customers_own_words_are_never_folded(text: str) -> None:
    split = split_quoted(text)
    assert split.own == text
    assert split.quoted == ""


def test_answers_between_quoted_lines_keep_what_they_answer() -> None:
    text = "Hi\n\n> When did you order?\nOn Monday.\n> Which colour?\nBlue.\n\n> Regards"
    split = split_quoted(text)
    assert split.own == "Hi\n\n> When did you order?\nOn Monday.\n> Which colour?\nBlue."
    assert split.quoted == "> Regards"


def test_an_answer_below_the_quotation_is_the_customers() -> None:
    split = split_quoted("On 1 Jan 2024 10:00, Help wrote:\n> Blue or red?\n\nBlue, please.")
    assert split.own == "Blue, please."


def test_forwarded_text_is_what_the_customer_wants_read() -> None:
    text = (
        "See below\n\n---------- Forwarded message ---------\nFrom: Shop\nTo: me\nSubject: x\n\nOld"
    )
    assert split_quoted(text).own == text


def test_a_mail_of_nothing_but_quotation_is_shown_whole() -> None:
    assert split_quoted("> only this\n> and that").own == "> only this\n> and that"


@pytest.mark.parametrize(
    ("text", "own", "signature"),
    [
        ("Hello\n\n-- \nAnn\n+49 30 1234", "Hello", "-- \nAnn\n+49 30 1234"),
        ("Hello\n--\nAnn", "Hello", "--\nAnn"),
        ("Hello\n\nSent from my iPhone", "Hello", "Sent from my iPhone"),
        ("Hallo\n\nVon meinem iPhone gesendet", "Hallo", "Von meinem iPhone gesendet"),
        ("你好\n\n发自我的iPhone", "你好", "发自我的iPhone"),
        ("Hello\n\nGet Outlook for iOS", "Hello", "Get Outlook for iOS"),
        ("Sent from my heart: the flowers\nnever came.", None, ""),
        ("-- \nOnly a signature", None, ""),
        ("One\n--\n" + "line\n" * 20, None, ""),
    ],
)
def test_signatures_are_folded_when_they_are_signatures(
    text: str, own: str | None, signature: str
) -> None:
    split = split_quoted(text)
    assert split.own == (text.strip("\n") if own is None else own)
    assert split.signature == signature


LINES = st.lists(
    st.sampled_from(
        [
            *("", "hello", "> quoted", "-- ", "On 1 Jan 2024 10:00, X wrote:", "From: x", "To: y"),
            *("Subject: z", "Sent: today", "-----Original Message-----", "____________", "| bar"),
            *("Sent from my phone", "On 2 Feb 2024", "wrote:", "2024-01-01 10:00 X <a@b.example>"),
        ]
    ),
    max_size=30,
)


@given(LINES)
def test_every_line_is_in_exactly_one_part(lines: list[str]) -> None:
    split = split_quoted("\n".join(lines))
    kept = sorted(
        line
        for piece in (split.own, split.signature, split.quoted)
        for line in piece.split("\n")
        if line.strip()
    )
    assert kept == sorted(line for line in lines if line.strip())
    assert split.own.strip() or not "".join(lines).strip()


@given(st.text(max_size=300))
def test_no_text_at_all_can_fail(text: str) -> None:
    split = split_quoted(text)
    assert bool(split.own.strip()) == bool(text.replace("\r", "\n").strip())
