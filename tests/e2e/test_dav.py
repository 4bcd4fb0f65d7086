"""dav: files are changed whole or not at all, only below the root, and
everybody sees it at once."""

import os
import pathlib
import shutil
import socket
import tempfile

import pytest

from conftest import wait_for

ALL = "dav_methods PUT DELETE MKCOL COPY MOVE;"


@pytest.fixture
def dav(start):
    """A server that may write to its root, with `more` in it."""
    def new(more="location / { %s }" % ALL, files=None):
        server = start(server="client_body_buffer_size 1k; " + more,
                       http="client_body_temp_path %%DIR%%/temp;",
                       main="user root;" if os.getuid() == 0 else "",
                       files=files)
        return server
    return new


def html(server, name=""):
    return server.dir / "html" / name


def leftovers(server):
    found = list((server.dir / "temp").iterdir())
    return found + [p for p in html(server).rglob(".*")]


def copy(server, path, to, method="COPY", **headers):
    headers = {"Destination": to, **headers}
    return server.get(path, method=method, headers=headers)


def test_put(dav):
    server = dav()
    answer = server.get("/a%20b", method="PUT", body=b"one")
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["location"].endswith("/a%20b")
    assert server.get("/a%20b").body == b"one"
    for body in (b"", b"x" * 100000, b"two"):
        assert server.get("/a%20b", method="PUT", body=body).status == 204
        assert server.get("/a%20b").body == body
    assert html(server, "a b").stat().st_mode & 0o777 == 0o600
    wait_for(lambda: leftovers(server) == [])


def test_put_takes_the_date(dav):
    server = dav()
    server.get("/a", method="PUT", body=b"x",
               headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})
    assert server.get("/a").headers["last-modified"] == \
        "Thu, 01 Jan 2026 00:00:00 GMT"


def test_put_refuses(dav):
    server = dav(files={"d/x": "x"})
    assert server.get("/new/", method="PUT", body=b"x").status == 409
    assert server.get("/d", method="PUT", body=b"x").status == 409
    assert server.get("/no/where/x", method="PUT", body=b"x").status == 500
    assert server.get("/y", method="PUT", body=b"x", headers={
        "Content-Range": "bytes 0-0/2"}).status == 501
    assert not html(server, "y").exists()
    wait_for(lambda: leftovers(server) == [])


def test_put_makes_directories(dav):
    server = dav("""location / {
        dav_methods PUT;
        create_full_put_path on;
        dav_access user:rw group:r all:r;
    }""")
    assert server.get("/a/b/c", method="PUT", body=b"x").status == 201
    assert html(server, "a/b").stat().st_mode & 0o777 == 0o755
    assert html(server, "a/b/c").stat().st_mode & 0o777 == 0o644


def test_a_broken_upload_leaves_nothing(dav):
    server = dav(files={"old": "old"})
    for path in ("/old", "/new"):
        with socket.create_connection(("127.0.0.1", server.port), 5) as s:
            s.sendall(b"PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 100000"
                      b"\r\n\r\n" % path.encode() + b"x" * 50000)
            wait_for(lambda: list((server.dir / "temp").iterdir()))
        wait_for(lambda: not leftovers(server))
    assert server.get("/old").body == b"old"
    assert server.get("/new").status == 404
    with server.connect() as client:
        client.send(b"PUT /old HTTP/1.1\r\nHost: a\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\nZZ\r\n")
        assert client.response().status == 400
    assert server.get("/old").body == b"old"
    wait_for(lambda: not leftovers(server))


