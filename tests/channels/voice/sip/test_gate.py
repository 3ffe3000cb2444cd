"""Who is heard (SIP-2 to SIP-7): strangers, phones, trunks, and our own proofs."""

from __future__ import annotations

import re
import secrets

import msgspec
import pytest

from channels.voice.sip.addresses import COOKIE
from channels.voice.sip.digest import Challenge, parse_challenge, password_hash, prove
from channels.voice.sip.happenings import Answered, Ended
from channels.voice.sip.message import Request, Response, respond
from channels.voice.sip.sdp import Description
from channels.voice.sip.trunks import Trunk, TrunkDigest, TrunkDirectory, trunk_faults
from tests.channels.voice.sip.world import (
    EMPTY,
    PASSWORD,
    REALM,
    Agent,
    Stranger,
    World,
    answering,
    sound,
    two_agents,
)

METHODS = [
    "INVITE",
    "REGISTER",
    "MESSAGE",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
    "REFER",
    "INFO",
    "BYE",
    "UPDATE",
]


def centre(*trunks: Trunk) -> tuple[World, Agent, Stranger]:
    """A centre with two phones, and somebody nobody knows."""
    world = World()
    agent = Agent(world, "10.0.0.1", *trunks, phones=("100", "101"))
    return world, agent, Stranger(world, "10.0.0.66")


def proved(
    request: Request, challenge: Response, user: str = "100", password: str = PASSWORD
) -> Request:
    """The request once more, with an answer to a challenge."""
    asked = parse_challenge(challenge.headers["www-authenticate"][0])
    assert asked is not None
    secret = password_hash(user, asked.realm, password, asked.algorithm)
    proof = prove(
        asked,
        username=user,
        secret=secret,
        method=request.method,
        uri=request.target,
        nonce_count=1,
        cnonce=secrets.token_hex(4),
    )
    again = request.copy()
    again.put("via", f"SIP/2.0/UDP 10.0.0.66:5060;branch={COOKIE}{secrets.token_hex(6)}")
    again.put("cseq", f"{request.cseq[0] + 1} {request.method}")
    again.put("authorization", str(proof))
    return again


def of_phone(hand: Stranger, method: str, user: str = "100", **more: str | Description) -> Request:
    address = f"<sip:{user}@{REALM}>"
    headers: dict[str, str | Description] = {"from": f"{address};tag=them"}
    if method == "REGISTER":
        headers["to"] = address
    return hand.request(method, "10.0.0.1", **{**headers, **more})


def logged_on(hand: Stranger, request: Request, **kwargs: str) -> Response:
    hand.say(request, "10.0.0.1")
    challenge = hand.last
    assert isinstance(challenge, Response)
    hand.say(proved(request, challenge, **kwargs), "10.0.0.1")
    assert isinstance(hand.last, Response)
    return hand.last


@pytest.mark.parametrize("method", METHODS)
def test_sip_6_every_method_needs_the_same_proof_and_leaves_nothing_behind(method: str) -> None:
    """Attack 8: strangers hear 401 whatever they ask for; nothing is kept."""
    _, agent, hand = centre()
    hand.say(hand.request(method, agent.host), agent.host)
    assert hand.answers() == [401]
    assert "server" not in hand.last.headers
    assert agent.core.in_hand == EMPTY
    assert not agent.calls


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("MESSAGE", 405),
        ("SUBSCRIBE", 405),
        ("PUBLISH", 405),
        ("REFER", 403),
        ("INFO", 481),
        ("BYE", 481),
        ("OPTIONS", 200),
    ],
)
def test_a_phone_that_proved_itself_hears_what_is_served(method: str, status: int) -> None:
    _, _, hand = centre()
    request = of_phone(hand, "INVITE" if method == "OPTIONS" else method)
    hand.say(request, "10.0.0.1")
    challenge = hand.last
    assert isinstance(challenge, Response)
    hand.say(proved(of_phone(hand, method), challenge), "10.0.0.1")
    assert hand.answers()[-1] == status


