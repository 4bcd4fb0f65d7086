"""limit_req: a rate for each key, in buckets that all workers share."""

import os
import signal
import time

import pytest

from conftest import wait_for

# So slow that no test lives long enough to see a bucket run out.
ZONE = "limit_req_zone $arg_k zone=z:1m rate=1r/m;"


def statuses(server, path, count):
    return [server.get(path).status for _ in range(count)]


def test_a_burst_is_served_and_no_more(start):
    server = start(http=ZONE, server="""
        location /none/ { limit_req zone=z; }
        location /burst/ { limit_req zone=z burst=3 nodelay; }
        location /own/ { limit_req zone=z; limit_req_status 429; }""")
    for name in ("none", "burst", "own"):
        server.file(name + "/x", "x")
    # Whichever worker it is that serves them.
    assert statuses(server, "/none/x?k=a", 4) == [200, 503, 503, 503]
    assert statuses(server, "/burst/x?k=b", 6) == [200] * 4 + [503] * 2
    assert statuses(server, "/own/x?k=c", 2) == [200, 429]
    # Without a key there is no limit; each key has its own.
    assert statuses(server, "/none/x", 3) == [200] * 3
    assert statuses(server, "/none/x?k=d", 1) == [200]
    assert 'limiting requests, excess: 1.000 by zone "z", client: ' in \
        server.log()


def test_long_keys_are_told_apart(start):
    server = start(http=ZONE, server="limit_req zone=z;")
    server.file("x", "x")
    for end in "ab":
        path = "/x?k=" + "k" * 500 + end
        assert statuses(server, path, 2) == [200, 503]


def test_requests_come_at_the_rate(start):
    server = start(http="""
        limit_req_zone $uri zone=z:1m rate=10r/s;
        log_format f '$limit_req_status';""", server="""
        access_log a.log f;
        location /wait/ { limit_req zone=z burst=5; }
        location /two/ { limit_req zone=z burst=5 delay=2; }""")
    for name in ("wait", "two"):
        server.file(name + "/x", "x")
    began = time.monotonic()
    assert statuses(server, "/wait/x", 4) == [200] * 4
    assert 0.25 <= time.monotonic() - began < 10
    wait_for(lambda: server.log("a.log").count("\n") == 4)
    assert sorted(server.log("a.log").split()) == ["DELAYED"] * 3 + ["PASSED"]
    assert statuses(server, "/two/x", 3) == [200] * 3
    wait_for(lambda: server.log("a.log").count("\n") == 7)
    assert server.log("a.log").count("PASSED") == 4
    assert 'delaying request, excess: ' in server.log()


