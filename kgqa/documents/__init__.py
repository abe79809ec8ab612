"""Documents: files of many formats to text with sections, and text to passages.

Each file is read in a child process with limits, so that no file can take the program down.
"""

from kgqa.documents.chunking import Chunking, chunk
from kgqa.documents.folder import document_id, find
from kgqa.documents.formats import supported
from kgqa.documents.loading import Limits, Loaded, load, load_one

__all__ = ["Chunking", "Limits", "Loaded", "chunk", "document_id", "find", "load", "load_one", "supported"]
