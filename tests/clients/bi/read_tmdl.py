"""Reads folders of TMDL with Microsoft's own TmdlSerializer; prints as JSON what each holds, or why it is refused.

Runs in the tools' environment `bi`: .NET comes with dotnetcore2, Microsoft's libraries with pbi-cli-tool.
"""

# ruff: noqa: E402  # the libraries can be imported only after .NET was started

import json
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"  # else .NET wants ICU

import dotnetcore2.runtime
from clr_loader import get_coreclr
from pythonnet import set_runtime

with tempfile.TemporaryDirectory() as folder:
    settings = Path(folder) / "runtimeconfig.json"
    framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
    settings.write_text(json.dumps({"runtimeOptions": {"tfm": "netcoreapp3.1", "framework": framework}}))
    root = str(Path(dotnetcore2.runtime.get_runtime_path()).parent)
    set_runtime(get_coreclr(runtime_config=str(settings), dotnet_root=root))

import clr

libraries = Path(find_spec("pbi_cli").submodule_search_locations[0]) / "dlls"
for name in ("Core", "Tabular.Json", "Tabular"):
    clr.AddReference(str(libraries / f"Microsoft.AnalysisServices.{name}"))

import System
from Microsoft.AnalysisServices.Tabular import TmdlSerializer


def read(folder: str) -> dict[str, object]:
    try:
        model = TmdlSerializer.DeserializeDatabaseFromFolder(folder).Model
    except System.Exception as error:
        return {"refused": f"{type(error).__name__}: {error.Message}"}
    return {
        "tables": {
            table.Name: {
                "columns": [column.Name for column in table.Columns],
                "types": {column.Name: str(column.DataType) for column in table.Columns},
                "measures": {measure.Name: measure.Expression for measure in table.Measures},
                "mode": [str(partition.Mode) for partition in table.Partitions],
                "source": [partition.Source.Expression for partition in table.Partitions],
            }
            for table in model.Tables
        },
        "relationships": [
            [
                related.FromTable.Name,
                related.FromColumn.Name,
                related.ToTable.Name,
                related.ToColumn.Name,
                related.IsActive,
                str(related.CrossFilteringBehavior) == "BothDirections",
            ]
            for related in model.Relationships
        ],
        "expressions": {expression.Name: expression.Expression for expression in model.Expressions},
    }


sys.stdout.write(json.dumps({folder: read(folder) for folder in sys.argv[1:]}))
