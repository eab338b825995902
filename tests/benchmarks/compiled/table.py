"""The tables, as text or Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.benchmarks.compiled.comparison import LIBRARY, Row
from tests.benchmarks.compiled.measured import Measured
from tests.benchmarks.compiled.rows import GROWN, MOST_GROWTH, MOST_MEGABYTES, MOST_MICROSECONDS

__all__ = ["aligned", "comparison", "growth", "profiles", "time_text"]

Found = Mapping[str, Measured]


def comparison(found: Found, rows: Sequence[Row], *, markdown: bool) -> list[str]:
    """Each work beside each peer."""
    lines = [["work", LIBRARY, "peer", "its time", "ratio", "reach", ""]]
    for row in rows:
        if row.work in found:
            lines.append(_cells(row, found[row.work]))
    return aligned(lines, markdown=markdown) if len(lines) > 1 else []


def _cells(row: Row, measured: Measured) -> list[str]:
    ours, theirs, ratio = _times(row, measured)
    reach = row.reach or (f"≥ {row.least:,g}×" if row.least is not None else "")
    reached = _reached(row, measured)
    return [
        row.title,
        "" if ours is None else time_text(ours),
        row.peer,
        time_text(theirs) if theirs is not None else measured.absent.get(row.peer, ""),
        _ratio(ratio),
        reach,
        {True: "met", False: "missed", None: ""}[reached],
    ]


def _times(row: Row, measured: Measured) -> tuple[float | None, float | None, float | None]:
    """Our time, the peer's, and their ratio."""
    times = measured.firsts if row.first else measured.calls
    ours, theirs = times.get(LIBRARY), times.get(row.peer)
    return ours, theirs, theirs / ours if ours and theirs else None


def _reached(row: Row, measured: Measured) -> bool | None:
    """Whether the reach is met; None if there is none, or no figure."""
    ours, _, ratio = _times(row, measured)
    if row.most is not None and ours is not None:
        return ours <= row.most
    if measured.absent.get(row.peer) == "did not finish" and ours is not None and row.least is not None:
        return True
    return None if ratio is None or row.least is None else ratio >= row.least


def growth(found: Found, *, markdown: bool) -> list[str]:
    """What tracing and scheduling take per node."""
    lines = [["trace + schedule", "nodes", "seconds", "µs per node", "first call in all, s", "resident, MB", "reach", ""]]
    for name, works in GROWN.items():
        each: list[float] = []
        for work in works:
            measured = found.get(work, Measured())
            if LIBRARY in measured.absent:
                lines.append([name, work, measured.absent[LIBRARY], "", "", "", "", "missed"])
            if not measured.nodes:
                continue
            seconds = sum(measured.passes.values())
            each.append(seconds / measured.nodes * 1e6)
            reached = each[-1] <= MOST_MICROSECONDS and measured.megabytes < MOST_MEGABYTES
            cells = [name, f"{measured.nodes:,}", f"{seconds:.3g}", f"{each[-1]:.1f}", f"{measured.firsts[LIBRARY]:.3g}"]
            cells += [f"{measured.megabytes:,.0f}", f"≤ {MOST_MICROSECONDS:g} µs, < {MOST_MEGABYTES:,} MB"]
            lines.append([*cells, "met" if reached else "missed"])
        if len(each) == len(works):
            ratio = each[-1] / each[1]
            met = "met" if ratio <= MOST_GROWTH else "missed"
            lines.append([f"{name}, linear", "", "", f"{ratio:.2f}×", "", "", f"longest ≤ {MOST_GROWTH:g}× second", met])
    return aligned(lines, markdown=markdown) if len(lines) > 1 else []


def profiles(found: Found, rows: Sequence[Row]) -> list[str]:
    """A line for each work of this library that misses a reach."""
    lines = []
    for work, measured in found.items():
        missed = [row for row in rows if row.work == work and _reached(row, measured) is False]
        if any(not row.first for row in missed):
            lines.append(f"- {work}: {measured.profile}")
        slow = measured.nodes and sum(measured.passes.values()) / measured.nodes * 1e6 > MOST_MICROSECONDS
        if any(row.first for row in missed) or (work.startswith("growth") and slow):
            rest = measured.firsts[LIBRARY] - sum(measured.passes.values())
            passes = ", ".join(f"{name} {seconds:.3g}" for name, seconds in measured.passes.items())
            lines.append(
                f"- {work}, first call, {measured.nodes:,} nodes; seconds: {passes}, binding and running {rest:.3g}"
            )
    return lines


def time_text(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if seconds * scale >= 0.9995:
            return f"{seconds * scale:,.3g} {unit}" if seconds * scale < 1000.0 else f"{seconds * scale:,.0f} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:,.0f}×" if ratio >= 100.0 else f"{ratio:.3g}×"


def aligned(lines: Sequence[Sequence[str]], *, markdown: bool) -> list[str]:
    if markdown:
        head, *rest = [f"| {' | '.join(line)} |" for line in lines]
        return [head, f"|{'---|' * len(lines[0])}", *rest]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
