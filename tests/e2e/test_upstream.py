"""upstream: which server is asked, and which connections are kept."""

import collections
import threading

import pytest

from backend import OK
from conftest import wait_for


def group(servers, more="", name="u"):
    """An upstream block of (backend or port, parameters)."""
    return "upstream %s { %s %s }" % (name, " ".join(
        "server 127.0.0.1:%d %s;" % (getattr(server, "port", server), how)
        for server, how in servers), more)


def named(name):
    """An answer that says who gave it."""
    return lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + name


SERVER = "location / { proxy_pass http://u; }"


def ask(server, times, path="/"):
    return "".join(server.get(path).body.decode() for _ in range(times))


def test_weights_spread_evenly(start, backends):
    a, b, c = (backends(named(name)) for name in (b"a", b"b", b"c"))
    server = start(workers=1, http=group([(a, "weight=5"), (b, ""),
                                          (c, "")]), server=SERVER)
    answers = ask(server, 14)
    assert collections.Counter(answers) == {"a": 10, "b": 2, "c": 2}
    assert answers[:7] == answers[7:] == "aabacaa"


def test_down_and_backup(start, backends):
    a, b, c = (backends(named(name)) for name in (b"a", b"b", b"c"))
    server = start(workers=1, server=SERVER, http=group([
        (a, "down"), (b, ""), (c, "backup")]))
    assert ask(server, 4) == "bbbb"
    b.stop()
    assert ask(server, 4) == "cccc"
    assert server.log().count("Connection refused") == 1


def test_a_server_that_fails_is_left_alone_for_a_while(start, backends):
    a, b = backends(named(b"a")), backends(named(b"b"))
    dead = backends()
    dead.stop()
    server = start(workers=1, server=SERVER, http=group([
        (a, ""), (dead, "max_fails=2 fail_timeout=30s"), (b, "")]))
    assert set(ask(server, 20)) == {"a", "b"}
    assert server.log().count("Connection refused") == 2
    assert "upstream server temporarily disabled" in server.log()


def test_no_server_lives(start, backends):
    dead = backends()
    dead.stop()
    server = start(workers=1, http=group([(dead, ""), (dead, "")]) +
                   'log_format f "$status $upstream_addr $upstream_status";',
                   server="access_log a.log f;" + SERVER)
    assert server.get("/").status == 502
    assert server.get("/").status == 502
    wait_for(lambda: server.log("a.log").count("\n") == 2)
    one, two = server.log("a.log").splitlines()
    name = "127.0.0.1:%d" % dead.port
    assert one == "502 %s, %s 502, 502" % (name, name)
    assert two == "502 u 502"
    assert "no live upstreams while connecting to upstream" in server.log()


def test_idle_connections_are_used_again(start, backends):
    backend = backends()
    server = start(workers=1, http=group([(backend, "")]), server=SERVER)
    for _ in range(10):
        assert server.get("/").status == 200
    assert backend.connections == 1
    assert "connection" not in backend.requests[0].headers


@pytest.mark.parametrize("more, most", (
    ("keepalive 0;", 6), ("keepalive 4; keepalive_requests 2;", 3)))
def test_how_long_they_are(start, backends, more, most):
    backend = backends()
    server = start(workers=1, http=group([(backend, "")], more),
                   server=SERVER)
    for _ in range(6):
        assert server.get("/").status == 200
    assert backend.connections == most


def test_no_more_are_kept_than_said(start, backends):
    gate = threading.Barrier(5)

    def together(*_):
        gate.wait(10)
        return OK
    backend = backends(together)
    server = start(workers=1, http=group([(backend, "")], "keepalive 2;"),
                   server=SERVER)
    clients = [server.connect() for _ in range(4)]
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    gate.wait(10)
    assert [client.response().body for client in clients] == [b"ok"] * 4
    wait_for(lambda: len(backend.sockets) == 2)


def test_a_location_does_not_use_anothers_unless_told_so(start, backends):
    one, two = backends(), backends()
    server = start(workers=1, http=group([(one, "")]) +
                   group([(two, "")], "keepalive 9;", "v"), server=SERVER +
                   """location /b { proxy_pass http://u; }
                      location /c { proxy_pass http://v; }
                      location /d { proxy_pass http://v; }""")
    for path in ("/", "/b", "/c", "/d"):
        assert server.get(path).status == 200
    assert (one.connections, two.connections) == (2, 1)


def test_an_idle_connection_that_ends_is_closed(start, backends):
    backend = backends()
    server = start(workers=1, http=group([(backend, "")]), server=SERVER)
    assert server.get("/").status == 200
    backend.hang_up()
    wait_for(lambda: not backend.sockets)
    assert server.get("/").status == 200
    assert backend.connections == 2


