"""Attempts to get into somebody else's case by mail (MAIL-3, MAIL-4): nobody gets in or learns."""

import asyncio
from pathlib import Path

from router.model.commands import AddEntry
from router.model.content import Author, Content
from router.model.events import Arrived, EntryAdded
from router.model.ids import InteractionId
from tests.journeys.mail.test_answer import MIA
from tests.journeys.mail.town import AWAY, HELP, HOME, Town, town
from tests.support import loop
from tests.support.centre import accept_next, an_entry, make_ready, words

ANA = "ana@example.test"
MALLORY = "mallory@evil.test"
SECRET = "the door code is on the back of the invoice"


class Case:
    """What Ana's case looks like from outside; ``id``, ``token`` and ``address`` are stolen."""

    def __init__(self, message_id: str, address: str) -> None:
        self.id = message_id
        self.address = address
        self.token = message_id.strip("<>").partition(".")[0]


Hijacks = dict[str, tuple[str, str, tuple[str, ...]]]
"""By what is tried: the header fields, the envelope's sender, the recipients."""


def with_a_stolen_token(case: Case) -> Hijacks:
    """Somebody saw Mia's answer to Ana, and says to be Ana or shows what they have."""
    stolen, answers = f"References: {case.id}", f"In-Reply-To: {case.id}"
    ours, theirs = (HELP,), (case.address,)
    as_ana, as_mallory = f"From: {ANA}", f"From: {MALLORY}"
    return {
        "forged author, stolen References": (f"{as_ana}\n{stolen}", ANA, ours),
        "forged author, stolen In-Reply-To": (f"{as_ana}\n{answers}", ANA, ours),
        "forged author to the token's address": (as_ana, ANA, theirs),
        "forged author, all of it": (f"{as_ana}\n{stolen}\n{answers}", ANA, theirs),
        "forged author, own envelope": (f"{as_ana}\n{stolen}", MALLORY, ours),
        "forged author, answers name the thief": (
            f"{as_ana}\nReply-To: {MALLORY}\n{stolen}",
            ANA,
            ours,
        ),
        "own author, stolen References": (f"{as_mallory}\n{stolen}", MALLORY, ours),
        "own author, stolen In-Reply-To": (f"{as_mallory}\n{answers}", MALLORY, ours),
        "own author to the token's address": (as_mallory, MALLORY, theirs),
        "a copy to the participant": (f"{as_mallory}\nCc: {ANA}\n{stolen}", MALLORY, ours),
        "a copy to the token's address": (f"{as_mallory}\nCc: {case.address}", MALLORY, ours),
        "answers to the participant": (f"{as_mallory}\nReply-To: {ANA}\n{stolen}", MALLORY, ours),
        "sent on behalf of": (f"{as_mallory}\nSender: {ANA}\n{stolen}", MALLORY, ours),
        "resent from": (f"{as_mallory}\nResent-From: {ANA}\n{stolen}", MALLORY, ours),
    }


