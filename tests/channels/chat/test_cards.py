"""PRIV-5: a card's number is cut to its last four digits before it comes to rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.chat.cards import mask_cards

VISA = "4111111111111111"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("card 4111111111111111 thanks", "card ••••••••••••1111 thanks"),
        ("4111 1111 1111 1111", "•••• •••• •••• 1111"),
        ("4111-1111-1111-1111.", "••••-••••-••••-1111."),
        ("3782 822463 10005", "•••• •••••• •0005"),
        ("4222222222222", "•••••••••2222"),
        ("6304 0000 0000 0000 000", "•••• •••• •••• •••0 000"),
        ("\uff14111111111111111", "••••••••••••1111"),
        ("4111 1111 1111 1111 12/28 123", "•••• •••• •••• 1111 12/28 123"),
        ("x4111111111111111 and 5500000000000004", "x••••••••••••1111 and ••••••••••••0004"),
    ],
)
def test_priv_5_a_card_number_keeps_its_last_four_digits(said: str, kept: str) -> None:
    assert mask_cards(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "order 4111111111111112",
        "tracking 41111111111111114111111111111111",
        "call +34 600 123 456",
        "IBAN DE89 3704 0044 0532 0130 00",
        "1234567890123 is no card",
        "",
    ],
)
def test_other_numbers_stay_as_they_were_said(said: str) -> None:
    assert mask_cards(said) == said


@given(st.text(max_size=30), st.text(max_size=30))
def test_priv_5_no_words_around_a_card_save_it(before: str, after: str) -> None:
    said = f"{before} . {VISA} . {after}"
    assert VISA not in mask_cards(said).replace(before, "").replace(after, "")


@given(st.text(max_size=200))
def test_masking_changes_digits_only_and_masks_the_masked_no_further(text: str) -> None:
    masked = mask_cards(text)
    assert len(masked) == len(text)
    assert mask_cards(masked) == masked