def test_one_that_ends_when_it_is_used_is_replaced(start, backends):
    def once(request, _):
        mine = [r for r in backend.requests
                if r.connection == request.connection]
        return OK if len(mine) == 1 else False
    backend = backends(once)
    server = start(workers=1, http=group([(backend, "")]), server=SERVER)
    assert server.get("/").status == 200
    assert server.get("/").status == 200	# on a new connection
    assert backend.connections == 2
    # It may have had an effect: what is not idempotent is not repeated.
    answer = server.get("/", method="POST", body=b"x")
    assert answer.status == 502
    assert len(backend.requests) == 4


def test_other_servers_for_other_reasons(start, backends):
    def fail(*_):
        return b"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nfail"
    bad, good = backends(fail), backends(named(b"g"))
    server = start(workers=1, http=group([(bad, "max_fails=0"),
                                          (good, "backup")]) +
                   'log_format f "$upstream_status";', server=SERVER + """
        access_log a.log f;
        location /next { proxy_pass http://u;
                         proxy_next_upstream http_503; }
        location /tries { proxy_pass http://u; proxy_next_upstream_tries 1;
                          proxy_next_upstream http_503; }
        location /off { proxy_pass http://u; proxy_next_upstream off; }
    """)
    assert server.get("/").body == b"fail"
    assert server.get("/next").body == b"g"
    assert server.get("/tries").body == b"fail"
    assert server.get("/next", method="POST", body=b"x").body == b"fail"
    bad.stop()
    assert server.get("/off").status == 502
    assert server.get("/next").status == 502	# "error" was not said
    wait_for(lambda: server.log("a.log").count("\n") == 6)
    assert server.log("a.log").split("\n")[:4] == [
        "503", "503, 200", "503", "503"]


def test_no_more_connections_than_said(start, backends):
    inside, leave = threading.Event(), threading.Event()

    def wait(*_):
        inside.set()
        leave.wait(10)
        return OK
    backend = backends(wait)
    server = start(workers=1, server=SERVER,
                   http=group([(backend, "max_conns=1")]))
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert inside.wait(10)
        assert server.get("/").status == 502
        leave.set()
        assert client.response().status == 200


def test_unix_sockets_and_groups_by_variable(start, backends, make):
    server = make()
    path = server.dir / "backend"
    backends(named(b"u"), path=path)
    path.chmod(0o777)
    inet = backends(named(b"i"))
    server.write(workers=1, http="upstream one { server unix:%s; }" % path +
                 group([(inet, "")], name="two"), server="""
        location / { proxy_pass http://unix:%s:/x; }
        location /by { proxy_pass http://$arg_to; }""" % path)
    server.start()
    assert server.get("/").body == b"u"
    assert server.get("/by?to=one").body == b"u"
    assert server.get("/by?to=two").body == b"i"
    assert server.get("/by?to=127.0.0.1:%d" % inet.port).body == b"i"
    assert inet.requests[-1].uri.startswith("/by?to=127")


def test_a_reload_and_an_end_with_idle_connections(start, backends):
    backend = backends()
    server = start(workers=1, http=group([(backend, "")]), server=SERVER)
    assert server.get("/").status == 200
    server.reload()
    wait_for(lambda: not backend.sockets)
    assert server.get("/").status == 200
    assert server.stop() == 0
    wait_for(lambda: not backend.sockets)


@pytest.mark.parametrize("text, says", (
    ("upstream u { }", "no servers are inside upstream"),
    ("upstream u { server 127.0.0.1 weight=0; }",
     'invalid parameter "weight=0"'),
    ("upstream u { server 127.0.0.1 what=1; }", 'invalid parameter "what=1"'),
    ("upstream u { server 127.0.0.1:99999; }", "invalid port in upstream"),
    ("upstream u { server 127.0.0.1/x; }", "invalid host in upstream"),
    ("upstream u { server 127.0.0.1 backup; }", 'no servers in upstream "u"'),
    ("upstream u { server 127.0.0.1; } upstream u { server 127.0.0.1; }",
     'duplicate upstream "u"'),
    ("upstream u { server 127.0.0.1; keepalive 1; keepalive 2; }",
     '"keepalive" directive is duplicate'),
    ("upstream u { server 127.0.0.1; least_conn; }", "not supported"),
    ("upstream u { server 127.0.0.1; } server { location / "
     "{ proxy_pass http://u:81; } }", 'upstream "u" may not have port 81'),
))
def test_mistakes_in_the_configuration(refused, text, says):
    assert says in refused(http=text)
