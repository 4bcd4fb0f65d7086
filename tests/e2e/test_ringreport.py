"""The command ringreport: pictures and tables of load tests."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import zlib

import pytest

from board import start_board
from conftest import wait_for
from ringload import ANSWER, misbehaving, read_head, ringload_binary
from ringload import run as ringload

ROOT = pathlib.Path(__file__).parents[2]
MANUAL = ROOT / "man" / "ringreport.1"
RESULTS = "reports/test_results.json"
GRAPH = "reports/performance_graph.png"
GOLDEN = pathlib.Path(__file__).with_name("golden.png")
DEJAVU = pathlib.Path("/usr/share/fonts/truetype/dejavu")
# Of the golden picture: tiles, and rows of panels.
PANELS = [(13 + i * 77, 45, 71, 42) for i in range(6)] + \
    [(13, 93, 224, 67), (243, 93, 224, 67)] + \
    [(13 + i * 154, y, 147, height) for i in range(3)
     for y, height in ((166, 67), (239, 55))]


def ringreport_binary():
    beside = pathlib.Path(ringload_binary())
    return os.environ.get("RINGREPORT", str(beside.with_name("ringreport")))


def report(*args, status=0, cwd=None, env=None, text=True, stdin=None):
    """Run it; its exit status must be the expected one."""
    done = subprocess.run(
        [os.path.abspath(ringreport_binary()), *map(str, args)],
        input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=text, cwd=cwd, timeout=120, check=False,
        env={**os.environ, "TZ": "UTC", **(env or {})})
    errors = done.stderr if text else done.stderr.decode()
    assert "Sanitizer" not in errors, errors
    assert "runtime error" not in errors, errors
    assert done.returncode == status, (done.returncode, done.stdout, errors)
    return done


def answer(connection):
    with connection:
        while read_head(connection):
            connection.sendall(ANSWER)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with the results of three runs."""
    folder = tmp_path_factory.mktemp("kept")
    with misbehaving(answer) as server:
        for name in ("first", "second"):
            ringload("-R", 200, "-d", "3s", "-c", 4, "--slo", "p99<5s",
                     "--save", "--quiet", "--name", name, server.url,
                     cwd=folder)
        ringload("-c", 20, "-n", 5, "--save", "--quiet", server.url,
                 cwd=folder)
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    shutil.copytree(kept / "reports", tmp_path / "reports")
    return tmp_path


def runs(folder):
    return json.loads((folder / RESULTS).read_text())["results"]


def chunks(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(data):
        size, = struct.unpack(">I", data[at:at + 4])
        body = data[at + 8:at + 8 + size]
        crc, = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        assert crc == zlib.crc32(data[at + 4:at + 8 + size])
        yield data[at + 4:at + 8].decode(), body
        at += 12 + size


def pixels(data):
    """Width, height and the rows of a PNG as this program writes it."""
    parts = list(chunks(data))
    width, height = struct.unpack(">II", parts[0][1][:8])
    assert parts[0][1][8:10] == b"\x08\x03"
    palette = dict(parts)["PLTE"]
    colors = [palette[i:i + 3] for i in range(0, len(palette), 3)]
    raw = zlib.decompress(b"".join(body for name, body in parts
                                   if name == "IDAT"))
    assert len(raw) == (width + 1) * height
    rows = []
    for y in range(0, len(raw), width + 1):
        assert raw[y] == 0
        rows.append(b"".join(colors[i] for i in raw[y + 1:y + 1 + width]))
    return width, height, rows


# ---- what there is ----

def test_help_manual_and_completions_have_the_same_options():
    lines = report("--help").stdout.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    named = set(re.findall(r"--([a-z0-9]+) ", "\n".join(
        line for line in lines if line.startswith("  "))))
    assert len(named) == 15
    manual = set(re.findall(r"^\.It Fl (?:\w , Fl )?-([a-z0-9]+)",
                            MANUAL.read_text(), re.M))
    assert manual == named
    for file in ("bash/ringreport", "zsh/_ringreport"):
        text = (ROOT / "scripts" / "completion" / file).read_text()
        assert set(re.findall(r"--([a-z0-9]+)", text)) == named, file


def test_completion_of_bash():
    script = ROOT / "scripts" / "completion" / "bash" / "ringreport"
    done = subprocess.run(
        ["bash", "--norc", "-c", "source '%s'; COMP_WORDS=(ringreport --th);"
         "COMP_CWORD=1; _ringreport; echo ${COMPREPLY[*]};"
         "COMP_WORDS=(ringreport --theme p); COMP_CWORD=2; _ringreport;"
         "echo ${COMPREPLY[*]}" % script],
        stdout=subprocess.PIPE, text=True, check=True, timeout=20)
    assert done.stdout.split() == ["--theme", "print"]


def test_version():
    """And the commit, if that is known."""
    assert re.fullmatch(r"ringreport \d+\.\d+\.\d+"
                        r"(\+[0-9a-f]{12}(-dirty)?)?\n",
                        report("-V").stdout)


@pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc")
def test_the_manual_is_clean():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", MANUAL],
                          stdout=subprocess.PIPE, text=True, check=False)
    assert done.stdout == ""


