"""Read and write files and folders completely or not at all.

Every package may import it, and output files are written through it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

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
