"""The sheets that a formula is judged on: a function of the reference formula (and its table), never of the answer.

Two formulas count as the same when they give the same value on all of them. So the sheets are chosen for telling formulas apart: candidates are drawn from what
the reference expects of its cells (sample_roles), and kept when they separate it from formulas that are off in one respect (sample_mutants). On some of them
every cell that the reference does not read is an error.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from slm_jax.domains.base import Table
from slm_jax.domains.excel.engine import Outcome, plain_cell, same_value
from slm_jax.domains.excel.sample_mutants import mutants
from slm_jax.domains.excel.sample_places import Area
from slm_jax.domains.excel.sample_roles import Group, Roles
from slm_jax.domains.excel.sample_values import Values

Sheets = Table | Mapping[str, Table]  # a table alone, or several by name where the formula reads other sheets: the first is where it stands
Evaluate = Callable[[Sheets, Sequence[str]], list[Outcome]]

_POISON = "#N/A"
_AS_IT_IS = object()  # no special value for a cell
_COLUMNS, _ROWS = 26, 15  # what is filled at least
_LAST_COLUMN, _LAST_ROW = 120, 2000  # what lies beyond stays blank: a sheet is a list of all its rows
_TRIES = 48  # candidates drawn at most
_PATIENCE = 18  # candidates in a row that told nothing new, before it is enough
_MUTANTS = 40  # of them, at most so many are told apart


@dataclasses.dataclass(frozen=True)
class Sample:
    sheets: Sheets
    outcome: Outcome  # of the reference


def sheets_for(formula: str, table: Table | None = None, *, count: int = 4, seed: int = 0, evaluate: Evaluate | None = None) -> list[Sheets]:
    """At least `count` sheets (up to three times as many where the result is one of few values), the table itself first when there is one.

    A pure function of its arguments. Without `evaluate` the first candidates are taken as they come. Raises ValueError for text that is no formula.
    """
    if evaluate is None:
        roles = Roles(formula)
        drawn = [_candidate(roles, table, random.Random(f"{seed}/{index}/{formula}"), index) for index in range(count)]
        return [table, *drawn[1:]] if table is not None else drawn
    return [sample.sheets for sample in judging_samples(formula, table, count=count, seed=seed, evaluate=evaluate)]


def judging_samples(formula: str, table: Table | None = None, *, count: int = 4, seed: int = 0, evaluate: Evaluate) -> Iterator[Sample]:
    """As `sheets_for`, one by one as they are found, with the reference's outcome on each.

    A wrong answer mostly falls on the first. Sheets where the reference gives an error come last, and only where there are no better ones.
    """
    roles = Roles(formula)
    alive = mutants(formula)[:_MUTANTS]
    chosen: list[Sample] = []
    spare: list[Sample] = []
    idle, patience = 0, max(_PATIENCE, 4 * len(probes_of(roles)) + 2)
    for index in range(-1 if table is not None else 0, _TRIES):
        enough = sum(sample.outcome.kind == "value" for sample in chosen) >= count
        idle += 1
        if enough and (not alive and _varied(chosen) or len(chosen) >= 3 * count or idle > patience):
            break
        sheets = table if index < 0 else _candidate(roles, table, random.Random(f"{seed}/{index}/{formula}"), index)
        sample = Sample(sheets, evaluate(sheets, [formula])[0])
        fresh = sample.outcome.kind == "value" and all(not same_value(sample.outcome, other.outcome) for other in chosen)
        fresh = fresh and not (enough and _varied(chosen))  # room is kept for sheets that tell more formulas apart
        if fresh or index < 0:
            chosen.append(sample)
            idle = 0
            yield sample
        if sample.outcome.kind != "value":
            spare.append(sample)
            continue
        left = [mutant for mutant, other in zip(alive, evaluate(sheets, alive), strict=True) if same_value(sample.outcome, other)]
        if not fresh and index >= 0:
            if len(left) < len(alive):
                chosen.append(sample)
                idle = 0
                yield sample
            else:
                spare.append(sample)
        alive = left
    spare = [sample for sample in spare if sample not in chosen]
    spare.sort(key=lambda sample: sample.outcome.kind != "value")  # stable: values first
    good = [sample for sample in chosen if sample.outcome.kind == "value"]
    yield from spare[: max(0, (count if good and _varied(good) else 2 * count) - len(good))]


def _varied(samples: Sequence[Sample]) -> bool:
    """Whether no single value is the result on most sheets, so that luck cannot pass."""
    values = [sample.outcome for sample in samples if sample.outcome.kind == "value"]
    most = max((sum(same_value(one, other) for other in values) for one in values), default=0)
    return most <= max(1, len(values) // 3) or len(values) >= 10


def _candidate(roles: Roles, table: Table | None, rng: random.Random, index: int) -> Sheets:
    return _Candidate(roles, table, rng, index).sheets


def probes_of(roles: Roles) -> list[tuple[Group, float]]:
    """Every limit that the formula names, and the numbers beside it, each with its group."""
    groups = {id(group): group for group in roles.groups.values()}
    return [(group, probe) for group in groups.values() for probe in group.probes]


class _Candidate:
    """Sheets under construction: columns first, then the cells that the formula reads one by one."""

    def __init__(self, roles: Roles, table: Table | None, rng: random.Random, index: int):
        self._roles, self._rng = roles, rng
        self._poison, self._dense = index % 4 == 1, index % 6 == 5
        self._elsewhere = _POISON if index % 8 == 1 else None  # what a poisoned sheet has where the reference does not look
        self._odd, self._absent = index % 6 == 2, index % 6 == 4  # with blanks, zeros and errors where they matter; without what is looked for
        self._values: dict[int, Values] = {}
        self._cells: dict[str, dict[tuple[int, int], object]] = {}  # of each sheet, by (column, row)
        self._plan: dict[int, int] = {}
        # Every second candidate puts one of the cells that are read one by one on a limit, or just beside it, in turn; the others now meet what is asked, now not.
        turn, probes = index // 2, probes_of(roles)
        self._turn = index % 2 == 1
        self._probed, self._probe = probes[turn % len(probes)] if probes else (None, None)
        self._met = (turn // (len(probes) or 1) + turn % (len(probes) or 1)) % 2 == 0
        self._line = rng.randint(2, 13)  # the row that single cells mostly take their values from, so that several of them meet in one
        for name in dict.fromkeys(("", *(area.sheet for area in roles.areas))):
            self._cells[name] = {}
            if name == "" and table is not None:
                self._perturb(table)
            else:
                read = {column + beside for area in self._areas(name) for _, column, _ in area.slots for beside in (-1, 0, 1)}
                for column in sorted(read | set(range(1, _COLUMNS + 1))):
                    if 0 < column <= _LAST_COLUMN:
                        self._fill(name, column)
        self._singles(table)

    @property
    def sheets(self) -> Sheets:
        made = {}
        for name, cells in self._cells.items():
            made[name or "Sheet1"] = [[None] * max(column for column, _ in cells) for _ in range(max(row for _, row in cells))] if cells else []
            for (column, row), value in cells.items():
                made[name or "Sheet1"][row - 1][column - 1] = value
        return made if len(made) > 1 else made["Sheet1"]

    def _areas(self, name: str) -> list[Area]:
        return [area for area in self._roles.areas if area.sheet == name]

    def _values_of(self, group: Group) -> Values:
        if id(group) not in self._values:
            self._values[id(group)] = Values(group, self._rng, rounding=self._roles.rounding, absent=self._absent)
        return self._values[id(group)]

    def _covering(self, name: str, column: int) -> list[Area]:
        return [area for area in self._areas(name) if area.left <= column <= (area.right or column)]

    def _group(self, name: str, column: int) -> Group | None:
        """The group that a column as a whole belongs to, or else the first of its cells that is read."""
        groups = self._roles.groups
        return groups.get((name, column, 0)) or next((group for slot, group in groups.items() if slot[:2] == (name, column)), None)

    def _fill(self, name: str, column: int) -> None:
        rng, areas, cells = self._rng, self._covering(name, column), self._cells[name]
        wide = [area for area in areas if area.top != area.bottom]
        group = self._group(name, column)
        read = group is not None
        if group is None:  # read by no right formula: data of the same kind as elsewhere, or of another
            group = rng.choice(list(self._roles.groups.values())) if self._roles.groups and rng.random() < 0.7 else Group()
        first = 1 if any(area.top == 1 and area.bottom > 1 for area in wide) else 2
        rows = [row for row in self._extent(wide) if row >= first]
        values, made = self._values_of(group), []
        for row in rows:
            if made and rng.random() < 0.15:
                made.append(rng.choice(made))
            elif self._wanted(name, row, column):
                made.append(values.hit())
            else:
                made.append(values.free() if rng.random() > 0.03 or not wide else None)
        if group.sorted and read:
            made.sort(key=_order, reverse=group.sorted < 0)
        whole = any(area.bottom == 0 for area in wide)
        cells[column, 1] = f"Field {column}"
        for row, value in zip(rows, made, strict=True):
            inside = whole or any(area.top <= row <= area.bottom for area in areas)
            cells[column, row] = self._elsewhere if self._poison and not inside and row > 1 else value

    def _extent(self, wide: list[Area]) -> list[int]:
        """Rows that are filled: the first ones, all of a range of ordinary size, both ends of a long one."""
        rows = set(range(1, _ROWS + 1))
        for area in wide:
            if area.bottom and (area.bottom <= 60 or self._dense):
                rows.update(range(area.top, min(area.bottom, _LAST_ROW) + 3))
            elif area.bottom:
                rows.update((*range(area.top, area.top + _ROWS), *range(max(area.top, area.bottom - 2), area.bottom + 3)))
        return sorted(row for row in rows if 0 < row <= _LAST_ROW)

    def _wanted(self, name: str, row: int, column: int) -> bool:
        """A row meets all that the formula asks for, or all but one column's part, or is free."""
        if row not in self._plan:
            way = self._rng.random()
            asked = [slot[1] for slot, group in self._roles.groups.items() if slot[0] == name and group.asks]
            self._plan[row] = 0 if way < 0.35 else self._rng.choice(asked) if way < 0.7 and asked else -1
        plan = self._plan[row]
        return plan == 0 or plan > 0 and plan != column

    def _singles(self, table: Table | None) -> None:
        """Cells that are read on their own: often a value that stands in the column that they are compared with."""
        seen = {}
        height, width = (len(table), max(map(len, table), default=0)) if table is not None else (0, 0)
        for area in self._roles.areas:
            if area.top != area.bottom or area.top > _LAST_ROW or area.left > _LAST_COLUMN:
                continue
            for slot in area.slots:
                name, column, row = slot
                group = self._roles.group(slot)
                if slot in seen:
                    continue
                alone = len(area.slots) == 1 and (name, column, 0) not in self._roles.groups
                twins = [value for place, value in seen.items() if self._roles.groups.get(place) is group]
                if name == "" and row <= height and column <= width:  # a cell of the table given
                    value = self._special(group, twins, alone=alone)
                    if value is not _AS_IT_IS:
                        self._cells[name][column, row] = value
                    seen[slot] = self._cells[name].get((column, row))
                    continue
                covered = any(other.top != other.bottom and other.top <= row and (other.bottom == 0 or row <= other.bottom) for other in self._covering(name, column))
                if covered and self._roles.groups.get((name, column, 0)) is group:
                    continue
                value = self._special(group, twins, alone=alone)
                seen[slot] = self._cells[name][column, row] = self._single(group, twins, alone=len(area.slots) == 1) if value is _AS_IT_IS else value

    def _special(self, group: Group, twins: list, *, alone: bool) -> object:
        """What this candidate puts into a cell that is read on its own, in place of an ordinary value."""
        rng, values = self._rng, self._values_of(group)
        if self._odd:
            choices = [None] * group.blanks + [0.0] * group.zeros + ["#DIV/0!", "#N/A"] * group.errors
            return rng.choice(choices) if choices and rng.random() < 0.7 else _AS_IT_IS
        if alone and self._turn and group.asks:
            return self._probe if group is self._probed else values.hit() if self._met else values.miss()
        if alone and self._turn and twins and twins[-1] is not None:  # two cells compared: equal, or close
            return twins[-1] + rng.choice((0, 0, 1, -1, 10, -10)) if type(twins[-1]) in (int, float) else twins[-1]
        return _AS_IT_IS

    def _single(self, group: Group, twins: list, *, alone: bool) -> object:
        rng, values, way = self._rng, self._values_of(group), self._rng.random()
        columns = [(name, column) for (name, column, row), other in self._roles.groups.items() if other is group and row == 0]
        if alone and columns and self._absent:
            return values.outsider()
        if alone and columns and way < 0.8:
            name, column = rng.choice(columns)
            value = self._cells[name].get((column, self._line if way < 0.6 else rng.randint(2, 13)))
            if value is not None and value != _POISON:
                return rng.choice(value.split()) if group.fragments and isinstance(value, str) and value.split() else value
        if twins and way < 0.4:
            value = rng.choice(twins)
            return value.swapcase() if isinstance(value, str) and rng.random() < 0.3 else value
        return values.hit() if rng.random() < 0.4 else values.free()

    def _perturb(self, table: Table) -> None:
        """A copy of the table with other values of the same kinds; headers and the number of rows stay."""
        cells = self._cells[""]
        for column in range(1, max(map(len, table), default=0) + 1):
            old = [row[column - 1] if column <= len(row) else None for row in table]
            first = 1
            if isinstance(old[0], str):  # a header
                cells[column, 1] = old.pop(0)
                first = 2
            areas, group = self._covering("", column), self._group("", column)
            # Cells that are read one by one have but a few chances to meet what the formula compares them with.
            share = 0.3 if ("", column, 0) in self._roles.groups else 0.8
            new = self._changed(old, group, share)
            present = [plain_cell(value) for value in old if value is not None]
            if group is not None and group.sorted and present == sorted(present, key=_order):
                new.sort(key=_order)
            for row, value in enumerate(new, first):
                inside = any(area.bottom == 0 or area.top <= row <= area.bottom for area in areas)
                cells[column, row] = self._elsewhere if self._poison and not inside else value

    def _changed(self, old: list, group: Group | None, share: float) -> list:
        """New values for a column: numbers and dates move, texts change places; a share of them are near what the formula compares with."""
        rng, plain = self._rng, [plain_cell(value) for value in old]
        values = self._values_of(group) if group is not None and group.asks else None
        numbers = [value for value in plain if isinstance(value, float)]
        texts = [value for value in plain if isinstance(value, str) and not value.startswith("=")]
        if values is not None and self._absent:
            named = [text.casefold() for text in (*group.equals, *group.contains)]
            texts = [text for text in texts if not any(name in text.casefold() for name in named)] or ["elsewhere"]
        places = rng.sample(texts, len(texts)) if len(set(texts)) == len(texts) else []  # a column of different texts stays one
        new = []
        for source, value in zip(old, plain, strict=True):
            if value is None or isinstance(value, str) and value.startswith("="):
                new.append(source)
            elif isinstance(value, bool):
                new.append(rng.random() < 0.5)
            elif values is not None and values.kind in (("text",) if isinstance(value, str) else ("number", "date")) and rng.random() < share:
                new.append(values.hit() if rng.random() < 0.5 else values.free())
            elif isinstance(value, str):
                new.append(places.pop() if places else rng.choice(texts))
            elif isinstance(source, (int, float)):
                new.append(_moved(rng.choice(numbers), max(map(abs, numbers)), all(map(float.is_integer, numbers)), 4 if self._roles.rounding else 2, rng))
            else:
                new.append(float(int(rng.choice(numbers)) + rng.randint(-45, 45)))
        if self._odd and len(new) > 3:
            for _ in range(rng.randint(0, 3)):
                new[rng.randrange(len(new))] = None
        return new


def _moved(value: float, largest: float, whole: bool, decimals: int, rng: random.Random) -> float:
    """Another number of the same size: whole where the column is; a column of small whole numbers keeps its values."""
    if whole and largest <= 3:
        return value
    value = value * rng.uniform(0.5, 1.6) + rng.uniform(-3, 3) * (largest / 50 + 0.02)
    return float(round(value)) if whole else round(value, decimals)


def _order(value: object) -> tuple:
    """The order of an ascending column: numbers, texts without regard to case, logicals, blanks."""
    if value is None:
        return 3, 0
    if isinstance(value, bool):
        return 2, value
    return (0, value) if isinstance(value, (int, float)) else (1, str(value).casefold())
