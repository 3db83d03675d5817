"""Recruiters' links, signatures and ways back, as their own documentation writes them."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.definition.study_toml import parse_definition
from app.errors import Invalid
from app.recruiters.arrival import IdNote, is_preview, read_link
from app.recruiters.completion import completion_address, problems_of
from app.recruiters.known import PROLIFIC, RECRUITERS, is_guessable
from app.recruiters.signing import is_signed, link_key, personal_link, signature
from app.studies.rules import errors_of, refuse
from tests.conftest import ROOT

NAMES = list(PROLIFIC.parameters)


@pytest.mark.parametrize(
    "name",
    ["prolific_pid", "Prolific_Pid", "PROLIFIC-PID", "prolificPid", "PROLIFIC.PID", "PROLIFIC PID", "prolific__pid"],
)
def test_a_name_in_another_case_or_punctuation_is_the_same_name_and_is_noted(name: str) -> None:
    arrival = read_link(NAMES, {name: ["abc"], "session_id": ["x"]})
    assert arrival.parameters == {"PROLIFIC_PID": "abc", "SESSION_ID": "x"}
    assert (arrival.note, arrival.similar) == (IdNote.NEAR_NAME, name)
    assert arrival.has_id


def test_names_of_other_recruiters_in_their_spellings() -> None:
    assert read_link(["workerId"], {"worker_id": ["W1"]}).parameters == {"workerId": "W1"}
    assert read_link(["worker_id"], {"workerId": ["W1"]}).parameters == {"worker_id": "W1"}
    assert read_link(["survey_code"], {"SURVEY_CODE": ["17"]}).parameters == {"survey_code": "17"}


@pytest.mark.parametrize("name", ["PROLFIC_PID", "PROLIFIC_ID", "PROLIFIC_SID", "PROLIFIC_PIDS", "PRLIFIC_PID"])
def test_a_similar_name_is_recognised_but_never_used_because_people_might_share_its_value(name: str) -> None:
    arrival = read_link(NAMES, {name: ["abc"]})
    assert (arrival.parameters, arrival.note, arrival.similar) == ({}, IdNote.MISSING, name)


def test_two_near_names_and_a_right_name_beside_a_near_one() -> None:
    assert read_link(NAMES, {"prolific_pid": ["a"], "PROLIFIC-PID": ["b"]}).note == IdNote.MISSING
    assert read_link(NAMES, {"PROLIFIC_PID": ["a"], "prolific_pid": ["b"]}).parameters == {"PROLIFIC_PID": "a"}


def test_study_and_session_are_not_taken_for_each_other() -> None:
    assert read_link(NAMES, {"STUDY_ID": ["s"]}).parameters == {"STUDY_ID": "s"}
    assert read_link(["STUDY_ID"], {"SESSION_ID": ["s"]}).similar is None


@pytest.mark.parametrize(
    "value",
    [
        "{{%PROLIFIC_PID%}}", "%7B%7B%25PROLIFIC_PID%25%7D%7D", "%257B%257BPROLIFIC_PID", "${e://Field/PROLIFIC_PID}",
        "${workerId}", "$workerId", "{PROLIFIC_PID}", "[ID]", "[[ID]]", "<id>", "%SURVEY_CODE%", "%25SURVEY_CODE%25",
        "undefined", "null", "None", "NaN", "[object Object]", "XXXX", "PROLIFIC_PID", "prolific pid", "__PID__",
        "YOUR_ID", "PARTICIPANT_ID", "workerId", "survey_code", "pid-{{id}}", "ASSIGNMENT_ID_NOT_AVAILABLE", "N/A",
    ],
)  # fmt: skip
def test_what_nobody_filled_in_identifies_nobody(value: str) -> None:
    arrival = read_link(NAMES, {"PROLIFIC_PID": [value], "STUDY_ID": ["s"]})
    assert (arrival.parameters, arrival.note, arrival.has_id) == ({"STUDY_ID": "s"}, IdNote.UNFILLED, False)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ({}, IdNote.PLAIN_LINK),
        ({"lang": ["de"], "utm_source": ["mail"], "fbclid": ["1"]}, IdNote.PLAIN_LINK),
        ({"STUDY_ID": ["s"]}, IdNote.MISSING),
        ({"workerId": ["A1"]}, IdNote.MISSING),
        ({"pid": ["A1"]}, IdNote.MISSING),
        ({"participant": ["A1"], "utm_source": ["mail"]}, IdNote.MISSING),
        ({"Prolific": ["A1"]}, IdNote.MISSING),
        ({"gclid": ["1"], "p": ["2"], "source": ["id"]}, IdNote.PLAIN_LINK),
        ({"PROLIFIC_PID": [""]}, IdNote.EMPTY),
        ({"PROLIFIC_PID": [" \t\u00a0"]}, IdNote.EMPTY),
        ({"PROLIFIC_PID": ["a", "b"]}, IdNote.REPEATED),
        ({"PROLIFIC_PID": ["a", "a"]}, IdNote.REPEATED),
        ({"PROLIFIC_PID": ["a\tb"]}, IdNote.UNUSABLE),
        ({"PROLIFIC_PID": ["a\x1bb"]}, IdNote.UNUSABLE),
        ({"PROLIFIC_PID": ["a\u200bb"]}, IdNote.UNUSABLE),
        ({"PROLIFIC_PID": ["M\ufffdller"]}, IdNote.UNUSABLE),
        ({"PROLIFIC_PID": ["a"]}, None),
    ],
)
def test_what_is_said_about_an_id(query: dict[str, list[str]], note: IdNote | None) -> None:
    assert read_link(NAMES, query).note == note


@pytest.mark.parametrize("value", ["001", "0", "a", "Ada", "true", "7", "ada@lab.example", "é", "test", "id1", "张"])
def test_short_ids_of_a_lab_are_ids(value: str) -> None:
    assert read_link(["id"], {"id": [value]}).parameters == {"id": value}


def test_case_counts_and_space_around_does_not() -> None:
    assert [read_link(["id"], {"id": [v]}).parameters["id"] for v in (" Ab1 ", "AB1", "ab1")] == ["Ab1", "AB1", "ab1"]


@given(st.text(max_size=250), st.text(max_size=250))
def test_two_values_that_differ_after_trimming_never_become_one(first: str, second: str) -> None:
    try:
        ids = [read_link(["id"], {"id": [value]}).parameters.get("id") for value in (first, second)]
    except Invalid:
        return
    assert None in ids or (ids[0] == ids[1]) == (first.strip() == second.strip())


def test_f08_an_overlong_value_is_refused_not_cut() -> None:
    with pytest.raises(Invalid, match="longer than 200"):
        read_link(["id"], {"id": ["x" * 201]})
    assert read_link(["id"], {"id": ["x" * 200]}).has_id


def test_f21_previews_in_any_spelling() -> None:
    assert is_preview({"assignmentId": ["ASSIGNMENT_ID_NOT_AVAILABLE"]})
    assert is_preview({"assignment_id": [" assignment_id_not_available "]})
    assert not is_preview({"assignmentId": ["3ABC"]})


def test_which_ids_a_stranger_could_guess() -> None:
    assert not any(
        map(is_guessable, ["5f3c1a2b9d8e7f6a5b4c3d2e", "A3F4B2C1D5E6F7", "123e4567-e89b-42d3-a456-426614174000"])
    )
    assert all(map(is_guessable, ["17", "1234567", "ada", "participant0001", "ada@lab.example", "000000000000000"]))


@pytest.mark.parametrize("recruiter", RECRUITERS, ids=lambda one: one.name)
def test_the_ready_query_of_each_recruiter_has_the_parameters_that_are_named(recruiter) -> None:
    if recruiter.query:
        assert tuple(name for name, _ in parse_qsl(recruiter.query)) == recruiter.parameters
        # Opened as it stands, as when a link is tried without the recruiter, it identifies nobody.
        assert read_link(list(recruiter.parameters), parse_qs(recruiter.query)).note == IdNote.UNFILLED


# Ways back


SONA_BACK = "https://lab.sona-systems.com/webstudy_credit.aspx?experiment_id=9&credit_token=ab12&survey_code="


@pytest.mark.parametrize(
    "placeholder",
    [
        "{survey_code}", "{{survey_code}}", "%SURVEY_CODE%", "{{%SURVEY_CODE%}}", "{{ survey_code }}", "${survey_code}",
        "${e://Field/survey_code}", "[survey_code]", "[[survey_code]]", "<survey_code>", "{SurveyCode}",
        "%7Bsurvey_code%7D", "%7B%7B%25SURVEY_CODE%25%7D%7D", "%25SURVEY_CODE%25", "%5Bsurvey_code%5D",
        "%24%7Be://Field/survey_code%7D", "#{survey_code}", "$survey_code", "@SURVEY_CODE@", "__SURVEY_CODE__",
        "%2525SURVEY_CODE%2525",
    ],
)  # fmt: skip
def test_a_placeholder_may_be_written_as_recruiters_write_it(placeholder: str) -> None:
    url = SONA_BACK + placeholder + "&x=1"
    assert problems_of(url, ["survey_code"], None) == []
    filled = completion_address(url, {"survey_code": "17 &=ü/%"}, ["survey_code"], None)
    assert parse_qs(urlsplit(filled).query) == {
        "experiment_id": ["9"], "credit_token": ["ab12"], "survey_code": ["17 &=ü/%"], "x": ["1"]
    }  # fmt: skip
    assert completion_address(url, {}, ["survey_code"], None) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{{SONA}}", ["{{SONA}}", "{survey_code}"]),
        ("{SURVEYCODES}", ["did you mean {survey_code}"]),
        ("%SURVEY_KODE%", ["%SURVEY_KODE%", "did you mean {survey_code}"]),
        ("{PROLIFIC_PID}", ["{PROLIFIC_PID}", "There can be {survey_code}"]),
        ("${}", ["${}"]),
        ("XXXX", ["XXXX", "did you mean {survey_code}"]),
        ("[ID]", ["[ID]"]),
        ("<code here>", ["<code here>"]),
        ("{survey_code", ["'{'"]),
        ("survey_code}}", ["'}'"]),
        ("100%", ["'%'"]),
        ("%ZZ", ["'%'"]),
        ("a b", ["' '"]),
        ("{COMPLETION_CODE}", ["completion_code is not set"]),
        ("%ENDING%", ["%ENDING%"]),
        ("$token", ["$token"]),
    ],
)
def test_a_placeholder_that_nothing_fills_is_refused(value: str, words: list[str]) -> None:
    message = "; ".join(problems_of(SONA_BACK + value, ["survey_code"], None))
    for word in words:
        assert word in message
    assert completion_address(SONA_BACK + value, {"survey_code": "17"}, ["survey_code"], None) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("SURVEY_CODE", "SURVEY_CODE would be sent as it is; did you mean {survey_code}?"),
        ("PROLIFIC_PID", "PROLIFIC_PID would be sent as it is"),
        ("YOUR_CODE_HERE", "did you mean {survey_code}?"),
        ("insert-id", "did you mean {survey_code}?"),
        ("", "survey_code has no value: write survey_code={survey_code}"),
        ("TODO", "TODO would be sent as it is"),
        ("code_here", "code_here would be sent as it is"),
        ("...", "... would be sent as it is"),
        ("17#PROLIFIC_PID#", "PROLIFIC_PID# would be sent as it is"),
    ],
)
def test_a_value_that_was_to_be_put_in_by_hand_is_refused(value: str, words: str) -> None:
    [message] = problems_of(SONA_BACK + value, ["survey_code"], None)
    assert words in message


@pytest.mark.parametrize(
    "url",
    [
        "https://app.prolific.com/submissions/complete?cc=C1ABCDEF",
        "https://example.org/my-code/CODE/#done?sort=id&code=my_code_7&a=@me&b=_x_&c=$5&d=",
        "https://example.org/caf%C3%A9?q=%E9t%E9&a=50%25&b=%20A%20",
        "https://example.org/?filter[status]=done&ids[0]=1&a[]=2&c=%5B%5D",
        "https://[::1]:8000/back",
        "https://example.org/zurück?ort=Köln",
        "https://example.org/?a=b#c",
    ],
)
def test_an_address_without_placeholders_is_left_alone(url: str) -> None:
    assert problems_of(url, ["survey_code"], None) == []
    assert completion_address(url, {}, ["survey_code"], None) == url.replace("%5B%5D", "%5B%5D")


def test_the_completion_code_is_filled_in_and_no_site_is() -> None:
    url = "https://app.prolific.com/submissions/complete?cc={COMPLETION_CODE}"
    assert completion_address(url, {}, NAMES, "C1 2") == "https://app.prolific.com/submissions/complete?cc=C1%202"
    assert any("site" in one for one in problems_of("https://{PROLIFIC_PID}.example/", NAMES, None))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('completion_url = "https://x.example/?c={SONA}"', ["study.toml", "recruitment.completion_url", "{SONA}"]),
        ('parameters = ["id", "ID"]', ["recruitment.parameters", "same name"]),
        ('parameters = ["sig"]', ["recruitment.parameters", "sig"]),
        ('parameters = []\nwithout_id = "nobody"', ["recruitment.without_id"]),
        ("parameters = []\nsigned = true", ["recruitment.signed"]),
        ('signed = true\nwithout_id = "anybody"', ["recruitment.without_id"]),
        ("parameters = []\nvisits = 2", ["recruitment.visits"]),
        ("visits = 0", ["recruitment.visits"]),
        ('without_id = "maybe"', ["recruitment.without_id", "plain_link"]),
    ],
)
def test_recruitment_that_cannot_work_is_refused_when_the_study_is_made(lines: str, words: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        refuse(errors_of(parse_definition(f'title = "x"\n[recruitment]\n{lines}\n')), "study.toml")
    for word in words:
        assert word in refused.value.message


# Signatures


def test_f35_a_signature_is_the_documented_hmac_and_fits_one_study_and_one_id() -> None:
    key = link_key("s" * 48, "faces")
    assert len(key) == 64
    assert key != link_key("s" * 48, "voices")
    good = hmac.new(key.encode(), b"faces:ada-01", hashlib.sha256).hexdigest()
    assert signature(key, "faces", "ada-01") == good
    assert is_signed(key, "faces", "ada-01", good)
    assert is_signed(key, "faces", "ada-01", f" {good.upper()} ")
    for study, person, sig in [
        ("faces", "ada-02", good), ("voices", "ada-01", good), ("faces", "ada-01 ", good), ("faces", "ada-01", ""),
        ("faces", "ada-01", good[:-1]), ("faces", "ada-01", "é" * 64), ("faces", "ada-01", good + good),
    ]:  # fmt: skip
        assert not is_signed(key, study, person, sig)
    link = personal_link("https://lab.example/join/faces", "id", "a b&c", key=key, study_name="faces")
    assert parse_qs(urlsplit(link).query) == {"id": ["a b&c"], "sig": [signature(key, "faces", "a b&c")]}


def test_the_worked_example_of_a_signed_link_is_right() -> None:
    text = (ROOT / "docs" / "recruiting.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    key = re.search(r'key = "(\w+)"', example)
    sig = re.search(r'assert sig == "(\w+)"', example)
    assert key
    assert sig
    assert signature(key[1], "faces", "ada-01") == sig[1]


def test_the_ready_settings_of_the_docs_can_be_used() -> None:
    text = (ROOT / "docs" / "recruiting.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        definition = parse_definition('title = "x"\n[recruitment]\n' + block.replace('"…"', '"https://x.example/"'))
        assert errors_of(definition) == []
    for recruiter in RECRUITERS:
        assert recruiter.name in text
        assert recruiter.query in text
