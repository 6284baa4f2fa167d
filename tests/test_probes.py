"""The deliberate breakages still fit the source."""

import pytest

from tests.probes import PROBES, Probe, staleness


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.fault)
def test_no_probe_is_stale(probe: Probe) -> None:
    assert staleness(probe) is None
