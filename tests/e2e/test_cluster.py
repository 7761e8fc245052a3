"""The topology of docker-compose.yml as processes: what one gateway is asked is watched, held and kept at another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from tests.e2e.local_cluster import WORKERS, Event, Gateway, LocalCluster, Viewer, require_programs, until
from tests.e2e.local_stack import Tenant, comparable
from tests.e2e.test_live_steps import asked_twice, reads

# Starting all of it takes half a minute, on a busy machine several.
pytestmark = pytest.mark.timeout(900)

STORED = "How many people are in each status?"
LIVE = "Which active users have which MFA factors, from the live API?"
# So slow that a live step takes several seconds and every kill meets it at work.
SLOW = {"HOLDFAST_OKTA__CONCURRENCY": "4"}
LATENCY = "0.15"


@dataclass(frozen=True)
class Served:
    """A cluster that serves, with a snapshot and a key of somebody who asks."""

    cluster: LocalCluster
    key: str
    undisturbed: dict[str, Any]

    @property
    def gateways(self) -> tuple[Gateway, Gateway]:
        return self.cluster.gateways(self.key)

    def live_question(self, gateway: Gateway) -> tuple[str, float]:
        """A question whose live step reads the tenant by now, and when it was asked."""
        before = len(self.cluster.tenant.requests())
        question_id = gateway.ask(LIVE)
        until(lambda: len(self._factor_reads(before)) >= 10, "the step to read the tenant")
        return question_id, self._factor_reads(before)[0]["time"]

    def _factor_reads(self, before: int) -> list[dict[str, Any]]:
        return [read for read in self.cluster.tenant.requests()[before:] if "/factors" in read["path"]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    require_programs()
    with (
        Tenant(tmp_path_factory.mktemp("tenant"), users=80, latency=LATENCY) as tenant,
        LocalCluster(tmp_path_factory.mktemp("cluster"), tenant, SLOW) as cluster,
    ):
        cluster.run("sync")
        undisturbed = cluster.ask(LIVE)
        assert undisturbed["success"], undisturbed
        yield Served(cluster, cluster.make_key("ada", "asker"), comparable(undisturbed))


def assert_whole(events: list[Event]) -> None:
    """Every event once, in order, to the last."""
    assert [event.offset for event in events] == list(range(len(events)))
    assert events[-1].kind == "FINAL-RESULT"


def answer_of(gateway: Gateway, question_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = gateway.call("GET", f"/api/questions/{question_id}/answer").json()
    return answer


def test_what_one_gateway_was_asked_another_one_shows(served: Served) -> None:
    first, second = served.gateways
    question_id = first.ask(STORED)
    watched = Viewer(second, question_id).ended()
    assert_whole(watched)
    assert list(first.events(question_id)) == watched
    assert answer_of(first, question_id) == answer_of(second, question_id)


def test_when_the_worker_of_a_live_step_is_killed_the_other_goes_on_and_asks_nothing_twice(served: Served) -> None:
    first, second = served.gateways
    question_id, asked_at = served.live_question(first)
    viewer = Viewer(second, question_id)
    killed_at = served.cluster.kill(served.cluster.worker_at_work())
    events = viewer.ended()
    assert viewer.lost is None
    assert_whole(events)
    assert len(reads(served.cluster.tenant, asked_at)) >= 10
    assert asked_twice(served.cluster.tenant, asked_at, [killed_at]) == {}
    shown = json_of(served.cluster, question_id)
    assert comparable(shown) == served.undisturbed


def json_of(cluster: LocalCluster, question_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(cluster.run("watch", "--json", question_id).stdout)
    return answer


def test_when_a_watched_gateway_is_killed_the_other_shows_the_rest_and_no_event_again(served: Served) -> None:
    first, second = served.gateways
    question_id, _ = served.live_question(first)
    viewer = Viewer(first, question_id)
    until(lambda: len(viewer.seen) >= 3, "some events")
    old = served.cluster.pid("first gateway")
    served.cluster.kill("first gateway")
    before = viewer.ended()
    assert isinstance(viewer.lost, httpx.TransportError), "the gateway was killed while it was watched"
    after = Viewer(second, question_id, after=before[-1].offset).ended()
    assert_whole([*before, *after])
    served.cluster.await_new("first gateway", old)
    until(first.is_ready, "the first gateway to serve again")
    assert list(first.events(question_id)) == [*before, *after]


def test_a_question_held_at_a_review_outlives_everything_that_is_deployed_anew(served: Served) -> None:
    first, _ = served.gateways
    question_id = first.ask(STORED, approve_plan=True)
    until(lambda: first.state(question_id) == "BLOCKED", "the plan to wait for its review")
    served.cluster.down()
    served.cluster.up()
    first, second = served.gateways
    assert second.state(question_id) == "BLOCKED"
    reviewer = Gateway(second.url, served.cluster.make_key("rhea", "reviewer"))
    decided = reviewer.call("POST", f"/api/questions/{question_id}/reviews", json={"decision": "approve"})
    assert decided.status_code == 201, decided.text
    events = Viewer(first, question_id).ended()
    assert_whole(events)
    kinds = [event.kind for event in events]
    assert kinds.index("REVIEW-REQUESTED") < kinds.index("REVIEW-DECIDED") < kinds.index("FINAL-RESULT")
    assert first.state(question_id) == "COMPLETED"


def test_a_question_held_at_a_review_outlives_workers_temporal_and_postgres_that_are_killed(served: Served) -> None:
    first, second = served.gateways
    question_id = first.ask(STORED, approve_plan=True)
    until(lambda: first.state(question_id) == "BLOCKED", "the plan to wait for its review")
    victims = ("PostgreSQL", "Temporal", *WORKERS)
    old = {name: served.cluster.pid(name) for name in victims}
    for name in victims:
        served.cluster.kill(name)
    for name, pid in old.items():
        served.cluster.await_new(name, pid)
    until(second.is_ready, "Temporal to answer again")
    reviewer = Gateway(second.url, served.cluster.make_key("rhea", "reviewer"))
    decided = reviewer.call("POST", f"/api/questions/{question_id}/reviews", json={"decision": "approve"})
    assert decided.status_code == 201, decided.text
    assert_whole(Viewer(first, question_id).ended())
    assert first.state(question_id) == "COMPLETED"


def test_a_key_holds_at_every_gateway_and_is_revoked_at_every_gateway(served: Served) -> None:
    admin = Gateway(served.gateways[0].url, served.cluster.make_key("root", "administrator"))
    made = admin.call("POST", "/api/keys", json={"subject": "bob", "name": "report", "roles": ["asker"]})
    assert made.status_code == 201, made.text
    first, second = served.cluster.gateways(made.json()["text"])
    assert [gateway.call("GET", "/api/questions").status_code for gateway in (first, second)] == [200, 200]
    revoked = Gateway(second.url, admin.key).call("DELETE", f"/api/keys/{made.json()['key']['id']}")
    assert revoked.status_code < 300, revoked.text
    assert [gateway.call("GET", "/api/questions").status_code for gateway in (first, second)] == [401, 401]


def test_postgres_lets_nobody_in_without_a_password(served: Served) -> None:
    address = served.cluster.record["access_store"].replace("+psycopg", "").partition("?")[0]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(address, passfile="/nonexistent", connect_timeout=10)
