from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import grouping as gp
from grouping.plan import saving
from grouping.plan.saving import FILES, check_folder, save


def test_all_files(plan: gp.Plan, roster: gp.Roster, policy: gp.Policy, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "plan"
    files = save(plan, folder, roster)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES) == sorted(path.name for path in files)
    assert [path.name for path in folder.parent.iterdir()] == ["plan"]
    assert gp.Plan.from_json(folder / "plan.json") == plan
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["schema_version"] == 1
    assert gp.Policy.load(folder / "policy.toml").to_dict() == policy.to_dict()
    for name in ("assignments.csv", "groups.csv", "scores.csv"):
        assert (folder / name).read_bytes().startswith(b"\xef\xbb\xbf")
    groups = pd.read_csv(folder / "groups.csv", encoding="utf-8-sig")
    assert groups["size"].tolist() == plan.groups["size"].tolist()


def test_nothing_is_overwritten_unasked(plan: gp.Plan, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("mine")
    (tmp_path / "other.txt").write_text("mine")
    with pytest.raises(gp.InputError, match=r"plan\.json.*there already"):
        save(plan, tmp_path)
    assert (tmp_path / "plan.json").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.txt", "plan.json"]
    save(plan, tmp_path, force=True)
    assert gp.Plan.from_json(tmp_path / "plan.json") == plan
    assert (tmp_path / "other.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == len(FILES) + 1


def test_all_or_nothing(plan: gp.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.Policy, "dump", full)
    folder = tmp_path / "plan"
    with pytest.raises(gp.InputError, match="No space left"):
        save(plan, folder)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text("")
    with pytest.raises(gp.InputError, match="is not a folder"):
        check_folder(tmp_path / "plan")