def test_sip_5_scanners_hear_nothing() -> None:
    """Attack 1: OPTIONS, malformed messages, ACK and CANCEL of strangers are not answered."""
    world, agent, hand = centre()
    for method in ("OPTIONS", "ACK", "CANCEL"):
        hand.say(hand.request(method, agent.host), agent.host)
    bad = hand.request("INVITE", agent.host, cseq="x")
    hand.say(bad, agent.host)
    hand.say(hand.request("DANCE", agent.host), agent.host)
    assert hand.heard == []
    assert agent.gate.counts["malformed"] == 2
    assert agent.gate.counts["scanned"] == 1
    assert agent.core.in_hand["transactions"] == 0
    world.pass_ms(1)


def test_sip_5_known_and_unknown_users_hear_the_same_bytes() -> None:
    """Attack 2: an extension cannot be told from a number nobody has."""
    heard = []
    for user in ("100", "nobody"):
        _, _, hand = centre()
        request = of_phone(hand, "REGISTER", user)
        hand.say(request, "10.0.0.1")
        first = hand.last
        assert isinstance(first, Response)
        hand.say(proved(request, first, user=user, password="wrong"), "10.0.0.1")
        texts = []
        for message in hand.heard:
            message.put("via")
            text = message.encode().replace(user.encode(), b"user")
            texts.append(re.sub(rb'nonce="[^"]*"', b"nonce", text))
        heard.append(texts)
    assert heard[0] == heard[1]


def test_sip_4_guessing_ends_in_silence() -> None:
    """Attack 3: the tenth wrong answer is the last thing that is heard."""
    _, agent, hand = centre()
    request = of_phone(hand, "REGISTER")
    hand.say(request, agent.host)
    challenge = hand.last
    assert isinstance(challenge, Response)
    for _ in range(15):
        hand.say(proved(request, challenge, password=secrets.token_hex(4)), agent.host)
    assert hand.answers() == [401] * 10
    assert agent.gate.counts["locked_out"] == 1
    phone = Stranger(agent.world, "10.0.0.67")
    assert logged_on(phone, of_phone(phone, "REGISTER")).status == 200


def test_sip_3_a_flood_of_a_stranger_is_silenced_and_nobody_else_is() -> None:
    world, agent, hand = centre()
    for _ in range(100):
        hand.say(hand.request("INVITE", agent.host), agent.host)
    assert len(hand.answers()) == 40
    phone = Stranger(world, "10.0.0.67")
    assert logged_on(phone, of_phone(phone, "REGISTER")).status == 200
    world.pass_ms(1_000)
    hand.say(hand.request("INVITE", agent.host), agent.host)
    assert len(hand.answers()) == 41


def test_sip_3_a_flood_of_many_sources_is_bounded_in_all() -> None:
    world, agent, _ = centre()
    answers = 0
    for number in range(30):
        hand = Stranger(world, f"10.1.0.{number}")
        for _ in range(30):
            hand.say(hand.request("REGISTER", agent.host), agent.host)
        answers += len(hand.answers())
    assert answers == 500


@pytest.mark.parametrize(
    ("sender", "status"),
    [
        ("<sip:101@centre.example>;tag=x", 403),
        ("<sip:100@centre.example>;tag=x", 480),
        ("<tel:+1>;tag=x", 403),
    ],
)
def test_sip_6_the_caller_must_be_who_proved_it(sender: str, status: int) -> None:
    """Attack 8: a good digest does not make a forged From true (CVE-2025-47779)."""
    _, agent, hand = centre()
    agent.on_call = lambda call: call.reject(480)
    request = hand.request("INVITE", agent.host, **{"from": sender}, body=sound())
    assert logged_on(hand, request).status == status


def test_a_phone_registers_is_found_and_leaves() -> None:
    world, agent, hand = centre()
    assert logged_on(hand, of_phone(hand, "REGISTER", expires="120")).status == 200
    assert hand.last.first("contact") == "<sip:100@10.0.0.66>;expires=120"
    (binding,) = agent.registrar.bindings("100", world.now())
    assert binding.flow.host == "10.0.0.66"
    hand.say(hand.request("OPTIONS", agent.host), agent.host)
    assert hand.answers()[-1] == 200
    gone = of_phone(hand, "REGISTER", expires="0", cseq="9 REGISTER")
    assert logged_on(hand, gone).status == 200
    assert "contact" not in hand.last.headers
    assert agent.core.in_hand["bindings"] == 0


