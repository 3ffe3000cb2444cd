"""Who may import whom is written in pyproject.toml; these tests hold the code to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT


def lint_imports(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [str(program), "--no-cache", "--config", str(config)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_contract_about_imports_is_kept() -> None:
    """PRIV-2 is one of them: the core and the metrics cannot open a seal."""
    done = lint_imports(ROOT, ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bare_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of empty modules that keeps every contract."""
    root = tmp_path_factory.mktemp("bare")
    inner = ("router/model", "router/storage", "router/strategies", "reporting/metrics")
    for name in (*PACKAGES, *inner, "channels/mail", "channels/chat"):
        (root / name).mkdir()
        (root / name / "__init__.py").write_text('"""Empty."""\n')
    for name in ("router/ports.py", "router/seals.py", "router/database.py", "channels/api.py"):
        (root / name).write_text('"""Empty."""\n')
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    sound = lint_imports(root, root / "pyproject.toml")
    assert sound.returncode == 0, sound.stdout + sound.stderr
    return root


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("router/model/planted.py", "import channels", "Folders point inward"),
        ("router/planted.py", "", "Inside the router"),
        ("router/ports.py", "from router.storage import x", "Inside the router"),
        ("router/model/planted.py", "import datetime", "reads no clock"),
        ("router/strategies/planted.py", "import asyncio", "reads no clock"),
        ("router/model/planted.py", "import router.seals", "PRIV-2"),
        ("reporting/metrics/planted.py", "import cryptography", "PRIV-2"),
        ("reporting/metrics/planted.py", "import router.seals", "PRIV-2"),
        ("channels/mail/planted.py", "import channels.chat", "Channels do not know each other"),
        ("agent_desktop/planted.py", "import router.storage", "Outside the router"),
        ("agent_desktop/planted.py", "import router.database", "Outside the router"),
        ("router/strategies/planted.py", "import router.database", "Inside the router"),
        ("reporting/planted.py", "import sqlalchemy", "SQL is spoken"),
        ("config/planted.py", "import asyncpg", "SQL is spoken"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(
    bare_copy: Path, module: str, line: str, contract: str
) -> None:
    """A rule that nothing can break would be no rule: each is broken once, in a bare copy."""
    planted = bare_copy / module
    before = planted.read_text() if planted.exists() else None
    planted.write_text(f'"""Planted."""\n\n{line}\n')
    done = lint_imports(bare_copy, bare_copy / "pyproject.toml")
    if before is None:
        planted.unlink()
    else:
        planted.write_text(before)
    broken = " ".join(done.stdout.split()).partition("Broken contracts")[2]
    assert done.returncode == 1, done.stdout
    assert contract in broken, done.stdout
