"""The life of the processes: titles, crashes, back-off, users, limits."""

import os
import pathlib
import resource
import signal
import time

import pytest
from conftest import (PATIENCE, Client, alive, children, free_port, title,
                      wait_for)
from load import Load

HELLO = 'location / { return 200 "hello"; }'
NOBODY = 65534


def stop_process(pid):
    os.kill(pid, signal.SIGSTOP)
    stat = pathlib.Path("/proc/%d/stat" % pid)
    wait_for(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T")


def uid(pid):
    for line in pathlib.Path("/proc/%d/status" % pid).read_text() \
            .splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[2])
    raise ValueError(pid)


def test_titles(start):
    server = start(server=HELLO)
    assert title(server.pid()).startswith("ringmaster: master process /")
    wait_for(lambda: [title(pid) for pid in children(server.pid())] ==
             ["ringmaster: worker process"] * 2)


def test_pid_file_is_there_once_it_listens_and_goes(start):
    server = start(server=HELLO)
    assert server.pid() == server.process.pid
    assert server.get("/").status == 200
    assert server.stop(signal.SIGTERM) == 0
    assert not server.pid_file.exists()


def test_quit_and_term_leave_nobody(start):
    for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
        server = start(server=HELLO, workers=3)
        workers = server.workers()
        assert len(workers) == 3
        assert server.stop(number) == 0
        assert not [pid for pid in workers if alive(pid)]
        assert server.log().count("exited with code 0") == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_workers_are_another_user(start):
    server = start(server=HELLO)
    assert uid(server.pid()) == 0
    wait_for(lambda: {uid(pid) for pid in server.workers()} == {NOBODY})


def test_killed_worker_is_replaced_at_once(start):
    server = start(server=HELLO)
    server.bad_lines_expected = True
    time.sleep(1)
    with Load(server, new=3, kept=0) as load:
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: len(server.workers()) == 2 and
                 victim not in server.workers(), 1)
        time.sleep(0.3)
    # Only what the killed worker was serving may be lost.
    assert len(load.failed) <= 3
    assert load.longest < 1
    assert "worker process %d exited on signal 9" % victim in server.log()


def test_all_workers_killed(start):
    server = start(server=HELLO)
    server.bad_lines_expected = True
    time.sleep(1)
    before = server.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(set(server.workers()) - set(before)) == 2)
    assert server.get("/").body == b"hello"


def test_a_terminated_worker_is_replaced_without_an_alert(start):
    server = start(server=HELLO)
    victim = server.workers()[0]
    os.kill(victim, signal.SIGTERM)
    wait_for(lambda: len(server.workers()) == 2 and
             victim not in server.workers(), 1)
    assert "worker process %d exited with code 0" % victim in server.log()


def test_workers_that_die_early_are_started_less_and_less_often(start):
    server = start(server=HELLO, workers=1)
    server.bad_lines_expected = True

    def starts():
        return server.log().count("start worker process ")
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    # 0, 0.1, 0.2, 0.4, 0.8 s apart.
    assert 4 <= starts() <= 7
    wait_for(server.workers)
    assert server.get("/").body == b"hello"


def test_slot_that_waits_for_its_worker_is_served_by_others(start):
    server = start(server=HELLO, workers=2)
    server.bad_lines_expected = True
    victim = server.workers()[0]
    other = server.workers()[1]
    for _ in range(6):		# then the next comes 1.6 s later
        victim = wait_for(lambda: set(server.workers()) - {other}).pop()
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: not alive(victim))
    for _ in range(20):
        assert server.get("/").body == b"hello"
    assert server.workers() == [other], "none was asked while the slot waited"


def test_stopped_worker_gets_no_connections(start):
    server = start(server=HELLO, workers=2)
    victim = server.workers()[0]
    stop_process(victim)
    try:
        time.sleep(0.6)
        for _ in range(40):
            assert server.get("/").body == b"hello"
    finally:
        os.kill(victim, signal.SIGCONT)
    time.sleep(0.3)
    with Load(server) as load:
        time.sleep(0.3)
    assert not load.failed
    assert victim in server.workers()


def test_connections_queued_at_a_stopped_worker_are_served(start):
    server = start(server=HELLO, workers=2)
    victim = server.workers()[0]
    stop_process(victim)
    try:
        clients = [server.connect(1.5) for _ in range(20)]
        for client in clients:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients:
            assert client.response().body == b"hello"
            client.close()
    finally:
        os.kill(victim, signal.SIGCONT)


def test_workers_drain_and_leave_when_the_master_is_killed(start):
    server = start(server=HELLO)
    workers = server.workers()
    kept = server.connect()
    assert kept.request("/").status == 200
    os.kill(server.pid(), signal.SIGKILL)
    server.process.wait(PATIENCE)
    wait_for(lambda: not [pid for pid in workers if alive(pid)])
    kept.close()
    # A new one can start in its place.
    server.pid_file.unlink()
    server.start()
    assert server.get("/").body == b"hello"


