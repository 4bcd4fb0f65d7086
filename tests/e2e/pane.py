"""ringstat's screens in a terminal of tmux's: what is typed, what is seen."""

import itertools
import os
import pathlib
import shlex
import shutil
import subprocess

from conftest import wait_for
from ringstat import ringstat_binary

NUMBERS = itertools.count()

# A shell with job control, as ringstat has in life: it says how ringstat
# ended or that it stopped, and goes on with it after a line was typed.
SHELL = """
set -m
trap : INT
stty -g >before
sh -c 'echo $$ >pid; exec "$@"' sh {command}
status=$?
while kill -0 $(cat pid) 2>/dev/null; do
    echo "STOPPED"
    read line
    fg >/dev/null
    status=$?
done
stty -g >after
echo "STATUS $status"
exec cat
"""


class Pane:
    def __init__(self, folder, *args, columns=80, rows=24, env=None):
        self.folder = pathlib.Path(folder) / ("pane%d" % next(NUMBERS))
        self.folder.mkdir()
        command = shlex.join([ringstat_binary(), *map(str, args)])
        (self.folder / "shell").write_text(SHELL.format(command=command))
        env = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
        # tmux itself draws UTF-8 whatever the program in it may.
        inner = shlex.join(["env", "TERM=" + env.get("TERM_INSIDE",
                                                     "tmux-256color"),
                            "LC_ALL=" + env["LC_ALL"], "bash", "shell"])
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns),
                  "-y", str(rows), "-c", str(self.folder), inner,
                  env={**env, "LC_ALL": "C.UTF-8"})

    def tmux(self, *args, env=None):
        return subprocess.run(
            ["tmux", "-u", "-S", str(self.folder / "socket"), *args],
            env=env, check=True, timeout=20, stdout=subprocess.PIPE
        ).stdout.decode()

    def text(self, *args):
        """What is seen; with -e also in which colours."""
        return self.tmux("capture-pane", "-p", *args)

    def rows(self):
        return self.text().split("\n")[:-1]

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def wait(self, *texts, seconds=30):
        """Until all of these are seen; returns what is."""
        seen = ""

        def there():
            nonlocal seen
            seen = self.text()
            return all(text in seen for text in texts)
        try:
            wait_for(there, seconds)
        except AssertionError:
            raise AssertionError("no %r in:\n%s" % (texts, seen)) from None
        return seen

    def wait_gone(self, text, seconds=30):
        wait_for(lambda: text not in self.text(), seconds)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def pid(self):
        return int((self.folder / "pid").read_text())

    def signal(self, number):
        os.kill(self.pid(), number)

    def is_stopped(self):
        stat = pathlib.Path("/proc/%d/stat" % self.pid()).read_text()
        return stat.rsplit(")", 1)[1].split()[0] == "T"

    def is_screen(self):
        """Is it the alternate screen, without a cursor?"""
        return self.tmux("display-message", "-p",
                         "#{alternate_on} #{cursor_flag}").strip() == "1 0"

    def ended(self):
        """The exit status, after it is seen that the terminal is as before."""
        seen = self.wait("STATUS ")
        assert self.tmux("display-message", "-p",
                         "#{alternate_on} #{cursor_flag}").strip() == "0 1"
        assert (self.folder / "before").read_text() == \
            (self.folder / "after").read_text()
        assert "live, every" not in seen
        return int(seen.split("STATUS ")[1].split()[0])

    def close(self):
        try:
            self.tmux("kill-server")
        except subprocess.CalledProcessError:
            pass			# it had ended
        shutil.rmtree(self.folder, ignore_errors=True)
