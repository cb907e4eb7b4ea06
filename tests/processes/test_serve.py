"""The embedded profile, as `make run` starts it."""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing

import httpx
import pytest

from events.checks.database import REFUSAL
from tests.processes import Process, Serve, free_port
from tests.processes.programs.slow_view import SLOW
from tests.processes.websocket_frames import listening, read, read_to_the_end

pytestmark = [pytest.mark.process, pytest.mark.embedded]


@pytest.fixture(scope="module")
def demo():
    with Serve("--demo") as serve:
        yield serve


def ended(*arguments: str, serve: Serve, env: dict[str, str] | None = None) -> tuple[int, str]:
    process = Process(*arguments, env=serve.env | (env or {}), folder=serve.folder)
    try:
        return process.wait(timeout=60), process.output
    finally:
        process.kill()


def test_it_prints_its_address_and_its_accounts(demo):
    demo.process.wait_for_output("Ctrl+C")
    assert demo.url in demo.process.output
    assert "admin, alice, bob, carol; the password is carillon-demo" in demo.process.output


def test_the_demo_is_routed_soon_after_the_start(demo):
    key = demo.manage("token", "alice").split()[-1]
    with listening(demo.url, key=key):
        count = httpx.get(f"{demo.url}/api/v1/notifications/unread-count", headers={"Authorization": f"Bearer {key}"})
    assert count.json()["count"] > 0


def test_the_sample_machine_s_disk_is_told_to_admin(demo):
    key = demo.manage("token", "admin").split()[-1]
    headers = {"Authorization": f"Bearer {key}"}
    for _ in range(100):
        rows = httpx.get(f"{demo.url}/api/v1/notifications?category=system", headers=headers).json()
        if rows:
            break
        threading.Event().wait(0.2)
    assert [row["payload"]["host"] for row in rows if row["event_type"] == "system.disk_warning"] == ["render-02"]


def test_what_another_process_publishes_reaches_an_open_socket(demo):
    key = demo.manage("token", "bob").split()[-1]
    with listening(demo.url, key=key) as socket:
        demo.manage(
            "publish", "job.completed", "--actor", "bob", "--source", "job:7", "--payload", '{"name": "Take 7"}'
        )
        frame = read(socket)
    assert frame["notification"]["title"] == "Take 7 finished"


def test_a_second_one_on_the_same_database_is_refused_in_one_sentence(demo):
    code, output = ended("manage.py", "serve", "--port", str(free_port()), serve=demo)
    assert code != 0
    assert f"(number {demo.process.pid}) already serves {demo.database}" in output
    assert len(output.strip().splitlines()) == 1


def test_a_taken_port_is_said_and_ends_it(demo):
    other = Serve()
    code, output = ended("manage.py", "serve", "--port", str(demo.port), serve=other)
    assert code != 0
    assert f"127.0.0.1:{demo.port}" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        ((), {"REDIS_URL": "redis://127.0.0.1:6379/0"}, "would not use REDIS_URL"),
        ((), {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "DATABASE_URL is PostgreSQL"),
        (("--demo",), {"DEBUG": "false", "SECRET_KEY": "x" * 60}, "needs DEBUG=true"),
    ],
)
def test_what_is_not_its_profile_is_refused_in_one_sentence(arguments, env, said):
    code, output = ended("manage.py", "serve", *arguments, serve=Serve(), env=env)
    assert code != 0
    assert said in output
    assert len(output.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def older() -> Serve:
    """Database as 0.1 left it, as far as anybody looks."""
    serve = Serve()
    serve.manage("migrate")
    with closing(sqlite3.connect(serve.database)) as made:
        for name in ("0002_seeded_types", "0003_database_rules"):
            made.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('events', ?, '2026-01-01')", [name]
            )
        made.commit()
    return serve


@pytest.mark.parametrize(
    "program", ["manage.py serve", "-m celery -A config worker --pool solo", "-m celery -A config beat"]
)
def test_a_database_of_0_1_is_refused_in_one_sentence(older, program):
    code, output = ended(*program.split(), serve=older)
    assert code == 1
    assert output.rstrip().endswith(REFUSAL)
    assert "Traceback" not in output


def test_sigterm_finishes_requests_sends_sockets_away_and_exits_0():
    with Serve("--demo", launcher="tests.processes.programs.slow_view") as serve:
        key = serve.manage("token", "alice").split()[-1]
        answers: list[httpx.Response] = []
        request = threading.Thread(target=lambda: answers.append(httpx.get(f"{serve.url}/slow", timeout=30)))
        with listening(serve.url, key=key) as socket:
            request.start()
            threading.Event().wait(0.7)
            serve.process.send(signal.SIGTERM)
            frames, code = read_to_the_end(socket)
        request.join()
        assert (frames[-1]["type"], frames[-1]["code"], code) == ("error", "going_away", 4503)
        assert answers[0].text == SLOW
        assert serve.process.wait(timeout=20) == 0


def test_an_answer_that_the_client_reads_slowly_arrives_whole():
    with Serve(launcher="tests.processes.programs.slow_view") as serve:
        with httpx.stream("GET", f"{serve.url}/big", timeout=30) as answer:
            serve.process.send(signal.SIGTERM)
            threading.Event().wait(1)
            size = sum(len(chunk) for chunk in answer.iter_bytes())
        assert size == 20_000_000
        assert serve.process.wait(timeout=20) == 0


def test_a_thread_that_dies_takes_the_process_along():
    serve = Serve(launcher="tests.processes.programs.dying_sweeper")
    code, output = ended(*serve.command, serve=serve)
    assert code == 1
    assert "The sweeper thread ended; stopping" in output


def test_ctrl_c_ends_it_without_a_traceback():
    with Serve() as serve:
        serve.process.send(signal.SIGINT)
        assert serve.process.wait() == 0
        assert "Traceback" not in serve.process.output
