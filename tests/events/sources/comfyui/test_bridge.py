"""The bridge against a server that behaves as ComfyUI does: each state once, whatever is cut or restarted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.db import OperationalError

from events.entities import Entity
from events.models import Event
from events.sources.comfyui import bridge as comfyui
from events.sources.comfyui.bridge import Bridge
from events.sources.comfyui.client import LATEST, ComfyuiError, Server
from events.sources.comfyui.submit import submit
from events.sources.jobs import lifecycle
from tests.events.fakes.comfyui_server import ComfyuiServer

WORKFLOW = {str(node): {"class_type": "Node", "inputs": {}} for node in (4, 8, 9)}
ENDS = ("completed", "failed", "cancelled")


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    for name in ("FIRST_PAUSE", "TICK_SECONDS", "PAUSE_SECONDS", "PROGRESS_SECONDS"):
        monkeypatch.setattr(comfyui, name, 0.01)


def told() -> list[tuple[str, dict[str, Any]]]:
    rows = Event.objects.filter(event_type__category="job").order_by("id").values_list("event_type__name", "payload")
    return [(name.removeprefix("job."), payload) for name, payload in rows]


def states() -> list[str]:
    """Without progress: how much of that is told is a matter of time."""
    return [state for state, _ in told() if state != "progress"]


def _shares() -> list[float]:
    return [payload["progress"] for state, payload in told() if state == "progress"]


class Setup:
    """A server, and the bridges that come and go."""

    def __init__(self, server: ComfyuiServer) -> None:
        self.server = server
        self.bridge = self.new_bridge()

    def new_bridge(self, *, grace: float = 30) -> Bridge:
        return Bridge(Server(self.server.url), grace=grace)

    async def submit(self, **more: Any) -> str:
        facts = {"title": "Take 7"} | more
        prompt_id: str = await database_sync_to_async(submit)(WORKFLOW, url=self.server.url, **facts)
        return prompt_id

    @asynccontextmanager
    async def following(self, bridge: Bridge | None = None) -> AsyncIterator[Bridge]:
        bridge = bridge or self.bridge
        connections = self.server.connections
        running = asyncio.ensure_future(bridge.run())
        try:
            await self.until(lambda: self.server.connections > connections and bridge._latest is not None)
            yield bridge
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                await asyncio.sleep(0.005)

    async def wait_for(self, *wanted: str) -> None:
        try:
            async with asyncio.timeout(30):
                while (found := await database_sync_to_async(states)()) != list(wanted):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{found} instead of {list(wanted)}") from None

    async def until_progress(self, share: float) -> None:
        try:
            async with asyncio.timeout(30):
                while (found := await database_sync_to_async(_shares)()) == [] or found[-1] != round(share, 4):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{found} without {share}") from None

    async def settle(self) -> None:
        """Long enough for whatever would be told wrongly."""
        await asyncio.sleep(0.08)


RunScenario = Callable[[Callable[[Setup], Awaitable[None]]], None]


@pytest.fixture
def run_scenario(db, monkeypatch) -> RunScenario:
    """Run a scenario on a fresh setup; rows are read and written by this very thread, in the test's transaction."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)

    def run(scenario: Callable[[Setup], Awaitable[None]], **server: Any) -> None:
        async def whole() -> None:
            setup = Setup(await ComfyuiServer(**server).start())
            try:
                await scenario(setup)
            finally:
                await setup.server.stop()

        async_to_sync(whole)()

    return run


def test_a_prompt_submitted_through_the_bridge_belongs_to_a_person_and_a_job(run_scenario, owner):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.submit(actor=owner.pk, source=Entity("job", 42), project_id=7)
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.finish("out.png")
            await setup.wait_for("submitted", "started", "completed")

    run_scenario(scenario)
    for event in Event.objects.all():
        assert (event.source, event.actor_user_id, event.project_id) == (Entity("job", 42), owner.pk, 7)
    assert told()[-1][1]["name"] == "Take 7"
    assert told()[-1][1]["outputs"] == [{"node": "9", "filename": "out.png", "subfolder": "", "type": "output"}]


