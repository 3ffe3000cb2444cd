"""The pages are built when their sources changed, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.conftest import SmallProject

BUILD = (
    "node -e \"const fs=require('fs');fs.mkdirSync('../static',{recursive:true});"
    "fs.appendFileSync('../static/page.html',fs.readFileSync('page.txt'))\""
)


@pytest.fixture
def page(project: SmallProject) -> Path:
    part = project.folder / "agent_desktop" / "web"
    part.mkdir(parents=True)
    about = {"name": "page", "version": "1.0.0", "scripts": {"build": BUILD}}
    (part / "package.json").write_text(json.dumps(about))
    lock = {"name": "page", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    root = {"name": "page", "version": "1.0.0"}
    (part / "package-lock.json").write_text(json.dumps({**lock, "packages": {"": root}}))
    (part / "page.txt").write_text("bell ")
    (part / "node_modules").mkdir()
    return part


def built(page: Path) -> str:
    return (page.parent / "static" / "page.html").read_text()


def test_pages_are_built_once_and_again_after_a_change(project: SmallProject, page: Path) -> None:
    first = project.build_pages()
    assert first.returncode == 0, first.stderr
    assert "installing the Node packages of agent_desktop/web" in first.stderr
    assert "building agent_desktop/static" in first.stderr
    (page / "node_modules").mkdir(exist_ok=True)
    assert project.build_pages().returncode == 0
    assert built(page) == "bell "
    (page / "page.txt").write_text("gong ")
    assert project.build_pages().returncode == 0
    assert built(page) == "bell gong "


def test_pages_that_were_deleted_are_built_again(project: SmallProject, page: Path) -> None:
    assert project.build_pages().returncode == 0
    (page.parent / "static" / "page.html").unlink()
    assert project.build_pages().returncode == 0
    assert built(page) == "bell "


def test_a_build_that_fails_shows_why_and_is_tried_again(project: SmallProject, page: Path) -> None:
    (page / "page.txt").unlink()
    failed = project.build_pages()
    assert failed.returncode == 1
    assert "ENOENT" in failed.stderr
    (page / "page.txt").write_text("bell ")
    assert project.build_pages().returncode == 0
    assert built(page) == "bell "


def test_sup_1_a_lock_that_does_not_fit_is_refused(project: SmallProject, page: Path) -> None:
    about = json.loads((page / "package.json").read_text())
    about["dependencies"] = {"left-out-of-the-lock": "1.0.0"}
    (page / "package.json").write_text(json.dumps(about))
    done = project.build_pages()
    assert done.returncode == 1
    assert "left-out-of-the-lock" in done.stderr
