"""Joins what pages load together: modules that are always loaded with another one, styles that another sheet imports.

Our modules are written plainly, so that a few patterns are enough: `import { a } from "./x.js";` at the beginning,
`import("./x.js")` of what may come later, `export` before what is exported. Each joined module keeps its own scope.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from posixpath import dirname, normpath, relpath

_IMPORT = re.compile(r'\bimport ?(?:\{([^}]*)\} ?from ?)?"(\.[^"]+)";')
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
_EXPORT = re.compile(r"\bexport (?=(?:async )?(?:function|class|const|let)\b\W*(\w+))")
_SHEET = re.compile(r'@import "([^"]+)"(?: layer\((\w+)\))?;')


def join_scripts(modules: Mapping[str, str], *, start: str, shared: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files to serve, and in which of them each module is.

    `modules`: their texts by path, minified. `start`: the module that every page names. What it shares with others goes
    into the file `shared`; a module that imports others later never does, for those may import from there.
    """
    needs = {name: [_path(name, path) for _, path in _IMPORT.findall(text)] for name, text in modules.items()}
    later = {_path(name, path) for name, text in modules.items() for path in _LATER.findall(text)}
    order = list(TopologicalSorter(needs).static_order())
    first, files = _closure(start, needs), dict[str, str]()
    for name in reversed(order):
        users = {files[user] for user in files if name in needs[user]}
        is_shared = name in first and not _LATER.search(modules[name])
        joined = users.pop() if len(users) == 1 else shared if users and is_shared else name
        files[name] = name if name in later else joined
    parts: dict[str, list[str]] = defaultdict(list)
    for name in order:
        parts[files[name]].append(name)
    return {file: _joined(file, names, modules, needs, files) for file, names in parts.items()}, files


def join_styles(name: str, sheets: Mapping[str, str]) -> str:
    """Return a style sheet's text with those that it imports in their places and layers."""

    def imported(found: re.Match[str]) -> str:
        text = join_styles(_path(name, found[1]), sheets)
        return f"@layer {found[2]}{{{text}}}" if found[2] else text

    return _SHEET.sub(imported, sheets[name])


def _joined(
    file: str,
    names: Iterable[str],
    modules: Mapping[str, str],
    needs: Mapping[str, list[str]],
    files: Mapping[str, str],
) -> str:
    """Text of one file: imports from other files, then its modules in their order; last the one it is named after."""
    outside = {need for name in names for need in needs[name] if files[need] != file}
    text = ""
    for other in sorted({files[need] for need in outside}):
        there = sorted(_scope(need) for need in outside if files[need] == other)
        taken = f"*as {there[0]} " if other in outside else f"{{{','.join(there)}}}"
        text += f'import{taken}from"{_relative(other, file)}";'
    for name in names:
        body = _IMPORT.sub(lambda found, at=name: _names(found[1], _path(at, found[2])), modules[name])  # type: ignore[misc]
        body = _LATER.sub(lambda found, at=name: f'import("{_relative(_path(at, found[1]), file)}")', body)  # type: ignore[misc]
        exported = ",".join(_EXPORT.findall(body))
        text += (
            body if name == file else f"const {_scope(name)}=(()=>{{{_EXPORT.sub('', body)}return{{{exported}}}}})();"
        )
    return text if file in names else f"{text}export{{{','.join(map(_scope, names))}}};"


def _names(names: str | None, module: str) -> str:
    return f"const{{{names.replace(' as ', ':')}}}={_scope(module)};" if names else ""


def _scope(name: str) -> str:
    return re.sub(r"\W", "_", name.removeprefix("carillon/").removesuffix(".js"))


def _closure(start: str, needs: Mapping[str, list[str]]) -> set[str]:
    return {start}.union(*(_closure(need, needs) for need in needs.get(start, ())))


def _path(name: str, relative: str) -> str:
    return normpath(f"{dirname(name)}/{relative}")


def _relative(name: str, start: str) -> str:
    path = relpath(name, dirname(start))
    return path if path.startswith("../") else f"./{path}"
