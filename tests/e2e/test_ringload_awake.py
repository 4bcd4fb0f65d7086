"""Processors are kept awake for the open model, and that is no load.

Guards against a generator that sends late what is due because its processor
slept, and against one that takes the time spent against that for its own.
"""

import os
import resource

import pytest

from ringload import run_json

CONF = 'location / { return 200 "hello"; }'


@pytest.fixture
def url(start):
    return "http://127.0.0.1:%d/" % start(server=CONF).port


@pytest.fixture
def one_processor():
    """This process, and what it starts from now on, runs on one only."""
    before = os.sched_getaffinity(0)
    if os.sysconf("SC_NPROCESSORS_ONLN") < 2:
        pytest.skip("there is but one processor")
    os.sched_setaffinity(0, {max(before)})
    yield
    os.sched_setaffinity(0, before)


def used():
    """Processor time of the programs that were run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def test_the_time_is_told_apart(url, one_processor):
    before = used()
    result = run_json("-R", 200, "-d", "2s", "-t", 1, url)
    health = result["health"]
    assert health["awake_seconds"] > 0
    # Both, and what came before and after the test.
    assert used() - before > (health["awake_seconds"] +
                              health["cpu_seconds"]) * 0.9
    assert health["cpu_seconds"] < 1.5
    assert "of a core" not in str(result["verdict"]["reasons"])


def test_none_is_spared_for_more_threads(url, one_processor):
    result = run_json("-R", 200, "-d", "1s", "-t", 2, url)
    assert result["requests"] == 200
    assert result["health"]["awake_seconds"] == 0


def test_the_closed_model_needs_none(url, one_processor):
    result = run_json("-c", 1, "-d", "0.5s", "-t", 1, url)
    assert result["health"]["awake_seconds"] == 0
