"""No path leads out of a root or alias, and disable_symlinks is kept. Guards
against the classics: encoded dots, dots behind an alias without a slash at
the end of its location, and symbolic links anywhere in the path."""

import pytest

SECRET = b"SECRET"


def site(start, **parts):
    server = start(files={"f": "fine", "d/f": "fine"}, **parts)
    (server.dir / "secret").write_bytes(SECRET)
    (server.dir / "img").mkdir()
    (server.dir / "img/f").write_bytes(b"image")
    (server.dir / "img-secret").write_bytes(SECRET)
    return server


@pytest.mark.parametrize("path,status", [
    ("/../secret", 400), ("/%2e%2e/secret", 400), ("/.%2e/secret", 400),
    ("/..%2fsecret", 400), ("/%2e%2e%2fsecret", 400), ("/d/../../secret", 400),
    ("/d/%2e%2e/%2e%2e/secret", 400), ("//../secret", 400), ("/..", 400),
    ("/f/../../secret", 400), ("/%00/../secret", 400), ("/f%00", 400),
    ("/..%5csecret", 404), ("/..\\secret", 404), ("/%252e%252e/secret", 404),
    ("/....//secret", 404), ("/.../secret", 404), ("/..;/secret", 404),
])
def test_out_of_the_root(start, path, status):
    answer = site(start).get(path)
    assert answer.status == status
    assert SECRET not in answer.body


@pytest.mark.parametrize("path", [
    "/img../secret", "/img..%2fsecret", "/img%2e%2e/secret", "/img/../secret",
    "/img..", "/img../", "/img../img/f", "/img/..%2fsecret", "/img-secret",
])
def test_out_of_an_alias(start, path):
    server = site(start, server="""
        location /img { alias %%DIR%%/img/; }""")
    assert server.get("/imgf").body == b"image"
    assert server.get("/img/f").body == b"image"
    answer = server.get(path)
    assert answer.status == 404
    assert SECRET not in answer.body


def test_out_of_an_alias_by_an_inner_location(start):
    server = site(start, server="""
        location /img { alias %%DIR%%/img/; location /img. { } }""")
    assert server.get("/img../secret").status == 404


def links(server):
    html = server.dir / "html"
    (html / "file").symlink_to("f")
    (html / "folder").symlink_to("d")
    (html / "out").symlink_to(server.dir / "secret")


@pytest.mark.parametrize("path,body", [
    ("/file", b"fine"), ("/folder/f", b"fine"), ("/out", SECRET),
])
def test_symbolic_links_are_followed(start, path, body):
    server = site(start)
    links(server)
    assert server.get(path).body == body


@pytest.mark.parametrize("path", ["/file", "/folder/f", "/out", "/folder/",
                                  "/folder"])
def test_symbolic_links_are_refused(start, path):
    server = site(start, workers=1, server="""
        disable_symlinks on;
        location /free/ { disable_symlinks off; alias %%DIR%%/html/; }""")
    links(server)
    for _ in range(2):
        assert server.get("/free" + path).status in (200, 301, 403)
        assert server.get(path).status == 403
        assert server.get("/f").body == b"fine"
        assert server.get("/d/f").body == b"fine"


def test_process_magic_links_are_never_followed(start):
    server = site(start, server="location /proc/ { alias /proc/; }")
    assert server.get("/proc/self/root/etc/passwd").status == 403
    assert server.get("/proc/self/cwd/etc/passwd").status == 403
