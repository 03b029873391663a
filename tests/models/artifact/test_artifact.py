"""An artifact is loaded whole or not at all, and replaced in one step."""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.article import Tier
from models.artifact import files, manifest
from models.artifact import weights as weights_module
from models.artifact.artifact import Artifact, large_reader, load, save
from models.errors import ArtifactAltered, ArtifactError, ArtifactMissing, ArtifactSchema
from models.network.network import Network
from models.network.reader import Reader
from models.tasks.build import build
from models.tasks.limits import table
from models.tasks.stance.section import StanceCalibration
from models.tasks.topic.section import TopicCalibration

FILES = ("weights.safetensors", "config.json", "tokenizer.json", "metrics.json", "README.md")


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """An artifact that may be damaged."""
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def sign(directory: Path) -> None:
    """Writes the manifest that fits the files, as if they had been saved so."""
    path = directory / "manifest.json"
    listed = json.loads(path.read_text())
    for name in listed["files"]:
        content = (directory / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        listed["files"][name] = {"bytes": len(content), "sha256": digest}
    path.write_text(json.dumps(listed))


def edit(path: Path, change: Callable[[Any], object]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_what_is_saved_is_what_is_loaded(tiny_artifact: Artifact, tmp_path: Path) -> None:
    tasks = dict(tiny_artifact.tasks)
    tasks["topic"] = replace(tasks["topic"], calibration=TopicCalibration(1.5, 0.2))
    tasks["topic"] = replace(tasks["topic"], limits={"topic": table([(0.9, False), (0.4, True)])})
    fitted_stance = StanceCalibration(0.8, 0.3, 1.1, 0.4, fast_threshold=0.5)
    tasks["stance"] = replace(tasks["stance"], calibration=fitted_stance)
    fitted = replace(
        tiny_artifact,
        tasks=tasks,
        metrics={"files": {"a": {"topic": 0.9}}},
        card="# Größe\n",
        languages=("en", "de"),
    )
    digest = save(fitted, tmp_path / "deep" / "new", torch.float32)
    loaded = load(tmp_path / "deep" / "new")
    assert loaded.digest == digest
    for name in (
        "name",
        "version",
        "created",
        "tasks",
        "max_windows",
        "languages",
        "metrics",
        "readers",
    ):
        assert getattr(loaded, name) == getattr(fitted, name)
    assert loaded.card == "# Größe\n"
    assert loaded.tokenizer.to_str() == fitted.tokenizer.to_str()
    assert loaded.network.shape == fitted.network.shape
    before, after = fitted.network.state_dict(), loaded.network.state_dict()
    assert before.keys() == after.keys()
    assert all(before[name].equal(after[name]) for name in before)


def test_a_loaded_network_computes_what_the_saved_one_did(
    tiny_artifact: Artifact, tmp_path: Path
) -> None:
    save(tiny_artifact, tmp_path / "new", torch.float32)
    again = load(tmp_path / "new").network
    ids, mask = torch.randint(7, 90, (2, 12)), torch.ones(2, 12, dtype=torch.bool)
    with torch.no_grad():
        assert again.encode(ids, mask).equal(tiny_artifact.network.encode(ids, mask))
        for tier in Tier:
            before = tiny_artifact.network.reader(tier)
            assert again.reader(tier).encode(ids, mask).equal(before.encode(ids, mask))
    assert not again.training
    buffers = dict(again.named_buffers())
    assert buffers.keys() == dict(tiny_artifact.network.named_buffers()).keys()
    assert not any(tensor.is_meta for tensor in (*again.parameters(), *buffers.values()))


def test_shared_embeddings_are_saved_once(tiny_artifact: Artifact, tmp_path: Path) -> None:
    save(tiny_artifact, tmp_path / "new", torch.float32)
    saved = load_file(tmp_path / "new" / "weights.safetensors")
    assert [name for name in saved if "word_embeddings" in name] == [
        "encoder.embeddings.word_embeddings.weight"
    ]
    parts = (tiny_artifact.network.named_parameters(), tiny_artifact.network.heads.named_buffers())
    names = [name for part in parts for name, _ in part]
    assert len(saved) == sum(not name.startswith("readers.full.") for name in names)
    again = load(tmp_path / "new").network
    assert len(names) == len([*again.parameters(), *again.heads.buffers()])


def test_the_large_reader_is_read_only_where_it_is_wanted(
    tiny: Path, tiny_artifact: Artifact
) -> None:
    without = load(tiny, whole=False)
    assert set(without.network.readers) == {"fast"}
    assert set(without.readers) == set(Tier)
    reader = large_reader(tiny, without)
    whole = tiny_artifact.network.reader(Tier.FULL).state_dict()
    assert all(reader.state_dict()[name].equal(tensor) for name, tensor in whole.items())


def test_an_artifact_is_not_saved_without_a_reader_of_its_own(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="all of its readers"):
        save(load(tiny, whole=False), tmp_path / "new")


def test_no_file_of_the_large_reader_is_larger_than_the_limit(
    tiny_artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_module, "MAX_FILE_BYTES", 40_000)
    save(tiny_artifact, tmp_path / "new")
    parts = sorted(tmp_path.glob("new/reader-*.safetensors"))
    assert len(parts) > 1
    assert all(part.stat().st_size < 60_000 for part in parts)
    again = load(tmp_path / "new").network.reader(Tier.FULL)
    once = load_again(tiny_artifact, tmp_path)
    assert all(again.state_dict()[n].equal(t) for n, t in once.state_dict().items())


def load_again(artifact: Artifact, tmp_path: Path) -> Reader:
    """The large reader after it was saved, in as many files as it takes."""
    save(artifact, tmp_path / "once")
    return load(tmp_path / "once").network.reader(Tier.FULL)


def test_a_large_reader_of_another_artifact_is_not_taken(copy: Path) -> None:
    model = load(copy, whole=False)
    save(replace(load(copy), version="other"), copy)
    with pytest.raises(ArtifactAltered, match="not the one that was loaded"):
        large_reader(copy, model)


def test_an_altered_large_reader_is_known_when_it_is_read(copy: Path) -> None:
    model = load(copy, whole=False)
    path = copy / "reader-1.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactAltered, match="not the file that was saved") as caught:
        large_reader(copy, model)
    assert caught.value.directory == copy


def test_the_digest_depends_on_every_file_and_on_nothing_else(
    tiny_artifact: Artifact, tmp_path: Path
) -> None:
    same = {save(tiny_artifact, tmp_path / name) for name in ("a", "b", "a")}
    assert len(same) == 1
    for changed in (
        replace(tiny_artifact, card="x"),
        replace(tiny_artifact, metrics={"x": 1}),
        replace(tiny_artifact, version="x"),
    ):
        assert save(changed, tmp_path / "c") not in same


def test_a_tiny_artifact_is_well_under_a_megabyte(tiny: Path) -> None:
    assert sum(path.stat().st_size for path in tiny.iterdir()) < 500_000


def refused(directory: Path) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        load(directory)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return caught.value


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_missing_file_is_missed(copy: Path, name: str) -> None:
    (copy / name).unlink()
    error = refused(copy)
    assert type(error) is ArtifactMissing
    assert name in str(error)


def test_no_directory_is_missed(tmp_path: Path) -> None:
    assert type(refused(tmp_path / "nowhere")) is ArtifactMissing
    (tmp_path / "file").touch()
    assert type(refused(tmp_path / "file")) is ArtifactMissing
    (tmp_path / "empty").mkdir()
    assert type(refused(tmp_path / "empty")) is ArtifactMissing


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_known(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1])
    error = refused(copy)
    assert type(error) is ArtifactAltered
    assert name in str(error)


@pytest.mark.parametrize("name", FILES)
def test_one_altered_bit_is_known(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    assert type(refused(copy)) is ArtifactAltered


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"format": 1, "files": {"config.json": 3}}', '{"files": {}}']
)
def test_a_damaged_manifest_is_known(copy: Path, content: str) -> None:
    (copy / "manifest.json").write_text(content)
    assert type(refused(copy)) is ArtifactAltered