# -- trunks


def test_a_trunk_is_let_in_by_its_address_and_bounded() -> None:
    """SIP-3: above its share of calls a trunk hears 503 with Retry-After."""
    trunk = Trunk("t", "sip:10.0.0.7", networks=("10.0.0.7/32",), calls_a_second=3, max_calls=5)
    world, agent, _ = centre(trunk)
    hand = Stranger(world, "10.0.0.7")

    def invite(number: int) -> int:
        request = hand.request("INVITE", agent.host, body=sound(), call_id=f"c{number}")
        hand.say(request, agent.host)
        world.pass_ms(250)
        return hand.answers()[-1]

    assert [invite(number) for number in range(4)] == [100] * 4
    hand.say(hand.request("INVITE", agent.host, body=sound(), call_id="x1"), agent.host)
    hand.say(hand.request("INVITE", agent.host, body=sound(), call_id="x2"), agent.host)
    hand.say(hand.request("INVITE", agent.host, body=sound(), call_id="x3"), agent.host)
    assert hand.answers()[-1] == 503
    assert hand.last.first("retry-after") == "5"
    world.pass_ms(5_000)
    agent.calls[0].hang_up()
    assert agent.gate.calls["t"] == 4
    hand.say(hand.request("REGISTER", agent.host), agent.host)
    assert hand.answers()[-1] == 401  # No address registers anybody.


def test_the_callers_identity_is_believed_only_from_a_trunk_that_may_assert_it() -> None:
    for trust, expected in ((True, "+4930123"), (False, "100")):
        trunk = Trunk("t", "sip:10.0.0.7", networks=("10.0.0.7/32",), trust_identity=trust)
        world, agent, _ = centre(trunk)
        hand = Stranger(world, "10.0.0.7")
        asserted = '"Ann" <tel:+4930123>, <sip:x@h>'
        hand.say(
            hand.request("INVITE", agent.host, body=sound(), p_asserted_identity=asserted),
            agent.host,
        )
        assert agent.calls[0].caller.user == expected


MINE = Trunk("up", "sip:10.0.0.2", user="us", password="secret-of-the-trunk", realm="trunk.example")


def challenging(hand: Stranger, request: Request, *lines: str, status: int = 401) -> None:
    name = "www-authenticate" if status == 401 else "proxy-authenticate"
    hand.say(respond(request, status, tag="t", headers={name: list(lines)}), "10.0.0.1")


def digest_of(trunk: Trunk, *hosts: str) -> TrunkDigest:
    directory = TrunkDirectory([trunk])
    directory.learn(trunk.name, hosts)
    return TrunkDigest(trunk, directory)


@pytest.mark.parametrize("status", [401, 407])
def test_our_call_is_proved_to_the_trunk_it_was_sent_to(status: int) -> None:
    world, ann, _ = two_agents()
    hand = Stranger(world, "10.0.0.2")
    ann.call(hand.host, sound(), authorise=digest_of(MINE, "10.0.0.2").authorise)
    world.settle()
    md5 = str(Challenge("trunk.example", "n1", algorithm="MD5"))
    sha = str(Challenge("trunk.example", "n2", algorithm="SHA-256"))
    challenging(hand, hand.asked("INVITE")[0], md5, sha, status=status)
    again = hand.asked("INVITE")[1]
    name = "authorization" if status == 401 else "proxy-authorization"
    assert 'nonce="n2"' in again.headers[name][0]
    assert "algorithm=SHA-256" in again.headers[name][0]
    assert again.cseq[0] == hand.asked("INVITE")[0].cseq[0] + 1
    assert again.call_id == hand.asked("INVITE")[0].call_id
    challenging(hand, again, sha, status=status)
    assert len(hand.asked("INVITE")) == 2
    assert [getattr(event, "status", 0) for event in ann.told(Ended)] == [status]