@pytest.fixture
def other_device():
    """A directory on another file system than the servers."""
    here = os.stat(tempfile.gettempdir()).st_dev
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == here:
        pytest.skip("no second file system")
    path = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def test_files_move_between_devices(start, other_device):
    server = start(server="location / { %s } location /far/ { alias %s/; %s }"
                   % (ALL, other_device, ALL),
                   http="client_max_body_size 9m; client_body_temp_path "
                   "%s/temp;" % other_device,
                   main="user root;" if os.getuid() == 0 else "")
    body = os.urandom(3 << 20)
    (server.dir / "html/tree/sub").mkdir(parents=True)
    (server.dir / "html/tree/sub/f").write_text("f")
    (server.dir / "html/out").symlink_to(other_device)
    server.file("small", "x")
    assert server.get("/big", method="PUT", body=body).status == 201
    assert server.get("/big").body == body
    assert list((other_device / "temp").iterdir()) == []
    assert copy(server, "/big", "/out/big", "MOVE").status == 204
    assert (other_device / "big").read_bytes() == body
    assert server.get("/big").status == 404
    assert copy(server, "/tree/", "/out/tree/", "MOVE").status == 201
    assert (other_device / "tree/sub/f").read_text() == "f"
    assert not (server.dir / "html/tree").exists()


def test_delete(dav):
    server = dav(files={"f": "x", "d/e/f": "x", "d/.h": "x", "g/x": "x"})
    assert server.get("/f").status == 200
    assert server.get("/f", method="DELETE").status == 204
    assert server.get("/f").status == 404
    assert server.get("/f", method="DELETE").status == 404
    assert server.get("/f/x", method="DELETE").status == 404
    assert server.get("/g/x/", method="DELETE").status == 409
    assert server.get("/d", method="DELETE").status == 409
    assert server.get("/d/", method="DELETE",
                      headers={"Depth": "0"}).status == 400
    assert server.get("/d/", method="DELETE").status == 204
    assert not html(server, "d").exists()
    assert server.get("/", method="DELETE").status == 403
    assert html(server).exists()


def test_links_do_not_lead_out(dav):
    server = dav(files={"d/x": "x"})
    outside = server.dir / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "sub/precious").write_text("x")
    html(server, "d/link").symlink_to(outside)
    html(server, "link").symlink_to(outside)
    assert copy(server, "/d/", "/c/").status == 201
    assert not html(server, "c/link").exists()
    assert server.get("/link/", method="DELETE").status == 409
    assert server.get("/d/", method="DELETE").status == 204
    assert not html(server, "d").exists()
    assert (outside / "sub/precious").exists()
    assert server.get("/link", method="DELETE").status == 204
    assert (outside / "sub/precious").exists()


def test_min_delete_depth(dav):
    server = dav("location / { min_delete_depth 3; %s }" % ALL,
                 files={"a/b/c": "x", "d": "x"})
    assert server.get("/d", method="DELETE").status == 409
    assert server.get("/a/b/", method="DELETE").status == 409
    assert server.get("/a/b/c", method="DELETE").status == 204


def test_mkcol(dav):
    server = dav()
    answer = server.get("/d/", method="MKCOL")
    assert answer.status == 201
    assert answer.headers["location"].endswith("/d/")
    assert html(server, "d").stat().st_mode & 0o777 == 0o700
    assert server.get("/d/", method="MKCOL").status == 405
    assert server.get("/e", method="MKCOL").status == 409
    assert server.get("/x/y/", method="MKCOL").status == 409
    assert server.get("/z/", method="MKCOL", body=b"x").status == 415


def test_copy_and_move(dav):
    server = dav(files={"a": "A", "d/e/f": "F", "d/g": "G"})
    html(server, "a").chmod(0o640)
    os.utime(html(server, "a"), (1, 1))
    assert copy(server, "/a", "/b").status == 204
    assert html(server, "b").stat().st_mode & 0o777 == 0o640
    assert html(server, "b").stat().st_mtime == 1
    assert copy(server, "/a", "/b", Overwrite="F").status == 412
    assert copy(server, "/b", "/deep/er/c", "MOVE").status == 204
    assert server.get("/deep/er/c").body == b"A"
    assert copy(server, "/d/", "http://localhost/t/").status == 201
    assert server.get("/t/e/f").body == b"F"
    server.file("t/old", "old")
    assert copy(server, "/d/", "/t/").status == 201
    assert server.get("/t/old").status == 404
    assert copy(server, "/d/", "/t/", "MOVE").status == 201
    assert server.get("/d/g").status == 404
    assert server.get("/t/g").body == b"G"
    wait_for(lambda: leftovers(server) == [])


