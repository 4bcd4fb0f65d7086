"""Ranges: exactly the bytes asked for. Guards against arithmetic at the ends
of a file, parts that are torn, and ranges of another version of it."""

import pytest

DATA = bytes(i * 7 % 251 for i in range(100000))
FILES = {"small": DATA[:1000], "big": DATA, "one": b"x", "empty": b""}


def ranged(server, value, path="/small", **headers):
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    return server.get(path, headers={"Range": value, **headers})


@pytest.mark.parametrize("name", ["small", "big", "one"])
def test_single_ranges(start, name):
    server, path, data = start(files=FILES), "/" + name, FILES[name]
    size = len(data)
    for value, first, end in (
            ("0-0", 0, 1), ("0-", 0, size), ("-1", size - 1, size),
            ("0-%d" % (size - 1), 0, size), ("0-%d" % size, 0, size),
            ("%d-" % (size - 1), size - 1, size), ("-%d" % size, 0, size),
            ("-%d" % (size + 1), 0, size), ("0-" + "9" * 30, 0, size),
            ("%d-%d" % (size // 2, size - 1), size // 2, size)):
        answer = ranged(server, "bytes=" + value, path)
        assert answer.status == 206, value
        assert answer.body == data[first:end], value
        assert answer.headers["content-range"] == "bytes %d-%d/%d" % (
            first, end - 1, size)


@pytest.mark.parametrize("value", [
    "bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5-2", "bytes=x",
    "bytes=0-x", "bytes=--1", "bytes=1", "bytes=" + "9" * 30 + "-"])
def test_unsatisfiable(start, value):
    answer = ranged(start(files=FILES), value)
    assert answer.status == 416
    assert answer.headers["content-range"] == "bytes */1000"
    assert "etag" not in answer.headers


@pytest.mark.parametrize("value", ["items=0-1", "bytes", "bytes=", "0-1"])
def test_what_is_no_range_is_ignored(start, value):
    answer = ranged(start(files=FILES), value)
    assert (answer.status, len(answer.body)) == (200, 1000)


def test_of_an_empty_file(start):
    server = start(files=FILES)
    assert ranged(server, "bytes=0-", "/empty").status in (200, 416)
    assert ranged(server, "bytes=-1", "/empty").status in (200, 416)


def parts(answer):
    """The (content-range, bytes) of a multipart answer."""
    kind, _, boundary = answer.headers["content-type"].partition(
        "; boundary=")
    assert kind == "multipart/byteranges"
    pieces = answer.body.split(b"\r\n--" + boundary.encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _, body = piece.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1)
                     for line in head.decode().strip().split("\r\n"))
        found.append((lines["Content-Range"], lines["Content-Type"], body))
    return found


@pytest.mark.parametrize("name", ["small", "big"])
def test_several_ranges(start, name):
    server = start(files=FILES, http="default_type a/b;")
    data, size = FILES[name], len(FILES[name])
    answer = ranged(server, "bytes=0-9, 20-29,-5,%d-" % (size - 1),
                    "/" + name)
    assert answer.status == 206
    assert len(answer.body) == int(answer.headers["content-length"])
    assert parts(answer) == [
        ("bytes 0-9/%d" % size, "a/b", data[:10]),
        ("bytes 20-29/%d" % size, "a/b", data[20:30]),
        ("bytes %d-%d/%d" % (size - 5, size - 1, size), "a/b", data[-5:]),
        ("bytes %d-%d/%d" % (size - 1, size - 1, size), "a/b", data[-1:])]


def test_parts_that_do_not_exist_are_left_out(start):
    answer = ranged(start(files=FILES), "bytes=0-1,5000-")
    assert (answer.status, answer.body) == (206, DATA[:2])


def test_parts_that_cost_more_than_the_whole(start):
    server = start(files=FILES)
    for value in ("0-,0-", ",".join("%d-%d" % (i, i) for i in range(500)),
                  ",".join(["0-0"] * 5000)):
        answer = server.get("/small", headers={"Range": "bytes=" + value})
        assert answer.status in (200, 431)
        assert answer.status == 431 or answer.body == DATA[:1000]


def test_max_ranges(start):
    server = start(files=FILES, server="""
        location /none/ { max_ranges 0; alias %%DIR%%/html/; }
        location /one/ { max_ranges 1; alias %%DIR%%/html/; }""")
    assert ranged(server, "bytes=0-0", "/none/small").status == 200
    assert ranged(server, "bytes=0-0", "/one/small").status == 206
    assert ranged(server, "bytes=0-0,2-2", "/one/small").status == 200


def test_if_range(start):
    server = start(files=FILES)
    now = server.get("/small").headers
    for value, status in (
            (now["etag"], 206), ('"other"', 200), ("W/" + now["etag"], 200),
            (now["last-modified"], 206), ("junk", 200),
            ("Mon, 13 Nov 2023 22:13:20 GMT", 200)):
        assert ranged(server, "bytes=0-0", If_Range=value).status == status


def test_only_get_has_ranges(start):
    server = start(files=FILES)
    answer = server.get("/small", "HEAD", {"Range": "bytes=0-0"})
    assert answer.headers["content-length"] == "1000"


def test_a_page_for_an_error_has_none(start):
    server = start(files=FILES, server="error_page 404 /small;")
    answer = ranged(server, "bytes=0-0", "/missing")
    assert (answer.status, len(answer.body)) == (404, 1000)
    assert "accept-ranges" not in answer.headers
