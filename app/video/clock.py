"""When the pictures of a video are shown, also where its file does not say so, or says so wrongly.

Pictures leave the decoder in the order in which they are shown, and that order is always kept. Their times are those of
the file where these make sense. Files joined end to end start their clock again; AVI stores no times of showing, and a
raw stream none at all; some writers store a time twice. Times are integers in the stream's own unit (ticks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple


class Stamp(NamedTuple):
    """The times that a packet carries, in ticks: of showing and of decoding, and how long it lasts (0: not known)."""

    pts: int | None
    dts: int | None
    duration: int


@dataclass(frozen=True)
class Run:
    """Packets of one clock, from number `first` on: `shift` ticks join their times to those of the run before."""

    first: int
    shift: int


@dataclass(frozen=True)
class Clock:
    """What makes one clock of a stream's packets: the runs, and the packets whose own times are wrong."""

    runs: tuple[Run, ...]
    wrong: frozenset[int]

    def shift(self, number: int) -> int | None:
        """What to add to the times of packet `number`, counted from 0; None where they are wrong."""
        if number in self.wrong:
            return None
        return next(run.shift for run in reversed(self.runs) if run.first <= number)


def one_clock(stamps: Sequence[Stamp], *, longest_gap: int | None = None) -> Clock:
    """Join the runs of a clock that restarts, in the order of decoding.

    The decoding times of one clock never step back. Where they do, a packet has a wrong time, or another file was
    joined; that one then follows at once.

    Parameters
    ----------
    longest_gap
        In containers made for broadcasts, a step forward of more ticks is a new clock too; None: no step is too long.
    """
    timed = [(number, stamp.dts) for number, stamp in enumerate(stamps) if stamp.dts is not None]
    wrong: set[int] = set()
    firsts = [0]
    before: list[tuple[int, int]] = []
    for place, (number, time) in enumerate(timed):
        if before and _breaks(before[-1][1], time, longest_gap):
            following = timed[place + 1][1] if place + 1 < len(timed) else None
            if len(before) > 1 and not _breaks(before[-2][1], time, longest_gap):
                wrong.add(before.pop()[0])
            elif following is not None and not _breaks(before[-1][1], following, longest_gap):
                wrong.add(number)
                continue
            else:
                firsts.append(number)
                before = []
        before.append((number, time))
    return Clock(_runs(stamps, firsts, wrong), frozenset(wrong))


def _breaks(earlier: int, later: int, longest_gap: int | None) -> bool:
    return later < earlier or (longest_gap is not None and later - earlier > longest_gap)


def _runs(stamps: Sequence[Stamp], firsts: list[int], wrong: set[int]) -> tuple[Run, ...]:
    runs: list[Run] = []
    end = None
    for first, following in pairwise([*firsts, len(stamps)]):
        good = [stamps[number] for number in range(first, following) if number not in wrong]
        shown = [(time, stamp) for stamp in good if (time := stamp.dts if stamp.pts is None else stamp.pts) is not None]
        begin = min((time for time, _ in shown), default=0)
        shift = 0 if end is None else end - begin
        runs.append(Run(first, shift))
        step = usual_step([time for time, _ in shown])
        end = shift + max((time + (stamp.duration or step) for time, stamp in shown), default=begin)
    return tuple(runs)


def usual_step(times: Sequence[int]) -> int:
    """The median distance between neighbours in time, at least 1; 1 where there is only one."""
    ordered = sorted(set(times))
    return max(1, round(median(later - earlier for earlier, later in pairwise(ordered)))) if len(ordered) > 1 else 1


def times_in_order(stamps: Sequence[int | None], step: float) -> tuple[list[float], int]:
    """A time for each picture in the order of showing, strictly rising, and for how many the file has none of its own.

    The times that the file has are dealt out in order. Where one is missing, or stored twice, the pictures between two
    known times are spread evenly; before the first and after the last known one, `step` ticks apart.
    """
    known = [number for number, stamp in enumerate(stamps) if stamp is not None]
    values = sorted(stamp for stamp in stamps if stamp is not None)
    anchors: list[tuple[int, float]] = []
    for number, value in zip(known, values, strict=True):
        if not anchors or value > anchors[-1][1]:
            anchors.append((number, value))
    if not anchors:
        return [number * step for number in range(len(stamps))], len(stamps)
    (head, first), (tail, last) = anchors[0], anchors[-1]
    times = [first - (head - number) * step for number in range(head)]
    for (left, earlier), (right, later) in pairwise(anchors):
        times += [earlier + (later - earlier) * (number - left) / (right - left) for number in range(left, right)]
    times += [last + (number - tail) * step for number in range(tail, len(stamps))]
    return times, len(stamps) - len(anchors)
