"""What a visitor's side is told of a site before anything is said."""

from collections.abc import Mapping
from typing import Any

from channels.chat.settings import ChatSettings, Choice, Site, in_language
from router.ports import Floor


def site_facts(
    site: Site, language: str, settings: ChatSettings, floor: Floor, *, taking: bool = True
) -> Mapping[str, Any]:
    """Texts in one language, questions, hours and bounds of a site.

    A channel that is not ``taking`` contacts any more shows itself closed and without a form.
    """
    is_open = taking and floor.is_open(site.calendar)
    return {
        "title": in_language(site.title, language),
        "greeting": in_language(site.greeting, language),
        "hours": in_language(site.hours, language),
        "open": is_open,
        "next_opening": None if is_open else floor.next_opening(site.calendar),
        "form": taking and bool(site.form_mailbox),
        "ask_name": site.ask_name,
        "ask_mail": site.ask_mail,
        "topics": [_shown(choice, language) for choice in site.topics],
        "fields": [
            {
                "name": field.name,
                "title": in_language(field.title, language) or field.name,
                "kind": field.kind,
                "required": field.required,
                "choices": [_shown(choice, language) for choice in field.choices],
            }
            for field in site.fields
        ],
        "theme": site.theme,
        "accent": site.accent,
        "privacy_url": site.privacy_url,
        "share_typing": site.share_typing,
        "share_page": site.share_page,
        "transcript": site.transcript,
        "rating": site.rating,
        "self_service": bool(site.flow),
        "characters_max": settings.characters_max,
        "file_bytes": settings.file_bytes,
    }


def _shown(choice: Choice, language: str) -> dict[str, str]:
    return {
        "value": choice.value,
        "title": in_language(choice.title, language) or choice.value,
    }
