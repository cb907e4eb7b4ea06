"""Foreign text in templates costs what it is worth: no filter, and no chain of them, makes much of little."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from events.rules import templates
from tests.events.strategies import nested

FILTERS = [*templates._FILTERS, "percent"]
LONG = "ab c" * 50_000
HOSTILE: dict[str, Any] = {
    "text": LONG,
    "digits": "9" * 200_000,
    "power": "1e999999999",
    "places": "999999999",
    "grouped": "-999999999gu",
    "sharp": "ŉ" * 100_000,
    "list": ["x"] * 100_000,
    "lists": [["x" * 10] * 10] * 1500,
    "object": {f"k{number}": LONG[:10] for number in range(20_000)},
    "deep": nested(60),
    "integer": 10**300,
    "million": 1_000_000,
    "float": 1.7e308,
    "small": 5e-324,
    "negative": -(10**300),
    "nothing": None,
    "no": False,
    "empty": "",
}
FILLED = templates.context(name="job.tested", category="job", payload=HOSTILE)
# A payload is at most 256 KB; what a line needs of it, and of what filters make of it, is much less than this.
MOST_MEMORY = 16 * 1024 * 1024


def peak(*lines: str) -> int:
    """Bytes that filling these lines took at most; each is a line, whatever is in it."""
    tracemalloc.start()
    for line in lines:
        assert len(templates.fill(line, FILLED)) <= templates.MAX_LENGTH
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_makes_little_of_whatever_it_is_given(name):
    alone = [f"{{{{ payload.{value}|{name} }}}}" for value in HOSTILE]
    given = [f"{{{{ payload.{value}|{name}:payload.{given} }}}}" for value in HOSTILE for given in HOSTILE]
    assert peak(*alone, *given) < MOST_MEMORY


@pytest.mark.parametrize(
    "line",
    [
        "{{ payload.list|join:payload.text }}",
        "{{ payload.list" + "|join:payload.text" * 100 + " }}",
        "{{ payload.list" + "|add:payload.list" * 100 + "|join:payload.text }}",
        "{{ payload.text" + "|add:payload.text" * 100 + " }}",
        "{{ payload.sharp" + "|upper|lower|title" * 100 + " }}",
        "{{ payload.million|floatformat:999999999 }}",
        "{{ payload.million|add:payload.digits|add:payload.digits }}",
        "{{ payload.list|join:payload.text|floatformat }}" * 80,
        "{{ payload.text }}" * 200,
        "{{ payload.object }}" * 200,
        "{{ payload.lists }}" * 150,
    ],
    ids=lambda line: line[:50],
)
def test_chains_and_repetitions_stay_small(line):
    assert peak(line) < MOST_MEMORY


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{{ payload.list|length }} and {{ payload.text|length }}", "100000 and 200000"),
        ("{{ payload.list|last }}{{ payload.text|first }}", "xa"),
        ("{{ payload.nothing|default:payload.text }}", " ".join(LONG[:2000].split())),
        ("{{ payload.million|add:payload.million }}", "2000000"),
        ("{{ payload.text|truncatechars:100000|length }}", "2000"),
        ("{{ payload.million|floatformat:'2' }}", "1000000.00"),
        ("{{ payload.list|join:', '|truncatechars:10 }}", "x, x, x, …"),
    ],
)
def test_what_people_write_reads_as_before(line, said):
    assert templates.fill(line, FILLED) == said


def test_a_template_has_a_greatest_length():
    assert templates.fill("x" * 4001, FILLED) == ""
    with pytest.raises(ValueError, match="4001 characters, at most 4000"):
        templates.check("x" * 4001, sample={})


def test_a_line_is_cut_after_blanks_have_shrunk():
    filled = templates.context(name="job.tested", category="job", payload={"a": " " * 5000 + "x"})
    assert templates.fill("{{ payload.a }} {{ payload.a }}", filled) == "x x"


@pytest.mark.parametrize("error", [MemoryError, RecursionError, OverflowError])
def test_no_error_of_the_machine_leaves_a_line(error):
    class Failing:
        def __str__(self) -> str:
            raise error

    filled = templates.context(name="job.tested", category="job", payload={}, actor=Failing())
    assert templates.fill("{{ actor }}", filled) == ""
