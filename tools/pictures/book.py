"""The list of pictures: every scene enters itself here by its key."""

from __future__ import annotations

from collections.abc import Callable

from kit import Sheet

PICTURES: dict[str, Callable[[str], Sheet]] = {}


def picture(
    key: str, width: int = 1600, height: int = 1200
) -> Callable[[Callable[[Sheet], None]], Callable[[Sheet], None]]:
    """Enter a scene under its key; the scene gets an empty sheet of its size."""

    def enter(scene: Callable[[Sheet], None]) -> Callable[[Sheet], None]:
        def build(name: str) -> Sheet:
            sheet = Sheet(name, width, height)
            scene(sheet)
            return sheet

        PICTURES[key] = build
        return scene

    return enter
