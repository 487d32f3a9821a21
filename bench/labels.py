"""Measure how fast labels are made, beside their limits: ``python -m bench.labels``.

A thousand labels of one batch, and a thousand with a code each, in processor time; beside them a bare encoding of the
same thousand codes (nothing drawn), and the same with all eight masks compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from bench.keeping import keep
from tests.labels_sample import LABEL
from traceability import items, sheets
from traceability.labels import Label, qr_matrix

COUNT, ROUNDS = 1_000, 3
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def packs() -> list[Label]:
    """Draw a thousand labels with a code each."""
    serials = [items.new_serial() for _ in range(COUNT)]
    return [replace(LABEL, url=f"{LABEL.url}/21/{serial}", code=items.spoken(serial)) for serial in serials]


def main() -> None:
    """Measure, print, write."""

    def sheet(labels: list[Label], key: str) -> None:
        sheets.label_sheet_pdf(labels, title="bench", now=NOW, sheet=sheets.PRESETS[key])

    cases: dict[str, Callable[[], object]] = {
        "one_batch_a4": lambda: sheet([LABEL] * COUNT, "a4-24"),
        "one_batch_roll": lambda: sheet([LABEL] * COUNT, "roll-50x30"),
        "packs_a4": lambda: sheet(packs(), "a4-24"),
        "packs_roll": lambda: sheet(packs(), "roll-50x30"),
        "packs_encoded_only": lambda: [qr_matrix(label.url) for label in packs()],
        "packs_encoded_all_masks": lambda: [_best_of_eight(label.url) for label in packs()],
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, act in cases.items():
            qr_matrix.cache_clear()
            begin = time.process_time()
            act()
            found[name].append(time.process_time() - begin)
    results = {f"labels_{name}_cpu_s": round(median(times), 3) for name, times in found.items()}
    keep(results)
    for name, seconds in results.items():
        print(f"{name:<40}{seconds:>8.3f} s of CPU for {COUNT:,}")


def _best_of_eight(text: str) -> object:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return code.modules


if __name__ == "__main__":
    main()