def test_who_leaves_is_not_waited_for(start):
    server = start(http=ZONE + "log_format f '$status $limit_req_status';",
                   server="access_log a.log f; limit_req zone=z burst=5;")
    server.file("x", "x")
    assert server.get("/x?k=a").status == 200
    client = server.connect()
    client.send(b"GET /x?k=a HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_for(lambda: "delaying request" in server.log())
    client.close()
    wait_for(lambda: "499 DELAYED" in server.log("a.log"))


def test_others_are_served_while_one_waits(start):
    server = start(http=ZONE, workers=1, server="limit_req zone=z burst=5;")
    server.file("x", "x")
    with server.connect() as client:
        assert client.request("/x?k=a").status == 200
        client.send(b"GET /x?k=a HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: "delaying request" in server.log())
        assert server.get("/x?k=b").status == 200


def test_several_limits(start):
    server = start(http=ZONE + """
        limit_req_zone $arg_other zone=other:1m rate=1r/m;""", server="""
        limit_req zone=other burst=2 nodelay;
        limit_req zone=z nodelay;""")
    server.file("x", "x")
    assert statuses(server, "/x?k=a&other=a", 2) == [200, 503]
    # What the one refused did not count for the other.
    assert statuses(server, "/x?k=b&other=a", 1) == [200]
    assert statuses(server, "/x?k=c&other=a", 1) == [200]
    assert statuses(server, "/x?k=d&other=a", 1) == [503]
    assert statuses(server, "/x?k=d", 2) == [200, 503]
    assert statuses(server, "/x?other=b", 4) == [200] * 3 + [503]


def test_dry_run(start):
    server = start(http=ZONE + "log_format f '$limit_req_status';",
                   server="""
        access_log a.log f;
        limit_req_dry_run on;
        location /no/ { limit_req zone=z; }
        location /late/ { limit_req zone=z burst=5; }""")
    for name in ("no", "late"):
        server.file(name + "/x", "x")
    assert statuses(server, "/no/x?k=a", 2) == [200, 200]
    assert statuses(server, "/late/x?k=b", 2) == [200, 200]
    wait_for(lambda: server.log("a.log").count("\n") == 4)
    assert sorted(server.log("a.log").split()) == [
        "DELAYED_DRY_RUN", "PASSED", "PASSED", "REJECTED_DRY_RUN"]
    assert "limiting requests, dry run, excess: 1.000 by zone" in server.log()
    assert "delaying request, dry run, excess: 1.000, by zone" in server.log()


def test_levels_and_log_level(start):
    server = start(http=ZONE + "limit_req zone=z; limit_req_log_level info;",
                   level="info", server="""
        location /more/ { limit_req zone=z burst=2 nodelay; }""")
    server.file("x", "x")
    server.file("more/x", "x")
    assert statuses(server, "/x?k=a", 2) == [200, 503]
    assert statuses(server, "/more/x?k=a", 3) == [200, 200, 503]
    assert "[info]" in next(line for line in server.log().splitlines()
                            if "limiting requests" in line)


def test_an_internal_redirect_counts_once(start):
    server = start(http=ZONE, server="""
        limit_req zone=z burst=1 nodelay;
        error_page 404 /404.html;""")
    server.file("404.html", "gone")
    assert server.get("/x?k=a").body == b"gone"
    assert server.get("/x?k=a").body == b"gone"
    assert server.get("/x?k=a").status == 503


def test_444_closes(start):
    server = start(http=ZONE, server="limit_req zone=z; limit_req_status 444;")
    server.file("x", "x")
    assert server.get("/x?k=a").status == 200
    with pytest.raises((EOFError, ConnectionError)):
        server.get("/x?k=a")


def test_reload_forgets_nothing(start):
    server = start(http=ZONE, server="limit_req zone=z;")
    server.file("x", "x")
    assert statuses(server, "/x?k=a", 2) == [200, 503]
    for rate in ("1r/m", "2r/m"):
        server.write(http=ZONE.replace("1r/m", rate),
                     server="limit_req zone=z;")
        server.reload()
        assert statuses(server, "/x?k=a", 1) == [503]
    # Another size is another zone.
    server.write(http=ZONE.replace("1m", "2m"), server="limit_req zone=z;")
    server.reload()
    assert statuses(server, "/x?k=a", 2) == [200, 503]


def test_reload_with_another_key_is_refused(start):
    server = start(http=ZONE, server="limit_req zone=z;")
    server.file("x", "x")
    assert statuses(server, "/x?k=a", 2) == [200, 503]
    server.write(http=ZONE.replace("$arg_k", "$arg_other"),
                 server="limit_req zone=z;")
    server.signal(signal.SIGHUP)
    wait_for(lambda: 'limit_req "z" uses the "$arg_other" key while '
                     'previously it used the "$arg_k" key' in server.log())
    assert statuses(server, "/x?k=a", 1) == [503]


def test_a_killed_worker_takes_nothing_along(start):
    server = start(http=ZONE, server="limit_req zone=z;")
    server.bad_lines_expected = True	# a worker that is killed is an [alert]
    server.file("x", "x")
    assert statuses(server, "/x?k=a", 2) == [200, 503]
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: server.get("/x?k=a").status == 503)


def test_the_oldest_make_room(start):
    server = start(http=ZONE.replace("1m", "32k"), server="limit_req zone=z;")
    server.file("x", "x")
    with server.connect() as client:
        def status(key):
            return client.request("/x?k=%s" % key).status
        assert status("first") == 200
        for i in range(600):
            assert status(i) == 200
            if i == 300:
                assert status("first") == 503	# it is used again
        assert status("first") == 503
        assert status(0) == 200


def test_errors_in_the_configuration(start):
    server = start()
    for http, where, message in (
            ("limit_req_zone $uri zone=z:1m;", "", "invalid number of "
             "arguments"),
            ("limit_req_zone $uri rate=1r/s rate=1r/s;", "",
             '"limit_req_zone" must have "zone" parameter'),
            ("limit_req_zone $uri zone=z rate=1r/s;", "",
             'invalid zone size "zone=z"'),
            ("limit_req_zone $uri zone=z:x rate=1r/s;", "",
             'invalid zone size "zone=z:x"'),
            ("limit_req_zone $uri zone=z:31k rate=1r/s;", "",
             'zone "zone=z:31k" is too small'),
            ("limit_req_zone $uri zone=z:1m rate=0r/s;", "",
             'invalid rate "rate=0r/s"'),
            ("limit_req_zone $uri zone=z:1m rate=r/s;", "",
             'invalid rate "rate=r/s"'),
            ("limit_req_zone $uri zone=z:1m speed=1r/s;", "",
             'invalid parameter "speed=1r/s"'),
            (ZONE + ZONE, "", 'limit_req_zone "z" is already bound to key '
             '"$arg_k"'),
            (ZONE, "limit_req burst=1;",
             '"limit_req" must have "zone" parameter'),
            (ZONE, "limit_req zone=z burst=0;",
             'invalid burst value "burst=0"'),
            (ZONE, "limit_req zone=z delay=x;",
             'invalid delay value "delay=x"'),
            (ZONE, "limit_req zone=z soon;", 'invalid parameter "soon"'),
            (ZONE, "limit_req zone=z; limit_req zone=z;",
             '"limit_req" directive is duplicate'),
            (ZONE, "limit_req zone=y;",
             'zero size shared memory zone "y"'),
            (ZONE, "limit_req_status 399;", "must be between 400 and 599"),
            (ZONE, "limit_req_status 600;", "must be between 400 and 599"),
            (ZONE, "limit_req_log_level crit;", 'invalid value "crit"'),
            (ZONE, "limit_conn z 1;", 'the shared memory zone "z" is already '
             "declared for a different use")):
        server.write(http=http, server=where)
        result = server.command("-t")
        assert result.returncode == 1 and message in result.stdout, http + where
    # A zone may be declared behind its use.
    server.write(http="limit_req zone=z;" + ZONE)
    assert server.command("-t").returncode == 0
