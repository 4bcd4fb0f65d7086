"""Reload, graceful shutdown, log files, and replacing the binary."""

import os
import pathlib
import signal
import time

from conftest import PATIENCE, alive, children, free_port, title, wait_for
from load import Load

SLOW_SIZE = 300 * 1024
SLOW = "location /slow { limit_rate 100k; }"


def answer(text):
    return 'location = / { return 200 "%s"; }' % text


def test_reload_serves_the_new_configuration(start):
    server = start(server=answer("one"))
    before = server.workers()
    assert server.get("/").body == b"one"
    server.write(server=answer("two"))
    server.reload()
    assert server.get("/").body == b"two"
    assert not set(before) & set(server.workers())
    for pid in before:
        assert "worker process %d exited with code 0" % pid in server.log()


def test_fifty_reloads_fail_no_request(start):
    server = start(server=answer("0"))
    with Load(server, new=4, kept=4) as load:
        for i in range(1, 51):
            server.write(server=answer(i))
            server.signal(signal.SIGHUP)
            time.sleep(0.05)
        wait_for(lambda: len(children(server.pid())) == 2)
        time.sleep(0.2)
    assert load.failed == []
    assert load.ok > 100
    assert b"50" in load.bodies
    assert server.get("/").body == b"50"


def test_bad_reload_changes_nothing(start):
    server = start(server=answer("one"))
    before = server.workers()
    for text, message in (
            ("events { }\nhttp { nonsense on; }\n",
             'unknown directive "nonsense" in %s:2' % server.conf),
            ("events { }\nhttp {\n", "unexpected end of file"),
            ("events { }\nerror_log /nonexistent/e.log;\n",
             'open() "/nonexistent/e.log" failed')):
        server.write(text)
        server.signal(signal.SIGHUP)
        wait_for(lambda: "[emerg]" in server.log() and
                 message in server.log())
        assert server.workers() == before
        assert server.get("/").body == b"one"
    server.write(server=answer("two"))
    server.reload()
    assert server.get("/").body == b"two"


def test_reload_to_a_port_that_is_taken(start):
    other = start(server=answer("other"))
    server = start(server=answer("one"))
    before = server.workers()
    server.write(server=answer("two"), http="server { listen "
                 "127.0.0.1:%d; }" % other.port)
    server.signal(signal.SIGHUP)
    wait_for(lambda: "bind() to 127.0.0.1:%d failed" % other.port
             in server.log())
    assert server.workers() == before
    assert server.get("/").body == b"one"
    assert other.get("/").body == b"other"


def test_reload_to_another_port(start):
    server = start(server=answer("one"))
    old, server.port = server.port, free_port()
    server.write(server=answer("two"))
    server.reload()
    assert server.get("/").body == b"two"
    server.port = old
    try:
        server.connect()
        assert False, "the old port still listens"
    except ConnectionRefusedError:
        pass


def test_number_of_workers_can_change_under_load(start):
    server = start(server=answer("x"), workers=4)
    with Load(server) as load:
        for count in (1, 3, 2, 4):
            server.write(server=answer("x"), workers=count)
            server.reload(workers=count)
            time.sleep(0.2)
    assert load.failed == []


def test_all_slots_are_served_after_fewer_workers(start):
    server = start(server=answer("x"), workers=4)
    server.write(server=answer("x"), workers=1)
    server.reload(workers=1)
    for _ in range(60):		# some go to each of the four sockets
        with server.connect(1) as client:
            assert client.request("/").status == 200


def test_slow_download_outlives_a_reload(start):
    server = start(files={"slow": b"x" * SLOW_SIZE},
                   server=SLOW + answer("one"))
    old = set(server.workers())
    with server.connect(10) as client:
        client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        server.write(server=SLOW + answer("two"))
        server.signal(signal.SIGHUP)
        wait_for(lambda: set(server.workers()) - old)
        wait_for(lambda: any("shutting down" in title(pid)
                             for pid in children(server.pid())))
        assert len(client.response().body) == SLOW_SIZE
    wait_for(lambda: len(children(server.pid())) == 2)


def test_quit_finishes_what_is_served_and_refuses_the_rest(start):
    server = start(files={"slow": b"x" * SLOW_SIZE},
                   server=SLOW + answer("one"))
    with server.connect(10) as client, server.connect() as idle:
        assert idle.request("/").status == 200
        client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        server.signal(signal.SIGQUIT)

        def refused():
            try:
                server.connect().close()
            except ConnectionRefusedError:
                return True
            return False
        wait_for(refused)
        assert idle.read_all() == b""
        assert len(client.response().body) == SLOW_SIZE
    assert server.process.wait(PATIENCE) == 0
    server.process = None


def test_worker_shutdown_timeout(start):
    server = start(files={"slow": b"x" * 10 * SLOW_SIZE},
                   server=SLOW + answer("one"),
                   main="worker_shutdown_timeout 300ms;")
    with server.connect(10) as client:
        client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        begin = time.monotonic()
        assert server.stop(signal.SIGQUIT) == 0
        assert 0.2 < time.monotonic() - begin < 10	# not 30