def add(data: Any, name: str, value: object) -> None:
    data[name] = value


def of(config: Any, task: str) -> Any:
    return config["tasks"][task]


def set_size(size: object, listed: Any) -> None:
    listed["files"]["config.json"]["bytes"] = size


def set_in(place: str, value: object, data: Any) -> None:
    *outer, name = place.split(".")
    for each in outer:
        data = data[each]
    data[name] = value


@pytest.mark.parametrize(
    ("file", "change"),
    [
        pytest.param("manifest.json", lambda m: add(m, "format", 1), id="another format"),
        pytest.param("manifest.json", lambda m: add(m, "format", [3] * 999), id="a list"),
        *(
            pytest.param(
                "manifest.json",
                partial(set_size, value),
                id=f"{value} bytes",
            )
            for value in (-1, 10**15, 1.5, True, None, "1")
        ),
        pytest.param(
            "manifest.json",
            lambda m: add(m["files"], "code.py", m["files"]["README.md"]),
            id="more",
        ),
        pytest.param("manifest.json", lambda m: m["files"].pop("README.md"), id="fewer"),
        pytest.param(
            "manifest.json",
            lambda m: add(m["files"], "../x", m["files"].pop("README.md")),
            id="a path that leads out",
        ),
        pytest.param("config.json", lambda c: add(c, "format", 1), id="a config of another format"),
        pytest.param("config.json", lambda c: of(c, "topic").pop("labels"), id="no labels"),
        pytest.param("config.json", lambda c: c["tasks"].pop("stance"), id="a task too few"),
        pytest.param("config.json", lambda c: c["tasks"].clear(), id="no task"),
        pytest.param("config.json", lambda c: add(c["tasks"], "other", {}), id="an unknown task"),
        pytest.param("config.json", lambda c: of(c, "topic")["labels"].pop(), id="a topic too few"),
        pytest.param(
            "config.json",
            lambda c: of(c, "summary").update(layers=2),
            id="a word too many",
        ),
        pytest.param("config.json", lambda c: add(c["encoder"], "depth", 3), id="unknown shape"),
        pytest.param(
            "config.json",
            lambda c: add(of(c, "summary"), "layers", 2),
            id="a layer too many",
        ),
        pytest.param(
            "config.json",
            lambda c: add(c["encoder"], "hidden_size", 48),
            id="other size",
        ),
        pytest.param("config.json", lambda c: add(c["encoder"], "hidden_size", "x"), id="no size"),
        pytest.param(
            "config.json",
            lambda c: add(of(c, "topic")["calibration"], "heat", 1),
            id="unknown calibration",
        ),
        pytest.param("config.json", lambda c: add(c, "max_windows", None), id="no windows"),
        *(
            pytest.param("config.json", partial(set_in, place, value), id=f"{place} {value}")
            for place, value in (
                ("max_windows", 0),
                ("max_windows", -1),
                ("max_windows", 65),
                ("max_windows", 2.5),
                ("max_windows", True),
                ("name", ""),
                ("name", ["tiny"]),
                ("version", "1\n2"),
                ("created", None),
                ("languages", []),
                ("languages", "en"),
                ("languages", [1]),
                ("languages", ["\ud800"]),
                ("tasks.summary.layers", "x"),
                ("tasks.summary.layers", 0),
                ("tasks.summary.layers", 10**9),
                ("readers.fast.labels", 0),
                ("readers.fast.labels", "4"),
                ("readers.fast.body", []),
                ("readers.fast.body.num_hidden_layers", 10**9),
                ("readers.fast.body.model_type", "gpt2"),
                ("readers", {"slow": {}}),
                ("tasks.topic.calibration.temperature", 0),
                ("tasks.stance.calibration.temperature", -1),
                ("tasks.stance.calibration.overall_temperature", math.nan),
                ("tasks.stance.calibration.unrelated_temperature", math.inf),
                ("tasks.topic.calibration.temperature", 1e-300),
                ("tasks.topic.calibration.temperature", "1"),
                ("tasks.topic.calibration.temperature", True),
                ("tasks.topic.calibration.threshold", 1.5),
                ("tasks.stance.calibration.threshold", -0.1),
                ("tasks.stance.calibration.overall_threshold", None),
                ("tasks.stance.calibration.unrelated_bias", math.inf),
                ("tasks.stance.calibration.unrelated_bias", []),
                ("tasks.summary.layers", True),
                ("tasks.topic", []),
                ("tasks", []),
                ("encoder.num_hidden_layers", 10**9),
                ("encoder.num_attention_heads", 0),
                ("encoder.hidden_act", "no such"),
                ("encoder.dtype", "float64"),
                ("encoder.vocab_size", 10**15),
            )
        ),
        pytest.param(
            "config.json", lambda c: of(c, "topic")["labels"][0].update(name=1), id="label 1"
        ),
        pytest.param(
            "config.json",
            lambda c: of(c, "topic")["labels"][0].update(code=["x"]),
            id="a code list",
        ),
        pytest.param("metrics.json", lambda m: add(m, "topic", math.nan), id="no figure"),
        pytest.param(
            "tokenizer.json",
            lambda t: add(t["model"]["vocab"], "tramway", 10**6),
            id="a word piece that the network does not know",
        ),
        pytest.param("tokenizer.json", lambda t: add(t, "model", {}), id="another tokenizer"),
    ],
)
def test_another_schema_is_refused(copy: Path, file: str, change: Callable[[Any], object]) -> None:
    edit(copy / file, change)
    if file != "manifest.json":
        sign(copy)
    assert type(refused(copy)) is ArtifactSchema


