"""Which mails belong together: the REFERENCES and ORDEREDSUBJECT algorithms of RFC 5256.

Used to show a conversation in order. It never decides who may see or join a case: subject and
references are chosen by whoever writes (``joining`` decides, by our own token).
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

_BLANKS = re.compile(r"[\s\xa0]+")
_BLOB = r"\[[^\[\]]{0,200}\]\s*"
_LEADER = re.compile(rf"(?:{_BLOB})*(?:re|fwd?)\s*(?:{_BLOB})?:\s*", re.IGNORECASE)
_LEADING_BLOB = re.compile(_BLOB)
_TRAILER = re.compile(r"\s*\(fwd\)\s*\Z", re.IGNORECASE)
_FORWARD = re.compile(r"\[fwd:(.*)\]\Z", re.IGNORECASE | re.DOTALL)
_SUBJECT_LENGTH = 1_000


class Threadable(msgspec.Struct, frozen=True):
    """What threading needs of a mail. ``key`` names it to the caller; ``at_ms`` orders it (the
    Date field, else the moment of arrival); ids stand without brackets."""

    key: int
    message_id: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    at_ms: int = 0


class Thread(msgspec.Struct):
    """A mail and its answers; ``key`` None stands for a mail that nobody here has."""

    key: int | None
    children: list["Thread"]


def references_of(references: Sequence[str], in_reply_to: Sequence[str]) -> tuple[str, ...]:
    """The ancestors of a mail (RFC 5256, step 1): References, else the first In-Reply-To."""
    return tuple(references) or tuple(in_reply_to[:1])


class _Node:
    """A message id with the mail that has it, if any, and its links."""

    def __init__(self, mail: Threadable | None = None) -> None:
        self.mail = mail
        self.parent: _Node | None = None
        self.children: list[_Node] = []

    def is_below(self, other: "_Node") -> bool:
        node: _Node | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    def detach(self) -> None:
        if self.parent is not None:
            self.parent.children.remove(self)
            self.parent = None

    def attach_to(self, parent: "_Node") -> None:
        self.parent = parent
        parent.children.append(self)


def thread_by_references(mails: Iterable[Threadable]) -> list[Thread]:
    """Trees of mails by THREAD=REFERENCES, each level in the order the mails were sent."""
    roots = [node for node in _linked(list(mails)) if node.parent is None]
    roots = _prune(roots)
    roots.sort(key=_moment)
    roots = _gather_subjects(roots)
    for root in roots:
        _sort_below(root)
    roots.sort(key=_moment)
    return [_tree(root) for root in roots]


def _linked(mails: list[Threadable]) -> list[_Node]:
    """Step 1: link every mail below its last reference and the references to each other."""
    nodes: dict[str, _Node] = {}
    order: list[_Node] = []

    def node_of(message_id: str) -> _Node:
        if message_id not in nodes:
            nodes[message_id] = _Node()
            order.append(nodes[message_id])
        return nodes[message_id]

    for mail in mails:
        parent: _Node | None = None
        for reference in mail.references:
            node = node_of(reference)
            if parent is not None and node.parent is None and not parent.is_below(node):
                node.attach_to(parent)
            parent = node
        own = node_of(mail.message_id) if mail.message_id else _Node()
        if own.mail is not None or not mail.message_id:
            # A repeated id (or none): this mail gets a node of its own.
            own = _Node()
            order.append(own)
        own.mail = mail
        own.detach()
        if parent is not None and not parent.is_below(own):
            own.attach_to(parent)
    return order


def _prune(nodes: list[_Node]) -> list[_Node]:
    """Step 3: drop empty nodes; their children move up, unless that made several roots."""
    kept: list[_Node] = []
    for node in nodes:
        node.children = _prune_below(node)
        if node.mail is not None:
            kept.append(node)
        elif len(node.children) == 1:
            kept.append(_promoted(node.children[0]))
        elif node.children:
            kept.append(node)
    return kept


def _prune_below(top: _Node) -> list[_Node]:
    """Prune all levels below ``top`` without recursion: chains may be as long as a mailbox."""
    stack: list[tuple[_Node, bool]] = [(child, False) for child in top.children]
    while stack:
        node, done = stack.pop()
        if not done:
            stack.append((node, True))
            stack += [(child, False) for child in node.children]
            continue
        flat: list[_Node] = []
        for child in node.children:
            flat += [child] if child.mail is not None else child.children
        for child in flat:
            child.parent = node
        node.children = flat
    flat = []
    for child in top.children:
        flat += [child] if child.mail is not None else child.children
    for child in flat:
        child.parent = top
    return flat


def _promoted(node: _Node) -> _Node:
    node.parent = None
    return node


def _moment(node: _Node) -> tuple[int, int]:
    """Step 4: an empty node counts as its first child."""
    mail = node.mail or min(
        (child.mail for child in node.children if child.mail is not None),
        key=lambda mail: (mail.at_ms, mail.key),
    )
    return mail.at_ms, mail.key


def _sort_below(root: _Node) -> None:
    stack = [root]
    while stack:
        node = stack.pop()
        node.children.sort(key=_moment)
        stack += node.children


def _subject_mail(node: _Node) -> Threadable | None:
    return node.mail or (min(node.children, key=_moment).mail if node.children else None)


def _gather_subjects(roots: list[_Node]) -> list[_Node]:
    """Step 5: roots of one base subject are answers to each other or siblings."""
    table: dict[str, _Node] = {}
    for node in roots:
        base, answer = _subject_of(node)
        if not base:
            continue
        held = table.get(base)
        better = held is None or (
            (node.mail is None and held.mail is not None)
            or (
                node.mail is not None
                and held.mail is not None
                and _subject_of(held)[1]
                and not answer
            )
        )
        if better:
            table[base] = node
    kept: list[_Node] = []
    for node in roots:
        base, answer = _subject_of(node)
        held = table.get(base) if base else None
        if held is None or held is node:
            kept.append(node)
        else:
            _merge(node, held, answer=answer)
    return kept


def _merge(node: _Node, held: _Node, *, answer: bool) -> None:
    if node.mail is None and held.mail is None:
        for child in node.children:
            child.attach_to(held)
    elif held.mail is None or (answer and not _subject_of(held)[1]):
        node.attach_to(held)
    else:
        # Both stand side by side below a mail that nobody has.
        twin = _Node(held.mail)
        twin.children = held.children
        for child in twin.children:
            child.parent = twin
        held.mail = None
        held.children = []
        twin.attach_to(held)
        node.attach_to(held)


def _subject_of(node: _Node) -> tuple[str, bool]:
    mail = _subject_mail(node)
    return base_subject(mail.subject) if mail is not None else ("", False)


def _tree(root: _Node) -> Thread:
    top = Thread(root.mail.key if root.mail else None, [])
    stack = [(root, top)]
    while stack:
        node, thread = stack.pop()
        for child in node.children:
            below = Thread(child.mail.key if child.mail else None, [])
            thread.children.append(below)
            stack.append((child, below))
    return top


def thread_by_subject(mails: Iterable[Threadable]) -> list[Thread]:
    """Threads by THREAD=ORDEREDSUBJECT: mails of one base subject below the first of them.

    Each answer begins a branch of its own below the first mail.
    """
    groups: dict[str, list[Threadable]] = {}
    for mail in sorted(mails, key=lambda mail: (mail.at_ms, mail.key)):
        groups.setdefault(base_subject(mail.subject)[0], []).append(mail)
    ordered = sorted(groups.values(), key=lambda group: (group[0].at_ms, group[0].key))
    return [Thread(group[0].key, [Thread(mail.key, []) for mail in group[1:]]) for group in ordered]


def base_subject(subject: str) -> tuple[str, bool]:
    """The subject without its answer and forward marks (RFC 5256, 2.1), in capitals for
    comparison, and whether it had any such mark."""
    text = _BLANKS.sub(" ", subject[:_SUBJECT_LENGTH]).strip()
    answer = False
    while True:
        before = text
        while (trimmed := _TRAILER.sub("", text)) != text:
            text, answer = trimmed, True
        text, found = _without_leaders(text)
        answer = answer or found
        forward = _FORWARD.match(text)
        if forward is not None:
            text, answer = forward.group(1).strip(), True
        if text == before:
            return text.strip().upper(), answer


def _without_leaders(text: str) -> tuple[str, bool]:
    answer = False
    while True:
        leader = _LEADER.match(text)
        if leader is not None:
            text, answer = text[leader.end() :], True
            continue
        blob = _LEADING_BLOB.match(text)
        if blob is not None and text[blob.end() :].strip():
            if _FORWARD.match(text):
                return text, answer
            text = text[blob.end() :]
            continue
        return text, answer
