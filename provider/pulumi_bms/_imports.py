"""Imports with a clear cause of failure, even if a user's file replaces a module.

Python searches a program's folder before the standard library. A file such as `secrets.py` in the folder replaces the
standard module in every package of the program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType, TracebackType

_STANDARD_LIBRARY = os.path.dirname(os.__file__)  # noqa: PTH120  (pathlib is not loaded yet, and may be shadowed itself)


def import_home(module: str, public_name: str) -> ModuleType:
    """Import the module of a public name.

    An AttributeError becomes an ImportError, because Python hides the cause: after an AttributeError in a package,
    `from package import name` only reports a missing name.
    """
    try:
        return import_module(module)
    except Exception as error:
        files = sorted(set(_shadowing_files(error)) or set(_shadowing_modules()))
        if not files and not isinstance(error, AttributeError):
            raise
        raise ImportError(_explanation(public_name, error, files), name=module) from error


def _explanation(public_name: str, error: Exception, files: list[str]) -> str:
    lines = [f"pulumi_bms.{public_name} cannot be imported: {type(error).__name__}: {error}"]
    lines += [f"{file} takes the place of Python's own module {_name_of(file)!r}: rename the file" for file in files]
    return "\n".join(lines)


def _shadowing_modules() -> Iterator[str]:
    """The loaded files in place of standard modules, for an error without a file in the traceback."""
    for name in sys.stdlib_module_names & sys.modules.keys():
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and _is_first_of_its_name(os.path.abspath(file)):  # noqa: PTH100
            yield os.path.abspath(file)  # noqa: PTH100


def _shadowing_files(error: BaseException | None) -> Iterator[str]:
    """The files in an error's traceback that replace a standard module."""
    while error is not None:
        for file in _files_of(error):
            path = os.path.abspath(file)  # noqa: PTH100
            if _name_of(path) in sys.stdlib_module_names and _is_first_of_its_name(path):
                yield path
        error = error.__cause__ or error.__context__


def _files_of(error: BaseException) -> Iterator[str]:
    known = [getattr(error, "path", None), getattr(getattr(error, "obj", None), "__file__", None)]
    yield from (file for file in known if isinstance(file, str))
    trace: TracebackType | None = error.__traceback__
    while trace:
        yield trace.tb_frame.f_code.co_filename
        trace = trace.tb_next


def _name_of(file: str) -> str:
    folder, name = os.path.split(file)
    return os.path.basename(folder) if name == "__init__.py" else name.removesuffix(".py")  # noqa: PTH119


def _is_first_of_its_name(file: str) -> bool:
    """Whether the file is a top-level module outside a package and outside Python's library."""
    if file.startswith(_STANDARD_LIBRARY + os.sep):
        return False
    folder = os.path.dirname(file)  # noqa: PTH120
    if os.path.basename(file) == "__init__.py":  # noqa: PTH119
        folder = os.path.dirname(folder)  # noqa: PTH120
    return file.endswith(".py") and folder in map(os.path.abspath, sys.path)