def test_colours_are_those_of_the_page():
    done = subprocess.run(
        [ROOT / "scripts" / "tokens", "html/dashboard/tokens.css",
         "html/dashboard/charts.css"], cwd=ROOT, stdout=subprocess.PIPE,
        text=True, check=True)
    assert "X(OK, 0x5EEAD0, 0x12A08A)" in done.stdout
    assert "X(P999, 0xFFA58C, 0xB3402A)" in done.stdout


# ---- pictures ----

def test_without_arguments_it_draws_the_last_run(folder):
    assert report(cwd=folder).stdout == GRAPH + "\n"
    picture = (folder / GRAPH).read_bytes()
    header = dict(chunks(picture))["IHDR"]
    assert struct.unpack(">II", header[:8]) == (3200, 2000)
    assert len(picture) < 600_000
    assert sorted(os.listdir(folder / "reports")) == [
        "performance_graph.png", "test_results.json"]
    if shutil.which("pngcheck"):
        subprocess.run(["pngcheck", "-q", folder / GRAPH], check=True)


def test_a_picture_carries_its_data(folder):
    report(cwd=folder)
    data = json.loads(report("extract", GRAPH, cwd=folder).stdout)
    assert [run["run"] for run in data["results"]] == \
        [run["run"] for run in runs(folder)]
    last, of_it = runs(folder)[-1], data["results"][-1]
    assert of_it == last
    report("-o", "again.png", GRAPH, cwd=folder)
    assert (folder / "again.png").read_bytes() == \
        (folder / GRAPH).read_bytes()


def test_what_is_extracted_can_be_verified(folder):
    """By the digest that is at the foot of the picture: that of the bytes."""
    report(cwd=folder)
    data = report("extract", GRAPH, cwd=folder, text=False).stdout
    assert data == report("-f", "json", cwd=folder, text=False).stdout
    digest = hashlib.sha256(data).hexdigest()
    for known in (digest, digest[:16].upper()):
        assert report("extract", "--sha256", known, GRAPH, cwd=folder,
                      text=False).stdout == data
    other = ("1" if digest[0] == "0" else "0") + digest[1:]
    done = report("extract", "--sha256", other, "-o", "data.json", GRAPH,
                  cwd=folder, status=1)
    assert "its data has the sha256 " + digest in done.stderr
    assert not (folder / "data.json").exists()


def unlike(one, other, rows):
    """How many pixels of the first rows are clearly of another colour."""
    return sum(max(abs(a[i + k] - b[i + k]) for k in range(3)) > 48
               for a, b in zip(one[2][:rows], other[2][:rows]) if a != b
               for i in range(0, len(a), 3))


@pytest.mark.skipif(not (DEJAVU / "DejaVuSans-Bold.ttf").exists(),
                    reason="no fonts-dejavu-core")
