from pathlib import Path

from kgqa.documents import document_id, find, load


def test_finds_supported_files_sorted_and_reports_the_rest(tmp_path):
    for name in ("b.md", "a/x.txt", ".hidden.md", ".git/c.md", "image.png", "~$lock.docx"):
        path = tmp_path / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    root = tmp_path / "documents"
    (tmp_path / "outside.txt").write_text("secret")
    (root / "escape.txt").symlink_to(tmp_path / "outside.txt")
    (root / "inside.txt").symlink_to(root / "b.md")
    (root / "loop").symlink_to(root, target_is_directory=True)
    skipped = {}
    found = find(root, skipped=lambda path, reason: skipped.update({path.name: reason}))
    assert [document_id(path, root) for path in found] == ["a/x.txt", "b.md", "inside.txt"]
    assert set(skipped) == {".hidden.md", ".git", "image.png", "~$lock.docx", "escape.txt", "loop"}
    assert "leaves the folder" in skipped["escape.txt"]


def test_deceiving_names_get_honest_ids(tmp_path):
    path = tmp_path / "safe\u202etxt.exe#1\n.txt"
    path.write_text("words")
    (loaded,) = load([path], tmp_path)
    (document,) = loaded.documents
    assert document.id == "safe%E2%80%AEtxt.exe%231%0A.txt"
    assert "\u202e" not in document.title and "\n" not in document.title


def test_names_that_are_not_unicode_can_be_loaded(tmp_path):
    raw = bytes(tmp_path) + b"/caf\xe9.txt"
    with open(raw, "wb") as file:
        file.write(b"words")
    (path,) = find(tmp_path)
    (loaded,) = load([path], tmp_path)
    assert loaded.documents[0].id == "caf%E9.txt"


def test_a_path_elsewhere_has_its_name_as_id():
    assert document_id(Path("/somewhere/a.txt"), Path("/root")) == "a.txt"
