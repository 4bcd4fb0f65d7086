"""secure_link: links hold if the site made them, and until they expire."""

import base64
import hashlib
import time

import pytest


def digest(text):
    value = base64.urlsafe_b64encode(hashlib.md5(text.encode()).digest())
    return value.decode().rstrip("=")


SHOW = 'return 200 "[$secure_link] [$secure_link_expires]";'
MD5 = """
    secure_link $arg_md5,$arg_e;
    secure_link_md5 "secret $uri $arg_e";
    location / { %s }
    location /plain {
        secure_link $arg_md5;
        secure_link_md5 "secret $uri";
        %s
    }
    location /word { secure_link_secret word; %s }
    """ % ((SHOW,) * 3)


def shown(server, path):
    return server.get(path).body.decode()


def test_links_with_an_expiry(start):
    server = start(server=MD5)
    now = int(time.time())
    for when, expected in ((now + 100, "1"), (now - 100, "0")):
        link = digest("secret /a %d" % when)
        assert shown(server, "/a?md5=%s&e=%d" % (link, when)) == \
            "[%s] [%d]" % (expected, when)
        assert shown(server, "/a?md5=%s==&e=%d" % (link, when)) == \
            "[%s] [%d]" % (expected, when)
        assert shown(server, "/b?md5=%s&e=%d" % (link, when)) == \
            "[] [%d]" % when
    for when in ("0", "-1", "x", "", "99999999999999999999"):
        link = digest("secret /a " + when)
        assert shown(server, "/a?md5=%s&e=%s" % (link, when)) == "[] []"


def test_links_without_one(start):
    server = start(server=MD5)
    good = digest("secret /plain")
    assert shown(server, "/plain?md5=" + good) == "[1] []"
    for bad in ("", "x", good[:-1], good + "A", good + "AAA", "!" * 22,
                good.replace(good[0], "+"), "A" * 4000):
        assert shown(server, "/plain?md5=" + bad) == "[] []", bad


def test_links_in_the_path(start):
    server = start(server=MD5)
    link = "top/file?x=y"
    good = hashlib.md5((link + "word").encode()).hexdigest()
    assert shown(server, "/word/%s/%s" % (good, link)) == "[%s] []" % link
    assert shown(server, "/word/%s/%s" % (good.upper(), link)) == \
        "[%s] []" % link
    for path in ("/word/%s/other" % good, "/word/%s/" % good,
                 "/word/%s" % good, "/word/", "/word",
                 "/word/%sa/%s" % (good, link),
                 "/word/%s/%s" % ("g" * 32, link)):
        assert shown(server, path) == "[] []", path


def test_a_server_without_it_says_nothing(start):
    server = start(server="location / { %s }" % SHOW)
    assert shown(server, "/?md5=x") == "[] []"


@pytest.mark.parametrize("server, message", [
    ("location / { secure_link_secret a; secure_link_md5 b; }",
     '"secure_link_secret" cannot be mixed with'),
    ("secure_link a; secure_link b;", '"secure_link" directive is duplicate'),
    ("secure_link_md5 a; secure_link_md5 b;",
     '"secure_link_md5" directive is duplicate'),
    ("secure_link_secret a; secure_link_secret b;",
     '"secure_link_secret" directive is duplicate'),
])
def test_errors(refused, server, message):
    assert message in refused(server=server)