def test_progress_names_the_node_and_grows_over_the_whole_workflow(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.submit()
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            for node in ("4", "8"):
                await setup.server.execute(node)
                await setup.server.step(1, 2)
                await asyncio.sleep(0.05)
            await setup.server.finish()
            await setup.until(lambda: not setup.bridge.prompts)

    run_scenario(scenario)
    progress = [(payload["node"], payload["progress"]) for state, payload in told() if state == "progress"]
    assert progress[-1] == ("8", 0.5)
    assert [share for _, share in progress] == sorted(share for _, share in progress)
    assert states()[-1] == "completed"


def test_a_prompt_of_somebody_else_is_followed_through_queue_and_history(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.server.queue_prompt(WORKFLOW)
            await setup.wait_for("submitted")
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.finish("out.png")
            await setup.wait_for("submitted", "started", "completed")

    run_scenario(scenario)
    assert told()[-1][1]["outputs"][0]["filename"] == "out.png"


def test_a_prompt_that_came_and_went_between_two_looks_is_told_whole(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.settle()
            setup.server.pending.append([1, "quick", WORKFLOW, {"client_id": "somebody"}, []])
            setup.server.running.append(setup.server.pending.pop())
            setup.server.messages = []
            await setup.server.tell("execution_start")
            await setup.server.finish()
            await setup.wait_for("submitted", "completed")

    run_scenario(scenario)


def test_what_a_server_did_before_it_was_first_met_is_not_told(run_scenario):
    async def scenario(setup: Setup) -> None:
        for _ in range(60):
            await setup.server.queue_prompt(WORKFLOW)
            await setup.server.begin()
            await setup.server.finish()
        async with setup.following():
            await setup.settle()

    run_scenario(scenario)
    assert states() == []


def test_what_ran_while_the_bridge_was_away_is_told_when_it_is_back(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.settle()
        await setup.server.queue_prompt(WORKFLOW)
        await setup.server.begin()
        await setup.server.finish()
        async with setup.following(setup.new_bridge()):
            await setup.wait_for("submitted", "completed")

    run_scenario(scenario)


@pytest.mark.parametrize("by", ["bridge", "somebody"])
def test_an_error_gives_type_message_and_node_and_its_traceback_stays_in_the_log(run_scenario, caplog, by):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await (setup.submit() if by == "bridge" else setup.server.queue_prompt(WORKFLOW))
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.fail()
            await setup.wait_for("submitted", "started", "failed")

    run_scenario(scenario)
    payload = told()[-1][1]
    assert payload["error"] == "CUDA out of memory"
    assert (payload["error_type"], payload["node"], payload["node_type"]) == (
        "torch.OutOfMemoryError",
        "4",
        "KSampler",
    )
    assert "secret.py" not in str(payload)
    assert "secret.py, line 7" in caplog.text


@pytest.mark.parametrize("by", ["bridge", "somebody"])
def test_an_interrupted_prompt_is_cancelled(run_scenario, by):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await (setup.submit() if by == "bridge" else setup.server.queue_prompt(WORKFLOW))
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.interrupt()
            await setup.wait_for("submitted", "started", "cancelled")

    run_scenario(scenario)


def test_a_prompt_taken_out_of_the_queue_is_cancelled(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            prompt_id = await setup.server.queue_prompt(WORKFLOW)
            await setup.wait_for("submitted")
            await setup.server.remove(prompt_id)
            await setup.wait_for("submitted", "cancelled")

    run_scenario(scenario)


def test_older_servers_say_the_end_with_a_node_of_none_and_progress_without_a_prompt(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.submit()
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.execute("4")
            await setup.server.step(1, 2)
            await asyncio.sleep(0.05)
            await setup.server.finish(says_success=False)
            await setup.wait_for("submitted", "started", "completed")

    run_scenario(scenario, names_prompts=False, has_times=False)
    assert [payload["progress"] for state, payload in told() if state == "progress"][-1] == 0.1667


def test_cached_nodes_count_as_done_and_newer_servers_tell_the_state_of_all_nodes(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.submit()
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.tell("execution_cached", nodes=["4"])
            await setup.until_progress(1 / 3)
            states = {"8": {"state": "running", "value": 1, "max": 2}, "9": {"state": "pending", "value": 0, "max": 1}}
            await setup.server.tell("progress_state", nodes=states)
            await setup.until_progress(0.5)
            states["8"] = {"state": "finished", "value": 2, "max": 2}
            await setup.server.tell("progress_state", nodes=states)
            await setup.until_progress(2 / 3)
            await setup.server.finish()
            await setup.wait_for("submitted", "started", "completed")

    run_scenario(scenario)
    assert {payload["node"] for state, payload in told() if state == "progress" and "node" in payload} == {"8"}


STEPS = ["connected", "queued", "started", "in_a_node", "finished", "all"]


@pytest.mark.parametrize("by", ["bridge", "somebody"])
@pytest.mark.parametrize("step", STEPS)
def test_a_cut_at_any_step_doubles_and_loses_nothing(run_scenario, step, by):
    async def scenario(setup: Setup) -> None:
        async def cut(here: str) -> None:
            if step in (here, "all"):
                await setup.server.drop()

        async with setup.following(setup.new_bridge()):
            await cut("connected")
            await (setup.submit() if by == "bridge" else setup.server.queue_prompt(WORKFLOW))
            await setup.wait_for("submitted")
            await cut("queued")
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await cut("started")
            await setup.server.execute("4")
            await cut("in_a_node")
            await setup.server.finish("out.png")
            await cut("finished")
            await setup.wait_for("submitted", "started", "completed")
            await setup.settle()

    run_scenario(scenario)
    assert states() == ["submitted", "started", "completed"]


@pytest.mark.parametrize("step", ["queued", "started", "finished"])
def test_a_bridge_that_is_restarted_at_any_step_doubles_and_loses_nothing(run_scenario, step):
    async def scenario(setup: Setup) -> None:
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "queued": setup.submit,
            "started": setup.server.begin,
            "finished": setup.server.finish,
        }
        bridge = setup.new_bridge()
        for name, act in acts.items():
            async with setup.following(bridge):
                await setup.settle()
                if name != step:
                    await act()
                    await setup.settle()
            if name == step:
                await act()
            bridge = setup.new_bridge()
        async with setup.following(bridge):
            await setup.settle()

    run_scenario(scenario)
    assert states() == ["submitted", "started", "completed"]


@pytest.mark.parametrize("by", ["bridge", "somebody"])
def test_a_server_that_goes_away_while_a_prompt_runs_gives_one_failure_after_the_grace_time(run_scenario, by):
    async def scenario(setup: Setup) -> None:
        bridge = setup.new_bridge(grace=0.3)
        async with setup.following(bridge):
            await (setup.submit() if by == "bridge" else setup.server.queue_prompt(WORKFLOW))
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.stop()
            await asyncio.sleep(0.1)
            assert await database_sync_to_async(states)() == ["submitted", "started"]
            await setup.wait_for("submitted", "started", "failed")
            await setup.server.start()
            await setup.server.finish()
            await setup.settle()

    run_scenario(scenario)
    assert states() == ["submitted", "started", "failed"]
    assert told()[-1][1]["error"] == "The ComfyUI server went away"


def test_a_server_that_restarts_has_lost_what_ran_and_what_waited(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following(setup.new_bridge(grace=0.05)):
            await setup.server.queue_prompt(WORKFLOW)
            await setup.wait_for("submitted")
            await setup.server.stop()
            setup.server.forget()
            await setup.server.start()
            await setup.wait_for("submitted", "failed")

    run_scenario(scenario)
    assert told()[-1][1]["error"] == "The ComfyUI server knows the prompt no more"


def test_a_bridge_that_starts_while_the_server_is_away_gives_up_what_ran(run_scenario):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.submit()
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
        await setup.server.stop()
        running = asyncio.ensure_future(setup.new_bridge(grace=0.05).run())
        await setup.wait_for("submitted", "started", "failed")
        running.cancel()
        await setup.server.start()

    run_scenario(scenario)


def test_calls_that_fail_are_made_again(run_scenario, caplog):
    async def scenario(setup: Setup) -> None:
        async with setup.following():
            setup.server.refuses_calls = True
            await setup.server.queue_prompt(WORKFLOW)
            await setup.until(lambda: "could not be compared" in caplog.text)
            setup.server.refuses_calls = False
            await setup.wait_for("submitted")

    run_scenario(scenario)


def test_a_database_that_is_away_delays_the_end_and_loses_nothing(run_scenario, monkeypatch):
    real, tries = lifecycle.end, []

    def hesitant(*args: Any, **kwargs: Any) -> bool:
        tries.append(args)
        if len(tries) < 3:
            raise OperationalError("the database is away")
        return real(*args, **kwargs)

    monkeypatch.setattr(lifecycle, "end", hesitant)

    async def scenario(setup: Setup) -> None:
        async with setup.following():
            await setup.submit()
            await setup.server.begin()
            await setup.wait_for("submitted", "started")
            await setup.server.finish()
            await setup.wait_for("submitted", "started", "completed")

    run_scenario(scenario)


def test_nothing_is_remembered_of_thousands_of_prompts_in_the_history(run_scenario):
    async def scenario(setup: Setup) -> None:
        for number in range(3000):
            setup.server.history[str(number)] = {"prompt": [number, str(number), {}, {}, []], "status": {}}
        async with setup.following():
            await setup.server.queue_prompt(WORKFLOW)
            await setup.wait_for("submitted")
            await setup.server.begin()
            await setup.server.finish()
            await setup.until(lambda: not setup.bridge.prompts)
            assert len(setup.bridge._latest or ()) <= LATEST

    run_scenario(scenario)
    assert (states()[0], states()[-1]) == ("submitted", "completed")
    assert Event.objects.values("source_entity_id").distinct().count() == 1


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"type": "progress"},
        {"type": "progress", "data": []},
        {"type": 7, "data": {}},
        {"type": "progress_state", "data": {"nodes": [1]}},
        {"type": "execution_error", "data": {"prompt_id": {"a": 1}}},
    ],
)
def test_frames_that_say_nothing_are_passed_over(run_scenario, frame):
    async def scenario(setup: Setup) -> None:
        await setup.bridge._on_frame(frame)

    run_scenario(scenario)
    assert states() == []


def test_what_is_refused_is_said_and_not_told(run_scenario):
    async def scenario(setup: Setup) -> None:
        with pytest.raises(ComfyuiError, match="answered 400: No prompt provided it is empty"):
            await Server(setup.server.url).submit({}, extra_data={})

    run_scenario(scenario)


def test_a_server_that_does_not_answer_is_given_up_at_the_deadline(run_scenario, monkeypatch):
    monkeypatch.setattr("events.sources.comfyui.client.CALL_SECONDS", 0.05)

    async def keep_silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    async def scenario(setup: Setup) -> None:
        silent = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        server = Server(f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        with pytest.raises(ComfyuiError, match="no answer within"):
            await server.queue()
        with pytest.raises(ComfyuiError, match="no answer within"):
            async with server.socket():
                pass
        silent.close()

    run_scenario(scenario)


@pytest.mark.parametrize("url", ["localhost:8188", "ftp://host", "http://", ""])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="is not the address of a ComfyUI server"):
        Server(url)
