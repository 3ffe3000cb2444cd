"""The order within one queue: positions, who is ahead, who comes first, for any mix of slopes."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heappop, heappush, merge

from router.model.ids import Instant, Medium
from router.waiting.keys import key_at_merit, merit, place_of

_BLOCK = 512


class SortedKeys:
    """A sorted list of unique integers in blocks: insert, delete and rank without long moves."""

    __slots__ = ("_blocks", "_lasts", "_length")

    def __init__(self) -> None:
        self._blocks: list[list[int]] = []
        self._lasts: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[int]:
        for block in self._blocks:
            yield from block

    def add(self, key: int) -> None:
        """Insert a key that is not there."""
        self._length += 1
        if not self._blocks:
            self._blocks.append([key])
            self._lasts.append(key)
            return
        number = min(bisect_left(self._lasts, key), len(self._blocks) - 1)
        block = self._blocks[number]
        insort(block, key)
        self._lasts[number] = block[-1]
        if len(block) > 2 * _BLOCK:
            self._blocks[number : number + 1] = [block[:_BLOCK], block[_BLOCK:]]
            self._lasts[number : number + 1] = [block[_BLOCK - 1], block[-1]]

    def remove(self, key: int) -> None:
        """Delete a key that is there."""
        number = bisect_left(self._lasts, key)
        block = self._blocks[number]
        index = bisect_left(block, key)
        assert block[index] == key, "the key is there"
        del block[index]
        self._length -= 1
        if block:
            self._lasts[number] = block[-1]
        else:
            del self._blocks[number]
            del self._lasts[number]

    def below(self, key: int) -> int:
        """How many keys are smaller than this one."""
        number = bisect_left(self._lasts, key)
        if number == len(self._blocks):
            return self._length
        before = sum(map(len, self._blocks[:number]))
        return before + bisect_left(self._blocks[number], key)


class Places:
    """The waiting interactions of one queue by rank and slope, and how many of each medium."""

    __slots__ = ("_by_group", "_oldest", "_present", "by_medium", "count")

    def __init__(self) -> None:
        self._by_group: dict[tuple[int, int], SortedKeys] = {}
        self._oldest: list[int] = []
        self._present: set[int] = set()
        self.by_medium: dict[Medium, int] = {}
        self.count = 0

    def add(self, rank: int, slope: int, key: int, medium: Medium) -> None:
        """Somebody begins to wait."""
        keys = self._by_group.get((rank, slope))
        if keys is None:
            keys = self._by_group[rank, slope] = SortedKeys()
        keys.add(key)
        place = place_of(key)
        self._present.add(place)
        heappush(self._oldest, place)
        self.count += 1
        self.by_medium[medium] = self.by_medium.get(medium, 0) + 1

    def remove(self, rank: int, slope: int, key: int, medium: Medium) -> None:
        """Somebody no longer waits."""
        keys = self._by_group[rank, slope]
        keys.remove(key)
        self._present.discard(place_of(key))
        if len(self._oldest) > 2 * len(self._present) + 64:
            self._oldest = sorted(self._present)
        self.count -= 1
        self.by_medium[medium] -= 1
        if not keys:
            del self._by_group[rank, slope]

    def oldest(self) -> int | None:
        """The place of the one who entered first."""
        while self._oldest and self._oldest[0] not in self._present:
            heappop(self._oldest)
        return self._oldest[0] if self._oldest else None

    def position(self, rank: int, slope: int, key: int, now: Instant) -> int:
        """The place in the line, 1 is first, of one who waits."""
        mine = merit(key, slope, now)
        ahead = 0
        for (other_rank, other_slope), keys in self._by_group.items():
            if other_rank > rank:
                ahead += len(keys)
            elif other_rank == rank:
                ahead += keys.below(key_at_merit(mine, other_slope, now))
        return ahead + 1

    def in_order(self, now: Instant) -> Iterator[int]:
        """The keys of all who wait, the first to be offered first."""
        ranks = sorted({rank for rank, _ in self._by_group}, reverse=True)
        for rank in ranks:
            streams = [
                _by_merit(keys, slope, now)
                for (of_rank, slope), keys in self._by_group.items()
                if of_rank == rank
            ]
            for _, key in merge(*streams):
                yield key


def _by_merit(keys: SortedKeys, slope: int, now: Instant) -> Iterator[tuple[int, int]]:
    for key in keys:
        yield -merit(key, slope, now), key
