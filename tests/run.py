"""`make test`: the whole suite on PostgreSQL where there is one, then on SQLite.

SQLite comes last and with everything, browser tests included, so that the closing line is that
of the full run. PostgreSQL is the one DATABASE_URL or PGHOST names, else one started here from the
server programs found on this machine, else one that answers on the local socket.
IMPROVE_REQUIRE=postgres,browser makes a missing one an error. Arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.postgres import PostgresNotFound, postgres

# What touches no database, or brings its own, gives the same answer on both: once is enough.
# Single tests of that sort are marked `once`.
ONCE = [
    "apps/stats", "tests/stats", "tests/common", "tests/test_architecture.py",
    "tests/measurements/test_reader.py", "tests/charts/test_decimation.py",
    "tests/operations/test_start.py", "tests/operations/test_start_example.py",
]  # fmt: skip


def pytest(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=os.environ | environment, check=False).returncode


def on_postgres(arguments: list[str]) -> int:
    required = "postgres" in os.environ.get("IMPROVE_REQUIRE", "").split(",")
    try:
        with postgres() as url:
            print("=== PostgreSQL ===", flush=True)
            once = [f"--ignore={path}" for path in ONCE]
            return pytest(
                ["-m", "not browser and not once", *once, *arguments], {"DATABASE_URL": url}
            )
    except PostgresNotFound as error:
        print(f"=== PostgreSQL: not found, {error} ===", flush=True)
        return 1 if required else 0


def main() -> int:
    # One more than there are processors: tests of real parts wait much of their time.
    processes = str((os.cpu_count() or 1) + 1)
    # In the order of tests/conftest.py: xdist's own begins with the files of many tests, and the
    # long ones, which have few, would come last.
    arguments = [
        "-n", processes, "--dist", "loadfile", "--no-loadscope-reorder", *sys.argv[1:]
    ]  # fmt: skip
    first = on_postgres(arguments)
    print("=== SQLite ===", flush=True)
    second = pytest(arguments, {"DATABASE_URL": ""})
    return first or second


if __name__ == "__main__":
    sys.exit(main())
