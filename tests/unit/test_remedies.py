"""The tables of remedies fit the program, and the script tells a test that notices from one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.remedies.table import BadRow, Row, check, read_rows


@pytest.mark.parametrize("row", read_rows(), ids=lambda row: row.name)
def test_each_remedy_is_where_its_row_says_and_its_tests_exist(row: Row) -> None:
    check(row)
