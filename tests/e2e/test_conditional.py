"""Conditional requests: a client that has the file is told so, and nobody
else. Guards against wrong precedence and against bodies in a 304."""

import os

import pytest

ETAG = '"6553f100-4"'
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = "Mon, 13 Nov 2023 22:13:20 GMT"
AFTER = "Wed, 15 Nov 2023 22:13:20 GMT"


def site(start, **parts):
    server = start(files={"f": "text"}, **parts)
    os.utime(server.dir / "html/f", (1700000000, 1700000000))
    return server


@pytest.mark.parametrize("headers,status", [
    ({"If-None-Match": ETAG}, 304),
    ({"If-None-Match": "W/" + ETAG}, 304),
    ({"If-None-Match": '"x", ' + ETAG}, 304),
    ({"If-None-Match": '"a,b",' + ETAG}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"x"'}, 200),
    ({"If-Match": ETAG}, 200),
    ({"If-Match": '"x",' + ETAG}, 200),
    ({"If-Match": "*"}, 200),
    ({"If-Match": '"x"'}, 412),
    ({"If-Match": "W/" + ETAG}, 412),
    ({"If-Modified-Since": DATE}, 304),
    ({"If-Modified-Since": BEFORE}, 200),
    ({"If-Modified-Since": AFTER}, 200),
    ({"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
    ({"If-Modified-Since": "Tue Nov 14 22:13:20 2023"}, 304),
    ({"If-Modified-Since": "junk"}, 200),
    ({"If-Unmodified-Since": DATE}, 200),
    ({"If-Unmodified-Since": BEFORE}, 412),
    ({"If-Unmodified-Since": "junk"}, 200),
    ({"If-None-Match": ETAG, "If-Modified-Since": BEFORE}, 304),
    ({"If-None-Match": '"x"', "If-Modified-Since": DATE}, 200),
    ({"If-Match": ETAG, "If-Unmodified-Since": BEFORE}, 200),
    ({"If-Match": '"x"', "Range": "bytes=0-0"}, 412),
    ({"If-None-Match": ETAG, "Range": "bytes=0-0"}, 304),
    ({"If-None-Match": '"x"', "Range": "bytes=0-0"}, 206),
])
def test_conditions(start, headers, status):
    server = site(start, workers=1)
    for _ in range(2):
        answer = server.get("/f", headers=headers)
        assert answer.status == status
        if status == 304:
            assert answer.headers["etag"] == ETAG
            assert answer.headers["last-modified"] == DATE
            assert not {"content-length", "content-type",
                        "accept-ranges"} & answer.headers.keys()
    if status != 206:
        assert server.get("/f", "HEAD", headers).status == status


def test_a_304_keeps_the_connection(start):
    server = site(start)
    with server.connect() as client:
        for _ in range(3):
            answer = client.request("/f", headers={"If-None-Match": ETAG})
            assert answer.status == 304
            assert client.request("/f").body == b"text"


def test_if_modified_since_modes(start):
    server = site(start, server="""
        location /before/ { if_modified_since before; alias %%DIR%%/html/; }
        location /off/ { if_modified_since off; alias %%DIR%%/html/; }""")
    for path, since, status in (
            ("/f", AFTER, 200), ("/f", DATE, 304),
            ("/before/f", AFTER, 304), ("/before/f", DATE, 304),
            ("/before/f", BEFORE, 200), ("/off/f", DATE, 200)):
        answer = server.get(path, headers={"If-Modified-Since": since})
        assert answer.status == status, (path, since)


def test_without_etags_the_date_decides(start):
    server = site(start, server="etag off;")
    for headers, status in (({"If-None-Match": ETAG}, 200),
                            ({"If-Match": ETAG}, 412),
                            ({"If-Modified-Since": DATE}, 304)):
        assert server.get("/f", headers=headers).status == status


def test_what_is_no_file_has_no_conditions(start):
    server = site(start, server="location / { return 200 x; }")
    headers = {"If-None-Match": "*", "If-Modified-Since": DATE}
    assert server.get("/f", headers=headers).status == 200
