"""Read and write files and folders completely or not at all.

Every package may import it, and output files are written through it.
"""

from bayes_nqp._core.io._arrays import array_bytes
from bayes_nqp._core.io._atomic_write import draft
from bayes_nqp._core.io._byte_store import Shelf
from bayes_nqp._core.io._names import (
    file_name,
    in_shell,
    is_folder,
    is_there,
    listed,
    no_file,
    text_path,
)
from bayes_nqp._core.io._output_folder import Place, place
from bayes_nqp._core.io._tables import (
    guarded,
    unguarded,
    unmarked,
    write_csv,
    write_parquet,
    write_workbook,
)
from bayes_nqp._core.io._toml import read_toml
from bayes_nqp._core.io._words import named, worded, writing
from bayes_nqp._core.io._write import checksum, free, write, write_bytes, write_text

__all__ = [
    "Place",
    "Shelf",
    "array_bytes",
    "checksum",
    "draft",
    "file_name",
    "free",
    "guarded",
    "in_shell",
    "is_folder",
    "is_there",
    "listed",
    "named",
    "no_file",
    "place",
    "read_toml",
    "text_path",
    "unguarded",
    "unmarked",
    "worded",
    "write",
    "write_bytes",
    "write_csv",
    "write_parquet",
    "write_text",
    "write_workbook",
    "writing",
]
