"""/metrics in each format: chosen by Accept or by name, and readable by the
programs that it is for."""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest
from board import start_board

PROTO = pathlib.Path(__file__).parents[2] / "proto"
TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
FAMILIES = ("application/vnd.google.protobuf; "
            "proto=io.prometheus.client.MetricFamily; encoding=delimited")
SITE = 'location / { return 200 "hello"; }'


@pytest.fixture
def board(start):
    server, board = start_board(start, server=SITE)
    for _ in range(21):
        server.get("/")
    board.wait_total(21)
    return board


@pytest.fixture
def messages(tmp_path):
    """The Python classes of proto/, compiled for this test."""
    pytest.importorskip("google.protobuf", reason="no python3-protobuf")
    if not shutil.which("protoc"):
        pytest.skip("no protoc (protobuf-compiler)")
    subprocess.run(["protoc", "-I", PROTO, "-I", "/usr/include",
                    "--python_out", tmp_path, "metrics.proto",
                    "options.proto", "prometheus.proto"], check=True)
    sys.path.insert(0, str(tmp_path))
    try:
        import metrics_pb2
        import prometheus_pb2
        yield metrics_pb2, prometheus_pb2
    finally:
        sys.path.remove(str(tmp_path))
        for name in "metrics_pb2", "options_pb2", "prometheus_pb2":
            sys.modules.pop(name, None)


@pytest.mark.parametrize("accept, expected", [
    (None, "application/json"),
    ("*/*", "application/json"),
    ("application/json", "application/json"),
    ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
    ("text/plain;version=0.0.4", TEXT),
    ("text/plain", TEXT),
    (OPENMETRICS, OPENMETRICS),
    # what Prometheus 2.42 and 2.53 send
    ("application/openmetrics-text;version=1.0.0,application/"
     "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
     "*/*;q=0.1", OPENMETRICS),
    (FAMILIES + ";q=0.7,text/plain;version=0.0.4;q=0.3", FAMILIES),
    ("application/x-protobuf", "application/"),
])
def test_accept_chooses_the_format(board, accept, expected):
    headers = {"Accept": accept} if accept else {}
    response = board.get("/metrics", headers=headers)
    assert response.status == 200
    plain = response.headers["content-type"].replace(" ", "").lower()
    assert plain.startswith(expected.replace(" ", "").lower()), plain
    assert response.headers["vary"] == "Accept"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path, expected", [
    ("/metrics.json", "application/json"), ("/metrics.prom", "text/plain"),
    ("/metrics.om", "application/openmetrics-text"),
    ("/metrics.pb", "application/"),
])
def test_a_name_chooses_the_format_whatever_accept_says(board, path,
                                                        expected):
    for accept in "text/plain", "application/json", OPENMETRICS:
        response = board.get(path, headers={"Accept": accept})
        assert response.headers["content-type"].startswith(expected)
        assert "vary" not in response.headers


@pytest.mark.parametrize("detail", ["basic", "standard", "full"])
def test_promtool_accepts_the_text(start, detail):
    if not shutil.which("promtool"):
        pytest.skip("no promtool (prometheus)")
    server, board = start_board(
        start, server=SITE, block="metrics_detail %s;" % detail)
    server.get("/")
    board.wait_total(1)
    result = subprocess.run(["promtool", "check", "metrics"],
                            input=board.get("/metrics.prom").body,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout.decode()


def test_detail_adds_families(start):
    sizes = []
    for detail in "basic", "standard", "full":
        _, board = start_board(start, server=SITE,
                               block="metrics_detail %s;" % detail)
        text = board.get("/metrics.prom").body.decode()
        sizes.append(text.count("# TYPE"))
    assert sizes[0] < sizes[1] < sizes[2]


def test_openmetrics_ends_with_its_mark(board):
    text = board.get("/metrics.om").body
    assert text.endswith(b"\n# EOF\n")
    assert text.count(b"# EOF") == 1


def test_families_can_be_chosen(board):
    text = board.get("/metrics.prom?name%5B%5D=ringmaster_connections&"
                     "name[]=ringmaster_sessions").body.decode()
    families = [line.split()[2] for line in text.splitlines()
                if line.startswith("# TYPE")]
    assert families == ["ringmaster_connections", "ringmaster_sessions"]
    text = board.get("/metrics.prom?scope=worker").body.decode()
    assert "ringmaster_worker_requests_total{" in text
    assert "ringmaster_http_requests_total" not in text
    for bad in "scope=moon", "json=yaml", "bins=2":
        assert board.get("/metrics.prom?" + bad).status == 400


def test_the_names_of_nginxs_exporter_are_there(board):
    text = board.get("/metrics.prom").body.decode()
    values = dict(line.split() for line in text.splitlines()
                  if line.startswith("nginx_"))
    assert sorted(values) == [
        "nginx_connections_accepted", "nginx_connections_active",
        "nginx_connections_handled", "nginx_connections_reading",
        "nginx_connections_waiting", "nginx_connections_writing",
        "nginx_http_requests_total", "nginx_up"]
    assert values["nginx_http_requests_total"] == "21"
    assert values["nginx_connections_accepted"] == "21"


def test_the_names_of_nginxs_exporter_can_be_left_out(start):
    _, board = start_board(start, server=SITE, block="metrics_compat off;")
    assert b"\nnginx_" not in board.get("/metrics.prom").body


def test_protobuf_is_the_public_model(board, messages):
    model, _ = messages
    snapshot = model.Snapshot()
    snapshot.ParseFromString(board.get("/metrics.pb").body)
    assert snapshot.total_requests == 21
    assert snapshot.http.classes.c2xx == 21
    assert len(snapshot.recent_requests) == 10
    assert sum(snapshot.http.duration.bins) == 21


def test_canonical_json_reads_back_to_the_same(board, messages):
    model, _ = messages
    from google.protobuf import json_format
    response = board.get("/metrics?json=proto")
    snapshot = json_format.Parse(response.body, model.Snapshot())
    assert snapshot.total_requests == 21
    assert json_format.MessageToDict(snapshot) == json.loads(response.body)


def test_prometheus_protobuf_is_delimited_families(board, messages):
    _, prometheus = messages
    data = board.get("/metrics", headers={"Accept": FAMILIES}).body
    families, at = {}, 0
    while at < len(data):
        size = shift = 0
        while True:
            byte = data[at]
            at, size = at + 1, size | (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        family = prometheus.MetricFamily()
        family.ParseFromString(data[at:at + size])
        families[family.name] = family
        at += size
    total = sum(metric.counter.value for metric in
                families["ringmaster_http_requests_total"].metric)
    assert total == 21


def test_head_has_the_header_of_get(board):
    response = board.get("/metrics", method="HEAD")
    assert response.status == 200
    assert response.body == b""
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) > 100
