"""Figures: what is drawn is what was given, in files that a journal and a page can use."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from analysis import figures
from analysis.figures.canvas import short_name
from analysis.figures.style import PAGE_COLORS
from analysis.rdm import to_square

NAMES = ("a & b.mp4", "<i>.mp4", "c.mp4", "d.mp4")
RDM = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 8.0])


def shown_image(figure):
    return np.ma.filled(figure.axes[0].get_images()[0].get_array().astype(float), np.nan)


def test_the_heat_map_shows_the_rdm_in_the_order_asked_for():
    order = [2, 0, 3, 1]
    image = shown_image(figures.rdm_heat_map(RDM, NAMES, order=order))
    np.testing.assert_array_equal(image, to_square(RDM)[np.ix_(order, order)] / 8)
    labels = [text.get_text() for text in figures.rdm_heat_map(RDM, NAMES, order=order).axes[0].get_yticklabels()]
    assert labels == ["c", "a & b", "d", "<i>"]


def test_a_missing_pair_is_crossed_on_both_sides_and_the_diagonal_is_not():
    for figure in (figures.rdm_heat_map(RDM, NAMES), figures.evidence_map(np.nan_to_num(RDM), NAMES)):
        (crosses,) = figure.axes[0].get_lines()
        assert sorted(zip(*crosses.get_data(), strict=True)) == [(0, 3), (3, 0)]


def test_names_of_many_items_are_left_out_and_long_ones_cut():
    many = [f"clip{i}.mp4" for i in range(figures.MAX_NAMES + 1)]
    rdm = np.ones(len(many) * (len(many) - 1) // 2)
    assert figures.rdm_heat_map(rdm, many).axes[0].get_yticklabels() == []
    labels = figures.rdm_heat_map(RDM, ["x" * 50, *NAMES[1:]]).axes[0].get_yticklabels()
    assert labels[0].get_text() == "x" * 21 + "…"
    # Layers differ at their ends.
    assert short_name("/layer1/layer1.2/relu_2/Relu") == "/layer1/l…r1.2/relu_2/Relu"


def test_a_constant_or_empty_rdm_is_drawn_without_complaint():
    for rdm in (np.zeros(6), np.full(6, np.nan)):
        figures.rdm_heat_map(rdm, NAMES).draw_without_rendering()
        figures.evidence_map(rdm, NAMES).draw_without_rendering()
    figures.histogram(np.zeros(4), x_label="x", y_label="y").draw_without_rendering()


def test_the_map_and_the_tree_hold_every_item():
    positions = np.arange(8.0).reshape(4, 2)
    figure = figures.item_map(positions, NAMES, groups=["f", "m", "f", ""])
    drawn = figure.axes[0]
    points = np.concatenate([np.asarray(group.get_offsets()) for group in drawn.collections])
    assert sorted(points.tolist()) == positions.tolist()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["f", "m", "no value"]
    tree = figures.dendrogram(linkage(np.nan_to_num(RDM), "average"), NAMES).axes[0]
    assert {text.get_text() for text in tree.get_yticklabels()} == {"a & b", "<i>", "c", "d"}


def test_coefficients_are_drawn_at_their_values_with_their_intervals():
    rows = [("r", 0.5, (0.25, 0.75)), ("alpha", 0.9, (np.nan, np.nan))]
    axes = figures.coefficients(rows, level=0.95).axes[0]
    drawn = [tuple(np.ravel(line.get_xdata())) for line in axes.get_lines()]
    assert drawn[:3] == [(0.25, 0.75), (0.5,), (0.9,)]
    assert axes.get_xlabel() == "coefficient, 95 % interval over raters"


def test_every_rater_has_its_matrix():
    figure = figures.rdm_gallery(np.tile(RDM, (8, 1)), [f"P{i}" for i in range(8)])
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in visible] == [f"P{i}" for i in range(8)]


def test_files_are_vector_and_raster_and_the_same_each_time(tmp_path):
    def write(stem):
        return figures.save(figures.curve([1, 2], {"a": ([1, 2], [0, 1], [2, 3])}, x_label="x", y_label="y"), stem)

    one, two = write(tmp_path / "one"), write(tmp_path / "two")
    assert [path.suffix for path in one] == [".pdf", ".svg", ".png"]
    starts = [b"%PDF", b"<?xml", b"\x89PNG"]
    for first, second, start in zip(one, two, starts, strict=True):
        assert first.read_bytes().startswith(start)
        assert first.read_bytes() == second.read_bytes()


def test_a_page_figure_takes_the_pages_colours_and_says_what_it_shows(tmp_path):
    _, file, _ = figures.save(figures.coefficients([("<b>", 0.5, (0.2, 0.7))], level=0.95), tmp_path / "figure")
    svg = figures.page_svg(file, 'a "label" & more')
    assert svg.startswith('<svg role="img" aria-label="a &quot;label&quot; &amp; more" style="max-width: 499px"')
    for color, variable in PAGE_COLORS.items():
        assert color not in svg
        if variable in ("--ink", "--accent"):
            assert f"var({variable})" in svg
    assert "&lt;b&gt;" in svg
    assert not re.search(r"https?://(?!www\.w3\.org/)", svg)


@pytest.mark.parametrize("n_raters", [1, 3])
def test_ceilings_and_timelines_take_any_number_of_raters(n_raters):
    points = {"Pearson r": np.linspace(0.1, 0.4, n_raters)}
    axes = figures.noise_ceilings({"Pearson r": (0.3, 0.5)}, points).axes[0]
    np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), points["Pearson r"])
    minutes = {f"P{i}": np.array([1.0, 2.0]) for i in range(n_raters)}
    axes = figures.timeline(minutes, {rater: np.array([5, 3]) for rater in minutes}).axes[0]
    assert len(axes.collections) == n_raters


def test_axes_of_coefficients_keep_to_the_measures_range():
    """One interval from -2098 made a figure that showed nothing else."""
    rows = [("alpha", 0.85, (-2098.0, 1.0)), ("icc", -1524.0, (float("nan"), float("nan"))), ("r", 0.4, (0.2, 0.6))]
    axes = figures.coefficients(rows, level=0.95).axes[0]
    assert axes.get_xlim()[0] >= -1.1
    assert axes.get_xlim()[1] <= 1.1
    assert min(np.min(line.get_xdata()) for line in axes.lines) >= -1.0
    band = figures.curve([1, 2], {"r": ([0.1, 0.2], [-30, -40], [0.9, 0.9])}, x_label="", y_label="", correlations=True)
    assert band.axes[0].get_ylim()[0] >= -1.1
