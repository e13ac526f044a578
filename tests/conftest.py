"""Settings of hypothesis for every test: the same examples each time, however slow the machine."""

import os

from hypothesis import HealthCheck, settings

for name, max_examples in (("default", 100), ("long", 2000)):
    settings.register_profile(
        name,
        max_examples=max_examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
