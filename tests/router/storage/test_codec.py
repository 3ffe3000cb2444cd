"""Events survive the way to bytes and back, and old shapes stay readable."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.model.agent import Presence
from router.model.catalogue import Catalogue, RuleSet
from router.model.content import Sealed
from router.model.errors import InvalidInput, StorageFailed
from router.model.events import Arrived, CatalogueChanged, EntryAdded, Event, PresenceChanged
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    QueueName,
    SubjectId,
)
from router.storage.codec import CODEC, Codec


def test_every_event_has_a_tag_of_its_own_that_ends_with_its_version() -> None:
    tags = [kind.__struct_config__.tag for kind in get_args(Event)]
    assert len(set(tags)) == len(tags)
    assert all(str(tag).rpartition("/")[2].isdigit() for tag in tags)


attributes = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8"), max_size=20),
    ),
    max_size=4,
)


@given(attributes, st.integers(0, 2**53))
@settings(max_examples=200, deadline=None)
def test_attributes_come_back_with_their_values_and_types(values: dict[str, Any], at: int) -> None:
    event = Arrived(
        at=Instant(at),
        interaction_id=InteractionId("1" * 32),
        medium=Medium("chat"),
        address="site",
        subject=SubjectId("2" * 32),
        attributes=values,
    )
    back = CODEC.decode(*CODEC.encode(event))
    assert back == event
    assert isinstance(back, Arrived)
    assert {name: type(value) for name, value in back.attributes.items()} == {
        name: type(value) for name, value in values.items()
    }


def test_sealed_boxes_and_whole_catalogues_come_back() -> None:
    entry = EntryAdded(
        at=Instant(1),
        interaction_id=InteractionId("1" * 32),
        number=1,
        entry_id=EntryId("3" * 32),
        author="customer",  # type: ignore[arg-type] # what MessagePack holds
        medium=Medium("mail"),
        sealed=Sealed(SubjectId("2" * 32), "content/1", bytes(range(256))),
    )
    catalogue = CatalogueChanged(
        at=Instant(1),
        catalogue=Catalogue(CatalogueVersion("v"), {}, RuleSet(QueueName("q"))),
    )
    for event in (entry, catalogue):
        assert CODEC.decode(*CODEC.encode(event)) == event


def test_a_value_that_has_no_bytes_is_named_and_refused() -> None:
    for attributes_ in ({"n": 2**70}, {"name": "\udc00"}):
        event = Arrived(
            at=Instant(1),
            interaction_id=InteractionId("1" * 32),
            medium=Medium("chat"),
            address="site",
            subject=SubjectId("2" * 32),
            attributes=attributes_,  # type: ignore[arg-type] # both are legal types
        )
        with pytest.raises(InvalidInput, match="Arrived") as caught:
            CODEC.encode(event)
        assert caught.value.field == "Arrived"


def test_an_old_shape_is_read_through_its_chain_of_upcasters() -> None:
    def from_minus_one(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "type": "PresenceChanged/0", "state": "ready" if fields["on"] else "off"}

    def from_zero(fields: dict[str, Any]) -> dict[str, Any]:
        presence = {"ready": "ready", "off": "offline"}[fields["state"]]
        return {
            "type": "PresenceChanged/1",
            "at": fields["at"],
            "agent_id": fields["who"],
            "presence": presence,
        }

    codec = Codec({"PresenceChanged/-1": from_minus_one, "PresenceChanged/0": from_zero})
    old = {"type": "PresenceChanged/-1", "at": 5, "who": "mia", "on": True}
    event = codec.decode("PresenceChanged/-1", msgspec.msgpack.encode(old))
    assert event == PresenceChanged(Instant(5), AgentId("mia"), Presence.READY)


def test_upcasters_that_go_in_circles_are_found_out() -> None:
    codec = Codec({"A/1": lambda fields: {"type": "A/1"}})
    with pytest.raises(StorageFailed, match="lead nowhere"):
        codec.decode("A/1", msgspec.msgpack.encode({"type": "A/1"}))


def test_an_event_of_a_newer_version_is_refused_by_its_tag() -> None:
    with pytest.raises(StorageFailed, match=r"'Teleported/1'.*newer"):
        CODEC.decode("Teleported/1", msgspec.msgpack.encode({"type": "Teleported/1", "at": 1}))


def test_bytes_that_are_no_event_are_refused() -> None:
    for body in (b"", b"\xc1", msgspec.msgpack.encode({"type": "Arrived/1"})):
        with pytest.raises(StorageFailed, match="Arrived/1"):
            CODEC.decode("Arrived/1", body)
