"""Files are cached and never stale. Guards against serving what a file was:
after any kind of change the next request must see it; what the watch of a
directory cannot tell (something above it moved) within about a second."""

import os
import shutil

import pytest

from conftest import wait_for

SIZES = (10, 200000)
NOW, SOON = 0, 3	# seconds


@pytest.fixture
def server(start):
    return start(workers=1, files={"d/f": "old"})


class Page:
    """One kept connection: always the same worker and its cache."""

    def __init__(self, server, path="/d/f"):
        self.client, self.path = server.connect(), path

    def get(self):
        return self.client.request(self.path)

    @property
    def body(self):
        answer = self.get()
        return answer.body if answer.status == 200 else answer.status

    def becomes(self, expected, seconds=NOW):
        wait_for(lambda: self.body == expected, seconds)
        assert self.body == expected	# and stays so


@pytest.mark.parametrize("size", SIZES)
def test_rewritten_in_place(server, size):
    page = Page(server)
    for i in range(50):
        data = (b"%d" % (i % 10)) * (size + i)
        server.file("d/f", data)
        page.becomes(data)


def test_rewritten_with_the_same_length_and_time(server):
    page = Page(server)
    path = server.file("d/f", "0")
    for i in range(50):
        path.write_bytes(b"%d" % (i % 10))
        os.utime(path, (1, 1))
        page.becomes(b"%d" % (i % 10))


@pytest.mark.parametrize("size", SIZES)
def test_replaced_by_rename(server, size):
    page = Page(server)
    for i in range(50):
        new = server.file("d/new", (b"%d" % (i % 10)) * size)
        os.rename(new, server.dir / "html/d/f")
        page.becomes((b"%d" % (i % 10)) * size)


def test_deleted_and_created_again(server):
    page = Page(server)
    for i in range(20):
        page.becomes((b"old" if i == 0 else b"%d" % (i - 1)))
        (server.dir / "html/d/f").unlink()
        page.becomes(404)
        page.becomes(404)
        server.file("d/f", b"%d" % i)


def test_created_in_a_directory_created_later(server):
    page = Page(server, "/new/below/f")
    page.becomes(404)
    server.file("new/below/f", "here")
    page.becomes(b"here", SOON)


def test_touched(server):
    page = Page(server)
    for i in range(10):
        os.utime(server.dir / "html/d/f", (1000 + i, 1000 + i))
        wait_for(lambda etag='"%x-3"' % (1000 + i):
                 page.get().headers["etag"] == etag, NOW)


def test_permissions_taken(server):
    if os.geteuid() != 0:
        pytest.skip("workers run as the owner of the file")
    page = Page(server)
    page.becomes(b"old")
    (server.dir / "html/d/f").chmod(0)
    page.becomes(403)
    (server.dir / "html/d/f").chmod(0o644)
    page.becomes(b"old")


def test_directory_renamed_away(server):
    page = Page(server)
    page.becomes(b"old")
    os.rename(server.dir / "html/d", server.dir / "html/e")
    page.becomes(404, SOON)
    server.file("d/f", "new")
    page.becomes(b"new", SOON)


def test_a_directory_above_replaced(start):
    server = start(workers=1, files={"a/b/f": "old", "n/b/f": "new"})
    page, html = Page(server, "/a/b/f"), server.dir / "html"
    page.becomes(b"old")
    os.rename(html / "a", html / "gone")
    os.rename(html / "n", html / "a")
    page.becomes(b"new", SOON)


def test_directory_removed(server):
    page = Page(server)
    page.becomes(b"old")
    shutil.rmtree(server.dir / "html/d")
    page.becomes(404, SOON)


def test_symbolic_link_of_a_release_swapped(start):
    server = start(workers=1, files={"r1/f": "one", "r2/f": "two"})
    html = server.dir / "html"
    page = Page(server, "/now/f")
    (html / "now").symlink_to("r1")
    page.becomes(b"one")
    (html / "next").symlink_to("r2")
    os.rename(html / "next", html / "now")
    page.becomes(b"two", SOON)


def test_target_of_a_symbolic_link_changed(start):
    server = start(workers=1, files={"real/f": "old"})
    (server.dir / "html/link").symlink_to("real/f")
    page = Page(server, "/link")
    page.becomes(b"old")
    server.file("real/f", "new!")
    page.becomes(b"new!", SOON)


def test_a_file_that_becomes_a_directory(server):
    page = Page(server)
    page.becomes(b"old")
    (server.dir / "html/d/f").unlink()
    server.file("d/f/x", "")
    page.becomes(301)
    shutil.rmtree(server.dir / "html/d/f")
    server.file("d/f", "file")
    page.becomes(b"file")


def test_index_and_try_files_see_changes(start):
    server = start(workers=1, files={"d/b.html": "second", "fall": "fall"},
                   server="""
        index a.html b.html;
        location /t/ { try_files $uri /fall; }""")
    index, tried = Page(server, "/d/"), Page(server, "/t/f")
    index.becomes(b"second")
    tried.becomes(b"fall")
    server.file("d/a.html", "first")
    server.file("t/f", "there")
    index.becomes(b"first")
    tried.becomes(b"there", SOON)
    (server.dir / "html/d/a.html").unlink()
    (server.dir / "html/t/f").unlink()
    index.becomes(b"second")
    tried.becomes(b"fall")


def test_truncated_while_it_is_sent(start):
    size = 20 << 20
    server = start(workers=1, files={"big": b"x" * size, "f": "fine"})
    server.bad_lines_expected = True	# it says so, with an alert
    with server.connect() as client:
        client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        os.truncate(server.dir / "html/big", 1000)
        assert len(client.read_all()) < size
    assert server.get("/f").body == b"fine"
    assert len(server.get("/big").body) == 1000
    log = server.log()
    assert "truncated" in log
    assert "Sanitizer" not in log and "runtime error" not in log


def test_more_files_than_are_kept(start):
    server = start(workers=1, server="keepalive_requests 10000;")
    names = ["f%d" % i for i in range(3000)]
    for name in names:
        server.file(name, name)
    with server.connect() as client:
        for name in names + names[::-1]:
            assert client.request("/" + name).body == name.encode()
