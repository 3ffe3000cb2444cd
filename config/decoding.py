"""From plain TOML values to typed records, with every mistake noted and not just the first.

``msgspec.convert`` stops at the first mistake; this walk over the same type information goes on.
Two spellings make the text human: a field ``wait_ms`` is written ``wait = "20 s"`` and a field
``limit_bytes`` is written ``limit = "25 MiB"``; the plain number under the full name works too.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from config.findings import FieldPath, Findings, did_you_mean
from config.quantities import format_duration, parse_duration, parse_size
from config.references import SecretReader
from router.model.secret import Secret

T = TypeVar("T")
TextForm = Callable[[object], Any]
"""Reads a value that people write as one text; raises ValueError with a sentence."""

_SECRET_NAME = re.compile(r"(^|_)(password|passphrase|secret|token|api_key|private_key)$")
_UNITS: dict[str, TextForm] = {"_ms": parse_duration, "_bytes": parse_size}


class _Failed:
    """The one value that says: a mistake was noted, there is nothing to go on with."""


FAILED = _Failed()


def written_as(form: TextForm) -> msgspec.Meta:
    """Marks a field that is written as a text of its own form, as in ``Annotated[int, ...]``."""
    return msgspec.Meta(extra={"form": form})


class Decoder:
    """Decodes tables of one configuration; ``forms`` are the types written as one text."""

    def __init__(
        self, findings: Findings, secrets: SecretReader, forms: Mapping[type, TextForm]
    ) -> None:
        self._findings = findings
        self._forms: dict[type, TextForm] = {Secret: secrets.read, **forms}

    def decode(self, value: object, kind: type[T], path: FieldPath) -> T | None:
        """The value as its type, or None when it cannot be; every mistake is noted.

        A field with a mistake and a default takes the default, so that what depends on the
        record can still be checked.
        """
        decoded = self._any(value, inspect.type_info(kind), path)
        return None if decoded is FAILED else decoded

    def _any(self, value: object, kind: inspect.Type, path: FieldPath) -> Any:
        if isinstance(kind, inspect.Metadata):
            form = (kind.extra or {}).get("form")
            return (
                self._any(value, kind.type, path) if form is None else self._by(form, value, path)
            )
        if isinstance(kind, inspect.UnionType):
            return self._union(value, kind, path)
        if isinstance(kind, inspect.StructType):
            form = self._forms.get(kind.cls)
            return self._by(form, value, path) if form else self._struct(value, kind, path)
        if isinstance(kind, inspect.DictType):
            return self._dict(value, kind, path)
        if isinstance(kind, inspect.CollectionType | inspect.TupleType):
            return self._items(value, kind, path)
        return self._leaf(value, kind, path)

    def _by(self, form: TextForm, value: object, path: FieldPath) -> Any:
        try:
            return form(value)
        except ValueError as error:
            self._findings.mistake(path, str(error))
            return FAILED

    def _union(self, value: object, kind: inspect.UnionType, path: FieldPath) -> Any:
        kinds = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        tagged = {
            str(each.tag): each
            for each in kinds
            if isinstance(each, inspect.StructType) and each.tag is not None
        }
        if tagged and (isinstance(value, dict) or len(tagged) == len(kinds)):
            return self._tagged(value, tagged, path)
        fitting = [each for each in kinds if self._fits(value, each)] or kinds[:1]
        return self._any(value, fitting[0], path)

    def _tagged(
        self, value: object, kinds: Mapping[str, inspect.StructType], path: FieldPath
    ) -> Any:
        """A table that names its own kind, such as ``do = "menu"``."""
        if not isinstance(value, dict):
            self._findings.mistake(path, f"must be a table, not {_named(value)}")
            return FAILED
        field = next(iter(kinds.values())).tag_field or "type"
        tag = value.get(field)
        if tag is None:
            self._findings.mistake(path, f'"{field}" is missing{did_you_mean("", kinds)}')
            return FAILED
        if tag not in kinds:
            hint = did_you_mean(str(tag), kinds) or "; known: " + ", ".join(sorted(kinds))
            self._findings.mistake((*path, field), f'there is no "{tag}"{hint}')
            return FAILED
        rest = {key: part for key, part in value.items() if key != field}
        return self._struct(rest, kinds[tag], path)

    def _fits(self, value: object, kind: inspect.Type) -> bool:
        """Whether the shape of a value speaks for this branch of a union."""
        inner = kind.type if isinstance(kind, inspect.Metadata) else kind
        match value:
            case bool():
                return isinstance(inner, inspect.BoolType)
            case int():
                return isinstance(inner, inspect.IntType | inspect.FloatType)
            case float():
                return isinstance(inner, inspect.FloatType)
            case str():
                texts = inspect.StrType, inspect.LiteralType, inspect.EnumType, inspect.CustomType
                formed = isinstance(inner, inspect.StructType) and inner.cls in self._forms
                return formed or isinstance(inner, texts)
            case list():
                return isinstance(inner, inspect.CollectionType | inspect.TupleType)
            case dict():
                return isinstance(inner, inspect.StructType | inspect.DictType)
            case _:
                return False

    def _struct(self, value: object, kind: inspect.StructType, path: FieldPath) -> Any:
        if not isinstance(value, dict):
            self._findings.mistake(path, f"must be a table, not {_named(value)}")
            return FAILED
        fields = {field.encode_name: field for field in kind.fields}
        known = {_human(name): name for name in fields} | {name: name for name in fields}
        taken: dict[str, Any] = {}
        failed = False
        for key, part in value.items():
            if key not in known:
                names = {_human(name) for name in fields}
                self._findings.mistake((*path, key), "unknown name" + did_you_mean(key, names))
                continue
            field = fields[known[key]]
            if field.name in taken:
                self._findings.mistake((*path, key), f'is the same as "{_human(field.name)}"')
                continue
            decoded = self._field(part, key, field, (*path, key))
            if decoded is not FAILED:
                taken[field.name] = decoded
            failed = failed or (decoded is FAILED and field.required)
        for field in kind.fields:
            missing = field.encode_name not in value and _human(field.encode_name) not in value
            if field.required and missing:
                name = _human(field.encode_name)
                self._findings.mistake(path, f'"{name}" is missing')
                failed = True
        return FAILED if failed else self._made(kind.cls, taken, path)

    def _field(self, value: object, key: str, field: inspect.Field, path: FieldPath) -> Any:
        kind = field.type
        unit = next((unit for unit in _UNITS if field.encode_name.endswith(unit)), "")
        if unit and (key != field.encode_name or not _plain_numbers(value)):
            return self._quantity(value, kind, _UNITS[unit], path)
        if _SECRET_NAME.search(key) and isinstance(kind, inspect.StrType):
            secret = self._by(self._forms[Secret], value, path)
            return secret.reveal() if isinstance(secret, Secret) else FAILED
        return self._any(value, kind, path)

    def _quantity(self, value: object, kind: inspect.Type, form: TextForm, path: FieldPath) -> Any:
        """A number with its unit, or a table of such numbers; then the bounds of the number."""
        if isinstance(kind, inspect.DictType):
            if not isinstance(value, dict):
                self._findings.mistake(path, f"must be a table, not {_named(value)}")
                return FAILED
            parts = {
                key: self._quantity(part, kind.value_type, form, (*path, key))
                for key, part in value.items()
            }
            return {key: part for key, part in parts.items() if part is not FAILED}
        number = self._by(form, value, path)
        inner = kind.type if isinstance(kind, inspect.Metadata) else kind
        if number is FAILED or not isinstance(inner, inspect.IntType | inspect.FloatType):
            return number
        show = format_duration if form is parse_duration else str
        return self._by(lambda amount: _bounded(amount, inner, show), number, path)

    def _made(self, cls: type, values: dict[str, Any], path: FieldPath) -> Any:
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            self._findings.mistake(path, str(error))
            return FAILED

    def _dict(self, value: object, kind: inspect.DictType, path: FieldPath) -> Any:
        if not isinstance(value, dict):
            self._findings.mistake(path, f"must be a table, not {_named(value)}")
            return FAILED
        made: dict[Any, Any] = {}
        for key, part in value.items():
            name = self._any(key, kind.key_type, (*path, key))
            decoded = self._any(part, kind.value_type, (*path, key))
            if name is not FAILED and decoded is not FAILED:
                made[name] = decoded
        return made

    def _items(
        self, value: object, kind: inspect.CollectionType | inspect.TupleType, path: FieldPath
    ) -> Any:
        if not isinstance(value, list):
            self._findings.mistake(path, f"must be a list in [ ], not {_named(value)}")
            return FAILED
        if isinstance(kind, inspect.TupleType):
            kinds = list(kind.item_types)
            if len(kinds) != len(value):
                self._findings.mistake(path, f"must have {len(kinds)} items, not {len(value)}")
                return FAILED
        else:
            kinds = [kind.item_type] * len(value)
            if kind.max_length is not None and len(value) > kind.max_length:
                self._findings.mistake(path, f"must have {kind.max_length} items at most")
                return FAILED
        parts = [
            self._any(part, each, (*path, index))
            for index, (part, each) in enumerate(zip(value, kinds, strict=True))
        ]
        made = [part for part in parts if part is not FAILED]
        if isinstance(kind, inspect.ListType):
            return made
        if isinstance(kind, inspect.SetType):
            return set(made)
        return frozenset(made) if isinstance(kind, inspect.FrozenSetType) else tuple(made)

    def _leaf(self, value: object, kind: inspect.Type, path: FieldPath) -> Any:
        try:
            return _leaf(value, kind, self._forms)
        except ValueError as error:
            self._findings.mistake(path, str(error))
            return FAILED


def _leaf(value: object, kind: inspect.Type, forms: Mapping[type, TextForm]) -> Any:
    """A value without parts, checked against the bounds of its type."""
    match kind:
        case inspect.AnyType() | inspect.RawType():
            return value
        case inspect.BoolType() if isinstance(value, bool):
            return value
        case inspect.IntType() if isinstance(value, int) and not isinstance(value, bool):
            return _bounded(value, kind)
        case inspect.FloatType() if isinstance(value, int | float) and not isinstance(value, bool):
            return _bounded(float(value), kind)
        case inspect.StrType() if isinstance(value, str):
            return _shaped(value, kind)
        case inspect.DateType():
            return _day(value)
        case inspect.LiteralType() if isinstance(value, str | int):
            return _one_of(value, kind.values)
        case inspect.EnumType() if isinstance(value, str | int):
            return kind.cls(_one_of(value, tuple(each.value for each in kind.cls)))
        case inspect.CustomType():
            return _custom(value, kind, forms)
        case _:
            raise ValueError(f"must be {_wanted(kind)}, not {_named(value)}")


def _day(value: object) -> date:
    """A TOML date, or the same as a text (as JSON has it)."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("must be a date such as 2026-12-24") from None


