"""The command line: what it prints and how it exits."""

import os
import signal
import subprocess

from conftest import PATIENCE, free_port, wait_for

HELLO = 'location / { return 200 "hello"; }'


def run(binary, *args):
    return subprocess.run([binary, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


def test_help_and_version(binary):
    for option in ("-?", "-h", "--help"):
        done = run(binary, option)
        assert done.returncode == 0
        assert done.stderr.startswith("ringmaster version: ringmaster/")
        assert "-s signal" in done.stderr
    for option in ("-v", "--version"):
        done = run(binary, option)
        assert done.returncode == 0
        assert done.stderr.startswith("ringmaster version: ringmaster/")
        assert "Usage" not in done.stderr
    assert "configure arguments:" in run(binary, "-V").stderr


def test_usage_errors(binary):
    for args, message in (
            (["-x"], 'invalid option: "x"'),
            (["stop"], 'invalid option: "stop"'),
            (["-s", "restart"], 'invalid option: "-s restart"'),
            (["-c"], 'option "-c" requires file name'),
            (["-p"], 'option "-p" requires directory name')):
        done = run(binary, *args)
        assert done.returncode == 1
        assert done.stderr == "ringmaster: %s\n" % message


def test_t_says_that_all_is_well(make):
    server = make()
    server.write(server=HELLO)
    done = server.command("-t")
    assert done.returncode == 0
    assert done.stdout == (
        "ringmaster: the configuration file %s syntax is ok\n"
        "ringmaster: configuration file %s test is successful\n"
        % (server.conf, server.conf))
    assert server.command("-t", "-q").stdout == ""


def test_t_names_file_and_line(make):
    server = make()
    server.write("events { }\nhttp {\n    nonsense on;\n}\n")
    done = server.command("-t")
    assert done.returncode == 1
    assert done.stdout == (
        'ringmaster: [emerg] unknown directive "nonsense" in %s:3\n'
        "ringmaster: configuration file %s test failed\n"
        % (server.conf, server.conf))


def test_t_does_not_disturb_a_running_server(start):
    server = start(server=HELLO)
    assert server.command("-t").returncode == 0
    assert server.get("/").body == b"hello"
    assert server.pid()


def test_big_t_shows_each_file_as_it_is(make):
    server = make()
    server.write(http="include more.conf; include more.conf;", server=HELLO)
    (server.dir / "more.conf").write_text("# it's more\n")
    done = server.command("-T")
    assert done.returncode == 0
    assert "# configuration file %s:\n%s\n" % (
        server.conf, server.conf.read_text()) in done.stdout
    assert done.stdout.count("# configuration file %s/more.conf:\n"
                             "# it's more\n\n" % server.dir) == 1


def test_missing_files_are_named(make):
    server = make()
    done = server.command("-t")
    assert done.returncode == 1
    assert 'open() "%s" failed (2: No such file or directory)' % server.conf \
        in done.stdout


def test_no_events_section(make):
    server = make()
    server.write("http { }\n")
    assert 'no "events" section in configuration' in \
        server.command("-t").stdout


def test_load_module_is_refused_in_clear_words(make):
    server = make()
    server.write("load_module modules/ngx_http_x.so;\nevents { }\n")
    assert 'directive is not supported by ringmaster' in \
        server.command("-t").stdout


def test_accepted_directives(make):
    server = make()
    server.write("""
        user nobody nogroup; worker_processes auto;
        worker_cpu_affinity auto; worker_rlimit_nofile 1024;
        worker_rlimit_core 1m; worker_priority -5; pcre_jit on;
        timer_resolution 100ms; lock_file l; env A; env B=c;
        thread_pool default threads=8 max_queue=100;
        worker_shutdown_timeout 5s; working_directory /tmp;
        error_log error.log debug; error_log second.log crit;
        pid run.pid; daemon off; master_process on;
        events { worker_connections 64; use epoll; multi_accept on;
                 accept_mutex off; debug_connection 127.0.0.1; }
    """)
    done = server.command("-t")
    assert done.returncode == 0, done.stdout


def test_bad_values(make):
    server = make()
    for text, message in (
            ("worker_processes 0;", "invalid value"),
            ("worker_processes 100000;", "must be between 1 and"),
            ("worker_processes 1; worker_processes 2;", "is duplicate"),
            ("worker_cpu_affinity 012;", 'invalid mask "012"'),
            ("worker_priority x;", "invalid number"),
            ("error_log e.log loud;", 'invalid log level "loud"'),
            ("thread_pool default threads=0;", "invalid parameter"),
            ("daemon maybe;", "invalid value")):
        server.write(text + "\nevents { }\n")
        done = server.command("-t")
        assert done.returncode == 1, text
        assert message in done.stdout
        assert "%s:1" % server.conf in done.stdout


def test_g_comes_before_the_file(start):
    server = start(server=HELLO)
    port = free_port()
    assert server.command("-t", "-g", "worker_priority 5;").returncode == 0
    done = server.command("-t", "-g", "pid other.pid;")
    assert '"pid" directive is duplicate' in done.stdout
    done = server.command("-t", "-g", "http { listen %d; }" % port)
    assert done.returncode == 1


def test_s_needs_a_pid_file(make):
    server = make()
    server.write(server=HELLO)
    done = server.command("-s", "stop")
    assert done.returncode == 1
    assert 'ringmaster: [error] open() "%s" failed (2: No such file or ' \
        'directory)\n' % server.pid_file == done.stdout
    server.pid_file.write_text("12x\n")
    done = server.command("-s", "stop")
    assert done.returncode == 1
    assert 'invalid PID number "12x" in "%s"' % server.pid_file \
        in done.stdout
    server.bad_lines_expected = True	# as nginx: [alert] kill() failed
    server.pid_file.write_text("%d\n" % (2 ** 22 + 1))
    done = server.command("-s", "stop")
    assert done.returncode == 1
    assert "failed (3: No such process)" in done.stdout
    server.pid_file.unlink()


def test_s_signals_the_master(start):
    for name in ("quit", "stop"):
        server = start(server=HELLO)
        assert server.command("-s", "reload").returncode == 0
        wait_for(lambda: "reconfiguring" in server.log())
        assert server.command("-s", "reopen").returncode == 0
        wait_for(lambda: "reopening logs" in server.log())
        done = server.command("-s", name)
        assert (done.returncode, done.stdout) == (0, "")
        assert server.process.wait(PATIENCE) == 0
        server.process = None
        assert not server.pid_file.exists()


def test_e_is_opened_before_the_configuration_is_read(make):
    server = make()
    server.write("nonsense;\n")
    assert server.command("-t").returncode == 1
    assert 'unknown directive "nonsense"' in server.log()


def test_e_stderr(make):
    server = make()
    server.write("events { }\npid run.pid;\n")
    done = server.command("-t", "-e", "stderr")
    assert done.returncode == 0
    assert not (server.dir / "error.log").exists()


def test_daemon_returns_when_it_serves(make):
    server = make()
    server.write(server=HELLO)
    server.write(server.conf.read_text().replace("daemon off;", ""))
    assert server.command().returncode == 0
    server.note_pids()
    assert server.pid()
    assert len(server.workers()) == 2
    assert server.get("/").body == b"hello"
    os.kill(server.pid(), signal.SIGTERM)
    wait_for(lambda: not server.pid_file.exists())


def test_daemon_that_cannot_start_says_so(make, start):
    first = start(server=HELLO)
    server = make()
    server.port = first.port
    server.write(server=HELLO)
    server.write(server.conf.read_text().replace("daemon off;", ""))
    done = server.command()
    assert done.returncode == 1
    assert "bind() to 127.0.0.1:%d failed (98: Address already in use)" \
        % first.port in done.stdout


def test_stderr_goes_to_the_error_log(start):
    server = start(server=HELLO)
    for pid in (server.pid(), *server.workers()):
        assert os.readlink("/proc/%d/fd/2" % pid) == \
            str(server.dir / "error.log")
