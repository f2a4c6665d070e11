"""Small files, bad and good, for each rule: `# found` stands where its rule has something to say, and nowhere else."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from inngest_py.check import Configuration, check_paths
from inngest_py.check.reports import page
from inngest_py.check.rules import RULES

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*/*.py"))
CODES = [rule.code for rule in RULES]


def lines_of(text, code, folder):
    """Check a file that belongs to no project, so that it cannot be served by one."""
    file = folder / "shop.py"
    file.write_text(text)
    report = check_paths([file], Configuration(root=folder, select=[code]))
    return Counter(finding.span.line for finding in report.findings)


def marked(file):
    lines = file.read_text().splitlines()
    return Counter({number: line.count("# found") for number, line in enumerate(lines, start=1) if "# found" in line})


def example(code, heading):
    (block,) = re.findall(rf"^## {heading}\n\n```python\n(.*?)^```", page(code), re.MULTILINE | re.DOTALL)
    return block


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_rule_finds_what_is_marked_and_nothing_else(file, tmp_path):
    assert lines_of(file.read_text(), file.parent.name, tmp_path) == marked(file)


def test_the_corpus_has_bad_and_good_files_for_every_rule():
    kinds = {code: {file.stem.partition("_")[0] for file in FILES if file.parent.name == code} for code in CODES[1:]}

    assert len(FILES) >= 60
    assert kinds == {code: {"bad", "good"} for code in CODES[1:]}


def test_bad_files_are_marked_and_good_ones_are_not():
    assert {file.stem.partition("_")[0] for file in FILES if marked(file)} == {"bad"}
    assert {file.stem.partition("_")[0] for file in FILES if not marked(file)} == {"good"}


def test_no_good_file_has_an_error_of_another_rule_about_what_its_functions_do():
    about_bodies = ["ING005", "ING011", "ING013"]
    good = [file for file in FILES if file.stem.startswith("good") and file.parent.name not in about_bodies]

    found = [finding for file in good for finding in check_paths([file], Configuration(select=about_bodies)).findings]

    assert found == []


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_of_a_page_is_found_and_the_good_one_is_not(code, tmp_path):
    assert lines_of(example(code, "Bad"), code, tmp_path)
    assert not lines_of(example(code, "Good"), code, tmp_path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_says_the_title_and_the_severity_of_its_rule(rule):
    assert page(rule.code).startswith(f"# {rule.code}: {rule.title}\n\nSeverity: {rule.severity.word}\n")


def test_codes_are_in_order():
    assert [f"ING{number:03}" for number in range(len(RULES))] == CODES
