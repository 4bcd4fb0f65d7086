"""The history: what was recorded agrees with the requests made, and neither
a killed dashboard, a reload nor a restart of the server loses it; a file that
cannot be used is put aside. And the rest of /api/v1."""

import json
import os
import resource
import signal
import time

from board import start_board
from conftest import wait_for

SITE = '''location / { return 200 "hello"; }
    location /missing { return 404; }
    location /broken { return 500; }'''


def series(board, names, query="range=5m"):
    """Name to series, of what /api/v1/history says."""
    answer = board.json("/api/v1/history?%s&series=%s" % (query, names))
    return {one["name"]: one for one in answer["series"]}


def totals(board, names="requests"):
    return [one["total"] for one in series(board, names).values()]


def recorded(board, count):
    wait_for(lambda: totals(board) == [count])


def heat(board, query="range=5m"):
    """Row to count, of all columns of the heatmap; and the answer."""
    answer = board.json("/api/v1/heatmap?" + query)
    rows = {}
    for column in answer["columns"]:
        for row, count in zip((column or [])[::2], (column or [])[1::2]):
            rows[row] = rows.get(row, 0) + count
    return rows, answer


def kinds(board, query=""):
    """What happened, oldest first."""
    marks = board.json("/api/v1/marks" + query)["marks"]
    times = [mark["time_unix_ns"] for mark in marks]
    assert times == sorted(times, reverse=True)
    return [mark["kind"] for mark in marks][::-1]


def begun(board, since=0):
    """Wait for the record of a second after `since`."""
    def found():
        answer = board.json("/api/v1/history?range=5m&series=workers")
        return any(point is not None and time_s > since for time_s, point
                   in zip(answer["time"], answer["series"][0]["points"]))
    wait_for(found)


def put_aside(server):
    return list(server.dir.glob("ringmaster.history.bad-*"))


def test_the_history_agrees_with_the_requests(start):
    server, board = start_board(start, server=SITE)
    for path in ["/"] * 20 + ["/missing"] * 5 + ["/broken"] * 3:
        server.get(path)
    recorded(board, 28)
    assert totals(board, "requests,2xx,3xx,4xx,5xx,errors") == [
        28, 20, 0, 5, 3, 3]
    wait_for(lambda: board.json("/api/v1/snapshot")["http"]["rates"]["r60s"])
    answer = series(board, "requests,latency_p50,latency_max,workers")
    rates = [p for p in answer["requests"]["points"] if p]
    assert rates and sum(rates) > 9	# 28 in at most three seconds
    assert max(p or 0 for p in answer["workers"]["points"]) == 2
    p50 = [p for p in answer["latency_p50"]["points"] if p is not None]
    longest = [p for p in answer["latency_max"]["points"] if p is not None]
    assert all(a <= b for a, b in zip(p50, longest))


def test_each_second_is_recorded(start):
    server, board = start_board(start, server=SITE)
    wait_for(lambda: series(board, "workers"))

    def seconds():
        points = series(board, "workers", "range=1m")["workers"]["points"]
        return [i for i, point in enumerate(points) if point is not None]
    wait_for(lambda: len(seconds()) >= 4)
    seen = seconds()
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert server.get("/").status == 200


def test_the_heatmap_has_the_rows_of_a_load(start):
    server, board = start_board(start, server=SITE)
    begun(board)
    for _ in range(40):
        server.get("/")
    recorded(board, 40)
    rows, answer = heat(board)
    assert sum(rows.values()) == 40
    assert len(answer["columns"]) == answer["count"] == 300
    assert answer["step"] == 1 and None in answer["columns"]
    edges = answer["edges"]
    assert len(edges) == 64 and edges[0] == 1e-05 and edges[-1] is None
    assert edges[:-1] == sorted(edges[:-1]) and edges[62] == 16
    # The longest is in the row that the history says.
    longest = max(p for p in series(board, "latency_max")["latency_max"]
                  ["points"] if p is not None)
    top = max(rows)
    assert edges[top - 1] * 0.98 < longest < edges[top] * 1.02
    # The same requests, whatever the step; never too many columns.
    wait_for(lambda: heat(board, "range=10m&step=4")[0] == rows)
    wide = heat(board, "range=1h&step=1")[1]
    assert wide["step"] == 5 and wide["count"] == 720
    wait_for(lambda: heat(board, "range=1h&step=1")[0] == rows)


def test_percentiles_of_a_step_lie_between_those_of_its_seconds(start):
    server, board = start_board(start, server=SITE)
    begun(board)
    for _ in range(30):
        server.get("/")
    recorded(board, 30)

    def points(step):
        one = series(board, "latency_p50", "range=2m&step=%d" % step)
        assert one["latency_p50"]["kind"] == "quantile"
        return [p for p in one["latency_p50"]["points"] if p is not None]
    wait_for(lambda: points(4))
    each = points(1)
    assert all(min(each) <= p <= max(each) for p in points(4))


