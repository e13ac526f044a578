"""The default number of threads: affinity, container quotas, environment variables, joblib."""

import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

from kmeans_core import KMeans
from kmeans_core.threads import processors
from kmeans_core.threads.processors import available_threads, cgroup_quota

VARIABLES = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine with 8 processors, without a quota and without variables."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(processors, "_affinity", lambda: 8)
    monkeypatch.setattr(processors, "_recent_quota", lambda: None)
    return monkeypatch


# Environment ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_is_a_limit_and_is_read_each_time(machine, name):
    assert available_threads() == 8
    for text, allowed in (("3", 3), ("1", 1), ("8", 8), ("64", 8), (" 4 ", 4), ("+2", 2)):
        machine.setenv(name, text)
        assert available_threads() == allowed, text
    machine.delenv(name)
    assert available_threads() == 8


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "-1",
        "-4",
        "four",
        "2.5",
        "1e1",
        "0x2",
        "4;2",
        "nan",
        "9" * 5000,
        "2 3",
        "true",
    ],
)
def test_a_value_that_is_not_a_positive_whole_number_is_ignored(machine, name, text):
    machine.setenv(name, text)
    assert available_threads() == 8


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("4,2", 4),
        ("2,4,1", 2),
        (" 3 , 1 ", 3),
        ("04", 4),
        ("4,", 8),
        (",4", 8),
        ("4,two", 8),
        ("4,0", 8),
        ("4,-1", 8),
        ("0,4", 8),
        ("4,,2", 8),
    ],
)
def test_the_first_number_of_an_openmp_list_counts(machine, text, allowed):
    machine.setenv("OMP_NUM_THREADS", text)
    assert available_threads() == allowed


def test_other_variables_may_not_be_lists(machine):
    machine.setenv("NUMBA_NUM_THREADS", "2,1")
    machine.setenv("LOKY_MAX_CPU_COUNT", "2,1")
    assert available_threads() == 8


def test_the_least_of_all_limits_counts(machine):
    machine.setenv("OMP_NUM_THREADS", "6,2")
    assert available_threads() == 6
    machine.setenv("NUMBA_NUM_THREADS", "5")
    assert available_threads() == 5
    machine.setattr(processors, "_recent_quota", lambda: 4)
    assert available_threads() == 4
    machine.setenv("LOKY_MAX_CPU_COUNT", "3")
    assert available_threads() == 3
    machine.setattr(processors, "_affinity", lambda: 2)
    assert available_threads() == 2


# Containers -------------------------------------------------------------------------------------

MOUNT_1 = "31 23 0:28 {shown} {point} rw,nosuid shared:9 - cgroup cgroup rw,{controllers}\n"
MOUNT_2 = "41 31 0:38 {shown} {point} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
DISK = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n22 27 0:21 / /proc rw - proc proc\n"


