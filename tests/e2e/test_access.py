"""allow and deny: the first rule with the client's address decides."""

import socket

import pytest

from conftest import Client


def test_the_first_match_decides(start):
    server = start(server="""
        location /a/ { allow 127.0.0.1; deny all; }
        location /b/ { deny 127.0.0.0/8; allow all; }
        location /c/ { deny 192.0.2.0/24; deny ::1; deny unix:; }
        location /d/ { allow 192.0.2.0/24; deny 127.0.0.1/32; allow all; }
        location /e/ { deny all; allow 127.0.0.1; }""")
    for path, status in (("/a/", 200), ("/b/", 403), ("/c/", 200),
                         ("/d/", 403), ("/e/", 403)):
        server.file(path[1:] + "x", "x")
        assert server.get(path + "x").status == status, path
    assert server.log().count("access forbidden by rule") == 3


def test_levels_inherit_or_replace(start):
    server = start(http="deny all;", server="""
        location /same/ { }
        location /own/ { allow all; location /own/in/ { deny 127.0.0.1; } }
    """)
    for name in ("same/x", "own/x", "own/in/x"):
        server.file(name, "x")
    assert server.get("/same/x").status == 403
    assert server.get("/own/x").status == 200
    assert server.get("/own/in/x").status == 403


def test_ipv6_and_mapped_addresses(start):
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as s:
            port = s.getsockname()[1]
    except OSError:
        pytest.skip("no IPv6 here")
    server = start(server="""
        listen [::]:%d ipv6only=off;
        location /six/ { allow ::1; deny all; }
        location /four/ { allow 127.0.0.1; deny all; }
        location /mapped/ { deny ::ffff:0:0/96; }""" % port)
    for name in ("six/x", "four/x", "mapped/x"):
        server.file(name, "x")

    def status(address, path):
        with Client((address, port)) as client:
            return client.request(path).status
    assert status("::1", "/six/x") == 200
    assert status("::1", "/four/x") == 403
    assert status("127.0.0.1", "/six/x") == 403
    assert status("127.0.0.1", "/four/x") == 200
    # Without a rule for IPv4 it is taken for what it came as.
    assert status("127.0.0.1", "/mapped/x") == 403


def test_unix_sockets(start):
    server = start(server="""
        listen unix:%%DIR%%/s;
        location /u/ { allow unix:; deny all; }
        location /d/ { deny unix:; }""")
    server.file("u/x", "x")
    server.file("d/x", "x")
    with Client(str(server.dir / "s")) as client:
        assert client.request("/u/x").status == 200
        assert client.request("/d/x").status == 403
    assert server.get("/u/x").status == 403
    assert server.get("/d/x").status == 200


def test_other_rules_for_other_methods(start):
    server = start(server="""
        location /in/ { limit_except GET { deny all; } }
        location /out/ { deny all; limit_except GET { allow all; } }
        location /user/ {
            limit_except GET {
                auth_basic "authors";
                auth_basic_user_file users;
            }
        }""")
    for name in ("in/x", "out/x", "user/x"):
        server.file(name, "x")
    for path, get, post in (("/in/x", 200, 403), ("/out/x", 403, 405),
                            ("/user/x", 200, 401)):
        assert server.get(path).status == get, path
        assert server.get(path, "HEAD").status == get, path
        assert server.get(path, "POST").status == post, path


def test_an_error_page_needs_to_be_allowed(start):
    server = start(server="""
        deny all;
        error_page 403 /403.html;
        location = /403.html { allow all; }""")
    server.file("403.html", "go away")
    answer = server.get("/x")
    assert (answer.status, answer.body) == (403, b"go away")


def test_errors_in_the_configuration(start):
    server = start()
    for text in ("", "a b"):
        server.write(server="allow %s;" % text)
        assert 'invalid number of arguments in "allow"' in \
            server.command("-t").stdout
    for text in ("any", "1.2.3", "1.2.3.4/33", "::1/129", "unix:x"):
        server.write(server="deny %s;" % text)
        assert 'invalid parameter "%s" in ' % text in \
            server.command("-t").stdout
    server.write(server="deny 192.0.2.1/24;")
    result = server.command("-t")
    assert result.returncode == 0
    assert "low address bits of 192.0.2.1/24 are meaningless" in result.stdout