def test_the_picture_is_the_golden_one(tmp_path):
    """Drawn from the data that the golden one carries, with a font that is the
    same everywhere: another FreeType or Cairo may shade edges otherwise, by far
    less than a panel that moves by a pixel, which the end makes sure of. The
    foot, which has versions and a digest, may differ. If a change is meant,
    what this test leaves is the new tests/e2e/golden.png."""
    (tmp_path / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        "<fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>" %
        (DEJAVU, tmp_path / "cache"))
    fonts = {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    report("--size", "1200x800", "--scale", 0.4, "-o", "new.png", GOLDEN,
           cwd=tmp_path, env=fonts)
    golden = pixels(GOLDEN.read_bytes())
    new = pixels((tmp_path / "new.png").read_bytes())
    foot = int((800 - 24 - 32) * 0.4)
    assert golden[:2] == new[:2] == (480, 320)
    assert unlike(golden, new, foot) < 60, tmp_path / "new.png"
    # What is moved by a pixel would be seen: each panel, whichever way.
    for x, y, width, height in PANELS:
        for right, down in ((1, 0), (0, 1)):
            rows = list(new[2])
            for row in range(y + down, y + height):
                rows[row] = (new[2][row][:(x + right) * 3] +
                             new[2][row - down][x * 3:(x + width - right) * 3]
                             + new[2][row][(x + width) * 3:])
            assert unlike(golden, (480, 320, rows), foot) > 120, (x, y)


def test_themes_and_sizes(folder):
    grounds = {"dark": b"\x0f\x14\x20", "light": b"\xf5\xf7\xfa",
               "print": b"\xff\xff\xff"}
    for theme, ground in grounds.items():
        report("--theme", theme, "--size", "1200x630", "--scale", 0.5, "-o",
               "card.png", cwd=folder)
        width, height, rows = pixels((folder / "card.png").read_bytes())
        assert (width, height) == (600, 315)
        assert rows[0] == ground * width


def test_the_same_input_gives_the_same_output(folder):
    for form in ("svg", "json", "pdf", "html", "csv", "md", "txt"):
        first, second = (report("-f", form, "-o", "-", cwd=folder,
                                text=False).stdout for _ in range(2))
        assert first == second, form
        assert len(first) > 100
    one, two = (report("--scale", 0.5, "-o", "-", cwd=folder,
                       text=False).stdout for _ in range(2))
    assert pixels(one) == pixels(two)


def test_formats(folder):
    done = report("-f", "svg,pdf,html,csv,json,md,txt", "-o", "out/",
                  cwd=folder)
    out = folder / "out"
    assert len(done.stdout.split()) == len(os.listdir(out)) == 7
    svg = (out / "performance_graph.svg").read_text()
    assert "<title>Load test: " in svg
    assert svg.rstrip().endswith("</svg>")
    assert (out / "performance_graph.pdf").read_bytes()[:5] == b"%PDF-"
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "20", "-png",
                        out / "performance_graph.pdf", out / "page"],
                       check=True)
        assert (out / "page-1.png").exists()
    assert "second_s," in (out / "performance_graph.csv").read_text()


def test_a_page_loads_nothing(folder):
    report("-f", "html", "-o", "page.html", cwd=folder)
    page = (folder / "page.html").read_text()
    assert len(page) < 250_000
    assert not re.search(r"<script|<link|@import|url\(http", page)
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "requests  100" in page


def test_a_page_has_text(folder):
    """That can be found and copied: what the picture has as letters, so also
    the digest of the data of the picture beside it."""
    report("-f", "html,png", "-o", "both", cwd=folder)
    page = (folder / "both.html").read_text()
    texts = re.findall(r"<text [^>]*>([^<]*)</text>", page)
    assert "Throughput and connections" in texts
    assert "glyph" not in page and "<symbol" not in page
    data = report("extract", "both.png", cwd=folder, text=False).stdout
    assert "data sha256 " + hashlib.sha256(data).hexdigest() in texts


def test_ids_files_and_standard_input(folder):
    ids = [run["run"] for run in runs(folder)]
    report("-o", "out/", "--scale", 0.5, *ids[:2], cwd=folder)
    assert sorted(os.listdir(folder / "out")) == \
        sorted(one + ".png" for one in ids[:2])
    one = json.dumps(runs(folder)[0])
    assert "p99<5s" in report("-f", "txt", "-", cwd=folder, stdin=one).stdout