class FakeRoot:
    """A folder with the cgroup files of a Linux system."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def process(self, groups: str, mounts: str) -> "FakeRoot":
        for name, text in (("cgroup", groups), ("mountinfo", DISK + mounts)):
            self.write(f"proc/self/{name}", text)
        return self

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def quota_1(self, folder: str, quota: str, period: str = "100000\n") -> None:
        self.write(f"{folder}/cpu.cfs_quota_us", quota)
        self.write(f"{folder}/cpu.cfs_period_us", period)

    @property
    def quota(self) -> int | None:
        return cgroup_quota(self.path)


@pytest.fixture
def root(tmp_path):
    return FakeRoot(tmp_path)


@pytest.mark.parametrize(
    ("text", "processors"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("1000 100000\n", 1),
        ("50000 50000", 1),
        ("800001 100000", 9),
        ("max 100000\n", None),
        ("max", None),
        ("", None),
        ("200000", None),
        ("200000 0", None),
        ("0 100000", None),
        ("-1 100000", None),
        ("a lot", None),
        ("200000 100000 5", None),
    ],
)
def test_version_2_in_a_container(root, text, processors):
    root.process("0::/\n", MOUNT_2.format(shown="/", point="/sys/fs/cgroup"))
    root.write("sys/fs/cgroup/cpu.max", text)
    assert root.quota == processors


def test_version_2_is_bounded_by_the_groups_above(root):
    root.process("0::/kube/pod/box\n", MOUNT_2.format(shown="/", point="/sys/fs/cgroup"))
    assert root.quota is None  # there are no files at all
    root.write("sys/fs/cgroup/kube/pod/box/cpu.max", "600000 100000\n")
    assert root.quota == 6
    root.write("sys/fs/cgroup/kube/cpu.max", "300000 100000\n")
    root.write("sys/fs/cgroup/kube/pod/cpu.max", "max 100000\n")
    assert root.quota == 3
    root.write("sys/fs/cgroup/cpu.max", "100000 100000\n")
    assert root.quota == 1
    root.write("sys/fs/cgroup/other/cpu.max", "100 100000\n")
    root.write("sys/fs/cpu.max", "100 100000\n")
    root.write("sys/fs/cgroup/cpu.max", "max 100000\n")
    assert root.quota == 3


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
@pytest.mark.parametrize(
    ("quota", "period", "processors"),
    [
        ("200000\n", "100000\n", 2),
        ("10000", "100000", 1),
        ("25000", "10000", 3),
        ("-1\n", "100000\n", None),
        ("", "100000", None),
        ("200000", "", None),
        ("200000", "0", None),
        ("two", "100000", None),
    ],
)
def test_version_1(root, controllers, quota, period, processors):
    mounts = MOUNT_1.format(shown="/", point="/sys/fs/cgroup/memory", controllers="memory")
    mounts += MOUNT_1.format(shown="/", point="/sys/fs/cgroup/c", controllers=controllers)
    root.process(f"9:memory:/box\n4:{controllers}:/box\n1:name=systemd:/x\n", mounts)
    root.quota_1("sys/fs/cgroup/c/box", quota, period)
    root.quota_1("sys/fs/cgroup/memory/box", "1000")
    assert root.quota == processors


def test_version_1_where_the_mount_shows_only_the_containers_own_group(root):
    mounts = MOUNT_1.format(shown="/docker/1f", point="/sys/fs/cgroup/cpu", controllers="cpu")
    root.process("4:cpu:/docker/1f/inner\n", mounts)
    root.quota_1("sys/fs/cgroup/cpu", "300000")
    assert root.quota == 3
    root.quota_1("sys/fs/cgroup/cpu/inner", "200000")
    assert root.quota == 2
    # A group outside the mounted part: only the top can be read.
    for path in ("/system.slice/x", "/../inner", "/docker/1"):
        assert root.process(f"4:cpu:{path}\n", mounts).quota == 3


def test_a_group_outside_of_the_namespace_is_not_looked_up_beside_the_mount(root):
    root.process("0::/../sibling\n", MOUNT_2.format(shown="/", point="/sys/fs/cgroup"))
    root.write("sys/fs/sibling/cpu.max", "100000 100000")
    assert root.quota is None
    root.write("sys/fs/cgroup/cpu.max", "500000 100000")
    assert root.quota == 5


def test_both_versions_at_once(root):
    mounts = MOUNT_1.format(shown="/", point="/sys/fs/cgroup/cpu", controllers="cpu")
    mounts += MOUNT_2.format(shown="/", point="/sys/fs/cgroup/unified")
    root.process("4:cpu:/a\n0::/b\n", mounts)
    root.quota_1("sys/fs/cgroup/cpu/a", "500000")
    assert root.quota == 5
    root.write("sys/fs/cgroup/unified/b/cpu.max", "400000 100000")
    assert root.quota == 4


def test_a_mount_point_with_a_blank_or_a_colon_in_the_group(root):
    root.process("0::/a:b c\n", MOUNT_2.format(shown="/", point=r"/my\040groups"))
    root.write("my groups/a:b c/cpu.max", "200000 100000")
    assert root.quota == 2


@pytest.mark.parametrize(
    ("groups", "mounts"),
    [
        ("", ""),
        ("garbage", "garbage\n - \n - cgroup2\n1 2 - cgroup2 x y\n"),
        ("0::\n::\n:cpu:/\n", MOUNT_2.format(shown="/", point="/sys/fs/cgroup")),
        ("4:memory:/\n", MOUNT_1.format(shown="/", point="/m", controllers="cpu")),
    ],
)
def test_unreadable_quotas_are_ignored(root, groups, mounts):
    assert root.quota is None  # no proc at all
    assert root.process(groups, mounts).quota is None
    (root.path / "proc/self/cgroup").write_bytes(b"\xff\xfe0::/\n")
    assert root.quota is None


def test_this_machines_own_quota_can_be_read():
    quota = cgroup_quota()
    assert quota is None or quota >= 1


def test_the_quota_is_read_again_after_a_while(monkeypatch):
    monkeypatch.undo()
    read = iter([4, 2])
    now = [1000.0]
    monkeypatch.setattr(processors, "cgroup_quota", lambda: next(read))
    monkeypatch.setattr(processors, "_last_quota", (-float("inf"), None))
    monkeypatch.setattr(processors.time, "monotonic", lambda: now[0])
    assert [processors._recent_quota() for _ in range(3)] == [4, 4, 4]
    now[0] += processors.QUOTA_SECONDS + 1
    assert [processors._recent_quota() for _ in range(3)] == [2, 2, 2]


# What uses it -----------------------------------------------------------------------------------


def test_n_threads_overrules_every_limit(machine, always_threads):
    X = np.random.default_rng(0).normal(size=(200, 3))

    def helpers(**params):
        before = always_threads.n_helpers
        KMeans(3, n_init=6, random_state=0, **params).fit(X).predict(X)
        return always_threads.n_helpers - before

    machine.setenv("OMP_NUM_THREADS", "1")
    assert helpers() == 0
    assert helpers(n_threads=3) > 0
    machine.setenv("OMP_NUM_THREADS", "3,1")
    assert helpers() == helpers(n_threads=3)
    machine.delenv("OMP_NUM_THREADS")
    machine.setattr(processors, "_recent_quota", lambda: 1)
    assert helpers() == 0


def test_workers_of_joblib_share_the_processors():
    share = max(joblib.cpu_count() // 2, 1)
    asked = (joblib.delayed(available_threads)() for _ in range(4))
    assert joblib.Parallel(n_jobs=2)(asked) == [share] * 4
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        asked = (joblib.delayed(available_threads)() for _ in range(4))
        assert joblib.Parallel(n_jobs=2)(asked) == [1] * 4


def test_affinity_of_this_process():
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from kmeans_core.threads.processors import available_threads
print(available_threads())
"""
    environment = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == "1"
