"""access_log and log_format: no answered request without its line, no line
torn, none forged by a client."""

import os
import pwd
import re
import resource
import signal
import time

from conftest import wait_for

COMBINED = re.compile(
    r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
    r'"GET /hello\?a=b HTTP/1\.1" 200 5 "-" "probe/1"$')


def lines(server, name, count):
    """The lines of a log once there are so many."""
    def enough():
        text = server.log(name)
        return text.count("\n") >= count and text.splitlines()
    return wait_for(enough)


def test_combined_is_the_default_format(start):
    server = start(server="""
        access_log a.log;
        location / { return 200 hello; }""")
    server.get("/hello?a=b", headers={"User-Agent": "probe/1"})
    assert COMBINED.match(lines(server, "a.log", 1)[0])


def test_off_and_several_logs_by_location(start):
    server = start(http="log_format short '$uri:$status';", server="""
        access_log a.log short;
        location /off { access_log off; return 200 x; }
        location /two {
            access_log b.log short;
            access_log c.log short;
            return 204;
        }
        location / { return 404; }""")
    for path in ("/off", "/two", "/other"):
        server.get(path)
    assert lines(server, "a.log", 1) == ["/other:404"]
    assert lines(server, "b.log", 1) == ["/two:204"]
    assert lines(server, "c.log", 1) == ["/two:204"]


def test_condition(start):
    server = start(workers=1, http="log_format f '$uri';", server="""
        access_log a.log f if=$arg_x$arg_y;
        location / { return 200; }""")
    for path in ("/1", "/2?x=", "/3?x=0", "/4?x=1", "/5?x=0&y=0", "/6?y=n"):
        server.get(path)
    assert lines(server, "a.log", 3) == ["/4", "/5", "/6"]


def test_escaping(start):
    server = start(http=r"""
        log_format d escape=default '$arg_a|$http_x_y|$uri';
        log_format j escape=json '{"u":"$uri","x":"$arg_none"}';
        log_format n escape=none '$uri$arg_none';""", server="""
        access_log d.log d;
        access_log j.log j;
        access_log n.log n;
        location / { return 200; }""")
    server.get('/%22%1b%5c%c3%a4?a=b', headers={"X-Y": 'say "x"'})
    assert lines(server, "d.log", 1) == [
        r'b|say \x22x\x22|/\x22\x1B\x5C\xC3\xA4']
    assert lines(server, "j.log", 1) == [
        r'{"u":"/\"\u001B\\ä","x":""}']
    assert lines(server, "n.log", 1) == ['/"\x1b\\ä']


def test_a_path_with_variables(start):
    server = start(workers=1, http="log_format f '$uri';", server="""
        location / { access_log %%DIR%%/log_$arg_n f; return 200; }
        location /gone {
            root %%DIR%%/missing/;
            access_log %%DIR%%/made_$arg_n f;
            return 200;
        }""")
    os.chmod(server.dir, 0o777)
    server.get("/one?n=1")
    server.get("/two?n=2")
    server.get("/three?n=1")
    server.get("/gone?n=1")
    server.get("/up?n=/../../x")
    assert lines(server, "log_1", 2) == ["/one", "/three"]
    assert lines(server, "log_2", 1) == ["/two"]
    wait_for(lambda: "unsafe access log path" in server.log())
    assert not (server.dir / "made_1").exists()


def test_files_with_variables_kept_open(start):
    """What is open is written to wherever it was moved; and a file that was
    not used often enough, or least of three, is not open."""
    server = start(workers=1, http="log_format f '$uri';", server="""
        open_log_file_cache max=3 min_uses=2;
        location / { access_log %%DIR%%/logs/log_$arg_n f; return 200; }""")
    folder, moved = server.dir / "logs", server.dir / "moved"
    folder.mkdir()
    os.chmod(folder, 0o777)
    for name in "aabccddd":
        server.get("/before?n=" + name)
    lines(server, "logs/log_d", 3)
    folder.rename(moved)
    for name in "abcd":
        server.get("/after?n=" + name)
    lines(server, "moved/log_d", 4)
    moved.rename(folder)
    for name, count in (("a", 0), ("b", 0), ("c", 1), ("d", 1)):
        assert server.log("logs/log_" + name).count("after") == count
    server.signal(signal.SIGUSR1)
    (folder / "log_d").rename(server.dir / "old")

    def is_new():
        server.get("/new?n=d")
        return "new" in server.log("logs/log_d")
    wait_for(is_new)