def test_compare_and_trend(folder):
    first, second = [run["run"] for run in runs(folder)[:2]]
    report(first, "-o", "old.png", "--scale", 0.5, cwd=folder)
    done = report("--compare", "old.png", second, "-f", "txt", cwd=folder)
    assert "p99" in done.stdout and first in done.stdout
    report("--compare", first, second, cwd=folder)
    assert (folder / "reports" / "comparison.png").exists()
    lines = report("--last", 2, "-f", "csv", cwd=folder).stdout.splitlines()
    assert len(lines) == 3
    report("--last", 20, cwd=folder)
    assert (folder / "reports" / "trend.png").exists()
    assert "same run" in report("--compare", first, first, status=1,
                                cwd=folder).stderr


@pytest.mark.parametrize("panel", [
    "throughput", "latency", "distribution", "percentiles", "stages",
    "status", "workers", "history", "notes"])
def test_panels(folder, panel):
    report("--panel", panel, "-o", "panel.png", "--scale", 1, cwd=folder)
    header = dict(chunks((folder / "panel.png").read_bytes()))["IHDR"]
    assert struct.unpack(">II", header[:8]) == (800, 320)


def test_long_runs_are_not_too_large(folder):
    """600 seconds, each with a distribution, in 3200 x 2000 pixels or a page;
    and an hour, the longest there is, where no second is like another."""
    result = runs(folder)[0]
    second = result["seconds"][1]
    result["seconds"] = [
        {**second, "second": i, "requests": 100 + i * 7 % 90,
         "p99": second["p99"] * (1 + i % 7 / 5)} for i in range(600)]
    result["duration_seconds"] = 600
    (folder / "long.json").write_text(json.dumps(result))
    report("-f", "png,html", "-o", "long", "long.json", cwd=folder)
    assert (folder / "long.png").stat().st_size < 600_000
    assert (folder / "long.html").stat().st_size < 250_000
    result["seconds"] = [
        {"second": i, "requests": 100 + i * 7919 % 900,
         "errors": i * 104729 % 50, "connections": i * 31 % 40,
         "p50": 0.001, "p99": 0.002 + i * 7 % 90 / 1000, "max": 0.2}
        for i in range(3600)]
    result.update(duration_seconds=3600, errors=90000)
    (folder / "long.json").write_text(json.dumps(result))
    report("-f", "html", "-o", "long.html", "--theme", "print", "long.json",
           cwd=folder)
    assert (folder / "long.html").stat().st_size < 250_000


def test_it_says_when_there_is_no_font(folder):
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        "<fontconfig><dir>/nonexistent</dir></fontconfig>")
    done = report(cwd=folder, status=1,
                  env={"FONTCONFIG_FILE": str(folder / "fonts.conf")})
    assert "no font" in done.stderr
    assert not (folder / GRAPH).exists()


# ---- the server ----

def test_what_a_server_did(start, tmp_path):
    """From the history that its dashboard records, which stays as it is."""
    server, board = start_board(start, server='location / { return 200; }',
                                block="history here.history;")
    history = server.dir / "here.history"
    for _ in range(5):
        server.get("/")
    wait_for(lambda: "requests       5" in report(
        "--since", "1m", "--history", history, "-f", "txt").stdout)
    report("--since", "1h", "--history", history, "-f", "png,svg", "-o",
           "out/", "--scale", 0.5, cwd=tmp_path)
    assert pixels((tmp_path / "out/server.png").read_bytes())[:2] == \
        (800, 500)
    assert "start" in report("--since", "1m", "--history", history, "-f",
                             "txt").stdout
    answer = board.get("/api/v1/reports/server?range=1m&format=txt")
    assert b"requests       5" in answer.body
    assert board.get("/api/v1/reports/server?scale=1").status == 200
    assert board.get("/api/v1/reports/server?range=1y").status == 400


def test_histories_that_are_none(tmp_path):
    (tmp_path / "bad").write_bytes(b"hello" * 100)
    for name, says in (("bad", "no history"), ("nosuch", "No such file"),
                       (".", "Invalid argument")):
        assert says in report("--since", "1h", "--history", name,
                              cwd=tmp_path, status=1).stderr
    assert os.listdir(tmp_path) == ["bad"]


