"""Checks of what a visitor filled in. Pure; each refusal names its field."""

from channels.chat.cards import mask_cards
from channels.chat.settings import Field, Site
from router.model.commands import Scalar
from router.model.errors import InvalidInput


def bounded_text(text: str, most: int) -> str:
    """The text without outer space. Raises InvalidInput with code ``too_long``."""
    if len(text) > most:
        raise InvalidInput(f"{most} characters at most", field="text", code="too_long")
    return text.strip()


def checked_mail(text: str) -> str:
    """A mail address in its plain form. Raises InvalidInput with code ``mail``."""
    local, at, host = text.strip().rpartition("@")
    plain = f"{local}@{host}"
    fine = at and local and "." in host and len(plain) <= 254 and plain.isascii()
    if not fine or any(character in ' \t\r\n,;:<>()[]"\\@' for character in local + host):
        raise InvalidInput("this is not a mail address", field="mail", code="mail")
    return plain


def checked_fields(site: Site, given: dict[str, str]) -> tuple[dict[str, str], dict[str, Scalar]]:
    """The answers to a site's questions: the sealed ones, and those for the rules.

    Raises InvalidInput naming the field.
    """
    known = {field.name: field for field in site.fields}
    for name in given:
        if name not in known:
            raise InvalidInput("this site does not ask for it", field=f"fields.{name}")
    sealed: dict[str, str] = {}
    clear: dict[str, Scalar] = {}
    for field in site.fields:
        value = _checked_field(field, given.get(field.name, ""))
        if value and field.routing:
            clear[field.name] = value
        elif value:
            sealed[field.name] = value
    return sealed, clear


def _checked_field(field: Field, given: str) -> str:
    value = mask_cards(given.strip())
    place = f"fields.{field.name}"
    if field.required and not value:
        raise InvalidInput("please answer", field=place, code="missing")
    if value and field.choices and value not in {choice.value for choice in field.choices}:
        raise InvalidInput("this is none of the choices", field=place)
    return value


def first_facts(
    site: Site, *, name: str, mail: str, topic: str, fields: dict[str, str]
) -> tuple[dict[str, str], dict[str, Scalar]]:
    """What was asked before a chat: the sealed answers, and the ones for the rules.

    Raises InvalidInput with code ``missing`` or ``mail`` and the field's name.
    """
    sealed, clear = checked_fields(site, fields)
    if topic and topic not in {choice.value for choice in site.topics}:
        raise InvalidInput("this is none of the topics", field="topic")
    if topic:
        clear["topic"] = topic
    plain_name = mask_cards(name.strip())
    if site.ask_name == "required" and not plain_name:
        raise InvalidInput("please give a name", field="name", code="missing")
    plain_mail = checked_mail(mail) if mail.strip() else ""
    if site.ask_mail == "required" and not plain_mail:
        raise InvalidInput("please give a mail address", field="mail", code="missing")
    for field, value in (("name", plain_name), ("mail", plain_mail)):
        if value:
            sealed[field] = value
    return sealed, clear