def _custom(value: object, kind: inspect.CustomType, forms: Mapping[type, TextForm]) -> Any:
    if (form := forms.get(kind.cls)) is not None:
        return form(value)
    if kind.cls is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"must be a text, not {_named(value)}")


def _bounded(
    value: Any, kind: inspect.IntType | inspect.FloatType, show: Callable[[Any], str] = str
) -> Any:
    if (kind.ge is not None and value < kind.ge) or (kind.gt is not None and value <= kind.gt):
        limit = f"at least {show(kind.ge)}" if kind.ge is not None else f"more than {show(kind.gt)}"
        raise ValueError(f"must be {limit}, not {show(value)}")
    if (kind.le is not None and value > kind.le) or (kind.lt is not None and value >= kind.lt):
        limit = f"at most {show(kind.le)}" if kind.le is not None else f"less than {show(kind.lt)}"
        raise ValueError(f"must be {limit}, not {show(value)}")
    return value


def _shaped(value: str, kind: inspect.StrType) -> str:
    if kind.min_length is not None and len(value) < kind.min_length:
        wanted = "must not be empty" if kind.min_length == 1 else f"is under {kind.min_length} long"
        raise ValueError(wanted)
    if kind.max_length is not None and len(value) > kind.max_length:
        raise ValueError(f"must have {kind.max_length} characters at most, not {len(value)}")
    if kind.pattern is not None and re.search(kind.pattern, value) is None:
        raise ValueError(f'"{value}" is not of the form {kind.pattern}')
    return value


def _one_of(value: str | int, values: tuple[Any, ...]) -> Any:
    if value not in values:
        known = ", ".join(f'"{each}"' if isinstance(each, str) else str(each) for each in values)
        raise ValueError(f'"{value}" is not one of {known}')
    return value


def _human(name: str) -> str:
    """The name of a field in the text: without the unit that the value carries itself."""
    for unit in _UNITS:
        if name.endswith(unit):
            return name.removesuffix(unit)
    return name


def _plain_numbers(value: object) -> bool:
    parts = value.values() if isinstance(value, dict) else [value]
    return all(isinstance(part, int) and not isinstance(part, bool) for part in parts)


def _named(value: object) -> str:
    """What a TOML value is, in words."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return "a text"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def _wanted(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.LiteralType():
            return "one of " + ", ".join(f'"{each}"' for each in kind.values)
        case inspect.EnumType():
            return "one of " + ", ".join(f'"{each.value}"' for each in kind.cls)
        case _:
            return "a text"
