"""Figures for papers: their sizes, their text, and scripts that remake them from the bundle."""

from __future__ import annotations

import ast
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Text

from analysis import figures
from analysis.formats.bundle import read_bundle
from analysis.paper import (
    FIGURES,
    MODEL_FIGURES,
    View,
    draw,
    draw_model_figure,
    model_script,
    model_tools,
    script,
    tools,
)
from analysis.rdm import to_square
from analysis.results import Choice, attribute_ranks, attributes_of, order_by, results_of_bundle
from analysis.results.compared import ModelOptions
from analysis.results.model_parts import AskedParts
from analysis.results.models_of_bundle import compare
from tests.unit.test_report import NAMES, study

CHOICE = Choice("weighted_average")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return read_bundle(study(tmp_path_factory.mktemp("paper") / "study.zip", raters=4))


@pytest.fixture(scope="module")
def results(bundle):
    return results_of_bundle(bundle, CHOICE)


@pytest.mark.parametrize("width", [figures.SINGLE, figures.DOUBLE])
def test_every_figure_has_the_width_asked_for_and_no_text_below_seven_points(bundle, results, width):
    for name in FIGURES:
        view = View(width=width, order="identity", colour="identity", dims=2 if width == figures.SINGLE else 3)
        figure = draw(name, results, attributes_of(bundle), view)
        figure.draw_without_rendering()
        assert figure.get_figwidth() * 2.54 == pytest.approx(width), name
        assert figure.get_figheight() * 2.54 <= 24, name
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        assert texts, name
        assert min(text.get_fontsize() for text in texts) >= 7, name
        drawn = figure.get_tightbbox()
        assert drawn.x0 >= -0.02, name
        assert drawn.x1 <= figure.get_figwidth() + 0.02, name


@pytest.mark.parametrize("name", FIGURES)
def test_every_script_imports_all_that_it_uses(name):
    text = script(name, "a study", Choice(with_excluded=True), View(whose="P001", completed=True, order="study"))
    assert "Choice(method='combined', with_excluded=True)" in text
    assert "View(whose='P001', completed=True, order='study', width=8.8)" in text
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert used & set(tools.__all__) <= imported
    assert imported - {"annotations", "Any"} <= set(tools.__all__)


def test_a_figure_shows_the_rater_and_the_order_that_were_asked_for(bundle, results):
    attributes = attributes_of(bundle)
    figure = draw("rdm", results, attributes, View(whose="P001", order="identity", width=figures.DOUBLE))
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert [int(label.split()[1]) % 3 for label in labels] == [0, 0, 0, 1, 1, 1, 2, 2]
    shown = np.ma.filled(figure.axes[0].get_images()[0].get_array().astype(float), np.nan)
    order = [NAMES.index(f"{label}.mp4") for label in labels]
    expected = to_square(results.estimates["P001"].seen_rdm)[np.ix_(order, order)]
    np.testing.assert_allclose(shown, expected / np.nanmax(expected))


def test_what_cannot_be_drawn_says_why(bundle, results):
    for name, view, reason in (
        ("photo", View(), "There is no figure 'photo'"),
        ("rdm", View(whose="P009"), "no RDM of P009"),
        ("rdm", View(order="mood"), "no attribute 'mood'"),
        ("map", View(colour="mood"), "no attribute 'mood'"),
    ):
        with pytest.raises(ValueError, match=reason):
            draw(name, results, attributes_of(bundle), view)
    with pytest.raises(ValueError, match="as pdf, svg, png, not as gif"):
        figures.file_of(draw("rdm", results, {}, View()), "gif")


def test_values_are_ranked_as_people_sort_them():
    assert attribute_ranks(["10", "9", "", "-1.5", "9"]) == [2, 1, 3, 0, 1]
    assert attribute_ranks(["clip 10", "Clip 9", "b", "1", "nan"]) == [3, 2, 1, 0, 4]
    assert order_by([1, 0, 1, 0], [3, 2, 1, 0]) == [3, 1, 2, 0]


@pytest.mark.parametrize("name", [*MODEL_FIGURES, "layers-1"])
def test_every_script_of_models_imports_all_that_it_uses(name, monkeypatch):
    figure = MODEL_FIGURES.get(name)
    if figure is not None:
        monkeypatch.setitem(MODEL_FIGURES, name, figure._replace(is_there=lambda found: True))
    findings = SimpleNamespace(profiles=[SimpleNamespace(source="net")])
    options = ModelOptions("pearson", 100, parts=AskedParts(explain=("a", "b")))
    text = model_script(name, "a study", Choice(), options, findings)
    assert "OPTIONS = ModelOptions(comparator='pearson', n_boot=100, n_permutations=5000, parts=AskedParts(" in text
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert used & set(model_tools.__all__) <= imported
    assert imported - {"annotations", "Any"} <= set(model_tools.__all__)
    assert (", network='net')" in text) == (name == "layers-1")


def test_a_script_of_models_draws_what_the_page_draws(bundle, results, tmp_path, monkeypatch):
    findings = compare(bundle, results, [], ModelOptions("pearson", n_boot=50, n_permutations=19), lambda message: None)
    text = model_script("attributes", "a study", CHOICE, ModelOptions("pearson", 50, 19), findings)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["attributes.py", str(bundle.path)])
    exec(compile(text, "attributes.py", "exec"), {"__name__": "__main__"})
    figures.save(draw_model_figure("attributes", findings), tmp_path / "page")
    assert (tmp_path / "attributes.svg").read_text() == (tmp_path / "page.svg").read_text()
