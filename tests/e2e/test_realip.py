"""realip: whom a trusted proxy names is the client for all that asks, and
nobody else's word counts."""

import pytest

from board import start_board
from conftest import Client, wait_for

SHOW = """location / {
        return 200 "$remote_addr $remote_port $realip_remote_addr"; }"""


def client(server, path="/", **headers):
    fields = {name.replace("_", "-"): value
              for name, value in headers.items()}
    return server.get(path, headers=fields).body.decode().split()[0]


def test_who_is_trusted(start):
    server = start(server="""
        set_real_ip_from 127.0.0.0/8;
        %s
        """ % SHOW)
    assert client(server) == "127.0.0.1"
    assert client(server, X_Real_IP="192.0.2.1") == "192.0.2.1"
    assert client(server, X_Real_IP="2001:DB8::1") == "2001:db8::1"
    assert client(server, X_Forwarded_For="192.0.2.1") == "127.0.0.1"
    for bad in ("x", "", "192.0.2", "192.0.2.1x", "unix:", "," * 3000):
        assert client(server, X_Real_IP=bad) == "127.0.0.1", bad
    answer = server.get("/", headers={"X-Real-IP": "192.0.2.1:81"})
    assert answer.body == b"192.0.2.1 81 127.0.0.1"
    answer = server.get("/", headers={"X-Real-IP": "[::1]:82"})
    assert answer.body == b"::1 82 127.0.0.1"


def test_an_untrusted_client_is_not_believed(start):
    server = start(server="set_real_ip_from 10.0.0.0/8; " + SHOW)
    assert client(server, X_Real_IP="192.0.2.1") == "127.0.0.1"


def test_chains(start):
    server = start(server="""
        real_ip_header X-Forwarded-For;
        add_header X-IP $remote_addr always;
        location /first {
            set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
        }
        location /all {
            set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
            real_ip_recursive on;
        }
        location /none { set_real_ip_from 10.0.0.0/8; }""")
    chain = "192.0.2.1, 192.0.2.2 ,10.0.0.1, 127.0.0.1"
    for path, value, expected in (
            ("/first", chain, "127.0.0.1"), ("/all", chain, "192.0.2.2"),
            ("/first", "x, 10.0.0.1", "10.0.0.1"),
            ("/all", "x, 10.0.0.1", "10.0.0.1"),
            ("/all", "10.0.0.2, 10.0.0.1", "10.0.0.2"),
            ("/all", "192.0.2.1, ,, 10.0.0.1, ", "192.0.2.1"),
            ("/none", "192.0.2.1", "127.0.0.1")):
        answer = server.get(path, headers={"X-Forwarded-For": value})
        assert answer.headers["x-ip"] == expected, value


def test_several_lines_are_one_list(start):
    server = start(server="""
        set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
        real_ip_header X-Forwarded-For; real_ip_recursive on;
        location / { return 200 $remote_addr; }""")
    with server.connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: h\r\n"
                        b"X-Forwarded-For: 192.0.2.1\r\n"
                        b"x-forwarded-for: 192.0.2.2, 10.0.0.3\r\n"
                        b"X-Forwarded-For: 10.0.0.1\r\n\r\n")
        assert connection.response().body == b"192.0.2.2"


def test_any_header_and_each_request_anew(start):
    server = start(server="""
        set_real_ip_from 127.0.0.1;
        real_ip_header CF-Connecting-IP;
        location / { return 200 $remote_addr; }""")
    with server.connect() as connection:
        for value, expected in (("192.0.2.1", b"192.0.2.1"),
                                ("192.0.2.2", b"192.0.2.2")):
            assert connection.request(
                headers={"cf-connecting-ip": value}).body == expected
        assert connection.request().body == b"127.0.0.1"


def test_unix_sockets(make):
    server = make()
    server.write("""events { }
daemon off;
pid run.pid;
error_log error.log info;
http {
    access_log a.log;
    server {
        listen unix:%%DIR%%/s;
        set_real_ip_from unix:;
        location / { return 200 "$remote_addr $realip_remote_addr"; }
    }
}
""")
    server.start()
    with Client(str(server.dir / "s")) as connection:
        assert connection.request().body == b"unix: unix:"
        assert connection.request(
            headers={"X-Real-IP": "192.0.2.1"}).body == b"192.0.2.1 unix:"


def test_logs_and_internal_redirects_have_it_too(start):
    server = start(http="log_format f '$remote_addr $realip_remote_addr';",
                   server="""
        set_real_ip_from 127.0.0.1;
        access_log a.log f;
        error_page 404 /page;
        location / { root none; }
        location = /page { return 200 $remote_addr; }""")
    assert client(server, "/x", X_Real_IP="192.0.2.1") == "192.0.2.1"
    wait_for(lambda: server.log("a.log"))
    assert server.log("a.log") == "192.0.2.1 127.0.0.1\n"
    assert ", client: 192.0.2.1, server:" in server.log()


@pytest.mark.parametrize("text, message", [
    ("set_real_ip_from nothing.invalid;",
     'in set_real_ip_from "nothing.invalid"'),
    ("set_real_ip_from 192.0.2.0/33;", "in set_real_ip_from"),
    ("set_real_ip_from;", "invalid number of arguments"),
    ("real_ip_recursive x;", 'it must be "on" or "off"'),
    ("real_ip_header a; real_ip_header b;",
     '"real_ip_header" directive is duplicate'),
])
def test_errors(refused, text, message):
    assert message in refused(server=text)


def test_the_dashboard_shows_the_client_that_is_meant(start):
    server, board = start_board(start, server="""
        set_real_ip_from 127.0.0.1;
        location / { return 404; }""")
    server.get("/x", headers={"X-Real-IP": "2001:db8::7"})
    server.get("/y")

    def shown():
        found = board.json("/api/v1/requests?kind=errors")["requests"]
        return len(found) == 2 and {one["path"]: one["client_ip"]
                                    for one in found}
    assert wait_for(shown) == {"/x": "2001:db8::7", "/y": "127.0.0.1"}