# ---- what is refused ----

@pytest.mark.parametrize("content, says", [
    ("", "no runs"), ('{"version":1,"results":[]}', "no runs"),
    ('{"version":1,"results":[{"run":', "damaged"), ("[1,2]", "damaged"),
    ("hello", "damaged"), ('{"version":2,"results":[]}', "no file of"),
    ('{"version":1,"results":[{"run":7}]}', "not a text"),
    ("\x00" * 5000, "damaged"), ("[" * 100000, "damaged")])
def test_input_that_is_none(tmp_path, content, says):
    (tmp_path / "reports").mkdir()
    (tmp_path / RESULTS).write_text(content)
    done = report(cwd=tmp_path, status=1)
    assert says in done.stderr
    assert done.stderr.startswith("ringreport: " + RESULTS)
    assert not (tmp_path / GRAPH).exists()


def test_pictures_of_others(folder):
    """A damaged one, and one whose data somebody took out."""
    report("--scale", 0.5, cwd=folder)
    data = bytearray((folder / GRAPH).read_bytes())
    bare = data[:8] + b"".join(
        struct.pack(">I", len(body)) + name.encode() + body +
        struct.pack(">I", zlib.crc32(name.encode() + body))
        for name, body in chunks(bytes(data)) if name != "iTXt")
    (folder / "bare.png").write_bytes(bare)
    assert "without data" in report("extract", "bare.png", cwd=folder,
                                    status=1).stderr
    data[data.index(b"iTXt") + 60] ^= 1
    (folder / "bad.png").write_bytes(data)
    assert "damaged picture" in report("bad.png", cwd=folder,
                                       status=1).stderr


def test_files_that_are_none(tmp_path):
    assert "ringload --save" in report(cwd=tmp_path, status=1).stderr
    assert "No such file" in report("nosuch.png", cwd=tmp_path,
                                    status=1).stderr
    assert "not a file" in report("/dev/zero", cwd=tmp_path, status=1).stderr
    with open(tmp_path / "huge.json", "wb") as huge:
        huge.truncate((64 << 20) + 1)
    assert "over 64 MiB" in report("huge.json", cwd=tmp_path,
                                   status=1).stderr


def test_an_id_is_no_path(folder):
    """The name of a file comes from an id, which others may have written."""
    result = {**runs(folder)[0], "run": "../../../tmp/evil"}
    (folder / "foreign.json").write_text(json.dumps(result))
    inner = folder / "inner"
    inner.mkdir()
    done = report("--scale", 0.5, "../foreign.json", cwd=inner)
    assert done.stdout == "run.png\n"
    assert os.listdir(inner) == ["run.png"]


@pytest.mark.parametrize("args, says", [
    (("--theme", "pink"), "dark, light or print"),
    (("--size", "12x"), "1200x630"), (("--size", "99999x99999"), "4000x4000"),
    (("--scale", "9"), "0.25 to 4"), (("--panel", "cpu"), "throughput"),
    (("--format", "gif"), "png, svg"), (("--last", "1"), "from 2 to 200"),
    (("--compare", "x"), "two runs"), (("--watch", "0"), "1s to 24h"),
    (("--compare", "--last", "3"), "exclude"), (("extract",), "one picture"),
    (("--since", "1y"), "10s to 168h"), (("--since", "1h", "x"), "no runs"),
    (("--nosuch",), "no option"), (("--theme",), "lacks its value"),
    (("extract", "--sha256", "0123", "a.png"), "16 to 64"),
    (("--sha256", "0" * 16), "with extract"),
    (("-o", "-", "a.png", "b.png"), "one report")])
def test_command_lines_that_are_wrong(tmp_path, args, says):
    assert says in report(*args, status=2, cwd=tmp_path).stderr


def test_what_cannot_be_written(folder):
    (folder / "file").write_text("")
    assert "cannot write" in report("-o", "file/x.png", "--scale", 0.5,
                                    cwd=folder, status=1).stderr
    with open("/dev/full", "w") as full:
        done = subprocess.run([ringreport_binary(), "-f", "txt"], cwd=folder,
                              stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