def with_an_odd_author_or_a_lie(case: Case) -> Hijacks:
    """Authors that programs read differently, guesses, and claims about the sender."""
    other = case.token[:-1] + ("a" if case.token[-1] != "a" else "b")
    stolen, ours = f"References: {case.id}", (HELP,)
    passed = "spf=pass smtp.mailfrom=ana@example.test; dmarc=pass header.from=example.test"
    as_ana, as_mallory = f"From: {ANA}", f"From: {MALLORY}"
    return {
        "two From fields": (f"{as_ana}\n{as_mallory}\n{stolen}", MALLORY, ours),
        "two authors in one": (f"From: {ANA}, {MALLORY}\n{stolen}", MALLORY, ours),
        "two authors, the other way": (f"From: {MALLORY}, {ANA}\n{stolen}", MALLORY, ours),
        "an address for a name": (f'From: "{ANA}" <{MALLORY}>\n{stolen}', MALLORY, ours),
        "an address in a comment": (f"From: {MALLORY} ({ANA})\n{stolen}", MALLORY, ours),
        "a name in a group": (f"From: {ANA}: {MALLORY};\n{stolen}", MALLORY, ours),
        "a look-alike domain": (f"From: ana@examp1e.test\n{stolen}", MALLORY, ours),
        "a look-alike letter": (f"From: ana@ex\u0430mple.test\n{stolen}", MALLORY, ours),
        "a subdomain that nobody made": (f"From: ana@x.example.test\n{stolen}", MALLORY, ours),
        "the subject alone": (f"{as_ana}\nSubject: Re: Invoice 88", ANA, ours),
        "a guessed number": (f"{as_ana}\nSubject: Re: Invoice [#{case.token[:26]}]", ANA, ours),
        "a wrong letter in the token": (
            f"{as_ana}\nReferences: {case.id.replace(case.token, other)}",
            ANA,
            ours,
        ),
        "a foreign word that all is well": (
            f"Authentication-Results: mx.big.test; {passed}\n{as_ana}\n{stolen}",
            ANA,
            ours,
        ),
        "our own word that all is well, forged": (
            f"Authentication-Results: mail.carillon.test; {passed}\n{as_ana}\n{stolen}",
            ANA,
            ours,
        ),
        "a forged Received-SPF": (
            f"Received-SPF: pass client-ip={HOME}\n{as_ana}\n{stolen}",
            ANA,
            ours,
        ),
        "a forged Delivered-To": (
            f"Delivered-To: {case.address}\nReturn-Path: <{ANA}>\n{as_ana}",
            ANA,
            ours,
        ),
        "a signature that is none": (
            "DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=x; h=from; bh=AAAA; b=AAAA\n"
            f"{as_ana}\n{stolen}",
            ANA,
            ours,
        ),
    }


async def a_case(town: Town) -> tuple[InteractionId, Case]:
    """Ana asks, Mia answers; what leaves is what an eavesdropper sees."""
    await town.send(
        f"From: Ana <{ANA}>\nTo: {HELP}\nSubject: Invoice 88\nMessage-ID: <q@example.test>\n\n"
        f"Hello, {SECRET}.\n",
        sender=ANA,
        place=HOME,
    )
    offered = await accept_next(town.centre, MIA)
    entry = await an_entry(town.centre, offered.interaction_id, Content(text=f"Yes, {SECRET}."))
    await town.centre.hub.submit(
        AddEntry(offered.interaction_id, Author.AGENT, entry, agent_id=MIA, seen=1)
    )
    await town.relay.has(2)
    (reply,) = (one for _, one in town.relay.kept if not one["Auto-Submitted"])
    return offered.interaction_id, Case(str(reply["Message-ID"]), str(reply["Reply-To"]))


def test_mail_4_thirty_hijacks_join_nothing_learn_nothing_and_carry_a_banner(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with town(tmp_path / "centre", "acknowledge = true") as made:
            await make_ready(made.centre, MIA)
            own, case = await a_case(made)
            tried = with_a_stolen_token(case) | with_an_odd_author_or_a_lie(case)
            assert len(tried) >= 30
            for number, (name, (fields, sender, to)) in enumerate(tried.items()):
                subject = "" if "Subject:" in fields else f"Subject: {name}\n"
                ident = f"Message-ID: <{number}@evil.test>"
                raw = f"{fields}\nTo: {HELP}\n{subject}{ident}\n\nLet me in, number {number}.\n"
                await made.send(raw, sender=sender, to=to, place=AWAY)
            events = await made.events()
            mine = [
                one for one in events if isinstance(one, EntryAdded) and one.interaction_id == own
            ]
            assert [one.author for one in mine] == [Author.CUSTOMER, Author.AGENT]
            arrived = [one for one in events if isinstance(one, Arrived)]
            first, *others = arrived
            assert len(others) == len(tried)
            assert first.customer["verified"] is True
            for one in others:
                assert one.case_id != first.case_id
                assert one.customer["verified"] is False
                assert one.last_agent is None
                (content,) = await words(made.centre, one.interaction_id)
                assert {"unverified_sender", "ambiguous_sender"} & set(content.notices)
            # Nothing left but the one answer to Ana herself, and her one acknowledgement.
            assert {str(message["To"]) for _, message in made.relay.kept} == {ANA}
            # Ana herself is let in.
            await made.send(
                f"From: {ANA}\nTo: {case.address}\nReferences: {case.id}\n\nIt is me.\n",
                sender=ANA,
                to=[case.address],
                place=HOME,
            )
            heard = await words(made.centre, own)
            assert heard[-1].text.strip() == "It is me."

    loop.run(asyncio.wait_for(story(), 150))
