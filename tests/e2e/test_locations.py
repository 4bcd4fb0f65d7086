"""Which location a path is for. Guards against a wrong priority: exact, then
the longest prefix, then regular expressions in order unless "^~" says no."""

import pytest

LOCATIONS = r"""
    location = /e { return 200 exact; }
    location /e { return 200 prefix-e; }
    location ^~ /e/final { return 200 final; }
    location ~ /e/re { return 200 regex; }
    location ~* /E/ANY { return 200 nocase; }
    location /e/re/longer { return 200 longer; }
    location /n {
        return 200 n;
        location = /n/exact { return 200 n-exact; }
        location /n/m {
            return 200 m;
            location ~ z$ { return 200 m-z; }
        }
        location ~ y$ { return 200 n-y; }
    }
    location ~ y$ { return 200 outer-y; }
    location ~ ^/q {
        return 200 q;
        location ~ /qa { return 200 q-a; }
        location ~ /qb { return 200 q-b; location ~ /qbc { return 200 q-bc; } }
    }
    location ^~ /fin { return 200 fin; location ~ r$ { return 200 fin-r; } }
    location "/a b" { return 200 blank; }
    location /nothing { }
    location / { return 200 root; }
"""


@pytest.mark.parametrize("path,body", [
    ("/", "root"), ("/x", "root"), ("/e", "exact"), ("/e?x", "exact"),
    ("/%65", "exact"), ("/e/", "prefix-e"), ("/ex", "prefix-e"),
    ("/e/final", "final"), ("/e/final/e/re", "final"), ("/e/re", "regex"),
    ("/x/e/re", "regex"), ("/e/re/longer", "regex"), ("/E/any", "nocase"),
    ("/e/any", "nocase"), ("/N", "root"), ("/n", "n"), ("/n/exact", "n-exact"),
    ("/n/exact1", "n"), ("/n/m", "m"), ("/n/mz", "m-z"), ("/n/y", "n-y"),
    ("/n/my", "n-y"), ("/y", "outer-y"), ("/q", "q"), ("/qa", "q-a"),
    ("/qb", "q-b"), ("/qbc", "q-bc"), ("/qy", "outer-y"), ("/fin", "fin"),
    ("/finr", "fin-r"), ("/finy", "fin"), ("/a%20b", "blank"),
    ("//e", "exact"), ("/x/../e", "exact"), ("/e%2ffinal", "final"),
    ("/@named", "root"), ("/nothing/y", "outer-y"),
])
def test_priority(shared, path, body):
    assert shared.get(path).body.decode() == body


@pytest.fixture(scope="module")
def shared(binary):
    from conftest import Server
    server = Server(binary)
    server.write(server=LOCATIONS)
    yield server.start()
    server.finish()


def test_roots_and_aliases(start):
    server = start(server="""
        location /r/ { root %%DIR%%/one; }
        location /a/ { alias %%DIR%%/two/; }
        location = /exact { alias %%DIR%%/two/f; }
        location /v/ { root %%DIR%%/$arg_d; }
        location /o/ { alias %%DIR%%/two/; location /o/i/ { } }""")
    for name in ("one/r/f", "two/f", "two/i/f", "one/v/f", "html/f"):
        path = server.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for path, body in (("/f", "html/f"), ("/r/f", "one/r/f"),
                       ("/a/f", "two/f"), ("/a/i/f", "two/i/f"),
                       ("/exact", "two/f"), ("/v/f?d=one", "one/v/f"),
                       ("/o/i/f", "two/i/f")):
        assert server.get(path).body.decode() == body


def test_merge_slashes(start):
    server = start(http="server_names_hash_bucket_size 64;", server="""
        location /on { return 200 "$uri"; }
        location / { return 200 "root $uri"; }""")
    assert server.get("//on//x").body == b"/on/x"
    server = start(server="""
        merge_slashes off;
        location /on { return 200 "$uri"; }
        location / { return 200 "root $uri"; }""")
    assert server.get("/on//x").body == b"/on//x"
    assert server.get("//on").body == b"root //on"


@pytest.mark.parametrize("arguments,status,body", [
    ("200 text", 200, b"text"), ('200 ""', 200, b""), ("201", 201, b""),
    ('200 "$uri?$args"', 200, b"/x?a=b"), ("999 own", 999, b"own"),
    ("204", 204, b""), ("204 text", 204, b""), ("404 text", 404, b"text"),
])
def test_return(start, arguments, status, body):
    server = start(server="location / { return %s; }" % arguments)
    with server.connect() as client:
        for _ in range(2):
            answer = client.request("/x?a=b")
            assert (answer.status, answer.body) == (status, body)
            if status == 204:
                assert not {"content-length", "content-type",
                            "transfer-encoding"} & answer.headers.keys()


def test_return_444_closes_without_a_word(start):
    server = start(server="location / { return 444; }")
    assert server.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def test_return_of_the_server_comes_first(start):
    server = start(server="return 200 server; location / { return 404; }")
    assert server.get("/").body == b"server"
