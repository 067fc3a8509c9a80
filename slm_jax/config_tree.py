"""Frozen dataclasses as a tree of typed fields: from plain dicts and back, checked, compared. What the fields are is in config.py."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping

from slm_jax.errors import UserError, nearest


def parse(cls, tree: Mapping, where: str, *, known: list[str] | None = None):
    """`tree` as an instance of `cls`, not yet checked; missing fields keep their defaults. Raises UserError for an unknown key, naming the nearest, and for a wrong type."""
    known = keys(cls, where) if known is None else known
    hints = typing.get_type_hints(cls)
    values = {}
    for name, value in tree.items():
        full = f"{where}.{name}"
        if name not in hints:
            raise UserError(f"unknown config key {full}: {nearest(full, known)}")
        values[name] = _convert(hints[name], value, full, known)
    return cls(**values)


def check(config) -> None:
    """Call `check` of every group of fields, and last that of the whole."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            check(value)
    config.check()


def keys(cls, prefix: str) -> list[str]:
    """Every dotted key below `prefix`."""
    found = []
    for name, kind in typing.get_type_hints(cls).items():
        found += keys(kind, f"{prefix}.{name}") if dataclasses.is_dataclass(kind) else [f"{prefix}.{name}"]
    return found


def differences(old: Mapping, new: Mapping, where: str) -> list[str]:
    """Lines 'key: old -> new' for every field in which two trees of plain dicts differ."""
    lines = []
    for name in old:
        if isinstance(old[name], dict):
            lines += differences(old[name], new[name], f"{where}.{name}")
        elif old[name] != new[name]:
            lines.append(f"{where}.{name}: {old[name]!r} -> {new[name]!r}")
    return lines


# Checks of a field; `name` is its key without "config."


def one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"config.{name}={value!r} is unknown: {nearest(value, known)}" if value else f"config.{name} is empty: write one of {', '.join(known)}")


def at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise UserError(f"config.{name}={value}: write {least} or more")


def expression(name: str, value: str) -> None:
    try:
        re.compile(value)
    except re.error as error:
        raise UserError(f"config.{name}={value!r} is not a regular expression ({error}): write one like mlp/(up|down)") from None


def _convert(kind, value, where: str, known: list[str]):
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise UserError(f"{where} is a group of fields, not {value!r}: write one of {', '.join(keys(kind, where))}")
        return parse(kind, value, where, known=known)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, (tuple, list)):
            raise UserError(f"{where}={value!r}: write a tuple")
        return tuple(_convert(typing.get_args(kind)[0], item, where, known) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise UserError(f"{where}={value!r}: write a value of type {kind.__name__}")
    return value