def test_moved_files_are_noticed(start):
    server = start(workers=1, http="log_format f '$uri';", server="""
        open_log_file_cache max=1000 valid=1 inactive=1h;
        location / { access_log %%DIR%%/log_$arg_n f;
            location /off { open_log_file_cache off; return 200; }
            return 200; }""")
    os.chmod(server.dir, 0o777)
    server.get("/one?n=x")
    lines(server, "log_x", 1)
    (server.dir / "log_x").rename(server.dir / "old")
    server.get("/two?n=x")
    lines(server, "old", 2)
    server.get("/off?n=x")
    lines(server, "log_x", 1)

    def is_new():
        server.get("/three?n=x")
        return "three" in server.log("log_x")
    wait_for(is_new)


def test_buffered_lines_wait_for_the_flush_time(start):
    server = start(http="log_format f '$uri';", server="""
        access_log a.log f buffer=16k flush=1s;
        location / { return 200; }""")
    server.get("/one")
    server.get("/two")
    time.sleep(0.3)
    assert server.log("a.log") == ""
    found = lines(server, "a.log", 1)
    assert sorted(found) in (["/one"], ["/two"], ["/one", "/two"])
    assert sorted(lines(server, "a.log", 2)) == ["/one", "/two"]


def test_stopping_writes_what_is_buffered(start):
    server = start(http="log_format f '$uri';", server="""
        access_log a.log f buffer=1m;
        location / { return 200; }""")
    for i in range(20):
        server.get("/%d" % i)
    assert server.log("a.log") == ""
    server.stop()
    assert sorted(server.log("a.log").split()) == sorted(
        "/%d" % i for i in range(20))


def test_rotation_loses_no_line(start):
    server = start(server="""
        access_log a.log;
        location / { return 200 x; }""")
    os.chmod(server.dir, 0o777)
    answered = 0
    for i in range(10):
        with server.connect() as client:
            for _ in range(50):
                assert client.request("/").status == 200
                answered += 1
            os.rename(server.dir / "a.log", server.dir / ("a.log.%d" % i))
            server.signal(signal.SIGUSR1)
            for _ in range(50):
                assert client.request("/").status == 200
                answered += 1
        wait_for((server.dir / "a.log").exists)
    server.stop()
    logged = sum(path.read_bytes().count(b"\n")
                 for path in server.dir.glob("a.log*"))
    assert logged == answered


def test_a_limit_of_the_file_tears_no_line(make):
    """RLIMIT_FSIZE cuts a write as a full disk does."""
    server = make()
    server.bad_lines_expected = True	# the loss is an [alert], as nginx's
    # Limits can be set from outside for processes of our own user only.
    server.write(main="user %s;" % pwd.getpwuid(os.getuid()).pw_name,
                 server="""
        access_log a.log;
        location / { return 200 x; }""")
    server.start()
    for pid in wait_for(lambda: len(server.workers()) == 2 and
                        server.workers()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4321, 4321))
    for _ in range(200):
        server.get("/")
    server.stop()
    text = server.log("a.log")
    assert 0 < len(text) <= 4321
    assert text.endswith("\n")
    assert all(line.startswith("127.0.0.1 - - [") and line.endswith('"-"')
               for line in text.splitlines())
    assert "lines were lost" in server.log()


def test_configuration_errors(make):
    for directive, message in (
            ("access_log a.log nothing;", 'unknown log format "nothing"'),
            ("access_log a.log combined buffer=0;",
             'invalid buffer size "0"'),
            ("access_log a.log combined flush=1s;",
             'no buffer is defined for access_log "a.log"'),
            ("access_log a.log combined buffer=1k;"
             "access_log a.log combined buffer=2k;",
             'already defined with conflicting parameters'),
            ("access_log a$uri combined buffer=1k;",
             "buffered logs cannot have variables in name"),
            ("access_log off x;", 'invalid parameter "x"'),
            ("access_log a.log combined x;", 'invalid parameter "x"'),
            ("open_log_file_cache valid=1m;",
             '"open_log_file_cache" must have "max" parameter'),
            ("open_log_file_cache max=4097;", "keeps at most 4096 files"),
            ("open_log_file_cache max=1 inactive=x;", "invalid "
             '"open_log_file_cache" parameter "inactive=x"'),
            ("open_log_file_cache off; open_log_file_cache max=1;",
             '"open_log_file_cache" directive is duplicate'),
            ("access_log syslog:server=127.0.0.1 combined buffer=1k;",
             "logs to syslog cannot be buffered"),
            ("log_format f '$nothing';", 'unknown "nothing" variable'),
            ("log_format f '${uri';", 'the closing bracket in "uri"'),
            ("log_format f escape=x '$uri';",
             'unknown log format escaping "x"'),
            ("log_format combined '$uri';",
             'duplicate "log_format" name "combined"')):
        server = make()
        server.write(http=directive)
        result = server.command("-t")
        assert result.returncode == 1, directive
        assert message in result.stdout, directive
