"""The manual says what there is: options as each command's help names them,
directives and variables as the server takes them; and its examples work."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from board import start_board
from ringload import ringload_binary

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / "man"
COMPLETION = ROOT / "scripts" / "completion"
HELLO = 'location / { return 200 "hello"; }'


@pytest.fixture(name="build")
def build_fixture(binary):
    return pathlib.Path(binary).resolve().parent


def page(build, name):
    """The text of a page, made or written by hand."""
    made = build / "man" / name
    return (made if made.exists() else SOURCES / name).read_text()


def pages(build):
    found = {path.name: path for path in SOURCES.glob("*.[1-8]")}
    found.update((path.name, path) for path in
                 (build / "man").glob("*.[1-8]"))
    return found


def tools(build):
    """Each command that has a manual, with its page and its help."""
    folder = pathlib.Path(ringload_binary()).parent
    found = {path.stem: folder / path.stem for path in SOURCES.glob("*.1")}
    return {"ringmaster": build / "ringmaster", **found}


def help_of(binary):
    done = subprocess.run([binary, "--help"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=True,
                          timeout=20)
    return done.stdout


def options_of_help(text):
    """Not those of other commands, which stand in quotes; "[-ab]" are two."""
    text = re.sub(r'"[^"]*"', "", text)
    text = re.sub(r"\[-(\S+)\]", lambda match: " ".join(
        "-" + letter for letter in match[1]), text)
    return set(re.findall(r"--[a-z][a-z0-9-]*", text)) | \
        set(re.findall(r"(?<![\w-])-[A-Za-z1?](?![\w-])", text))


def options_of_page(text):
    """Of the tags of its lists."""
    found = set()
    for line in text.splitlines():
        if not line.startswith(".It Fl"):
            continue
        found.update("-" + word for word in
                     re.findall(r"Fl (\S+)", line.replace("\\&", "")))
    return found


def blocks(text, heading="EXAMPLES"):
    """The literal blocks of a section, with what mdoc escapes restored."""
    start = text.index(".Sh " + heading)
    end = text.find("\n.Sh ", start + 1)
    return [block.replace("\\e", "\\").replace("\\&", "") for block in
            re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text[start:end],
                       re.M | re.S)]


# ---- all pages ----

@pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc")
def test_pages_are_clean(build):
    for path in pages(build).values():
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path],
                              stdout=subprocess.PIPE, text=True, check=False,
                              timeout=20)
        assert done.stdout == ""


def test_pages_that_are_referred_to_exist(build):
    ours = {name.rsplit(".", 1)[0]: name.rsplit(".", 1)[1]
            for name in pages(build)}
    for name, path in pages(build).items():
        for other, section in re.findall(r"^\.Xr (ring\S*) (\d)",
                                         path.read_text(), re.M):
            assert ours.get(other) == section, "%s: %s" % (name, other)


# ---- options ----

def test_help_and_manual_have_the_same_options(build):
    for name, binary in tools(build).items():
        manual = page(build, name + (".8" if name == "ringmaster" else ".1"))
        assert options_of_help(help_of(binary)) - {"-?"} == \
            options_of_page(manual) - {"-?"}, name


def test_help_fits_a_screen(build):
    for name, binary in tools(build).items():
        lines = help_of(binary).splitlines()
        assert len(lines) < 24, name
        assert max(map(len, lines)) <= 80, name


def test_completion_has_all_options(build):
    """That of bash their long names, where they have some."""
    for name, binary in tools(build).items():
        options = options_of_help(help_of(binary)) - {"-?"}
        long = {one for one in options if one.startswith("--")}
        bash = (COMPLETION / "bash" / name).read_text()
        offered = options_of_help(re.search(r'options="(.*?)"', bash,
                                          re.S)[1])
        assert offered == (options if name == "ringmaster" else long), name
        zsh = (COMPLETION / "zsh" / ("_" + name)).read_text()
        named = set(re.findall(
            r"(?<![\w-])--?[A-Za-z0-9][a-z0-9-]*(?=[,}\[+=])", zsh))
        assert options <= named, (name, options - named)


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_signals():
    done = subprocess.run(
        ["bash", "--norc", "-c", "source '%s'; COMP_WORDS=(ringmaster -s re);"
         "COMP_CWORD=2; _ringmaster; echo ${COMPREPLY[*]}" %
         (COMPLETION / "bash" / "ringmaster")],
        stdout=subprocess.PIPE, text=True, check=True, timeout=20)
    assert done.stdout.split() == ["reload", "reopen"]


# ---- ringmaster.conf(5) ----

def directives(build):
    """All of the page: what it describes, accepts and refuses."""
    return re.findall(r"^\.It Ic (\S+)", page(build, "ringmaster.conf.5"),
                      re.M)


def test_directives_are_those_of_the_server(build, make):
    """Some of them, which it would else call unknown."""
    server = make()
    known = set(directives(build)) - {"include"}
    assert len(known) > 300
    for name in sorted(known)[::25]:
        server.write("%s;\nevents { }\n" % name)
        assert "unknown directive" not in server.command("-t").stdout, name
    server.write("events { }\nno_such_directive;\n")
    assert "unknown directive" in server.command("-t").stdout


def test_each_variable_is_in_the_page(build, make):
    """One that the page names can be used; of families any name."""
    names = re.findall(r"^\.It Va \$(\S+)", page(build, "ringmaster.conf.5"),
                       re.M)
    assert len(names) > 80
    server = make()
    server.write(http="log_format all '%s';" % " ".join(
        "${%s}" % name.replace("*", "x") for name in names))
    assert server.command("-t").returncode == 0


def test_configurations_of_the_manual_are_right(build, make):
    """Each example is a whole configuration."""
    examples = blocks(page(build, "ringmaster.conf.5"))
    assert len(examples) >= 7
    for example in examples:
        server = make()
        (server.dir / "logs").mkdir()
        for name, line in (("dashboard.users", "ann:{PLAIN}secret"),
                           ("dashboard.tokens", "a" * 32)):
            (server.dir / name).write_text(line + "\n")
            (server.dir / name).chmod(0o600)
        server.write(example)
        done = server.command("-t")
        assert done.returncode == 0, done.stdout + example


# ---- ringmaster-metrics(7) ----

def test_each_metric_is_in_the_page(build, start):
    """All families that a scrape of a server with some requests gives."""
    manual = page(build, "ringmaster-metrics.7")
    _, board = start_board(start, server=HELLO,
                           block="metrics_detail full;")
    scrape = board.get("/metrics.prom").body.decode()
    families = re.findall(r"^# TYPE (\S+) ", scrape, re.M)
    assert len(families) > 50
    for family in families:
        assert re.search(r"^\.(It Sy|Li) %s\b" % family, manual, re.M), family


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("jq"),
                    reason="no curl or no jq")
def test_commands_for_metrics_work(build, start):
    _, board = start_board(start, server=HELLO)
    commands = [block for block in
                blocks(page(build, "ringmaster-metrics.7"))
                if "curl" in block]
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command.replace(
                "localhost:5000", "127.0.0.1:%d" % board.port)],
            stdout=subprocess.PIPE, text=True, check=False, timeout=20)
        assert done.returncode == 0 and done.stdout, command


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_queries_for_prometheus_are_right(build, tmp_path):
    manual = page(build, "ringmaster-metrics.7")
    queries = [block for block in blocks(manual) if "rate(" in block]
    assert len(queries) == 4
    rules = "groups:\n- name: manual\n  rules:\n"
    for number, query in enumerate(queries):
        rules += "  - record: example:%d\n    expr: |\n%s" % (
            number, re.sub("^", "      ", query.rstrip(), flags=re.M) + "\n")
        for name in re.findall(r"ringmaster_\w+", query):
            assert ".It Sy %s\n" % re.sub(r"_bucket$", "", name) in manual
    path = tmp_path / "rules.yml"
    path.write_text(rules)
    done = subprocess.run(["promtool", "check", "rules", path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout


# ---- ringmaster-api(7) ----

def test_each_path_of_the_interface_is_in_the_page(build, start):
    manual = page(build, "ringmaster-api.7")
    _, board = start_board(start, server=HELLO)
    paths = board.json("/api/v1/openapi.json")["paths"]
    assert len(paths) > 20
    for path in paths:
        path = re.sub(r"\{.*?\}", "RUN", path)
        assert re.search(r"^\.(It )?Pa (\S+ , )*%s( |\?|$)" % path, manual,
                         re.M), path


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_examples_of_the_interface_work(build, start, tmp_path):
    _, board = start_board(start, server=HELLO)
    example = blocks(page(build, "ringmaster-api.7"))[-1].replace(
        "localhost:5000", "127.0.0.1:%d" % board.port)
    done = subprocess.run(
        ["bash", "-e", "-c", example.replace("curl ", "curl -f ")],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=False,
        timeout=20)
    assert done.returncode == 0 and done.stdout
    assert (tmp_path / "hour.png").read_bytes().startswith(b"\x89PNG")


# ---- ringmaster-segment(5) ----

def test_the_example_reader_counts(build, start, tmp_path):
    """The program of the page, against a server that runs."""
    server, board = start_board(start, server=HELLO)
    for _ in range(17):
        assert server.get("/").status == 200
    board.wait_total(17)
    program = tmp_path / "reader.py"
    program.write_text(blocks(page(build, "ringmaster-segment.5"))[0])
    done = subprocess.run(
        [sys.executable, program, server.dir / "ringmaster.shm"],
        stdout=subprocess.PIPE, text=True, check=True, timeout=20)
    assert done.stdout == "17\n"
