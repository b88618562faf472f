"""Failing promises of the shared suite show their values, as those of a test file do."""

import pytest

pytest.register_assert_rewrite("tests.contract.store_suite", "tests.contract.store_reads")
