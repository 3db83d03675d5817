"""Numbers as pages, reports, files and messages say them."""

from __future__ import annotations


def counted(number: float, one: str, many: str | None = None) -> str:
    """A number with what it counts: "1 trial", "2 trials", "1 person has", "3 people have".

    Parameters
    ----------
    many
        The words for any number but one; left out, those for one with an s.
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def percent(share: float, digits: int = 0) -> str:
    """A share as people read it: "95 %"."""
    return f"{100 * share:.{digits}f} %"
