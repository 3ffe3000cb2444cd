"""The customers' tables: what could tell who somebody is, is sealed or a keyed digest."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, MetaData, String, Table

TABLES = MetaData(schema="carillon_customers")
_CARD = "carillon_customers.cards.subject"

CARDS = Table(
    "cards",
    TABLES,
    Column("subject", String(64), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("merged_into", ForeignKey(_CARD), index=True),
    Column("sealed", LargeBinary, nullable=False),
)

ADDRESSES = Table(
    "addresses",
    TABLES,
    Column("digest", LargeBinary, primary_key=True),
    Column("subject", ForeignKey(_CARD), nullable=False, index=True),
)

CHANGES = Table(
    "card_changes",
    TABLES,
    Column("subject", ForeignKey(_CARD), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
