"""random_index: some file of the directory, and nothing else that is there."""


def test_any_file(start):
    server = start(server="""
        location / { random_index on; }
        location /off/ { }""")
    for name in ("d/a", "d/b", "d/c"):
        server.file(name, name)
    server.file("d/.hidden", "hidden")
    server.file("d/sub/x", "sub")
    server.file("e/sub/x", "sub")
    server.file("off/a", "a")
    seen = {server.get("/d/").body for _ in range(100)}
    assert seen == {b"d/a", b"d/b", b"d/c"}
    assert server.get("/e/").status == 403
    assert server.get("/none/").status == 404
    assert server.get("/off/").status == 403


def test_it_comes_before_index(start):
    server = start(server="location / { random_index on; index i; }")
    server.file("d/a", "a")
    (server.dir / "html/d/i").mkdir()
    assert server.get("/d/").body == b"a"


def test_it_is_off_where_no_location_is(start):
    server = start(server="location /x { random_index on; }",
                   files={"d/a": "a"})
    assert server.get("/d/").status == 403
