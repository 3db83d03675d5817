"""Quotas on ranges of a number that cannot be kept to are told."""

from __future__ import annotations

import pytest

from app.definition.quotas import quota_problems, range_of
from app.definition.study_toml import parse_definition


@pytest.mark.parametrize(
    ("quota", "told"),
    [
        ("10", "age is a number: name ranges of it"),
        ('{ "young" = 3 }', "'young' is no range of numbers"),
        ('{ "30-18" = 3 }', "'30-18' ends below its beginning"),
        ('{ "18-30" = 3, "30+" = 3 }', "the ranges '18-30' and '30+' overlap"),
        ('{ "0-50" = 0, "51+" = 0 }', "nobody could take part"),
    ],
)
def test_a_quota_on_a_number_that_cannot_be_kept_to_is_told(quota: str, told: str) -> None:
    question = '[[questions]]\nname = "age"\nask = "?"\nkind = "number"\nwhen = "before"\nstep = 1\nmin = 1\nmax = 90\n'
    definition = parse_definition(f'title = "x"\n[recruitment]\nquotas = {{ age = {quota} }}\n{question}')
    ((key, sentence),) = quota_problems(definition.recruitment.quotas, definition.questions)
    assert (key, told in sentence) == ("recruitment.quotas.age", True)
    assert range_of("-5 – -1.5") == (-5, -1.5)
