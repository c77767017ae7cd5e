from ._arrays import array_bytes as array_bytes
from ._atomic_write import draft as draft
from ._byte_store import Shelf as Shelf
from ._names import file_name as file_name
from ._names import in_shell as in_shell
from ._names import is_folder as is_folder
from ._names import is_there as is_there
from ._names import listed as listed
from ._names import no_file as no_file
from ._names import text_path as text_path
from ._output_folder import Place as Place
from ._output_folder import place as place
from ._tables import guarded as guarded
from ._tables import unguarded as unguarded
from ._tables import unmarked as unmarked
from ._tables import write_csv as write_csv
from ._tables import write_parquet as write_parquet
from ._tables import write_workbook as write_workbook
from ._toml import read_toml as read_toml
from ._words import named as named
from ._words import worded as worded
from ._words import writing as writing
from ._write import checksum as checksum
from ._write import free as free
from ._write import write as write
from ._write import write_bytes as write_bytes
from ._write import write_text as write_text

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
