"""autoindex: listings have nginx's bytes, whatever names are made of."""

import json
import os
import xml.etree.ElementTree

import pytest

from conftest import wait_for

WHEN = 1234567890		# 13 Feb 2009 23:31:30 GMT


def add(server, name, size=0, directory=False):
    path = server.dir / "html" / name
    if directory:
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, size)
    os.utime(path, (WHEN, WHEN))


def line(href, shown, width, size):
    return '<a href="%s">%s</a>%s 13-Feb-2009 23:31 %s\r\n' % (
        href, shown, " " * (50 - width), size)


def test_a_page(start):
    server = start(server="location / { autoindex on; }")
    add(server, "d/sub", directory=True)
    add(server, "d/a", 123456789)
    add(server, "d/b&<c>\"", 1)
    add(server, "d/" + "x" * 50)
    add(server, "d/" + "y" * 51)
    add(server, "d/ü ")
    add(server, "d/.hidden")
    answer = server.get("/d/")
    assert answer.headers["content-type"] == "text/html"
    assert answer.body.decode() == (
        "<html>\r\n<head><title>Index of /d/</title></head>\r\n<body>\r\n"
        '<h1>Index of /d/</h1><hr><pre><a href="../">../</a>\r\n'
        + line("sub/", "sub/", 4, "                  -")
        + line("a", "a", 1, "          123456789")
        + line("b%26%3Cc%3E%22", "b&amp;&lt;c&gt;&quot;", 6,
               "                  1")
        + line("x" * 50, "x" * 50, 50, "                  0")
        + line("y" * 51, "y" * 47 + "..&gt;", 50, "                  0")
        + line("%C3%BC%20", "ü ", 3, "                  0")
        + "</pre><hr></body>\r\n</html>\r\n")


def test_rounded_sizes(start):
    server = start(
        server="location / { autoindex on; autoindex_exact_size off; }")
    for size, text in ((9999, "   9999"), (10000, "    10K"),
                       (10752, "    11K"), (1048575, "  1024K"),
                       (1048576, "     1M"), (1572864, "     2M"),
                       (1 << 30, "     1G"), (5 << 40, "  5120G")):
        add(server, "d/f", size)
        assert (" 23:31 %s\r\n" % text).encode() in server.get("/d/").body
    add(server, "d/sub", directory=True)
    assert b" 23:31       -\r\n" in server.get("/d/").body


def test_programs_get_json_and_xml(start):
    server = start(server="""
        autoindex on;
        location /json/ { alias html/d/; autoindex_format json; }
        location /jsonp/ { alias html/d/; autoindex_format jsonp; }
        location /xml/ { alias html/d/; autoindex_format xml; }
        location /none/ { alias html/e/; autoindex_format json; }"""
        .replace("alias ", "alias %%DIR%%/"))
    add(server, "d/sub", directory=True)
    add(server, "d/a\"\n<&", 5)
    (server.dir / "html/d/z").symlink_to("nowhere")
    (server.dir / "html/e").mkdir()
    answer = server.get("/json/")
    assert answer.headers["content-type"] == "application/json"
    assert answer.body.startswith(
        b'[\r\n{ "name":"sub", "type":"directory", '
        b'"mtime":"Fri, 13 Feb 2009 23:31:30 GMT" },\r\n'
        b'{ "name":"a\\"\\n<&", "type":"file", '
        b'"mtime":"Fri, 13 Feb 2009 23:31:30 GMT", "size":5 },\r\n'
        b'{ "name":"z", "type":"other", ')
    listing = json.loads(answer.body)
    assert [entry["name"] for entry in listing] == ["sub", "a\"\n<&", "z"]

    assert server.get("/jsonp/").body == answer.body
    called = server.get("/jsonp/?callback=a.b_1")
    assert called.headers["content-type"] == "application/javascript"
    assert called.body == b"/* callback */\r\na.b_1(" + answer.body + b");"
    for callback in ("a(", "a%3b", "x" * 129):
        assert server.get("/jsonp/?callback=" + callback).status == 400
    assert server.get("/jsonp/?callback=" + "x" * 128).status == 200

    answer = server.get("/xml/")
    assert answer.headers["content-type"].startswith("text/xml")
    root = xml.etree.ElementTree.fromstring(answer.body)
    assert [(e.tag, e.text, e.get("size"), e.get("mtime"))
            for e in root][:2] == [
        ("directory", "sub", None, "2009-02-13T23:31:30Z"),
        ("file", "a\"\n<&", "5", "2009-02-13T23:31:30Z")]
    assert server.get("/none/").body == b"[\r\n]"


def test_when_there_is_none(start):
    server = start(server="""
        location / { autoindex on; }
        location /d/off/ { autoindex off; }""")
    add(server, "d/off/x")
    add(server, "i/index.html", 3)
    assert server.get("/d/off/").status == 403
    assert server.get("/missing/").status == 404
    assert server.get("/i/").body == b"\0\0\0"
    assert server.get("/d/", method="POST").status == 403
    assert server.get("/d").status == 301
    answer = server.get("/d/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_links_are_not_a_way_out(start):
    server = start(server="""
        autoindex on;
        disable_symlinks on;
        index /none;
        location / { }""")
    add(server, "d/x")
    (server.dir / "html/l").symlink_to("d")
    assert server.get("/l/").status in (403, 404)


def test_changes_are_seen_at_once(start):
    server = start(server="location / { autoindex on; }")
    for number in range(5):
        add(server, "d/new%d" % number)
        assert b'"new%d"' % number in server.get("/d/").body


def test_a_long_listing_is_whole(start):
    server = start(
        server="location / { autoindex on; autoindex_format json; }")
    names = ["n%05d" % i for i in range(5000)]
    for name in names:
        add(server, "d/" + name)
    listing = json.loads(server.get("/d/").body)
    assert [entry["name"] for entry in listing] == names


def test_there_is_a_limit(start):
    server = start(
        server="location / { autoindex on; autoindex_format json; }")
    (server.dir / "html/d").mkdir()
    directory = os.open(server.dir / "html/d", os.O_RDONLY)
    for i in range(65536):
        os.symlink("x", "%d" % i, dir_fd=directory)
    assert len(json.loads(server.get("/d/").body)) == 65536
    os.symlink("x", "more", dir_fd=directory)
    os.close(directory)
    assert server.get("/d/").status == 500
    wait_for(lambda: "has more than 65536 entries" in server.log())


@pytest.mark.parametrize("text, message", [
    ("autoindex maybe;", 'it must be "on" or "off"'),
    ("autoindex_format yaml;", 'invalid value "yaml"'),
])
def test_errors_are_named(make, text, message):
    server = make()
    server.write(server=text)
    assert message in server.command("-t").stdout