@pytest.mark.parametrize("file", ["manifest.json", "config.json"])
def test_an_older_format_is_told_in_one_line(copy: Path, file: str) -> None:
    edit(copy / file, lambda data: add(data, "format", 2))
    if file == "config.json":
        sign(copy)
    assert f"another format than {manifest.FORMAT}," in refused(copy).problem


def test_the_digest_is_that_of_the_manifest_and_needs_no_network(copy: Path) -> None:
    assert manifest.digest(copy) == load(copy).digest
    with pytest.raises(ArtifactMissing, match="directory"):
        manifest.digest(copy / "nowhere")


def test_a_task_without_a_section_is_not_there(tiny_artifact: Artifact, tmp_path: Path) -> None:
    tasks = {name: tiny_artifact.tasks[name] for name in ("topic", "summary")}
    network = build(tiny_artifact.network.shape, tasks)
    network.load_state_dict(tiny_artifact.network.state_dict(), strict=False)
    save(replace(tiny_artifact, tasks=tasks, readers={}, network=network), tmp_path / "new")
    loaded = load(tmp_path / "new")
    assert list(loaded.tasks) == list(loaded.network.heads) == ["topic", "summary"]


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b""])
def test_what_is_no_json_is_refused(copy: Path, name: str, content: bytes) -> None:
    (copy / name).write_bytes(content)
    sign(copy)
    assert type(refused(copy)) is ArtifactSchema


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [DEEP, b'{"a":' * 100_000, b"1" * 10_000, b'{"a": 1e999}'])
def test_json_without_a_bottom_is_refused(copy: Path, name: str, content: bytes) -> None:
    (copy / name).write_bytes(content)
    sign(copy)
    assert type(refused(copy)) is ArtifactSchema