def test_stages_and_1xx_are_recorded(start):
    server, board = start_board(start, server=SITE)
    begun(board)
    for _ in range(100):		# one in sixteen has its stages
        server.get("/")
    recorded(board, 100)
    answer = series(board, "stage_handler_p50,stage_send_p99,1xx")
    for name in ("stage_handler_p50", "stage_send_p99"):
        assert [p for p in answer[name]["points"] if p], name
    assert answer["1xx"]["total"] == 0
    assert [p for p in answer["1xx"]["points"] if p == 0]


def test_a_killed_dashboard_loses_nothing(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    for _ in range(10):
        server.get("/")
    recorded(board, 10)
    victim = board.pid()
    os.kill(victim, signal.SIGKILL)
    for _ in range(7):
        server.get("/")
    wait_for(lambda: board.pid() not in (0, victim))
    server.note_pids()
    board.wait_ready()
    recorded(board, 17)
    assert not put_aside(server)


def test_the_peak_of_the_server_outlives_the_dashboard(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    begun(board)
    for _ in range(50):
        server.get("/")
    recorded(board, 50)

    def peak():
        rates = board.json("/api/v1/snapshot")["http"]["rates"]
        return rates["peak"], rates["peak_at_unix_ms"]
    before = peak()
    assert 0 < before[0] < 60
    assert abs(before[1] / 1000 - time.time()) < 60
    begun(board, before[1] // 1000 + 1)
    victim = board.pid()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: board.pid() not in (0, victim))
    server.note_pids()
    board.wait_ready()
    wait_for(lambda: peak() == before)


def test_a_reload_loses_nothing(start):
    server, board = start_board(start, server=SITE)
    total = 0
    for _ in range(3):
        for _ in range(5):
            server.get("/")
        total += 5
        server.reload()
        wait_for(lambda: board.get("/healthz").status == 200)
    recorded(board, total)
    assert not put_aside(server)


def test_a_restart_of_the_server_loses_nothing(start):
    server, board = start_board(start, server=SITE)
    for _ in range(10):
        server.get("/")
    recorded(board, 10)
    server.stop()
    server.start()
    board.wait_ready()
    assert totals(board)[0] >= 10
    for _ in range(4):
        server.get("/")
    recorded(board, 14)


def test_a_killed_server_loses_nothing_of_the_past(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    begun(board)
    for _ in range(10):
        server.get("/")
    recorded(board, 10)
    rows = heat(board)[0]
    server.kill()
    server.start()
    board.wait_ready()
    for _ in range(4):
        server.get("/")
    recorded(board, 14)
    assert not put_aside(server)
    after = heat(board)[0]
    assert all(after[row] >= rows[row] for row in rows)
    assert kinds(board).count("start") == 2


def test_marks_survive_a_restart_of_the_server(start):
    server, board = start_board(start, server=SITE)
    assert board.get("/toggle_cache", "POST").status == 200
    server.reload()
    board.wait_ready()
    wait_for(lambda: kinds(board) == ["start", "cache_off", "reload"])
    before = board.json("/api/v1/marks")["marks"]
    begun(board, before[0]["time_unix_ns"] // 10**9 + 1)
    server.stop()
    server.start()
    board.wait_ready()
    assert kinds(board) == ["start", "cache_off", "reload", "stop", "start"]
    assert [mark for mark in board.json("/api/v1/marks")["marks"]
            if mark in before] == before
    later = before[0]["time_unix_ns"] // 10**9 + 1
    assert "cache_off" not in kinds(
        board, "?range=%d..%d" % (later, later + 1000))


def test_damaged_files_are_put_aside_and_few_are_kept(start):
    server, board = start_board(start, server=SITE)
    server.get("/")
    recorded(board, 1)
    server.bad_lines_expected = True
    for time_s in (7, 8, 9, 10, 11):
        (server.dir / ("ringmaster.history.bad-%d" % time_s)).write_bytes(b"")
    server.stop()
    with open(server.dir / "ringmaster.history", "r+b") as file:
        for offset in range(4096, 4096 + (1 << 20), 512):
            file.seek(offset)
            file.write(b"\xa5")
    server.start()
    board.wait_ready()
    names = sorted(path.name[len("ringmaster.history.bad-"):]
                   for path in put_aside(server))
    assert len(names) == 4 and "7" not in names and "8" not in names
    assert "its records are damaged: it was put aside" in server.log()
    assert server.log().count("is removed, 4 newer ones are kept") == 2
    server.get("/")
    recorded(board, 1)


def test_a_truncated_file_is_put_aside(start):
    server, board = start_board(start, server=SITE)
    server.get("/")
    recorded(board, 1)
    server.stop()
    size = os.path.getsize(server.dir / "ringmaster.history")
    os.truncate(server.dir / "ringmaster.history", size // 2)
    server.bad_lines_expected = True
    server.start()
    board.wait_ready()
    assert len(put_aside(server)) == 1
    assert server.log().count("was put aside") == 1
    assert os.path.getsize(server.dir / "ringmaster.history") == size
    server.get("/")
    server.get("/")
    recorded(board, 2)


def test_a_file_that_is_truncated_under_it_is_put_aside(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    server.get("/")
    recorded(board, 1)
    victim = board.pid()
    os.truncate(server.dir / "ringmaster.history", 0)
    wait_for(lambda: board.pid() not in (0, victim))
    server.note_pids()
    board.wait_ready()
    assert len(put_aside(server)) == 1
    server.get("/")
    wait_for(lambda: [p for p in series(board, "workers")["workers"]["points"]
                      if p is not None])


def test_no_room_for_the_file_is_an_error_at_start(make):
    server = make()
    server.write(main="dashboard { listen unix:%s/board; }" % server.dir)
    limit = (4 << 20, 4 << 20)		# the history is larger
    done = server.command(
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, limit))
    assert done.returncode == 1
    assert "ringmaster.history\" failed (27: File too large)" in done.stdout
    assert not list(server.dir.glob("ringmaster.history*"))


def test_the_history_as_csv(start):
    server, board = start_board(start, server=SITE)
    server.get("/")
    recorded(board, 1)
    answer = board.get("/api/v1/history?range=10s&format=csv"
                       "&series=requests,5xx")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.body.decode().split("\r\n")
    assert lines[0] == '"time","requests","5xx"'
    assert len(lines) == 12 and lines[-1] == ""
    now = time.time()
    assert all(now - 13 < int(line.split(",")[0]) < now + 2
               for line in lines[1:-1])


def test_csv_has_what_json_has(start):
    server, board = start_board(start, server=SITE)
    begun(board)
    for path in ["/"] * 30 + ["/missing"] * 3:
        server.get(path)
    recorded(board, 33)
    now = board.json("/api/v1/history")["to"]
    query = "/api/v1/history?range=%d..%d&step=1" % (now - 20, now)
    answer = board.json(query)
    columns = answer["series"]
    names = [one["name"] for one in columns]
    catalogue = board.json("/api/v1/catalogue")["history"]
    assert names == [one["name"] for one in catalogue]
    lines = board.get(query + "&format=csv").body.decode().split("\r\n")
    assert json.loads("[%s]" % lines[0]) == ["time"] + names
    rows = [line.split(",") for line in lines[1:-1]]
    assert [int(row[0]) for row in rows] == answer["time"]
    for i, one in enumerate(columns):
        assert [float(row[i + 1]) if row[i + 1] else None
                for row in rows] == one["points"], one["name"]
    assert [one["total"] for one in columns if one["name"] == "4xx"] == [3]
    assert any(columns[names.index("latency_p99")]["points"])


def test_the_rest_of_the_api(start):
    server, board = start_board(start, server=SITE)
    assert board.json("/api/v1/snapshot")["processes"]["workers_current"] == 2
    board.get("/toggle_cache", "POST")
    marks = board.json("/api/v1/marks")["marks"]
    assert [mark["kind"] for mark in marks][0] == "cache_off"
    catalogue = board.json("/api/v1/catalogue")
    assert {"name": "5xx", "unit": "requests/s", "kind": "rate"} in \
        catalogue["history"]
    names = {metric["name"] for metric in catalogue["metrics"]}
    assert "active_clients" in names
    assert [one["name"] for one in catalogue["history"]][-1] == "1xx"
    assert len(catalogue["heat_edges"]) == 64
    assert catalogue["worker_columns"][:2] == ["index", "pid"]
    assert "path" in catalogue["request_columns"]
    assert catalogue["frame"] == 1
    assert server.get("/").status == 200


def test_the_api_has_the_dashboards_security(start):
    _, board = start_board(start, server=SITE)
    for name in ("snapshot", "history", "heatmap", "requests", "marks",
                 "catalogue"):
        path = "/api/v1/" + name
        answer = board.get(path)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"
        assert "default-src 'none'" in \
            answer.headers["content-security-policy"]
        assert board.get(path, headers={"Host": "evil.test"}).status == 421
        assert board.get(path, "PUT").status == 405
    for wrong in ("range=x", "step=0", "series=x", "format=x",
                  "range=7d&step=1s"):
        answer = board.get("/api/v1/history?" + wrong)
        assert answer.status == 400, wrong
        assert json.loads(answer.body)["error"]["status"] == 400
    for path in ("heatmap?range=x", "heatmap?step=0", "marks?range="):
        assert board.get("/api/v1/" + path).status == 400, path
