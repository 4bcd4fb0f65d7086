"""Texts with variables that a client fills. Guards against paths that lead
out of the root through try_files or index, against an empty text where one
character was counted on, and against rules that a long path gets around."""

import pytest

SECRET = b"SECRET"


def site(start, **parts):
    server = start(files={"f": "fine", "d/f": "fine"}, **parts)
    (server.dir / "secret").write_bytes(SECRET)
    (server.dir / "htmlx").write_bytes(SECRET)
    return server


CONF = """
    location /try { try_files $arg_f =404; }
    location /dirs { try_files $arg_f/ =404; }
    location /fall { try_files /nothing $arg_f; }
    location /d/ { index $arg_f; }
"""


@pytest.mark.parametrize("path", [
    "/try?f=/../secret", "/try?f=/d/../../secret", "/try?f=x", "/try",
    "/fall?f=/../secret", "/fall?f=x", "/fall", "/fall?f=?", "/dirs",
    "/dirs?f=/..", "/d/?f=../../secret", "/d/?f=/../secret",
])
def test_out_of_the_root_by_a_variable(start, path):
    answer = site(start, server=CONF).get(path)
    assert answer.status == 404
    assert SECRET not in answer.body


@pytest.mark.parametrize("path", ["/try?f=/d/f", "/fall?f=/f", "/d/?f=f"])
def test_inside_the_root_by_a_variable(start, path):
    assert site(start, server=CONF).get(path).body == b"fine"


def test_try_files_with_nothing_below_an_alias(start):
    server = site(start, server=r"""
        location ~ ^/al/(.*)$ {
            alias %%DIR%%/html/$1; try_files "" =404;
        }""")
    assert server.get("/al/f").body == b"fine"
    assert server.get("/al/nothing").status == 404
    assert server.get("/al/").status == 404


def test_a_variable_that_is_empty(start):
    server = site(start, server="""
        location / { return 200 $args; }""")
    assert server.get("/").status == 200
    assert server.get("/").body == b""
    assert server.get("/?x=1").body == b"x=1"


def test_a_long_path_does_not_get_around_a_rule(start):
    server = site(start, server="""
        location ~ ^/(a|b|.)*c$ { return 403; }
        location / { return 200 "passed"; }""")
    for length in (1, 100, 1000, 3900):
        assert server.get("/" + "ab" * length + "c").status == 403
        assert server.get("/" + "ab" * length).status == 200
