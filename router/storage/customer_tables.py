"""The customers' tables as SQLAlchemy knows them."""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table

SCHEMA = "carillon_customers"

_TABLES = MetaData(schema=SCHEMA)

CARDS = Table(
    "cards",
    _TABLES,
    Column("subject", String(64), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("merged_into", String(64)),
    Column("sealed", LargeBinary, nullable=False),
)

ADDRESSES = Table(
    "addresses",
    _TABLES,
    Column("digest", LargeBinary, primary_key=True),
    Column("subject", String(64), nullable=False),
)

CHANGES = Table(
    "card_changes",
    _TABLES,
    Column("subject", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
