"""The constructs SUP-3 bans, and how they are seen in a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

BANNED_MODULES = {
    "pickle": "bytes from outside would run code",
    "shelve": "it is pickle behind a dictionary",
    "marshal": "bytes from outside would crash the interpreter",
    "dill": "it is pickle",
    "telnetlib": "nothing is spoken in clear",
    "ftplib": "nothing is fetched in clear",
    "xml.etree": "use defusedxml: entities of strangers",
    "xml.dom": "use defusedxml: entities of strangers",
    "xml.sax": "use defusedxml: entities of strangers",
    "lxml": "use defusedxml: entities of strangers",
}
BANNED_CALLS = {
    "eval": "text would run as code",
    "exec": "text would run as code",
    "os.system": "a shell reads the text",
    "os.popen": "a shell reads the text",
    "subprocess.getoutput": "a shell reads the text",
    "subprocess.getstatusoutput": "a shell reads the text",
    "asyncio.create_subprocess_shell": "a shell reads the text",
    "tempfile.mktemp": "somebody else may take the name first",
    "yaml.load": "text would make any object; use safe_load",
    "yaml.unsafe_load": "text would make any object",
    "ssl._create_unverified_context": "the other side must prove who it is",
    "random.choice": "predictable: a seeded random.Random for simulation, secrets for secrets",
    "random.choices": "predictable",
    "random.getrandbits": "predictable",
    "random.randbytes": "predictable",
    "random.randint": "predictable",
    "random.random": "predictable",
    "random.randrange": "predictable",
    "random.sample": "predictable",
    "random.shuffle": "predictable",
    "uuid.uuid1": "it tells the machine and the time",
}
BANNED_NAMES = {
    "ssl.CERT_NONE": "the other side must prove who it is",
    "OpenSSL.SSL.VERIFY_NONE": "the other side must prove who it is",
}
BANNED_KEYWORDS = {
    ("shell", "True"): "a shell reads the text",
    ("verify", "False"): "the other side must prove who it is",
    ("check_hostname", "False"): "the other side must be who we meant",
    ("validate_certs", "False"): "the other side must prove who it is",
    ("autoescape", "False"): "text of strangers would become markup",
}


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Local name -> full dotted name, for everything the module imports."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted name an expression stands for, through the module's imports."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return ""
    first, _, rest = ast.unparse(node).partition(".")
    known = names.get(first, first)
    return f"{known}.{rest}" if rest else known


def modules_imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def of_import(node: ast.AST) -> Iterator[str]:
    for module in modules_imported(node):
        for banned, why in BANNED_MODULES.items():
            if module == banned or module.startswith(banned + "."):
                yield f"import {banned}: {why}"


def of_call(node: ast.Call, names: dict[str, str]) -> Iterator[str]:
    name = full_name(node.func, names)
    if name in BANNED_CALLS:
        yield f"{name}: {BANNED_CALLS[name]}"
    for word in node.keywords:
        value = ast.unparse(word.value)
        why = BANNED_KEYWORDS.get((word.arg or "", value))
        if why:
            yield f"{word.arg}={value}: {why}"


def of_assignment(node: ast.Assign) -> Iterator[str]:
    for target in node.targets:
        if isinstance(target, ast.Attribute):
            why = BANNED_KEYWORDS.get((target.attr, ast.unparse(node.value)))
            if why:
                yield f"{target.attr} = {ast.unparse(node.value)}: {why}"


def banned_in(tree: ast.Module) -> set[tuple[int, str]]:
    """Line and reason of each banned construct of a module."""
    names = imported_names(tree)
    found = set()
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        found |= {(line, text) for text in of_import(node)}
        if isinstance(node, ast.Call):
            found |= {(line, text) for text in of_call(node, names)}
        elif isinstance(node, ast.Assign):
            found |= {(line, text) for text in of_assignment(node)}
        elif isinstance(node, ast.Attribute | ast.Name):
            name = full_name(node, names)
            if name in BANNED_NAMES:
                found.add((line, f"{name}: {BANNED_NAMES[name]}"))
    return found
