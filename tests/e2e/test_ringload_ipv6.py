"""Load over IPv6: to the loopback address as it stands in a URL, and from
the dashboard to whatever the site listens on."""

import json
import os
import pathlib
import socket

import pytest
from board import start_board
from conftest import free_port, wait_for
from ringload import run, run_json

SITE = 'location / { return 200 "$host $remote_addr"; }'


@pytest.fixture(autouse=True)
def needs_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip("no IPv6 here: %s" % error)


def test_the_loopback_address(start):
    port = free_port()
    start(server="listen [::1]:%d; %s" % (port, SITE))
    url = "http://[::1]:%d/" % port
    result = run_json("-c", 3, "-n", 5, url)
    assert (result["requests"], result["errors"]) == (15, 0)
    assert result["url"] == url


def test_the_host_header_has_the_brackets(start, tmp_path):
    port = free_port()
    start(server="listen [::1]:%d; %s" % (port, SITE))
    path = tmp_path / "scenario"
    path.write_text("scenario s { target http://[::1]:%d; request a { get /;"
                    ' expect body "[::1] ::1"; } }' % port)
    result = run_json("-n", 1, "-c", 1, "--scenario", path)
    assert (result["requests"], result["errors"]) == (1, 0)


def test_what_is_not_ours(tmp_path):
    done = run("-n", 1, "http://[2001:db8::1]/", status=1)
    assert "2001:db8::1 is not an address of this machine" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("address", ["[::]", "[::1]"])
def test_the_dashboard_tests_a_site_on_ipv6(start, binary, address):
    if not os.access(pathlib.Path(binary).parent / "ringload", os.X_OK):
        pytest.fail("no ringload beside " + binary)
    port = free_port()
    server, board = start_board(
        start, http="server { listen %s:%d; %s }" % (address, port, SITE))
    target = "[::1]:%d" % port
    response = board.get("/start_test", "POST",
                         {"Content-Type": "application/json"}, json.dumps(
                             {"preset": "classic", "target": target}).encode())
    assert response.status == 202, response.body
    wait_for(lambda: not board.json("/test_status")["running"])
    kept, = board.json("/api/v1/tests")["tests"]
    assert kept["url"] == "http://%s/" % target
    assert (kept["requests"], kept["errors"]) == (100, 0)
    assert server.get("/").status
