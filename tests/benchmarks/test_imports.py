"""Benchmarks are run by hand, so only their imports show that they still fit the packages."""

import importlib
import pkgutil

import benchmarks


def test_every_benchmark_can_be_imported():
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    assert "list_parts" in names
    for name in names:
        importlib.import_module(f"benchmarks.{name}")
