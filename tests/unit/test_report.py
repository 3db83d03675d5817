"""python -m analysis: the report of a bundle, as a person gets it.

Over 300 lines: half of it makes the bundle that all of them report on.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import numpy as np
import pytest

from analysis import estimate_group, estimate_rdm
from analysis.__main__ import main
from analysis.formats.bundle import BundleContents, read_bundle, write_bundle
from analysis.formats.cells import read_rows
from analysis.formats.rsatoolbox import read_hdf5
from analysis.formats.tables import read_long_csv, read_npz, read_square_csv
from analysis.report import write as report_write
from analysis.report.drawings import draw
from analysis.report.markdown import to_html
from analysis.results.model_tables import MODEL_TABLES
from analysis.simulate import Behaviour, individual, make_truth, place_items

N_CLIPS = 8
NAMES = [f"clip {i} <x>.mp4" for i in range(N_CLIPS)]
START = datetime(2031, 5, 4, 9, 0, tzinfo=UTC)
FIGURES = {
    "rdm_group", "map", "tree", "dimensions", "rdm_raters", "reliability", "growth", "raters", "noise_ceiling",
    "evidence_pairs", "evidence_raters", "trials",
}  # fmt: skip


def study(
    path, *, raters=4, with_trials=("P001", "P002", "P003", "P004", "P005"), sizes=(8, 5, 6), groups=None, unfinished=()
):
    """A bundle of simulated raters; P004 is excluded, P003 a simulated one in the data too."""
    rng = np.random.default_rng(5)
    truth = make_truth("clusters", N_CLIPS, rng=rng)
    tables = {
        "clips": [{"item": i, "clip": name} for i, name in enumerate(NAMES)],
        "attributes": [(name, "identity", f"person {i % 3}") for i, name in enumerate(NAMES)],
        "participants": [],
        "trials": [],
        "placements": [],
        "moves": [],
        "plays": [],
    }
    for rater in range(raters):
        name, session = f"P{rater + 1:03d}", f"s{rater}"
        head = {"participant": name, "session": session}
        tables["participants"].append(
            head
            | {
                "state": "arranging" if name in unfinished else "finished",
                "is_simulated": name == "P003",
                "excluded": name == "P004",
            }
        )
        mine = individual(truth, 0.2, rng=rng)
        for number, size in enumerate(sizes if name in with_trials else (), start=1):
            key = {**head, "trial_key": f"{name}-{number}"}
            items = rng.permutation(N_CLIPS)[:size] if groups is None else np.array(groups[number - 1])
            trial = place_items(mine, items, behaviour=Behaviour(), rng=rng)
            shown = START + timedelta(minutes=2 * number)
            tables["trials"].append(
                key | {"number": number, "purpose": "main", "n_clips": len(trial), "shown_at": shown}
                | {"submitted_at": shown + timedelta(minutes=1), "duration_ms": 40_000.0 if rater else 2_000.0}
                | {"arena_diameter_px": 600.0, "item_size_px": 60.0}
            )  # fmt: skip
            for seat, (item, (x, y)) in enumerate(zip(trial.items.tolist(), trial.positions.tolist(), strict=True)):
                place = {"clip": NAMES[item], "x": x, "y": y}
                tables["placements"].append(key | place | {"number": number, "seat": seat})
                tables["moves"].append(key | place | {"sequence": seat, "at_ms": 1000.0 * seat, "kind": "pointer"})
                tables["plays"].append(
                    key | {"sequence": seat, "clip": NAMES[item], "started_ms": 1.0, "completed": True}
                )
    toml = 'title = "Faces & <others>"\n[texts]\nquestion = "How alike are they?"\n'
    methods = "# Methods\n\nThe task of *this* study.\n"
    write_bundle(path, BundleContents(study_name="faces", study_toml=toml, tables=tables, methods_text=methods))
    return path


class Outline(HTMLParser):
    """Tags, texts, references and ids of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.references, self.ids, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        self.references += [attributes[key] for key in ("href", "src") if key in attributes]
        if "id" in attributes:
            self.ids.append(attributes["id"])


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    bundle = study(folder / "faces.zip")
    assert main([str(bundle), "--out", str(folder / "out"), "--method", "latent", "--jobs", "1"]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def html(report):
    return (report / "report.html").read_text(encoding="utf-8")


def test_the_rdms_are_those_that_estimate_rdm_gives_for_the_exported_placements(report):
    bundle = read_bundle(report.parent / "faces.zip")
    expected = [estimate_rdm(trials, N_CLIPS, method="latent").rdm for trials in bundle.arrangements().values()]
    for table in (read_long_csv(report / "tables" / "rdms.csv"), read_npz(report / "rdms" / "rdms.npz")):
        np.testing.assert_array_equal(table.rdms, expected)
        assert table.raters == ("P001", "P002", "P003")
    group = np.mean([rdm / np.sqrt(np.mean(rdm**2)) for rdm in expected], axis=0)
    for table in (read_square_csv(report / "tables" / "group_square.csv"), read_hdf5(report / "rdms" / "group.hdf5")):
        np.testing.assert_allclose(table.rdms[0], group / np.linalg.norm(group), rtol=1e-12)
        assert table.names == tuple(NAMES)


def test_every_figure_is_there_as_a_file_and_on_the_page(report, html):
    files = {path.name for path in (report / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in FIGURES for kind in ("pdf", "svg", "png")}
    assert html.count("<figure>") == len(FIGURES)


def test_the_page_loads_nothing_and_its_links_lead_to_files_that_exist(report, html):
    outline = Outline(html)
    assert not {"script", "link", "iframe", "img"} & set(outline.tags)
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", html)
    for reference in outline.references:
        if reference.startswith("#"):
            continue
        if not reference.startswith(("data:image/png", "https://doi.org/")):
            assert (report / reference).exists(), reference
    for anchor in re.findall(r'<a href="#([^"]+)"', html):
        assert anchor in outline.ids


def test_names_from_the_study_are_escaped(html):
    assert "<title>Faces &amp; &lt;others&gt; – results</title>" in html
    assert "<others>" not in html
    assert "<x>" not in html
    assert "How alike are they?" in html


def test_the_page_says_what_qualifies_the_results(html):
    assert "1 of 3 raters is simulated (P003)" in html
    assert "Excluded by the experimenter, and are left out: P004: no reason given." in html
    assert "P001 took" in html
    assert "fewer than five raters" in html
    assert "3 raters arranged 8 clips in 3 trials each" in html


def test_the_methods_hold_the_studys_own_text_and_cite_only_what_they_list(report):
    text = (report / "methods.md").read_text(encoding="utf-8")
    assert text.startswith("# Methods\n\n## Task\n\nThe task of *this* study.\n\n## Data")
    body, references = text.replace("\n  ", " ").split("## References")
    body = " ".join(body.split())
    cited = set(re.findall(r"([A-Z]\w+)(?: & \w+| et al\.),? \(?(\d{4})", body))
    listed = {
        (re.match(r"\* (\w+),", line)[1], re.search(r"\((\d{4})\)", line)[1])
        for line in references.strip().splitlines()
    }
    assert cited <= listed
    assert {("Nili", "2014"), ("McGraw", "1996")} <= cited
    assert "{" not in text


def test_a_refused_interval_says_why_on_the_page_and_in_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.report.write.draw", lambda results: iter(()))
    study(tmp_path / "bundle.zip")
    out = tmp_path / "report"
    main([str(tmp_path / "bundle.zip"), "--uncertainty", "--out", str(out)])
    with (out / "tables" / "raters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    reason = "8 items; intervals are known to hold from 12 items"
    assert {row["no_interval"] for row in rows} == {reason}
    assert {row["correlation_with_truth"] for row in rows} == {"NA"}
    assert reason in (out / "report.html").read_text(encoding="utf-8")


def test_estimates_that_borrow_are_there_when_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.report.write.draw", lambda results: iter(()))
    study(tmp_path / "bundle.zip")
    out = tmp_path / "report"
    options = ["--group-estimates", "--method", "weighted_average", "--jobs", "1", "--out", str(out)]
    assert main([str(tmp_path / "bundle.zip"), *options]) == 0
    with (out / "tables" / "group_estimates.csv").open(encoding="utf-8", newline="") as file:
        estimates = list(csv.DictReader(file))
    assert list(estimates[0]) == ["rater", "clip_a", "clip_b", "dissimilarity", "borrowed"]
    trials = read_bundle(tmp_path / "bundle.zip").arrangements()
    kept = {rater: trials[rater] for rater in ("P001", "P002", "P003")}
    expected = estimate_group(kept, N_CLIPS, method="latent")
    for rater in kept:
        rows = [row for row in estimates if row["rater"] == rater]
        assert [float(row["dissimilarity"]) for row in rows] == expected.raters[rater].rdm.tolist()
        assert [float(row["borrowed"]) for row in rows] == expected.shares[rater].tolist()
    group = [row for row in estimates if row["rater"] == "group"]
    assert [float(row["dissimilarity"]) for row in group] == expected.group.rdm.tolist()
    assert {row["borrowed"] for row in group} == {"NA"}
    assert len(estimates) == 4 * N_CLIPS * (N_CLIPS - 1) / 2
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "No agreement, noise ceiling or reliability may be computed from them" in page
    assert "no rater&#x27;s agreement with it, and no noise ceiling, may be computed from it" in page


def test_tables_hold_every_rater_and_measure(report):
    def rows(name):
        with (report / "tables" / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    assert [row["rater"] for row in rows("raters.csv")] == ["P001", "P002", "P003"]
    assert {row["trials"] for row in rows("raters.csv")} == {"3"}
    assert [row["minutes"] for row in rows("raters.csv")] == ["5.0"] * 3
    assert len(rows("reliability.csv")) == 12
    assert {row["comparator"] for row in rows("noise_ceiling.csv")} == {
        "pearson",
        "spearman",
        "rho_a",
        "tau_a",
        "cosine",
    }
    flagged = {(row["participant"], row["index"]) for row in rows("quality.csv") if row["flagged"] == "TRUE"}
    assert ("P001", "seconds_per_item") in flagged
    assert ("P002", "seconds_per_item") not in flagged
    assert len(rows("map.csv")) == N_CLIPS


@pytest.mark.parametrize("option", [[], ["--with-unfinished"]])
def test_unfinished_sessions_are_out_unless_asked_for_and_counted(tmp_path, monkeypatch, option):
    monkeypatch.setattr("analysis.report.write.draw", lambda results: iter(()))
    bundle = study(tmp_path / "running.zip", unfinished=("P002",))
    arguments = [str(bundle), "--out", str(tmp_path), "--method", "weighted_average", "--jobs", "1", *option]
    assert main(arguments) == 0
    raters = read_long_csv(tmp_path / "tables" / "rdms.csv").raters
    assert raters == (("P001", "P002", "P003") if option else ("P001", "P003"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (
        "1 unfinished session is in all figures here (P002)" if option else "1 unfinished session is left out"
    ) in page


def test_where_nobody_has_finished_the_report_says_what_to_do(tmp_path, capsys):
    bundle = study(tmp_path / "running.zip", raters=2, unfinished=("P001", "P002"))
    assert main([str(bundle), "--out", str(tmp_path / "out")]) == 1
    assert "no session is finished: 2 are not, and can be taken in with --with-unfinished" in capsys.readouterr().err


def test_progress_and_the_path_are_printed(report, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("analysis.report.write.draw", lambda results: iter(()))
    bundle = str(report.parent / "faces.zip")
    assert main([bundle, "--out", str(tmp_path), "--method", "weighted_average", "--jobs", "1", "--with-excluded"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'report.html'}\n"
    assert "Estimating RDMs: 4 of 4 (P004)" in printed.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"raters": 1}, "With fewer than five raters"),
        ({"raters": 2}, "With fewer than five raters"),
        ({"groups": ([0, 1, 2, 3], [4, 5, 6, 7], [4, 5, 6])}, "fall into groups that share no pair of clips"),
        ({"groups": ([0, 1, 2, 3], [4, 5, 6, 7], [4, 5, 6])}, "16 of 28 pairs were seen by nobody"),
        ({"with_trials": ("P001", "P002")}, "2 raters arranged 8 clips"),
        ({"sizes": (8, 2)}, "Trial 2 of P001 was not used"),
    ],
)
def test_valid_but_hard_studies_give_a_report_that_says_so(tmp_path, changes, said, monkeypatch):
    drawn = []
    monkeypatch.setattr("analysis.report.write.draw", lambda results: drawn.extend(draw(results)) or [])
    bundle = study(tmp_path / "hard.zip", **changes)
    assert main([str(bundle), "--out", str(tmp_path), "--method", "weighted_average", "--jobs", "1"]) == 0
    assert said in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert drawn


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"with_trials": ()}, "no trial was stored"), ({"sizes": (2,)}, "P001: .*P002: ")],
)
def test_a_study_without_any_rdm_is_an_error_in_words(tmp_path, capsys, changes, reason):
    bundle = study(tmp_path / "none.zip", **changes)
    assert main([str(bundle), "--out", str(tmp_path / "out")]) == 1
    assert re.search(f"error: .*none.zip: there is no RDM to report on \\({reason}", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_bundle_is_an_error_in_words(tmp_path, capsys):
    file = tmp_path / "no.zip"
    file.write_bytes(b"no")
    assert main([str(file), "--out", str(tmp_path)]) == 1
    assert "no.zip: truncated or corrupt ZIP file" in capsys.readouterr().err
    assert main([str(tmp_path / "absent.zip"), "--out", str(tmp_path)]) == 1
    assert "absent.zip" in capsys.readouterr().err


def test_markdown_becomes_html_and_nothing_in_it_runs():
    html = to_html("# A <b>\n\ntext *so* and `a<b`\nmore\n\n* one\n  two\n* https://doi.org/10.1/x_y.\n", top_level=3)
    assert html.splitlines() == [
        "<h3>A &lt;b&gt;</h3>",
        "<p>text <em>so</em> and <code>a&lt;b</code> more</p>",
        '<ul><li>one two</li><li><a href="https://doi.org/10.1/x_y">https://doi.org/10.1/x_y</a>.</li></ul>',
    ]


def test_the_command_compares_models_and_writes_figures_tables_and_methods(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report_write, "draw", lambda _: iter(()))
    bundle = study(tmp_path / "faces.zip")
    rng = np.random.default_rng(2)
    np.savez(tmp_path / "net.npz", clips=NAMES, a=rng.normal(size=(N_CLIPS, 9)), b=rng.normal(size=(N_CLIPS, 9)))
    np.save(tmp_path / "other.npy", rng.random(N_CLIPS * (N_CLIPS - 1) // 2))
    options = ["--out", str(tmp_path / "out"), "--method", "weighted_average", "--jobs", "1", "--bootstraps", "100"]
    files = ["--models", str(tmp_path / "net.npz"), str(tmp_path / "other.npy"), "--axes", "--predictions"]
    assert main([str(bundle), *files, *options]) == 0
    with (tmp_path / "out" / "tables" / "models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(read_rows(file, MODEL_TABLES["models"], "models.csv"))
    assert [row["model"] for row in rows] == ["net: a", "net: b", "other", "identity"]
    assert {row["n_raters"] for row in rows} == {3}
    assert {path.stem for path in (tmp_path / "out" / "figures").iterdir()} == {
        "models",
        "layers_1",
        "attribute_effects",
        "attribute_axes",
    }
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert html.count("<figure>") == 4
    assert "Predictions need at least 10 clips; there are 8." in html
    assert "Congruence of attributes" in html
    assert "other: The file names no clips: they were taken in the study&#x27;s order." in html
    assert "Schütt" in (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY broken")
    capsys.readouterr()
    assert main([str(bundle), "--models", str(tmp_path / "broken.npy"), *options]) == 1
    assert "error: broken.npy: not an NPY file of numbers" in capsys.readouterr().err
    assert main([str(bundle), "--models", str(bundle), *options]) == 1
    assert "error: faces.zip: is an export bundle, not a file of models" in capsys.readouterr().err
