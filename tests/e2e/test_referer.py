"""referer: from which pages a request is welcome."""

import pytest


def valid(server, referer, path="/"):
    headers = {} if referer is None else {"Referer": referer}
    body = server.get(path, headers=headers).body
    assert body in (b"[]", b"[1]")
    return body == b"[]"


SHOW = "return 200 [$invalid_referer];"


def test_which_are_valid(start):
    server = start(server=r"""
        location / {
            valid_referers none blocked server_names *.example.com
                example.* www.example.org/galleries/ ~\.google\. ~^x\.y/z;
            %s
        }
        server_name own.test ~^re\d+\.test$;""" % SHOW)
    for referer, expected in (
            (None, True), ("", True), ("nothing", True),
            ("http://i.r", True), ("http://www.example.com", True),
            ("HTTPS://WWW.EXAMPLE.com/path", True),
            ("ftp://www.other.com/", True),	# blocked: no scheme of ours
            ("http://www.example.com:81/x", True),
            ("http://example.net/", True), ("http://badexample.net/", False),
            ("http://www.example.org/galleries/x", True),
            ("http://www.example.org/galleries", False),
            ("http://www.example.org/", False),
            ("http://own.test/", True), ("http://re12.test:8/", True),
            ("http://re.test/", False), ("http://www.google.com/", True),
            ("http://evil.com/?.google.", True),
            ("http://X.Y/Z", True), ("http://evil.com/", False),
            ("http:///longer/", False),
            ("http://" + "a" * 252 + ".example.com/", False)):
        assert valid(server, referer) == expected, referer


def test_nothing_named_is_valid(start):
    server = start(server="location / { %s }" % SHOW)
    assert valid(server, "http://evil.com/")


def test_inheritance(start):
    server = start(server="""
        valid_referers a.example.com;
        location / { %s }
        location /own { valid_referers b.example.com none; %s }""" %
                   (SHOW, SHOW))
    assert valid(server, "http://a.example.com/")
    assert not valid(server, None)
    assert not valid(server, "http://a.example.com/", "/own")
    assert valid(server, "http://b.example.com/", "/own")
    assert valid(server, None, "/own")


@pytest.mark.parametrize("words, message", [
    ("none", 'the "none" or "blocked" referers are specified'),
    ('""', 'invalid referer ""'),
    ("~", 'empty regex in "~"'),
    ("~(", "pcre2_compile() failed"),
    ("a*b", 'invalid hostname or wildcard "a*b"'),
    ("a.b A.b/x", 'conflicting parameter "A.b"'),
    ("", 'invalid number of arguments in "valid_referers" directive'),
])
def test_errors(refused, words, message):
    assert message in refused(server="valid_referers %s;" % words)
