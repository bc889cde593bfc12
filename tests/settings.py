"""The project's own settings, on a data folder that lives as long as the test run."""

import atexit
import os
import shutil
import tempfile

# A short path: the broker's socket lies in it.
_data = tempfile.mkdtemp(prefix="improve-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["IMPROVE_DATA"] = _data
os.environ["IMPROVE_DEMO"] = "1"
os.environ.pop("REDIS_URL", None)

from improve.settings import *  # noqa: E402, F403

# Files are looked up when asked for; each test client would list them all.
WHITENOISE_AUTOREFRESH = True

# Hashing that costs nothing; no test is about the strength of a stored password.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":  # noqa: F405
    # Two test runs on one server must not meet.
    DATABASES["default"]["TEST"] = {"NAME": f"test_improve_{os.getpid()}"}  # noqa: F405
