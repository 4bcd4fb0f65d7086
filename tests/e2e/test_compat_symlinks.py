"""disable_symlinks: which links are followed, and from where they count. With
the system call openat2, and where that is hidden, as by a unit of systemd with
RestrictSUIDSGID=yes.

nobody:    owns a file that a link of ours leads to
"""

import os
import sys

import pytest

NOBODY = 65534

SERVER = """
    location /off/ { alias %%DIR%%/html/; }
    location /on/ { disable_symlinks on; alias %%DIR%%/html/; }
    location /owner/ { disable_symlinks if_not_owner; alias %%DIR%%/html/; }
    location /from/ {
        disable_symlinks on from=%%DIR%%/html/link;
        location /from/link/ { alias %%DIR%%/html/link/; }
        location /from/other/ { alias %%DIR%%/html/other/; }
        location /from/back/ { disable_symlinks on; alias %%DIR%%/html/link/; }
    }
    location /try/ {
        disable_symlinks on;
        root %%DIR%%;
        try_files /html/own.txt /html/dir/file.txt =404;
    }
"""


# Runs a program for which openat2 (437 everywhere) does not exist: a filter
# of seccomp answers it with ENOSYS (38), and allows all others.
HIDING = """#!%s
import ctypes, os, struct, sys
steps = ((0x20, 0, 0, 0), (0x15, 0, 1, 437), (0x06, 0, 0, 0x00050000 | 38),
         (0x06, 0, 0, 0x7fff0000))
code = ctypes.create_string_buffer(
    b"".join(struct.pack("HBBI", *step) for step in steps))
program = struct.pack("HP", len(steps), ctypes.addressof(code))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(38, 1, 0, 0, 0) or prctl(22, 2, program):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execv(%r, [%r] + sys.argv[1:])
"""


@pytest.fixture(params=("openat2", "hidden"))
def server(request, make):
    server = make()
    if request.param == "hidden":
        script = server.dir / "hiding"
        script.write_text(HIDING % (sys.executable, server.binary,
                                    server.binary))
        script.chmod(0o755)
        server.binary = str(script)
    server.write(server=SERVER)
    server.file("file.txt", "file")
    server.file("dir/file.txt", "in dir")
    server.file("dir/index.html", "index")
    foreign = server.file("foreign.txt", "foreign")
    (server.dir / "html/own.txt").symlink_to("file.txt")
    (server.dir / "html/theirs.txt").symlink_to("foreign.txt")
    (server.dir / "html/link").symlink_to("dir")
    (server.dir / "html/other").symlink_to("dir")
    (server.dir / "html/dir/out.txt").symlink_to("../file.txt")
    if os.geteuid() == 0:
        os.chown(foreign, NOBODY, NOBODY)
    return server.start()


def statuses(server, prefix):
    return [server.get(prefix + name).status for name in (
        "file.txt", "own.txt", "theirs.txt", "link/file.txt", "link/",
        "dir/", "none")]


def test_policies(server):
    foreign = 403 if os.geteuid() == 0 else 200
    for _ in range(2):		# from the cache, too: one entry a policy
        assert statuses(server, "/off/") == [200] * 6 + [404]
        assert statuses(server, "/on/") == [200] + [403] * 4 + [200, 404]
        assert statuses(server, "/owner/") == [
            200, 200, foreign, 200, 200, 200, 404]


def test_part_that_is_trusted(server):
    assert server.get("/from/link/file.txt").body == b"in dir"
    assert server.get("/from/link/").body == b"index"
    assert server.get("/from/link/out.txt").status == 403
    assert server.get("/from/other/file.txt").status == 403
    assert server.get("/from/back/file.txt").status == 403


def test_try_files_passes_links_by(server):
    assert server.get("/try/x").body == b"in dir"


def test_bad_parameter(make):
    server = make()
    server.write(server="disable_symlinks on form=/;")
    result = server.command("-t")
    assert result.returncode == 1
    assert 'invalid parameter "form=/"' in result.stdout