@pytest.mark.parametrize("content", [DEEP[:8000] + DEEP[-8000:], DEEP, b" " * 20_000, b"1" * 9999])
def test_a_manifest_without_a_bottom_is_damaged(copy: Path, content: bytes) -> None:
    (copy / "manifest.json").write_bytes(content)
    assert type(refused(copy)) is ArtifactAltered


def test_a_manifest_with_a_long_tail_is_damaged(copy: Path) -> None:
    path = copy / "manifest.json"
    path.write_bytes(path.read_bytes() + b" " * 20_000)
    assert type(refused(copy)) is ArtifactAltered


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
@pytest.mark.parametrize("kind", ["pipe", "link", "device", "directory"])
def test_only_regular_files_are_read_and_none_is_waited_for(
    copy: Path, tmp_path: Path, name: str, kind: str
) -> None:
    (copy / name).rename(tmp_path / "moved")
    match kind:
        case "pipe":
            os.mkfifo(copy / name)
        case "link":
            (copy / name).symlink_to(tmp_path / "moved")
        case "device":
            (copy / name).symlink_to("/dev/zero")
        case _:
            (copy / name).mkdir()
    error = refused(copy)
    assert type(error) is ArtifactMissing
    assert name in str(error)


def test_no_more_of_a_file_is_read_than_was_saved(copy: Path) -> None:
    with (copy / "config.json").open("r+b") as file:
        file.truncate(2**40)
    assert type(refused(copy)) is ArtifactAltered


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.int8, torch.float16])
@pytest.mark.parametrize("part", ["encoder.embeddings.word", "fast.", "topic."])
def test_weights_that_are_no_numbers_are_refused(
    copy: Path, tiny_artifact: Artifact, part: str, dtype: torch.dtype, number: float
) -> None:
    save(tiny_artifact, copy, dtype)
    weights = load_file(copy / "weights.safetensors")
    name = next(n for n in weights if n.startswith(part) and weights[n].is_floating_point())
    weights[name].view(-1)[-1] = number
    save_file(weights, copy / "weights.safetensors")
    sign(copy)
    error = refused(copy)
    assert type(error) is ArtifactSchema
    assert "no numbers" in str(error)


@pytest.mark.parametrize("shape", [(1, 1), (96, 1), (1, 96), (96, 96), (96,)])
def test_scales_that_do_not_fit_are_refused(copy: Path, shape: tuple[int, ...]) -> None:
    weights = load_file(copy / "weights.safetensors")
    weights["fast.body.encoder.layer.0.output.dense.weight.scale"] = torch.ones(shape)
    save_file(weights, copy / "weights.safetensors")
    sign(copy)
    assert type(refused(copy)) is ArtifactSchema


