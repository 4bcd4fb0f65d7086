"""libringload as others get it: installed, found by pkg-config, and linked
to a program that sends 100 requests at once."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

from ringload import refused_url

SOURCE = pathlib.Path(__file__).parents[1] / "example_load.c"


def output(*args, **kwargs):
    done = subprocess.run(args, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=300, **kwargs)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def installed(binary, tmp_path_factory):
    """The folder that `make install` filled, and the build's variables."""
    build = pathlib.Path(binary).parent
    if not (build / "Makefile").exists():
        pytest.skip("no Makefile beside the binary")
    root = tmp_path_factory.mktemp("installed")
    output("make", "-s", "-C", str(build), "install", "DESTDIR=%s" % root)
    variables = dict(re.findall(r"^(\w+) = (.*)$",
                                (build / "Makefile").read_text(), re.M))
    return root, variables


@pytest.fixture(scope="module")
def flags(installed):
    root, variables = installed
    libdir = next(root.glob("**/ringload.pc")).parent
    if not shutil.which("pkg-config"):
        pytest.skip("no pkg-config")
    return shlex.split(output(
        "pkg-config", "--cflags", "--libs", "--static", "ringload",
        env={**os.environ, "PKG_CONFIG_PATH": str(libdir),
             "PKG_CONFIG_SYSROOT_DIR": str(root)}))


@pytest.fixture(scope="module")
def example(installed, flags, tmp_path_factory):
    _, variables = installed
    program = tmp_path_factory.mktemp("example") / "example_load"
    output(*shlex.split(variables["CC"]), "-Wall", "-Wextra", "-Werror",
           *shlex.split(variables["SANITIZE_CFLAGS"]), "-o", str(program),
           str(SOURCE), *flags)
    return str(program)


def test_what_is_installed(installed):
    root, _ = installed
    names = {path.name for path in root.glob("**/*") if path.is_file()}
    assert {"ringload", "ringload.h", "libringload.a", "ringload.pc",
            "ringload.1", "_ringload"} <= names
    assert not {"load.h", "libload.a"} & names


def test_its_names_are_its_own(installed):
    """Nothing that a program may call by the same name."""
    root, _ = installed
    archive = next(root.glob("**/libringload.a"))
    names = {line.split()[2] for line in
             output("nm", "--defined-only", "-g", str(archive)).splitlines()
             if len(line.split()) == 3}
    assert names == {"load_test_run", "load_test_result_free"}


def test_the_header_stands_alone(installed, tmp_path):
    """Also in C++ and in strict C99."""
    root, variables = installed
    include = next(root.glob("**/ringload.h")).parent
    (tmp_path / "a.c").write_text("#include <ringload.h>\n")
    output(*shlex.split(variables["CC"]), "-std=c99", "-pedantic", "-Wall",
           "-Wextra", "-Werror", "-fsyntax-only", "-I%s" % include,
           str(tmp_path / "a.c"))
    if shutil.which("c++"):
        output("c++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x",
               "c++", "-I%s" % include, str(tmp_path / "a.c"))


def test_100_requests(example, start):
    server = start(server='location / { return 200 "hello"; }')
    done = output(example, "http://127.0.0.1:%d/" % server.port)
    assert "100 of 100 answered, 0 failed" in done
    result = json.loads("{" + done.split("{", 1)[1])
    assert (result["requests"], result["errors"]) == (100, 0)
    assert result["spec"]["connections"] == 100


def test_failures(example):
    done = subprocess.run([example, refused_url()], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          timeout=60)
    assert done.returncode == 1
    assert "0 of 100 answered, 100 failed" in done.stdout
    done = subprocess.run([example, "http://192.0.2.1/"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("example_load: ")