@pytest.mark.parametrize("path, to, status", [
    ("/a", "", 400), ("/a", "b", 400), ("/a", "ftp://localhost/b", 400),
    ("/a", "http://other/b", 400), ("/a", "http://localhostx/b", 400),
    ("/a", "http://localhost", 400), ("/a", "/../b", 400),
    ("/a", "/%2e%2e/b", 400), ("/a", "/b%00", 400), ("/a", "/%zz", 400),
    ("/a", "/a", 403), ("/a", "//a", 403), ("/a", "/b/", 409),
    ("/a", "/d", 409), ("/d/", "/b", 409), ("/d/", "/d/e/", 403),
    ("/d/e/", "/d/", 403), ("/d", "/b", 400), ("/a/", "/b/", 404),
    ("/none", "/b", 404), ("/a", "/a/b", 404),
])
def test_bad_destinations(dav, path, to, status):
    server = dav(files={"a": "A", "d/e/f": "F"})
    for method in ("COPY", "MOVE"):
        assert copy(server, path, to, method).status == status
    assert server.get("/a").body == b"A"
    assert server.get("/d/e/f").body == b"F"


def test_an_alias_is_no_way_out(dav):
    server = dav("location /i { alias %%DIR%%/html/in/; " + ALL + " }",
                 files={"in/a": "A", "other/b": "B"})
    assert copy(server, "/i/a", "/other/x").status == 400
    assert copy(server, "/i/a", "/i../other/b").status == 400
    assert server.get("/i../other/b", method="DELETE").status == 404
    assert html(server, "other/b").read_text() == "B"


def test_bad_headers(dav):
    server = dav(files={"a": "A"})
    assert copy(server, "/a", "/b", Depth="2").status == 400
    assert copy(server, "/a", "/b", Depth="1").status == 400
    assert copy(server, "/a", "/b", "MOVE", Depth="0").status == 400
    assert copy(server, "/a", "/b", Overwrite="no").status == 400
    assert server.get("/a", method="DELETE",
                      headers={"Depth": "x"}).status == 400
    assert server.get("/a", method="COPY").status == 400
    assert server.get("/a", method="DELETE", body=b"x").status == 415


def test_methods_are_off(dav):
    server = dav("""
        location / { }
        location /put/ { dav_methods PUT; }
        location /off/ { dav_methods off; }""", files={"put/a": "A"})
    for method in ("PUT", "DELETE", "MKCOL", "COPY", "MOVE", "UNKNOWN"):
        for path in ("/", "/off/"):
            assert server.get(path + "a", method=method).status == 405
    assert server.get("/put/a", method="DELETE").status == 405
    assert server.get("/put/b", method="PUT", body=b"").status == 201


def test_changes_are_seen_at_once_by_all_workers(dav):
    server = dav(files={"d/e/f": "0"})
    for number in range(1, 11):
        body = b"%d" % number
        assert server.get("/d/e/f", method="PUT", body=body).status == 204
        for _ in range(6):
            assert server.get("/d/e/f").body == body
        to = "/d%d/" % number
        for _ in range(6):
            assert server.get(to + "e/f").status == 404
        assert copy(server, "/d/", to, "MOVE").status == 201
        for _ in range(6):
            assert server.get(to + "e/f").body == body
            assert server.get("/d/e/f").status == 404
        assert copy(server, to, "/d/", "MOVE").status == 201


def test_a_tree_has_a_depth(dav):
    server = dav()
    path = html(server, "d")
    for _ in range(70):
        path = path / "d"
    path.mkdir(parents=True)
    assert copy(server, "/d/", "/e/").status == 500
    assert server.get("/d/", method="DELETE").status == 500
    deep = html(server, "d")
    for _ in range(10):
        deep = deep / "d"
    assert deep.exists()


@pytest.mark.parametrize("text, message", [
    ("dav_methods GET;", 'invalid value "GET"'),
    ("dav_access user:x;", 'invalid value "user:x"'),
    ("dav_access rw;", 'invalid value "rw"'),
    ("dav_access all:r; dav_access all:r;",
     '"dav_access" directive is duplicate'),
    ("min_delete_depth x;", "invalid number"),
])
def test_errors_are_named(make, text, message):
    server = make()
    server.write(server=text)
    assert message in server.command("-t").stdout