def test_the_directory_is_named_but_not_in_the_problem(copy: Path) -> None:
    (copy / "README.md").unlink()
    error = pickle.loads(pickle.dumps(refused(copy)))
    assert str(error) == f"{copy}: {error.problem}"
    assert str(copy) not in error.problem


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was opened",))


def test_a_pickle_is_never_opened(copy: Path) -> None:
    (copy / "weights.safetensors").write_bytes(pickle.dumps(Bomb()))
    sign(copy)
    assert type(refused(copy)) is ArtifactSchema


def test_a_file_that_is_not_in_the_manifest_is_not_read(copy: Path) -> None:
    (copy / "config.py").write_text("raise SystemExit")
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    assert load(copy).name == "tiny"


@pytest.mark.parametrize("step", ["fsync", "write", "swap"])
def test_a_save_that_fails_leaves_the_old_artifact_whole(
    copy: Path, tiny_artifact: Artifact, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = load(copy).digest
    with monkeypatch.context() as patched:
        if step == "fsync":
            patched.setattr(os, "fsync", fail)
        elif step == "write":
            patched.setattr(Path, "open", fail)
        else:
            patched.setattr(files, "_swap", fail)
        with pytest.raises(OSError, match="No space"):
            save(replace(tiny_artifact, version="other"), copy)
    assert load(copy).digest == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_without_a_swap_the_old_artifact_comes_back_where_a_rename_fails(
    copy: Path, tiny_artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if target == copy and not self.name.endswith(".old"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    before = load(copy).digest
    monkeypatch.setattr(files, "_swap", lambda *_: False)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="Input/output"):
            save(replace(tiny_artifact, version="other"), copy)
    assert load(copy).digest == before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]
    after = save(replace(tiny_artifact, version="other"), copy)
    assert load(copy).digest == after != before
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


# Kills savers in mid-save, each when a given file of the next artifact is there, and loads what is
# left. One process does it all, for importing torch costs seconds.
KILLER = """
import os, shutil, signal, sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from models.artifact.artifact import load, save

directory = Path(sys.argv[1])
model = load(directory)
for file in 3 * ["weights.safetensors", "tokenizer.json", "manifest.json"]:
    saver = os.fork()
    if not saver:
        for number in count():
            save(replace(model, version=str(number)), directory)
    while not list(directory.parent.glob(f".{directory.name}-*/{file}")):
        assert directory.is_dir()
    os.kill(saver, signal.SIGKILL)
    os.waitpid(saver, 0)
    load(directory)
    for left in directory.parent.glob(".*"):
        shutil.rmtree(left)
    print(file)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="one-step swaps are Linux's")
def test_killed_at_any_moment_there_is_a_whole_artifact(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLER, str(copy)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 9


@pytest.mark.parametrize("dtype", [torch.int8, torch.float16, torch.float32])
def test_however_it_is_on_disk_it_is_float32_in_memory(
    tiny_artifact: Artifact, tmp_path: Path, dtype: torch.dtype
) -> None:
    save(tiny_artifact, tmp_path / "new", dtype)
    network: Network = load(tmp_path / "new").network
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


INT8 = ("encoder.embeddings.word", "readers.full.body.", "readers.fast.body.")


def test_no_weight_is_off_by_more_than_half_a_step(tiny_artifact: Artifact, tmp_path: Path) -> None:
    save(tiny_artifact, tmp_path / "new")
    loaded = dict(load(tmp_path / "new").network.named_parameters())
    for name, weights in tiny_artifact.network.named_parameters():
        rough = weights.dim() == 2 and name.startswith(INT8) and "relative" not in name
        most = weights.abs().amax(-1, keepdim=True) / 127 * 0.51 if rough else weights.abs() / 1000
        assert ((loaded[name] - weights).abs() <= most + 1e-6).all(), name


def test_what_is_loaded_and_saved_again_is_the_same(
    tiny_artifact: Artifact, tmp_path: Path
) -> None:
    with torch.no_grad():
        network = deepcopy(tiny_artifact.network)
        weights = network.state_dict()
        weights["readers.full.body.encoder.layer.0.output.dense.weight"].zero_()
        weights["readers.fast.body.encoder.layer.1.output.dense.weight"].mul_(1e-9)
    first = save(replace(tiny_artifact, network=network), tmp_path / "new")
    assert save(load(tmp_path / "new"), tmp_path / "again") == first
