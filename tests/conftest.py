"""Settings of hypothesis for every test: the same examples each time, however slow the machine."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "same-every-time",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same-every-time")
