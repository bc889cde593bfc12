"""A public name of the package is the thing itself, whatever was imported before it."""

import importlib
import inspect

import pytest

import apps.stats


@pytest.mark.parametrize("name", apps.stats.__all__)
def test_public_name_is_no_module(name):
    home = apps.stats._EXPORTS[name]
    importlib.import_module(f"apps.stats.{home}")
    assert not inspect.ismodule(getattr(apps.stats, name))
    assert name not in {home, home.split(".")[0]}
