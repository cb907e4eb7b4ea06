"""`manage.py publish --lines`: JSON lines in batches; what is wrong is said by its line."""

from __future__ import annotations

import gc
import io
import json
import tracemalloc

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from events.api.json_lines import LineRefusedError, publish_lines
from events.models import Event

pytestmark = pytest.mark.django_db
LINE = b'{"event_type": "job.completed", "source_entity_type": "job", "source_entity_id": 7}\n'


def run(content: bytes, **options: str) -> list[int]:
    return [progress.published for progress in publish_lines(io.BytesIO(content), **options)]


def test_every_line_is_an_event_and_empty_ones_are_none():
    assert run(LINE + b"\n" + LINE + LINE.strip()) == [3]
    assert Event.objects.count() == 3


def test_batches_are_stored_one_after_the_other():
    assert run(LINE * 2500) == [1000, 2000, 2500]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"{\n", "line 3: The body is not JSON"),
        (b'{"event_type": "job.done"}\n', "line 3: there is no event type 'job.done'"),
        (b'{"event_type": "job.completed", "colour": 1}\n', "line 3: colour: There is no such field"),
        (b'{"event_type": "job.completed", "source_entity_type": "Job", "source_entity_id": 1}\n', "line 3: "),
    ],
)
def test_a_bad_line_is_named_and_its_batch_is_not_stored(bad, said):
    with pytest.raises(LineRefusedError, match=said):
        run(LINE * 2 + bad + LINE)
    assert not Event.objects.exists()


def test_with_a_prefix_the_same_file_can_be_sent_again():
    assert run(LINE * 3, key_prefix="import-1") == [3]
    assert run(LINE * 4, key_prefix="import-1") == [1]


def test_statements_are_not_kept_with_debug_on(settings):
    settings.DEBUG = True
    run(LINE * 3000)
    assert sum(len(query["sql"]) for query in connection.queries_log) == 0


def test_memory_holds_one_batch():
    class Endless(io.BytesIO):
        left = 6000

        def readline(self, size: int | None = -1, /) -> bytes:
            self.left -= 1
            return LINE if self.left >= 0 else b""

    peaks = []
    tracemalloc.start()
    for _progress in publish_lines(Endless()):
        peaks.append(tracemalloc.get_traced_memory()[1])
        # When cycles of an earlier batch are collected otherwise depends on which tests ran before.
        gc.collect()
        tracemalloc.reset_peak()
    tracemalloc.stop()
    assert max(peaks[3:]) < 1.3 * max(peaks[:3])


def test_the_command_reads_a_file_and_says_how_many(tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_bytes(LINE * 3)
    call_command("publish", "--lines", str(path), stdout=(out := io.StringIO()))
    assert out.getvalue().strip() == "3 events published."


def test_on_a_terminal_the_bar_is_drawn_over_itself(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    path = tmp_path / "events.jsonl"
    path.write_bytes(LINE * 3)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    call_command("publish", "--lines", str(path), stdout=io.StringIO())
    drawn = terminal.getvalue()
    assert "100%" in drawn
    assert drawn.count("\n") == 1
    assert "\x1b[31" not in drawn


def test_the_command_says_what_it_lacks(tmp_path):
    with pytest.raises(CommandError, match="Name a TYPE"):
        call_command("publish")
    with pytest.raises(CommandError, match="can't be read"):
        call_command("publish", "--lines", str(tmp_path / "nothing"))
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps({"event_type": "x"}))
    with pytest.raises(CommandError, match="Stopped after 0 events: line 1"):
        call_command("publish", "--lines", str(path))