def test_second_server_on_a_port_is_refused(start, make):
    first = start(server=HELLO)
    second = make()
    second.port = first.port
    second.write(server=HELLO)
    done = second.command()
    assert done.returncode == 1
    assert "ringmaster: [emerg] bind() to 127.0.0.1:%d failed " \
        "(98: Address already in use)" % first.port in done.stdout
    assert not second.pid_file.exists()
    assert first.get("/").body == b"hello"


def test_wildcard_and_address_of_one_port(start):
    server = start(http="server { listen 0.0.0.0:%%PORT%%; }", server=HELLO)
    assert server.get("/").body == b"hello"
    server.reload()
    assert server.get("/").body == b"hello"


def test_one_socket_a_worker_slot(start):
    server = start(server=HELLO, workers=4)
    port = "%04X" % server.port
    lines = [line for line in
             pathlib.Path("/proc/net/tcp").read_text().splitlines()
             if ":%s 00000000:0000 0A" % port in line]
    assert len(lines) == 4


def test_unix_socket(start):
    server = start(http="server { listen unix:%%DIR%%/s; " + HELLO + "}",
                   server=HELLO)
    for _ in range(10):
        with Client(str(server.dir / "s")) as client:
            assert client.request("/").body == b"hello"
    server.reload()
    with Client(str(server.dir / "s")) as client:
        assert client.request("/").body == b"hello"
    server.stop()
    assert not (server.dir / "s").exists()


def test_unix_socket_left_by_a_killed_server(start):
    server = start(http="server { listen unix:%%DIR%%/s; " + HELLO + "}",
                   server=HELLO)
    workers = server.workers()
    os.kill(server.pid(), signal.SIGKILL)
    server.process.wait(PATIENCE)
    wait_for(lambda: not [pid for pid in workers if alive(pid)])
    assert (server.dir / "s").exists()
    server.pid_file.unlink()
    server.start()
    assert server.get("/").body == b"hello"


def test_single_process(start):
    server = start(server=HELLO, main="master_process off;")
    assert children(server.pid()) == []
    assert server.get("/").body == b"hello"
    assert server.stop(signal.SIGQUIT) == 0
    assert not server.pid_file.exists()


def test_worker_limits(start):
    server = start(server=HELLO, main="worker_rlimit_nofile 321; "
                   "worker_priority 3; worker_cpu_affinity 1; "
                   "env KEPT; env GIVEN=x;")
    worker = server.workers()[0]
    limits = pathlib.Path("/proc/%d/limits" % worker).read_text()
    assert [line.split()[3] for line in limits.splitlines()
            if line.startswith("Max open files")] == ["321"]
    stat = pathlib.Path("/proc/%d/stat" % worker).read_text()
    assert int(stat.rsplit(")", 1)[1].split()[16]) == 3
    assert os.sched_getaffinity(worker) == {0}


def serve_with_little_locked_memory(server):
    limit = 8 << 20
    server.start(limits=[(resource.RLIMIT_MEMLOCK, limit)],
                 user=None if os.geteuid() != 0 else server.user)
    for _ in range(3):
        assert server.get("/").body == b"hello"
        server.reload(workers=8)
    assert len(server.workers()) == 8


@pytest.mark.parametrize("user", [None, NOBODY])
def test_eight_workers_with_8_mib_of_locked_memory(make, user):
    if user and os.geteuid() != 0:
        pytest.skip("needs root")
    server = make()
    server.user = user
    server.write(server=HELLO, workers=8)
    if user:
        for path in (server.dir, server.conf, server.dir / "html"):
            os.chown(path, user, user)
    serve_with_little_locked_memory(server)


def test_dashboard_is_a_process_of_its_own(make):
    server = make()
    port = free_port()
    server.write(server=HELLO,
                 main="dashboard { listen 127.0.0.1:%d; }" % port)
    server.bad_lines_expected = True
    server.start()
    # A child has the master's title until it begins.
    wait_for(lambda: sorted(title(pid) for pid in children(server.pid())) ==
             ["ringmaster: dashboard process"] +
             ["ringmaster: worker process"] * 2)
    time.sleep(1)
    dashboard = [pid for pid in children(server.pid())
                 if "dashboard" in title(pid)][0]
    os.kill(dashboard, signal.SIGKILL)
    wait_for(lambda: len(children(server.pid())) == 3 and
             dashboard not in children(server.pid()))
    assert server.get("/").body == b"hello"
    server.reload(workers=2)
    wait_for(lambda: len(children(server.pid())) == 3)
    server.bad_lines_expected = True


def test_dashboard_port_taken(start, make):
    first = start(server=HELLO)
    second = make()
    second.write(server=HELLO,
                 main="dashboard { listen 127.0.0.1:%d; }" % first.port)
    done = second.command()
    assert done.returncode == 1
    assert "bind() to 127.0.0.1:%d failed" % first.port in done.stdout
