"""A load generator that makes no load: what the dashboard starts in place of
ringload where a test is about the process and not about what it measures."""

GENERATOR = """\
#!/usr/bin/python3 -I
import json, os, signal, sys, time

how = {%s}
stop = []
for number in signal.SIGTERM, signal.SIGHUP:
    signal.signal(number, lambda *_: stop.append(1))
fds = sorted(os.listdir("/proc/self/fd"))
folder = os.path.dirname(os.path.abspath(__file__)) + "/reports/"
with open(folder + "seen.json", "w") as file:
    json.dump({"args": sys.argv[1:], "nice": os.nice(0), "uid": os.getuid(),
               "fds": fds}, file)
if how.get("words"):
    sys.exit("ringload: " + how["words"])
for second in range(how.get("seconds", 300) * 10):
    if stop and not how.get("deaf"):
        break
    os.write(3, (how.get("line") or json.dumps({
        "running": True, "progress": second / 3000, "sent": second + 2,
        "done": second + 1, "errors": 0, "rate": 10, "p50": None,
        "p99": 0.25, "max": 0.5, "eta_seconds": 7})).encode() + b"\\n")
    time.sleep(0.1)
"""


def write_generator(folder, **how):
    """Put it into a folder, to do as `how` says: `seconds` to live, `deaf` to
    signals, a `line` to tell in place of its own, or `words` to fail with.
    Returns its path."""
    path = folder / "generator"
    path.write_text(GENERATOR.replace("{%s}", repr(how)))
    path.chmod(0o755)
    return path
