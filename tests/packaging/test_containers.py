"""The image's recipe and the composition keep what the manual says of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from mkdocs.utils.yaml import yaml_load

from config.check import load
from config.commands.check import today
from tests.architecture.sources import PACKAGES, ROOT

EXAMPLE = ROOT / "config" / "examples" / "container"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(word, " ".join(rest.split())) for word, rest in pairs]


def composition() -> dict[str, Any]:
    return yaml_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_sup_1_everything_the_image_installs_is_pinned_by_hash() -> None:
    commands = [part.strip() for run in of("RUN") for part in run.split("&&")]
    installs = [command for command in commands if re.search(r"pip.* install |npm ", command)]
    assert len(installs) >= 6
    for command in installs:
        if ".lock" in command:
            assert "--require-hashes" in command, command
        elif "npm ci" in command:
            assert "--ignore-scripts" in command, command
        else:
            assert "--no-index" in command or "npm run build" in command, command


def test_the_image_fetches_nothing_else() -> None:
    assert of("ADD") == []
    for command in of("RUN"):
        assert not re.search(r"\b(curl|wget|apt-get|apt|git)\b|://", command), command


def test_the_process_is_nobody_in_particular_and_asks_itself_whether_it_is_well() -> None:
    last = max(index for index, (word, _) in enumerate(instructions()) if word == "FROM")
    final = instructions()[last:]
    assert [rest for word, rest in final if word == "USER"] == ["10001:10001"]
    [health] = [rest for word, rest in final if word == "HEALTHCHECK"]
    assert "/healthz" in health
    assert [rest for word, rest in final if word == "ENTRYPOINT"] == ['["carillon"]']
    assert not any("secret" in rest.lower() for word, rest in final if word in {"ENV", "ARG"})


def test_every_package_and_every_file_the_image_copies_is_there_and_sent() -> None:
    sent = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    copied = [
        source
        for rest in of("COPY")
        if not rest.startswith("--from=")
        for source in rest.split()[:-1]
    ]
    assert set(PACKAGES) <= set(copied)
    assert [name for name in copied if name.split("/")[0] not in sent] == []
    there = [name for name in copied if not re.match(r"(agent_desktop|channels/chat)/web", name)]
    assert [name for name in there if not (ROOT / name).exists()] == []


def test_the_tested_python_is_the_one_of_the_image() -> None:
    stages = [rest.split()[0] for rest in of("FROM")]
    assert stages == ["node:24-bookworm-slim", *["python:3.11-slim-bookworm"] * 2]


def test_nothing_is_published_beyond_this_machine() -> None:
    services = composition()["services"]
    assert all(port.startswith("127.0.0.1:") for port in services["centre"]["ports"])
    assert "ports" not in services["database"]
    assert services["database"]["network_mode"] == "none"


def test_secrets_are_files_and_never_variables() -> None:
    whole = composition()
    assert all(set(secret) == {"file"} for secret in whole["secrets"].values())
    for name, service in whole["services"].items():
        assert set(service["secrets"]) <= set(whole["secrets"]), name
        for variable in service["environment"]:
            hidden = re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable)
            assert not hidden or variable.endswith("_FILE"), variable


def test_the_centre_may_do_little() -> None:
    centre = composition()["services"]["centre"]
    assert centre["read_only"] is True
    assert centre["cap_drop"] == ["ALL"]
    assert centre["security_opt"] == ["no-new-privileges:true"]
    assert centre["depends_on"]["database"]["condition"] == "service_healthy"
    assert "user" not in centre


def test_every_volume_and_network_is_declared() -> None:
    whole = composition()
    for service in whole["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source.startswith("./") or source in whole["volumes"], source
        assert set(service.get("networks", [])) <= set(whole["networks"])


def test_the_example_configuration_is_sound_and_fits_the_composition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = composition()["services"]["centre"]
    for name in centre["secrets"]:
        (tmp_path / name).write_text("a long value made for this test alone\n")
        (tmp_path / name).chmod(0o640)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    loaded = load(EXAMPLE, today=today())
    assert [str(mistake) for mistake in loaded.mistakes] == []
    assert [str(warning) for warning in loaded.warnings] == []
    settings = loaded.settings
    assert settings is not None

    inside = {volume.split(":")[1]: volume.split(":")[0] for volume in centre["volumes"]}
    assert str(settings.storage.folder) in inside
    assert settings.storage.database.endswith("?host=/run/postgresql")
    assert "/run/postgresql" in inside
    [gateway] = [each["gateway"] for each in composition()["networks"]["outside"]["ipam"]["config"]]
    ports = {int(port.split(":")[2]) for port in centre["ports"]}
    for listener in (settings.desk, settings.widget):
        assert listener.trusted_proxies == (f"{gateway}/32",)
        assert listener.listen.port in ports
    assert centre["environment"]["CARILLON_CONFIG"] in inside


def test_the_compose_tool_takes_it_where_it_is_installed(tmp_path: Path) -> None:
    """Without the tool the other tests of this file have read the same text."""
    tools = [["docker", "compose"], ["docker-compose"]]
    usable = [
        tool
        for tool in tools
        if shutil.which(tool[0])
        and subprocess.run([*tool, "version"], capture_output=True, check=False).returncode == 0
    ]
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    for tool in usable:
        done = subprocess.run(
            [*tool, "config", "--quiet"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["node_modules/x", "agent_desktop/static/x", "a/__pycache__/b"])
def test_nothing_that_was_built_here_gets_into_the_image(name: str) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith(("#", "!"))]
    parents = {name, *(str(parent) for parent in Path(name).parents)}
    assert any(
        fnmatch(part, pattern.removeprefix("**/")) or fnmatch(part, pattern)
        for part in parents | {Path(part).name for part in parents}
        for pattern in patterns
        if pattern != "*"
    )