@pytest.mark.parametrize(
    ("trunk", "host", "realm", "algorithm"),
    [
        (MINE, "10.0.0.9", "trunk.example", "SHA-256"),
        (MINE, "10.0.0.2", "other.example", "SHA-256"),
        (MINE, "10.0.0.2", "trunk.example", "MD5"),
        (
            Trunk("up", "sip:10.0.0.2", networks=("10.0.0.2/32",)),
            "10.0.0.2",
            "trunk.example",
            "SHA-256",
        ),
    ],
)
def test_sip_7_nothing_is_proved_elsewhere(
    trunk: Trunk, host: str, realm: str, algorithm: str
) -> None:
    """Attack 7: another place, another realm, a weak algorithm, or no password at all."""
    world, ann, _ = two_agents()
    hand = Stranger(world, "10.0.0.2")
    ann.call(hand.host, sound(), authorise=digest_of(trunk, host).authorise)
    world.settle()
    challenging(hand, hand.asked("INVITE")[0], str(Challenge(realm, "n", algorithm=algorithm)))
    assert len(hand.asked("INVITE")) == 1
    assert ann.told(Ended)
    sent = b"".join(message.encode() for message in hand.heard)
    assert b"uthorization" not in sent


def test_sip_7_a_challenge_inside_a_call_to_a_foreign_contact_is_not_answered() -> None:
    """Attack 7 (CVE-2021-41158): our BYE to where Contact points is challenged in vain."""
    world, ann, _ = two_agents()
    hand = Stranger(world, "10.0.0.2")
    evil = Stranger(world, "10.0.0.99")
    call = ann.call(hand.host, sound(), authorise=digest_of(MINE, "10.0.0.2").authorise)
    world.settle()
    answer = respond(
        hand.asked("INVITE")[0],
        200,
        tag="t",
        headers={"contact": "<sip:x@10.0.0.99>"},
        body=sound().encode(),
        content_type="application/sdp",
    )
    hand.say(answer, ann.host)
    assert ann.told(Answered)
    call.hang_up()
    world.settle()
    challenging(
        evil, evil.asked("BYE")[0], str(Challenge("trunk.example", "n", algorithm="SHA-256"))
    )
    assert len(evil.asked("BYE")) == 1
    assert all(b"uthorization" not in message.encode() for message in evil.heard)


def test_md5_is_used_only_where_the_trunk_allows_it() -> None:
    digest = digest_of(msgspec.structs.replace(MINE, allow_md5=True), "10.0.0.2")
    request = Request("REGISTER", "sip:x", {})
    challenge = Response(401, "", {"www-authenticate": [str(Challenge("trunk.example", "n"))]})
    proof = digest.authorise(request, challenge, "10.0.0.2")
    assert proof is not None
    assert "nc=00000001" in proof[1]
    again = digest.authorise(request, challenge, "10.0.0.2")
    assert again is not None
    assert "nc=00000002" in again[1]  # The same nonce once more counts on.
    broken = Response(401, "", {"www-authenticate": ["Digest ;;", "Basic x"]})
    assert digest.authorise(request, broken, "10.0.0.2") is None


def test_every_mistake_of_a_trunk_is_named() -> None:
    trunk = Trunk("t", "nonsense", networks=("10.0.0.300",), register=True)
    assert {field for field, _ in trunk_faults(trunk)} == {"proxy", "networks", "user"}
    assert [field for field, _ in trunk_faults(Trunk("t", "sip:h"))] == ["networks"]
    assert [field for field, _ in trunk_faults(Trunk("t", "sip:h", password="x"))] == ["realm"]
    assert trunk_faults(MINE) == []


def test_calls_come_from_where_we_registered() -> None:
    directory = TrunkDirectory(
        [Trunk("up", "sip:h", register=True, user="u", password="p", realm="r")]
    )
    assert directory.at("10.0.0.2") is None
    directory.learn("up", ["10.0.0.2"])
    found = directory.at("10.0.0.2")
    assert found is not None
    assert found.name == "up"


def test_a_call_of_a_phone_goes_on_when_its_router_gave_it_another_address() -> None:
    world, agent, hand = centre()
    answering(agent)
    assert logged_on(hand, of_phone(hand, "INVITE", body=sound())).status == 200
    answer = hand.last
    moved = Stranger(world, "10.0.0.68")
    bye = of_phone(moved, "BYE", to=answer.headers["to"][0], cseq="9 BYE")
    assert logged_on(moved, bye).status == 200
    assert agent.calls[0].ended
