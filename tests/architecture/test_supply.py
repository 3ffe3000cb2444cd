"""What we are made of: pinned by hash (SUP-1), and nothing that turns data into code (SUP-3)."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from tests.architecture.banned import banned_in
from tests.architecture.sources import PACKAGES, ROOT, place, python_files, tree_of
from tools import environment, locks

HASH = "    --hash=sha256:" + "0" * 64


def test_sup_1_every_lock_pins_every_file_by_hash_and_names_no_address() -> None:
    assert locks.faults() == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("thing==1.0\n", "without a hash"),
        (f"thing>=1.0 \\\n{HASH}\n", "not pinned"),
        (f"thing @ git+ssh://example.org/thing \\\n{HASH}\n", "address"),
        (f"--index-url https://example.org/simple\nthing==1.0 \\\n{HASH}\n", "address"),
        (f"thing==1.0 \\\n{HASH}\n    # from https://example.org/\n", "address"),
        (f"jinja2==3.1.5 \\\n{HASH}\n", "older than 3.1.6"),
    ],
)
def test_sup_1_a_weak_python_lock_is_told(text: str, fault: str) -> None:
    sound = f"thing==1.0 \\\n{HASH}\njinja2==3.1.10 \\\n{HASH}\n    # via thing\n"
    assert locks.faults_of_python_lock("sound.lock", sound) == []
    assert fault in "\n".join(locks.faults_of_python_lock("weak.lock", text))


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (
            '{"version": "1", "resolved": "https://example.org/a.tgz", "integrity": "sha512-x"}',
            "addr",
        ),
        ('{"version": "1"}', "digest"),
        ('{"version": "1", "integrity": "sha1-x"}', "digest"),
        ('{"integrity": "sha512-x", "optionalDependencies": {"a-for-other": "1"}}', "not pinned"),
    ],
)
def test_sup_1_a_weak_node_lock_is_told(entry: str, fault: str) -> None:
    sound = '{"packages": {"": {"name": "us"}, "node_modules/a": {"integrity": "sha512-x"}}}'
    assert locks.faults_of_node_lock("sound", sound) == []
    weak = f'{{"packages": {{"": {{}}, "node_modules/a": {entry}}}}}'
    assert fault in "\n".join(locks.faults_of_node_lock("weak", weak))


def test_sup_1_the_minimum_versions_are_those_of_locked_packages() -> None:
    """A name misspelt in the table would guard nothing."""
    pinned = locks.pins((ROOT / "requirements-dev.lock").read_text(encoding="utf-8"))
    assert set(locks.MINIMUM) <= set(pinned)


def test_sup_1_node_packages_are_installed_without_their_scripts_and_locked_without_addresses() -> (
    None
):
    for part in ("agent_desktop/web", "channels/chat/web"):
        if (ROOT / part / "package.json").exists():
            settings = (ROOT / part / ".npmrc").read_text(encoding="utf-8").split()
            assert "omit-lockfile-registry-resolved=true" in settings, part
            assert "ignore-scripts=true" in settings, part


def test_sup_1_set_up_installs_only_what_the_locks_name() -> None:
    """The order matters too: what builds us is pinned before we are built."""
    used = {lock for profile in environment.LOCKS.values() for lock in profile}
    assert used | {environment.NODE_LOCK} == set(locks.SOURCES)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    built_with = {re.split(r"[<>=]", name)[0] for name in project["build-system"]["requires"]}
    pinned = environment.locked_names(ROOT / "requirements-build.lock")
    assert built_with <= pinned


def test_sup_3_nothing_turns_data_into_code_or_trusts_a_stranger() -> None:
    found = sorted(
        f"{place(path, line)}: {why}"
        for path in python_files(*PACKAGES, "tools")
        for line, why in banned_in(tree_of(path))
    )
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "exec('1')",
        "import subprocess\nsubprocess.run('x', shell=True)",
        "import yaml as y\ny.load('x')",
        "from tempfile import mktemp\nmktemp()",
        "import random\nrandom.choice('ab')",
        "from random import randbytes\nrandbytes(8)",
        "import ssl\nssl.CERT_NONE",
        "import ssl\nc = ssl.create_default_context()\nc.check_hostname = False",
        "import httpx\nhttpx.get('x', verify=False)",
        "from xml.etree import ElementTree",
        "import xml.dom.minidom",
        "from xml import sax",
        "import os\nos.system('x')",
        "import asyncio\nasyncio.create_subprocess_shell('x')",
    ],
)
def test_sup_3_each_banned_construct_is_seen(code: str) -> None:
    assert banned_in(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "import random\nrandom.Random(7).choice('ab')",
        "import secrets\nsecrets.choice('ab')",
        "import yaml\nyaml.safe_load('x')",
        "import subprocess\nsubprocess.run(['x'])",
        "from defusedxml import ElementTree",
        "import re\nre.compile('x')",
    ],
)
def test_sup_3_the_safe_ways_pass(code: str) -> None:
    assert banned_in(ast.parse(code)) == set()


def test_sup_3_the_rules_look_at_every_package() -> None:
    seen = {path.relative_to(ROOT).parts[0] for path in python_files(*PACKAGES, "tools")}
    assert seen == {*PACKAGES, "tools"}
