"""limit_conn: what is served at once of a key, by all workers together."""

import os
import signal
import threading

from conftest import PATIENCE, wait_for

ZONE = "limit_conn_zone $arg_k zone=z:1m;"
# An answer takes as long as its client reads it.
SLOW = "limit_conn z 2; limit_rate 100; access_log a.log f;"
FORMAT = "log_format f '$status $limit_conn_status';"


def slow_site(start, server=SLOW, **kwargs):
    made = start(http=ZONE + FORMAT + kwargs.pop("http", ""), server=server,
                 **kwargs)
    made.file("x", b"x" * 100000)
    return made


def begin(server, path="/x?k=a"):
    """A client whose answer has begun, as soon as who came before has left
    his place."""
    def served():
        client = server.connect()
        client.send(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode())
        if client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200"):
            return client
        return client.close()
    return wait_for(served)


def status(server, path="/x?k=a"):
    with server.connect() as client:
        client.send(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode())
        return int(client.read_until(b"\r\n").split()[1])


def test_so_many_and_no_more(start):
    server = slow_site(start)
    clients = [begin(server), begin(server)]
    for _ in range(4):			# whichever worker it is
        assert status(server) == 503
    assert status(server, "/x?k=b") == 200
    assert status(server, "/x") == 200
    clients.pop().close()
    wait_for(lambda: status(server) == 200)
    wait_for(lambda: status(server) == 200)
    for client in clients:
        client.close()
    assert 'limiting connections by zone "z", client: ' in server.log()
    for line in "503 REJECTED", "200 PASSED", "200 -":
        wait_for(lambda line=line: line in server.log("a.log"))


def test_who_has_gone_is_not_counted(start, backends):
    """Though another server was still asked for them, who comes right
    afterwards has their place."""
    asked = threading.Semaphore(0)

    def never(_, connection):
        asked.release()
        connection.recv(1)
    backend = backends(never)
    server = slow_site(start, workers=1, server="""
        location /slow { limit_conn z 1;
                         proxy_pass http://127.0.0.1:%d; }
        location / { limit_conn z 1; }""" % backend.port)
    for _ in range(20):
        with server.connect() as client:
            client.send(b"GET /slow?k=a HTTP/1.1\r\nHost: x\r\n\r\n")
            assert asked.acquire(timeout=PATIENCE)
            assert status(server) == 503
        assert status(server) == 200


def test_refused_by_one_it_counts_in_none(start):
    server = slow_site(start, http="""
        limit_conn_zone $arg_other zone=other:1m;""", server="""
        limit_rate 100;
        limit_conn z 2;
        limit_conn other 1;""")
    client = begin(server, "/x?k=a&other=a")
    for _ in range(5):
        assert status(server, "/x?k=a&other=a") == 503
    second = begin(server, "/x?k=a&other=b")
    assert status(server, "/x?k=a&other=c") == 503
    client.close()
    second.close()


def test_dry_run_and_status(start):
    server = slow_site(start, server=SLOW + """
        location /dry/ { limit_conn_dry_run on; }
        location /own/ { limit_conn_status 429; limit_conn_log_level info; }
    """, level="info")
    for name in ("dry", "own"):
        server.file(name + "/x", "x")
    clients = [begin(server), begin(server)]
    assert status(server, "/dry/x?k=a") == 200
    assert status(server, "/own/x?k=a") == 429
    wait_for(lambda: "200 REJECTED_DRY_RUN" in server.log("a.log"))
    assert 'limiting connections, dry run, by zone "z"' in server.log()
    assert "[info]" in server.log().split('limiting connections by')[0] \
        .splitlines()[-1]
    for client in clients:
        client.close()


def test_reload_counts_on(start):
    server = slow_site(start)
    clients = [begin(server), begin(server)]
    server.signal(signal.SIGHUP)
    wait_for(lambda: len(server.workers()) == 4 or
             server.log().count("gracefully shutting down") == 2)
    assert status(server) == 503	# served by the old workers
    for client in clients:
        client.close()
    wait_for(lambda: status(server) == 200)


def test_the_dead_do_not_count(start):
    server = slow_site(start)
    server.bad_lines_expected = True	# a worker that is killed is an [alert]
    clients = [begin(server), begin(server)]
    assert status(server) == 503
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: status(server) == 200)
    for client in clients:
        client.close()
    clients = [begin(server), begin(server)]
    assert status(server) == 503
    for client in clients:
        client.close()


def test_what_the_dead_left_makes_room(start):
    server = start(http=ZONE.replace("1m", "32k"), workers=1, server=SLOW
                   .replace("access_log a.log f;", ""))
    server.bad_lines_expected = True
    server.file("x", b"x" * 100000)
    keys = iter(range(10000))
    clients = []

    def full():
        """Serve keys until there is no room for another."""
        while len(clients) < 460:
            clients.append(begin(server, "/x?k=%d" % next(keys)))
    full()
    os.kill(server.workers()[0], signal.SIGKILL)
    for client in clients:
        client.close()
    clients.clear()
    wait_for(lambda: status(server, "/x?k=again") == 200)
    full()
    for client in clients:
        client.close()


def test_errors_in_the_configuration(start):
    server = start()
    for http, where, message in (
            ("limit_conn_zone $uri;", "", "invalid number of arguments"),
            ("limit_conn_zone $uri size=1m;", "",
             'invalid parameter "size=1m"'),
            ("limit_conn_zone $uri zone=z;", "",
             'invalid zone size "zone=z"'),
            ("limit_conn_zone $uri zone=z:1k;", "",
             'zone "zone=z:1k" is too small'),
            (ZONE + ZONE, "", 'limit_conn_zone "z" is already bound to key '
             '"$arg_k"'),
            (ZONE, "limit_conn z 0;", 'invalid number of connections "0"'),
            (ZONE, "limit_conn z x;", 'invalid number of connections "x"'),
            (ZONE, "limit_conn z 65536;",
             "connection limit must be less 65536"),
            (ZONE, "limit_conn z 1; limit_conn z 2;",
             '"limit_conn" directive is duplicate'),
            (ZONE, "limit_conn y 1;", 'zero size shared memory zone "y"'),
            (ZONE + "limit_conn_zone $uri zone=z:2m;", "",
             'the size 2097152 of shared memory zone "z" conflicts with '
             "already declared size 1048576")):
        server.write(http=http, server=where)
        result = server.command("-t")
        assert result.returncode == 1 and message in result.stdout, http + where
