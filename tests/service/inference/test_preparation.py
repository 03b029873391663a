"""Articles are prepared in processes: none takes longer than it may, and none harms another."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Article
from models.errors import EmptyArticle, PreparationFailed
from service.errors import ModelUnavailable
from service.http.problems import problem_type_of
from service.inference.batching import Lane
from service.inference.preparation import MAX_PASSES, PreparingPool, _Queue
from service.inference.preparation_workers import LONG_CHARS, ForkedProcess, Preparation, Template
from tests.support.preparers import prepare

WAIT_S = 60


@pytest.fixture(scope="module")
def pool() -> Iterator[PreparingPool]:
    with closing(PreparingPool(prepare, processes=2, cpu_s=0.3)) as opened:
        yield opened


def test_articles_are_prepared_elsewhere(pool: PreparingPool) -> None:
    assert pool.submit(Article("rain")).result(WAIT_S) == "RAIN"
    assert pool.submit(Article("pid")).result(WAIT_S) != str(os.getpid())
    many = [pool.submit(Article(f"rain {n}")) for n in range(200)]
    assert [one.result(WAIT_S) for one in many] == [f"RAIN {n}" for n in range(200)]


def test_what_an_article_raises_comes_back(pool: PreparingPool) -> None:
    with pytest.raises(EmptyArticle, match="no text"):
        pool.submit(Article("empty")).result(WAIT_S)
    with pytest.raises(RuntimeError, match="a library failed") as caught:
        pool.submit(Article("broken")).result(WAIT_S)
    assert "preparers.py" in caught.value.__notes__[0]


def test_one_that_takes_too_much_processor_time_is_refused_and_others_are_not(
    pool: PreparingPool,
) -> None:
    stuck = [pool.submit(Article("spin")) for _ in range(3)]
    others = [pool.submit(Article("rain")) for _ in range(20)]
    for one in stuck:
        with pytest.raises(PreparationFailed, match=r"more than 0\.3 s of processor time"):
            one.result(WAIT_S)
    assert [one.result(WAIT_S) for one in others] == ["RAIN"] * 20
    assert problem_type_of(PreparationFailed()).status == 422


def test_time_alone_is_no_reason_to_refuse(pool: PreparingPool) -> None:
    assert pool.submit(Article("wait0.7")).result(WAIT_S) == "WAIT0.7"


def test_one_that_ends_its_process_is_refused_and_others_are_not(pool: PreparingPool) -> None:
    dead = [pool.submit(Article("die")) for _ in range(3)]
    other = pool.submit(Article("rain"))
    for one in dead:
        with pytest.raises(PreparationFailed, match="ended its process"):
            one.result(WAIT_S)
    assert other.result(WAIT_S) == "RAIN"


def test_one_that_is_given_up_ends_at_once() -> None:
    with closing(PreparingPool(prepare, processes=1, cpu_s=3600)) as pool:
        first = pool.submit(Article("pid")).result(WAIT_S)
        stuck = pool.submit(Article("spin"))
        while not stuck.running():
            pass
        waiting = pool.submit(Article("rain"))
        assert waiting.cancel()
        stuck.cancel()
        assert pool.submit(Article("pid")).result(WAIT_S) != first


def test_a_worker_that_was_lost_costs_no_article() -> None:
    with closing(PreparingPool(prepare, processes=1, cpu_s=3600)) as pool:
        pid = int(pool.submit(Article("pid")).result(WAIT_S))
        os.kill(pid, 9)
        assert pool.submit(Article("rain")).result(WAIT_S) == "RAIN"


def test_one_that_is_given_up_as_it_is_done_costs_the_next_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its process is ended when it has given its outcome: the next article gets another."""

    template = Template(prepare, 3600, users=1)
    worker = ForkedProcess(template, 3600)
    given_up = Preparation(Article("rain"), Lane.BULK)
    loads = pickle.loads

    def loads_late(content: bytes) -> object:
        given_up.cancel()
        return loads(content)

    given_up.set_running_or_notify_cancel()
    with closing(worker):
        with monkeypatch.context() as patched:
            patched.setattr(pickle, "loads", loads_late)
            assert worker.prepare(given_up) == "RAIN"
        monkeypatch.setattr(worker, "_failure", lambda _: AssertionError("sent to the dead"))
        assert worker.prepare(Preparation(Article("snow"), Lane.BULK)) == "SNOW"