def test_term_does_not_wait_for_downloads(start):
    server = start(files={"slow": b"x" * 10 * SLOW_SIZE},
                   server=SLOW + answer("one"))
    with server.connect(10) as client:
        client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        begin = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - begin < 10	# not 30


def test_term_ends_even_a_stopped_worker(start):
    server = start(server=answer("x"))
    server.bad_lines_expected = True
    os.kill(server.workers()[0], signal.SIGSTOP)
    assert server.stop(signal.SIGTERM) == 0


def test_winch_stops_the_workers_and_hup_brings_them_back(start):
    server = start(server=answer("x"))
    server.signal(signal.SIGWINCH)
    wait_for(lambda: not children(server.pid()))
    assert alive(server.pid())
    server.signal(signal.SIGHUP)
    wait_for(lambda: len(server.workers()) == 2)
    assert server.get("/").body == b"x"


def open_files(server):
    names = []
    for pid in (server.pid(), *server.workers()):
        folder = "/proc/%d/fd/" % pid
        names += [os.readlink(folder + fd) for fd in os.listdir(folder)]
    return names


def test_logs_are_reopened(start):
    server = start(server=answer("x") + "access_log access.log;")
    total = 0
    for i in range(5):
        for _ in range(10):
            assert server.get("/").status == 200
        total += 10
        for name in ("error.log", "access.log"):
            os.rename(server.dir / name, server.dir / (name + ".%d" % i))
        server.signal(signal.SIGUSR1)
        wait_for(lambda: not any(
            name.endswith(".log.%d" % i) for name in open_files(server)))
    assert server.get("/").status == 200
    server.stop()
    lines = sum(server.log("access.log" + end).count("\n")
                for end in ("", ".0", ".1", ".2", ".3", ".4"))
    assert lines == total + 1


def test_log_that_is_a_symbolic_link_of_somebody_else(make):
    server = make()
    server.write(server=answer("x"), main="error_log %%DIR%%/open/e.log;")
    (server.dir / "open").mkdir(mode=0o777)
    (server.dir / "open").chmod(0o777)
    (server.dir / "open" / "e.log").symlink_to(server.dir / "victim")
    done = server.command("-t")
    assert done.returncode == 1
    assert "Too many levels of symbolic links" in done.stdout
    assert not (server.dir / "victim").exists()


def upgrade(server):
    old = server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and
             server.pid(old=True) == old and
             len(server.workers()) == 2)
    server.note_pids()
    return old


def test_upgrade_fails_no_request(start):
    server = start(server=answer("x"),
                   http="server { listen unix:%%DIR%%/s; }")
    with Load(server) as load:
        old = upgrade(server)
        os.kill(old, signal.SIGWINCH)
        wait_for(lambda: children(old) == [server.pid()])
        time.sleep(0.2)
        os.kill(old, signal.SIGQUIT)
        assert server.process.wait(PATIENCE) == 0
        time.sleep(0.2)
    assert load.failed == []
    assert (server.dir / "s").exists()
    assert not pathlib.Path(str(server.pid_file) + ".oldbin").exists()
    assert (server.dir / "ringmaster.shm").exists()
    os.kill(server.pid(), signal.SIGQUIT)
    wait_for(lambda: not server.pid_file.exists())
    assert not (server.dir / "s").exists()
    server.process = None


def test_upgrade_that_is_called_off(start):
    server = start(server=answer("x"))
    old = server.pid()
    with Load(server) as load:
        upgrade(server)
        os.kill(old, signal.SIGWINCH)
        wait_for(lambda: children(old) == [server.pid()])
        os.kill(server.pid(), signal.SIGQUIT)
        wait_for(lambda: server.pid() == old)
        wait_for(lambda: len(server.workers(old)) == 2)
        time.sleep(0.3)
    assert load.failed == []
    assert server.get("/").body == b"x"
    # And it can be tried again.
    upgrade(server)
    os.kill(server.pid(), signal.SIGQUIT)
    wait_for(lambda: server.pid() == old)


def test_upgrade_of_a_program_called_by_a_bare_name(make):
    server = make()
    server.write(server=answer("x"))
    server.start(argv0="ringmaster")
    old = upgrade(server)
    os.kill(old, signal.SIGQUIT)
    assert server.process.wait(PATIENCE) == 0
    assert server.get("/").body == b"x"
    os.kill(server.pid(), signal.SIGQUIT)
    wait_for(lambda: not server.pid_file.exists())
    server.process = None


def test_descriptors_do_not_leak_over_reloads(start):
    server = start(server=answer("x"))

    def count(pid):
        return len(os.listdir("/proc/%d/fd" % pid))
    server.reload()
    before = [count(server.pid())] + [count(p) for p in server.workers()]
    for _ in range(10):
        server.reload()
    after = [count(server.pid())] + [count(p) for p in server.workers()]
    assert after == before
