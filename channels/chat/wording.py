"""The few sentences the server itself writes to a visitor: mails, and announcements."""

import re
from typing import Any

from router.model.effects import Tell

_FIELD = re.compile(r"\{(\w+)\}")

_MAILS: dict[str, dict[str, tuple[str, str]]] = {
    "code": {
        "en": (
            "Your code: {code}",
            "Your code is {code}. It is good for 10 minutes.\n\n"
            "If you did not ask for a copy of a chat, ignore this message.\n",
        ),
        "zh-CN": (
            "您的验证码:{code}",
            "您的验证码是 {code},10 分钟内有效。\n\n如果您没有要求发送聊天记录,请忽略此邮件。\n",
        ),
    },
    "transcript": {
        "en": ("Your chat with {title}", "{lines}\n"),
        "zh-CN": ("您与{title}的聊天记录", "{lines}\n"),
    },
    "answer": {
        "en": ("An answer from {title}", "You left us a message. {agent} answers:\n\n{text}\n"),
        "zh-CN": ("{title}的回复", "您给我们留了言,{agent}的回复如下:\n\n{text}\n"),
    },
}
_NAMES = {
    "you": {"en": "You", "zh-CN": "您"},
    "we": {"en": "We", "zh-CN": "我们"},
    "us": {"en": "us", "zh-CN": "我们"},
    "begin_again": {
        "en": "Sorry, we were interrupted. Let us begin again.",
        "zh-CN": "抱歉，刚才中断了，我们重新开始。",
    },
    "file": {"en": "file", "zh-CN": "文件"},
    "form_subject": {"en": "Message from the website", "zh-CN": "网站留言"},
}


def mail(kind: str, language: str, **values: str) -> tuple[str, str]:
    """Subject and text of a mail of a kind: ``code``, ``transcript`` or ``answer``."""
    subject, text = _MAILS[kind].get(language, _MAILS[kind]["en"])
    return _fill(subject, values), _fill(text, values)


def name(kind: str, language: str) -> str:
    """Words the server needs: ``you``, ``we``, ``us``, ``begin_again``, ``file``,
    ``form_subject``."""
    return _NAMES[kind].get(language, _NAMES[kind]["en"])


def announcement(tell: Tell) -> str:
    """What a plan says to who waits; empty when it needs a number that is not known."""
    known: dict[str, Any] = {}
    if tell.position > 0:
        known["position"] = tell.position
    if tell.expected_low_ms >= 0 and tell.expected_high_ms >= 0:
        known["low_minutes"] = max(1, tell.expected_low_ms // 60_000)
        known["high_minutes"] = max(1, -(-tell.expected_high_ms // 60_000))
    if any(field not in known for field in _FIELD.findall(tell.text)):
        return ""
    return _fill(tell.text, {field: str(value) for field, value in known.items()})


def _fill(text: str, values: dict[str, str]) -> str:
    """Plain ``{field}`` places, filled once: what is filled in is never looked at again."""
    return _FIELD.sub(lambda match: values.get(match.group(1), match.group()), text)
