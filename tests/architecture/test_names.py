"""Names that would be mistaken for something else."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions

from tests.architecture.sources import PACKAGES, ROOT, tracked

OWN_DISTRIBUTION = "carillon-contact-centre"


def test_no_installed_distribution_takes_our_top_level_names() -> None:
    ours = {*PACKAGES, "tests", "tools"}
    taken = {name: set(by) for name, by in packages_distributions().items() if name in ours}
    others = {name: by - {OWN_DISTRIBUTION} for name, by in taken.items()}
    assert not any(others.values()), others


def test_our_packages_are_imported_from_this_checkout() -> None:
    for name in PACKAGES:
        module = __import__(name)
        assert module.__file__ == str(ROOT / name / "__init__.py")


def test_no_module_or_folder_is_named_like_one_of_the_standard_library() -> None:
    """`cd` into a folder with such a file and the interpreter itself breaks."""
    clashes = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path.suffix == ".py"
        for name in (path.stem, *path.relative_to(ROOT).parts[:-1])
        if name in sys.stdlib_module_names and not name.startswith("__")
    ]
    assert clashes == []


def test_every_folder_of_python_is_a_package() -> None:
    """Without it two test files of one name collide, and new folders are left out of wheels."""
    folders = {path.parent for path in tracked() if path.suffix == ".py"} - {ROOT}
    folders |= {above for folder in folders for above in folder.parents if ROOT in above.parents}
    bare = sorted(
        folder.relative_to(ROOT).as_posix()
        for folder in folders
        if not (folder / "__init__.py").exists()
    )
    assert bare == []


def test_no_python_module_lies_at_the_root() -> None:
    """The root is on the path of everybody who installs this editable."""
    assert [path.name for path in tracked() if path.parent == ROOT and path.suffix == ".py"] == []


def test_files_are_named_in_lower_case_words() -> None:
    odd = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path.suffix == ".py" and not re.fullmatch(r"[a-z0-9_]+", path.stem)
    ]
    assert odd == []
