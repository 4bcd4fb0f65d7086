"""Directives of nginx, and of modules known for it, that ringmaster does not
have are named as such, with file and line; nothing is silently ignored."""

import pytest

def check(server, text, name="one.conf"):
    (server.dir / name).write_text(text)
    return server.command("-t", "-c", name).stdout


@pytest.mark.parametrize("text, reason", [
    ("fastcgi_pass x;", "FastCGI is not planned"),
    ("ssi on;", "server-side includes come with a later version"),
    ("http3 on;", "HTTP/3 comes with a later version"),
    ("mp4;", "videos are sent as files"),
    ("content_by_lua 'ngx.say(1)';", "Lua in the server"),
    ("js_content x;", "JavaScript in the server"),
    ("more_set_headers 'A: b';", "it is a third-party module"),
])
def test_the_reason_is_said(make, text, reason):
    server = make()
    out = check(server, "events { }\nhttp {\n  server {\n"
                "    location / {\n%s\n}\n} }\n" % text)
    name = text.split()[0].rstrip(";")
    assert '"%s" directive is not supported by ringmaster: %s' % (
        name, reason) in out
    assert "%s/one.conf:5" % server.dir in out
    assert "test failed" in out


def test_blocks_beside_http(make):
    server = make()
    for name in ("stream", "mail"):
        out = check(server, "events { }\n%s { server { } }\n" % name)
        assert '"%s" directive is not supported by ringmaster: it serves ' \
            "HTTP only in " % name in out


def test_a_word_that_nobody_knows_is_unknown(make):
    server = make()
    for name in ("fastcgy_pass", "proxy_pas", "lua"):
        assert 'unknown directive "%s"' % name in check(
            server, "events { }\n%s x;\n" % name)
