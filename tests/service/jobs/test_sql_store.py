from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator

import pytest

from service.database.database import Database
from service.jobs.sql_store import SqlJobStore
from service.jobs.store import JobRecord, JobState, JobStore

Replica = Callable[..., JobStore]


@pytest.fixture
def replica(database_url: str) -> Iterator[Replica]:
    """`replica(lease_s=0)`: another replica over one fresh database."""
    databases: list[Database] = []

    def make(lease_s: float = 60.0) -> JobStore:
        databases.append(Database(database_url))
        return SqlJobStore(databases[-1], lease_s)

    yield make
    for database in databases:
        database.close()


def add(store: JobStore, owner: str = "ann") -> JobRecord:
    return store.add(uuid.uuid4().hex, owner, "input.jsonl", "desk.jsonl", {"style": "written"})


def test_jobs_are_leased_oldest_first_and_once(replica: Replica) -> None:
    one, other = replica(), replica()
    first, second = add(one), add(one)
    assert first.state is JobState.QUEUED
    leased = [one.lease(), other.lease(), one.lease()]
    assert [job.id if job else None for job in leased] == [first.id, second.id, None]


def test_a_dead_replicas_job_is_taken_over(replica: Replica) -> None:
    dead, alive = replica(lease_s=-1), replica()
    job = add(dead)
    assert dead.lease() is not None
    taken = alive.lease()
    assert taken is not None
    assert (taken.id, taken.attempts) == (job.id, 2)
    assert not dead.renew(job.id, {}, moved=False)
    dead.finish(job.id, JobState.FAILED, {}, "late")
    found = alive.get(job.id, "ann")
    assert found is not None
    assert found.state is JobState.RUNNING


def test_a_renewed_job_is_not_taken_over(replica: Replica) -> None:
    one, other = replica(), replica()
    job = add(one)
    one.lease()
    assert one.renew(job.id, {"done": 3}, moved=True)
    assert other.lease() is None
    found = one.get(job.id, "ann")
    assert found is not None
    assert (found.progress, found.attempts) == ({"done": 3}, 0)


def test_a_job_that_is_given_back_is_free_at_once(replica: Replica) -> None:
    one, other = replica(), replica()
    job = add(one)
    one.lease()
    one.give_back(job.id)
    taken = other.lease()
    assert taken is not None
    assert taken.attempts == 1


def test_a_cancelled_job_is_noticed_and_never_run_again(replica: Replica) -> None:
    one, other = replica(), replica()
    job = add(one)
    one.lease()
    cancelled = other.cancel(job.id, "ann")
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    assert not one.renew(job.id, {}, moved=False)
    one.finish(job.id, JobState.DONE, {})
    again = other.cancel(job.id, "ann")
    assert again is not None
    assert again.state is JobState.CANCELLED
    assert other.lease() is None


def test_jobs_are_their_owners(replica: Replica) -> None:
    store = replica()
    job = add(store, "ann")
    assert store.get(job.id, "bob") is None
    assert store.cancel(job.id, "bob") is None
    assert store.page("bob", 10) == []
    found = store.get(job.id, "ann")
    assert found is not None
    assert found.state is JobState.QUEUED


def test_pages_follow_each_other_without_gap_or_overlap(replica: Replica) -> None:
    store = replica()
    made = [add(store).id for _ in range(7)]
    listed: list[str] = []
    while page := store.page("ann", 3, listed[-1] if listed else None):
        listed += [job.id for job in page]
    assert sorted(listed) == sorted(made)
    assert listed[-1] == made[0] or len(set(listed)) == 7


def test_ended_jobs_expire(replica: Replica) -> None:
    store = replica()
    job, waiting = add(store), add(store)
    store.lease()
    store.finish(job.id, JobState.DONE, {"done": 1})
    assert store.expired(60) == []
    assert store.expired(-60) == [job.id]
    store.forget(job.id)
    assert store.get(job.id, "ann") is None
    assert store.get(waiting.id, "ann") is not None


def test_replicas_that_race_never_share_a_job(replica: Replica) -> None:
    stores = [replica() for _ in range(4)]
    made = {add(stores[0]).id for _ in range(12)}
    taken: list[str] = []

    def take(store: JobStore) -> None:
        while job := store.lease():
            taken.append(job.id)

    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 12
    assert set(taken) == made


def test_what_a_replica_holds_at_its_end_is_free_at_once(replica: Replica) -> None:
    one, other = replica(), replica()
    job = add(one)
    one.lease()
    one.give_back_all()
    taken = other.lease()
    assert taken is not None
    assert (taken.id, taken.attempts) == (job.id, 1)
