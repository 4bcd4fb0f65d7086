"""Errors of a configuration, in nginx's words with file and line: people and
scripts look for them."""

import pytest

HTTP = "events { }\nhttp {\n    server {\n        %s\n    }\n}\n"
LINE = 4

ERRORS = [
    ("nonsense;", 'unknown directive "nonsense"'),
    ("root;", 'invalid number of arguments in "root" directive'),
    ("root a b;", 'invalid number of arguments in "root" directive'),
    ("root a; root b;", '"root" directive is duplicate'),
    ("etag maybe;", 'invalid value "maybe" in "etag" directive, '
     'it must be "on" or "off"'),
    ("send_timeout x;", '"send_timeout" directive invalid value'),
    ("limit_rate 1x;", '"limit_rate" directive invalid value'),
    ("client_max_body_size -1;",
     '"client_max_body_size" directive invalid value'),
    ("keepalive_requests x;", "invalid number"),
    ("daemon off;", '"daemon" directive is not allowed here'),
    ("server { }", '"server" directive is not allowed here'),
    ("alias x;", '"alias" directive is not allowed here'),
    ("root x", 'unexpected "}"'),
    ("root {", None),
    ("location / { root a; alias b; }",
     '"alias" directive is duplicate, "root" directive was specified '
     "earlier"),
    ("location /a { } location /a { }", 'duplicate location "/a"'),
    ("location ! /a { }", 'invalid location modifier "!"'),
    ("location = /a { location /a/b { } }",
     'location "/a/b" cannot be inside the exact location "/a"'),
    ("location /a { location /b { } }",
     'location "/b" is outside location "/a"'),
    ("location /a { location @b { } }",
     'named location "@b" can be on the server level only'),
    ("location @a { location /b { } }",
     'location "/b" cannot be inside the named location "@a"'),
    ("location ~ ( { }", "pcre2_compile() failed: "),
    ("location @a { alias b; }", 'the "alias" directive cannot be used '
     "inside the named location"),
    ("listen 0;", 'invalid port in "0" of the "listen" directive'),
    ("listen 65536;", 'invalid port in "65536" of the "listen" directive'),
    ("listen 1.2.3.4:x;", 'invalid port in "1.2.3.4:x" of the "listen" '
     "directive"),
    ("listen 80 nonsense;", 'invalid parameter "nonsense"'),
    ("listen 80; listen 80;", "a duplicate listen 0.0.0.0:80"),
    ("error_page 404;", 'invalid number of arguments in "error_page" '
     "directive"),
    ("error_page 200 /x;", 'value "200" must be between 300 and 599'),
    ("error_page x /x;", None),
    ("return 1000;", 'invalid return code "1000"'),
    ("return /x;", 'invalid return code "/x"'),
    ("return 200 $nothing;", 'unknown "nothing" variable'),
    ("return 200 ${uri;", 'the closing bracket in "uri" variable is missing'),
    ("return 200 $;", "invalid variable name"),
    ("try_files x;", 'invalid number of arguments in "try_files" directive'),
    ("try_files x =abc;", None),
    ("server_name a*b;", 'invalid server name or wildcard "a*b"'),
    ("server_name ~(;", "pcre2_compile() failed: "),
    ("large_client_header_buffers 0 1k;", None),
    ('root "a', None),
    ('root "a"b;', 'unexpected "b"'),
    ("include missing.conf;", None),
    ("types { a }", None),
    ("access_log a.log nonsense;", 'unknown log format "nonsense"'),
    ("error_log x nonsense;", 'invalid log level "nonsense"'),
]


@pytest.mark.parametrize("text,message", ERRORS,
                         ids=[text for text, _ in ERRORS])
def test_an_error(make, text, message):
    server = make()
    server.write("pid run.pid;\n" + HTTP % text)
    result = server.command("-t")
    assert result.returncode == 1
    lines = [line for line in result.stdout.splitlines()
             if "[emerg]" in line]
    assert len(lines) == 1, result.stdout
    assert lines[0].startswith("ringmaster: [emerg] ")
    assert message is None or message in lines[0]
    place = lines[0].rsplit(" in ", 1)[1]
    name, _, number = place.rpartition(":")
    assert name == str(server.conf)
    assert LINE + 1 <= int(number) <= LINE + 4
    assert "test failed" in result.stdout


def test_errors_of_an_included_file_name_it(make):
    server = make()
    server.write("events { }\ninclude part.conf;\n")
    (server.dir / "part.conf").write_text("\n\nnonsense;\n")
    result = server.command("-t")
    assert 'unknown directive "nonsense" in %s/part.conf:3' % server.dir \
        in result.stdout


def test_warnings_do_not_fail(make):
    server = make()
    server.write("events { }\npid run.pid;\nhttp { access_log off;\n" + """
        server { listen %%PORT%%; server_name a; }
        server { listen %%PORT%%; server_name a; }\n}\n""")
    result = server.command("-t")
    assert result.returncode == 0
    assert 'conflicting server name "a" on 0.0.0.0:%d, ignored' % \
        server.port in result.stdout
    assert "test is successful" in result.stdout
