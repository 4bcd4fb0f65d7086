"""A server that is started with standard descriptors closed: the number of
one of them, given to a socket, would be taken by the error log."""

import subprocess

import pytest


@pytest.mark.parametrize("closed", ["2>&-", "1>&-", "<&- >&- 2>&-"])
def test_closed_standard_descriptors(make, closed):
    server = make()
    server.write(server='location / { return 200 "here"; }')
    server.process = subprocess.Popen(
        ["sh", "-c", 'exec "$0" "$@" ' + closed, server.binary,
         "-p", str(server.dir) + "/", "-c", server.conf.name,
         "-e", "error.log"])
    server.wait_started()
    assert server.get("/").body == b"here"
