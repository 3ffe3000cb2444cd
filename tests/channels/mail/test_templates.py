"""Templates of outgoing mail: what they may do, and what ``carillon check`` says of the others."""

import pytest

from channels.mail.settings import Mailbox, MailSettings, Signatures, check
from channels.mail.templates import (
    ACKNOWLEDGEMENT_FACTS,
    LONGEST,
    REPLY_FACTS,
    SIGNATURE_FACTS,
    mistakes,
    render,
)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "{{ text }}\n{{ signature }}",
        "Dear {{ customer.name or 'customer' }},{% if queue.title %} {{ queue.title }}{% endif %}",
        "{{ agent.name | default('we') | upper }}{# a note #}",
        "{% if agent.name == 'Mia' and not customer.name %}M{% elif text %}T{% else %}-{% endif %}",
    ],
)
def test_a_template_chooses_and_inserts(source: str) -> None:
    assert mistakes(source, REPLY_FACTS) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("one\n{{ text ", "line 2"),
        ("{% if text %}", "end of template"),
        ("{{ subject }}", "'subject' is not known here; there is agent.name, mailbox.name"),
        ("{{ agent.phone }}", "no attribute 'phone'; there is agent.name"),
        ("{% for n in range(9) %}{{ n }}{% endfor %}", "no For"),
        ("{{ text.__class__ }}", "unsafe"),
        ("{{ text.upper() }}", "no Call"),
        ("{{ text[0] }}", "no Getitem"),
        ("{% set x = 1 %}{{ x }}", "no Assign"),
        ("{% include 'x' %}", "no Include"),
        ("{% macro m() %}{% endmacro %}", "no Macro"),
        ("{{ text * 99999 }}", "no Mul"),
        ("{{ text ~ text }}", "no Concat"),
        ("{{ text | attr('__class__') }}", "'attr' is none of default, lower"),
        ("{{ text | nothing }}", "'nothing' is none of"),
        ("x" * (LONGEST + 1), "at most"),
        ("{{ " + "(" * 5_000 + "text" + ")" * 5_000 + " }}", "nested too deeply"),
    ],
)
def test_ivr_3_anything_else_is_refused_by_check_with_its_place(source: str, words: str) -> None:
    """IVR-3: no loop, no call, no way out of the sandbox."""
    found = mistakes(source, REPLY_FACTS)
    assert found
    assert any(words in one for one in found), found


@pytest.mark.parametrize("name", ["customer.name", "text", "signature", "subject"])
def test_mail_5_an_automatic_answer_can_hold_nothing_of_a_customer(name: str) -> None:
    """MAIL-5: whoever forges a sender cannot have their words sent to others by us."""
    assert mistakes("{{ " + name + " }}", ACKNOWLEDGEMENT_FACTS)
    assert mistakes("{{ mailbox.name }} {{ queue.title }}", ACKNOWLEDGEMENT_FACTS) == []


def test_values_are_inserted_and_never_compiled() -> None:
    facts = dict(REPLY_FACTS) | {"text": "{{ 7 * 7 }} {% raw %} <b>&", "signature": "s"}
    assert render("{{ text }}", facts) == "{{ 7 * 7 }} {% raw %} <b>&"


def test_check_names_the_field_of_every_mistake_at_once() -> None:
    box = Mailbox(
        address="help@centre.example",
        signature="{{ agent.nam }}",
        reply="{{ tex }}",
        acknowledgement="{{ text }}",
        acknowledgement_subject="{{ }}",
    )
    signatures = Signatures(agent={"mia": "{% for %}"}, queue={"billing": "{{ text }}"})
    found = check(MailSettings(mailboxes={"help": box}, signatures=signatures))
    assert [field for field, _ in found] == [
        "signatures.agent.mia",
        "signatures.queue.billing",
        "mailboxes.help.signature",
        "mailboxes.help.reply",
        "mailboxes.help.acknowledgement",
        "mailboxes.help.acknowledgement_subject",
    ]
    assert not mistakes("{{ agent.name }}, {{ queue.title }}", SIGNATURE_FACTS)