def test_the_template_is_replaced_where_it_is_lost() -> None:
    with closing(PreparingPool(prepare, processes=1, cpu_s=3600)) as pool:
        pid = int(pool.submit(Article("pid")).result(WAIT_S))
        os.kill(parent_of(pid), 9)
        with pytest.raises(PreparationFailed):
            pool.submit(Article("die")).result(WAIT_S)
        assert pool.submit(Article("rain")).result(WAIT_S) == "RAIN"


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))


def test_a_closed_pool_answers_all_and_leaves_no_process() -> None:
    pool = PreparingPool(prepare, processes=1, cpu_s=3600)
    pid = int(pool.submit(Article("pid")).result(WAIT_S))
    given = [pool.submit(Article("spin")), pool.submit(Article("rain"))]
    pool.close()
    for one in (*given, pool.submit(Article("rain"))):
        with pytest.raises(ModelUnavailable):
            one.result(WAIT_S)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_finished_pool_prepares_what_it_has() -> None:
    pool = PreparingPool(prepare, processes=1, cpu_s=3600)
    given = [pool.submit(Article("rain")) for _ in range(5)]
    pool.finish()
    assert [one.result(WAIT_S) for one in given] == ["RAIN"] * 5
    with pytest.raises(ModelUnavailable):
        pool.submit(Article("rain")).result(WAIT_S)
    pool.close()


def test_without_processes_articles_are_prepared_here() -> None:
    with closing(PreparingPool(prepare, processes=0, cpu_s=1)) as pool:
        assert pool.submit(Article("pid")).result(WAIT_S) == str(os.getpid())
        with pytest.raises(EmptyArticle):
            pool.submit(Article("empty")).result(WAIT_S)


def test_a_worker_loads_neither_torch_nor_the_service() -> None:
    with closing(PreparingPool(prepare, processes=1, cpu_s=60)) as pool:
        loaded = pool.submit(Article("modules")).result(WAIT_S).split()
    assert not {"torch", "transformers", "fastapi", "sqlalchemy", "uvicorn"} & set(loaded)


def queue(*articles: tuple[str, Lane], most_slow: int = 1) -> _Queue:
    made = _Queue(most_slow)
    for text, lane in articles:
        made.add(Preparation(Article(text), lane))
    return made


LONG = "x" * (LONG_CHARS + 1)


def take(waiting: _Queue) -> Preparation:
    taken = waiting.take()
    assert taken is not None
    return taken


def test_slow_articles_never_have_all_workers() -> None:
    waiting = queue((LONG, Lane.BULK), (LONG, Lane.BULK), ("quick", Lane.BULK), most_slow=1)
    taken = [take(waiting), take(waiting)]
    assert [one.article.text for one in taken] == ["quick", LONG]
    waiting.add(Preparation(Article("later"), Lane.BULK))
    assert take(waiting).article.text == "later"
    waiting.done(taken[1])
    assert take(waiting).article.text == LONG


def test_interactive_articles_go_first_but_bulk_gets_its_turn() -> None:
    many = [(f"desk {n}", Lane.INTERACTIVE) for n in range(2 * MAX_PASSES)]
    waiting = queue(("bulk", Lane.BULK), *many)
    order = [take(waiting).article.text for _ in range(len(many) + 1)]
    assert order.index("bulk") == MAX_PASSES
    order.remove("bulk")
    assert order == [text for text, _ in many]


@given(
    st.lists(st.tuples(st.sampled_from(["quick", LONG]), st.sampled_from(Lane)), max_size=40),
    st.integers(1, 3),
)
def test_every_article_is_taken_once(articles: list[tuple[str, Lane]], most_slow: int) -> None:
    waiting = queue(*articles, most_slow=most_slow)
    waiting.finish()
    taken = []
    while (one := waiting.take()) is not None:
        taken.append((one.article.text, one.line[0]))
        waiting.done(one)
    assert sorted(taken) == sorted(articles)
