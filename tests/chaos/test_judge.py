"""The judge finds what it is there to find: a ledger with a loss, a double or a gap is never good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.cast import COMMENT, JOB
from tests.chaos.facts import Delivery, Event, Facts, Row
from tests.chaos.judge import Client, Verdict, grown, judge, keyed
from tests.chaos.sinks import Receipt

OWNER, WATCHER = 1, 2


@pytest.fixture
def facts() -> Facts:
    """The owner's job went to the feed and a webhook; what the owner commented, to the watcher's feed."""
    return Facts(
        positions=[1, 2],
        head=2,
        events=[Event(7, "chaos1d1x", 1, JOB, OWNER), Event(8, "chaos1h1x", 2, COMMENT, OWNER)],
        noted={7: "chaos1d1x"},
        rows=[
            Row(11, 7, OWNER, "in_app", seq=1, is_read=False),
            Row(12, 7, OWNER, "webhook", seq=0, is_read=False),
            Row(13, 8, WATCHER, "in_app", seq=1, is_read=False),
        ],
        inboxes={OWNER: (1, 1), WATCHER: (1, 1)},
        deliveries=[Delivery(21, 12, "webhook", "/owner", "sent", "", attempts=1, uncertain=0)],
        addresses={(OWNER, "webhook"): ["/owner"]},
        chosen={(OWNER, JOB): ["in_app", "webhook"]},
        watchers={OWNER, WATCHER},
    )


@pytest.fixture
def receipts() -> list[Receipt]:
    return [Receipt(0.0, "webhook", "/owner", "msg_20260329120000_21", "digest", taken=True)]


def verdict(
    facts: Facts,
    receipts: Sequence[Receipt],
    *,
    confirmed: Sequence[str] = ("chaos1d1x", "chaos1h1x"),
    clients: Sequence[Client] = (),
) -> Verdict:
    return judge(facts, confirmed=confirmed, receipts=keyed(receipts), clients=clients)


def changed(facts: Facts, **columns: Any) -> Facts:
    """Facts of which the first delivery differs so."""
    return replace(facts, deliveries=[replace(facts.deliveries[0], **columns)])


def test_all_that_is_as_it_should_be_is_good(facts, receipts):
    found = verdict(facts, receipts, clients=[Client(OWNER, seq=1, unread=1)])
    assert found.is_good, found.problems()


def test_a_confirmed_event_that_is_not_there_is_lost(facts, receipts):
    assert verdict(facts, receipts, confirmed=["chaos1h2x"]).lost


def test_a_note_without_its_event_is_lost(facts, receipts):
    assert verdict(replace(facts, noted={7: "chaos1d1x", 9: "chaos1d2x"}), receipts).lost


def test_an_event_without_the_note_of_its_transaction_is_wrong(facts, receipts):
    assert verdict(replace(facts, noted={}), receipts).wrong


def test_an_event_that_is_there_twice_is_wrong(facts, receipts):
    assert verdict(replace(facts, events=[*facts.events, replace(facts.events[0], pk=9)]), receipts).wrong


def test_an_event_without_a_position_is_lost(facts, receipts):
    assert verdict(replace(facts, positions=[1, 2, None]), receipts).lost


@pytest.mark.parametrize("positions", [[1, 3], [1, 1], [2, 3]])
def test_positions_with_a_gap_or_a_double_are_wrong(facts, receipts, positions):
    assert verdict(replace(facts, positions=positions, head=positions[-1]), receipts).wrong


def test_a_head_that_is_not_the_last_position_is_wrong(facts, receipts):
    assert verdict(replace(facts, head=3), receipts).wrong


def test_a_parked_event_is_lost(facts, receipts):
    assert verdict(replace(facts, parked=["disk full"]), receipts).lost


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_row_is_lost(facts, receipts, missing):
    assert verdict(replace(facts, rows=facts.rows[:missing] + facts.rows[missing + 1 :], deliveries=[]), receipts).lost


def test_a_row_that_nobody_asked_for_is_wrong(facts, receipts):
    rows = [*facts.rows, Row(14, 8, OWNER, "in_app", seq=2, is_read=True)]
    assert verdict(replace(facts, rows=rows, inboxes=facts.inboxes | {OWNER: (2, 1)}), receipts).wrong


def test_a_row_that_is_there_twice_is_wrong(facts, receipts):
    rows = [*facts.rows, replace(facts.rows[2], pk=14, seq=2)]
    assert verdict(replace(facts, rows=rows, inboxes=facts.inboxes | {WATCHER: (2, 2)}), receipts).wrong


@pytest.mark.parametrize("inbox", [(1, 0), (1, 2), (2, 1), (0, 1)])
def test_an_inbox_that_counts_other_than_its_rows_is_wrong(facts, receipts, inbox):
    assert verdict(replace(facts, inboxes=facts.inboxes | {WATCHER: inbox}), receipts).wrong


def test_seqs_of_one_who_has_read_may_have_gaps_and_no_doubles(facts, receipts):
    read = [*facts.rows[:2], replace(facts.rows[2], seq=3, is_read=True)]
    known = replace(facts, rows=read, inboxes=facts.inboxes | {WATCHER: (3, 0)})
    assert verdict(known, receipts).is_good
    twice = [*read, Row(14, 8, WATCHER, "in_app", seq=3, is_read=True)]
    assert verdict(replace(known, rows=twice), receipts).wrong


def test_what_was_confirmed_as_read_and_is_not_is_lost(facts, receipts):
    assert judge(facts, confirmed=[], receipts=keyed(receipts), clients=[], read=[13]).lost


def test_who_has_grown_too_much_is_named():
    assert grown({"web-1": 10, "beat": 10}, {"web-1": 21, "beat": 20}, most=10) == ["web-1 grew by 0 MiB"]


def test_an_address_without_its_delivery_is_lost(facts, receipts):
    assert verdict(replace(facts, addresses={(OWNER, "webhook"): ["/owner", "/other"]}), receipts).lost


@pytest.mark.parametrize("state", ["pending", "sending", "dead", "skipped"])
def test_a_delivery_that_is_not_sent_in_the_end_is_lost(facts, state):
    assert verdict(changed(facts, state=state), []).lost


def test_what_is_sent_and_was_not_received_is_lost(facts):
    assert verdict(facts, []).lost


def test_what_was_received_and_refused_is_lost(facts, receipts):
    assert verdict(facts, [replace(receipts[0], taken=False)]).lost


def test_a_double_has_no_excuse_where_every_answer_was_known(facts, receipts):
    found = verdict(changed(facts, attempts=2), receipts * 2)
    assert (len(found.doubled), len(found.unexcused), found.is_good) == (1, 1, False)


def test_a_double_after_an_uncertain_attempt_is_excused(facts, receipts):
    found = verdict(changed(facts, attempts=2, uncertain=1), receipts * 2)
    assert (len(found.doubled), len(found.unexcused), found.is_good) == (1, 0, True)


def test_one_uncertain_attempt_excuses_one_double(facts, receipts):
    assert verdict(changed(facts, attempts=3, uncertain=1), receipts * 3).unexcused


def test_other_bytes_under_one_id_are_wrong(facts, receipts):
    other = replace(receipts[0], digest="other", taken=False)
    assert verdict(changed(facts, attempts=2), [other, *receipts]).wrong


def test_what_belongs_to_no_delivery_is_wrong(facts, receipts):
    assert verdict(facts, [*receipts, replace(receipts[0], key="msg_20260329120000_22")]).wrong


@pytest.mark.parametrize("state", [(0, 1), (1, 0), (None, None)])
def test_a_client_that_knows_other_than_the_server_is_wrong(facts, receipts, state):
    seq, unread = state
    assert verdict(facts, receipts, clients=[Client(OWNER, seq=seq, unread=unread)]).wrong
