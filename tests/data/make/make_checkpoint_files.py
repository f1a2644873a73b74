#!/usr/bin/python3
"""Makes the small state dicts in ../checkpoints (PyTorch 1.13, torch.save in both formats) and, beside each, NAME.txt:
what torch.load makes of it (one line per tensor: name, dtype, shape, then the values as float32 bit patterns).
Usage: make_checkpoint_files.py [OUTPUT_FOLDER]. Plain streams differ from run to run in their storages' keys, which are
memory addresses."""

import argparse
import collections
import io
import os
import pickle
import struct
import sys
import zipfile

import torch

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "checkpoints")


def plain_tensors():
    """One tensor of every type, with the values that conversions get wrong: subnormals, infinities, -0, NaN, halves."""
    special = [0.0, -0.0, 1.0, -1.5, 65504.0, 6e-8, 6.1e-5, float("inf"), float("-inf"), float("nan"), 1 / 3, 1e-3]
    special = torch.tensor(special, dtype=torch.float64)
    return collections.OrderedDict(
        [
            ("f32", special.to(torch.float32).reshape(3, 4)),
            ("f16", special.to(torch.float16)),
            ("bf16", special.to(torch.bfloat16).reshape(2, 2, 3)),
            ("f64", torch.tensor([1 / 3, 1e300, -1e-300, 2.0**24 + 1, 1 + 2.0**-24], dtype=torch.float64)),
            ("i64", torch.tensor([2**24 + 1, -1, 2**62], dtype=torch.int64)),
            ("i32", torch.tensor([2**31 - 1, -(2**31)], dtype=torch.int32)),
            ("i16", torch.tensor([-32768, 32767], dtype=torch.int16)),
            ("i8", torch.tensor([-128, 127], dtype=torch.int8)),
            ("u8", torch.tensor([0, 255], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False, True])),
            ("bn.num_batches_tracked", torch.tensor(7)),
            ("empty", torch.zeros(0, 3)),
        ]
    )


def strided_tensors():
    base = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    return collections.OrderedDict(
        [
            ("whole", base),
            ("transposed", base.permute(2, 0, 1)),
            ("slice", base[1:, 1:3, ::2]),
            ("row", base[2, 3]),  # dense, at an offset
            ("column", base[:, 0, 0]),
            ("channels_last", torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)),
            ("expanded", torch.tensor([[1.0], [2.0]]).expand(2, 3)),
            ("ones", torch.ones(1, 1, 4)[:, :, 1:2]),  # a dimension of one with any stride
            ("alias", base),
            ("half_view", torch.arange(8, dtype=torch.float16)[::3]),
        ]
    )


def state_dict():
    """A module's own state dict, with its _metadata."""
    torch.manual_seed(1)
    return torch.nn.Sequential(
        collections.OrderedDict(
            conv1=torch.nn.Conv2d(2, 3, 3, bias=False), bn1=torch.nn.BatchNorm2d(3), fc=torch.nn.Linear(3, 2)
        )
    ).state_dict()


def parameters():
    torch.manual_seed(2)
    return {"weight": torch.nn.Parameter(torch.randn(2, 3)), "frozen": torch.nn.Parameter(torch.ones(2), False)}


def training_checkpoint():
    torch.manual_seed(3)
    model = torch.nn.DataParallel(torch.nn.Linear(3, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model.module(torch.randn(1, 3)).sum().backward()
    optimizer.step()
    return {
        "epoch": 3,
        "best": 0.5,
        "note": None,
        "big": 2**70,
        "args": argparse.Namespace(lr=0.1, name="run"),
        "optimizer": optimizer.state_dict(),
        "state_dict": model.state_dict(),
        "sizes": [torch.Size([2, 3]), (), {"deep": [1, (2, "x")]}],
    }


def networks():
    """Small networks with ResNet-50's names, as the fuzzer's table (tests/fuzz/checkpoint.cc) has them, under several
    prefixes and namings, beside objects of other classes: seeds."""
    one = torch.ones(1, 1, 1, 1)
    # Expanded tensors take no room.
    wide = torch.ones(1).expand(1, 2048)
    body = {"conv1.weight": one, "layer1.0.conv1.weight": one}
    norm = {f"fc.0.{part}": torch.ones(1).expand(2048) for part in ("weight", "bias", "running_mean", "running_var")}
    transformers = {
        "resnet.embedder.embedder.convolution.weight": one,
        "resnet.encoder.stages.0.layers.0.layer.0.convolution.weight": one,
        "classifier.1.weight": wide,
    }
    return {
        "model": {"module." + k: v for k, v in {**body, "fc.weight": wide, "fc.bias": torch.ones(1)}.items()},
        "model_ema": {**body, **norm, "fc.1.weight": wide},
        "hf": transformers,
        "fastai": {"0.0.weight": one, "0.4.0.conv1.weight": one, "1.4.weight": wide},
        "whole": torch.nn.Linear(1, 1),
        "beside": [collections.Counter(a=1), collections.defaultdict(list), {1, 2}, torch.float32, torch.device("cpu")],
    }


def write(name, data):
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(data)


def expected(tensors):
    lines = []
    for name, tensor in tensors.items():
        bits = tensor.detach().to(torch.float32).contiguous().reshape(-1).view(torch.int32)
        values = " ".join(f"{v & 0xFFFFFFFF:08x}" for v in bits.tolist())
        shape = ",".join(map(str, tensor.shape))
        lines.append(f"{name} {str(tensor.dtype)[6:]} [{shape}] {values}".rstrip() + "\n")
    return "".join(lines)


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def save_both(name, value, tensors=None, protocols=(2,)):
    for protocol in protocols:
        stem = name if protocol == 2 else f"{name}_protocol{protocol}"
        for suffix, zipped in (("zip", True), ("stream", False)):
            data = saved(value, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
            loaded = torch.load(io.BytesIO(data))
            tensors = tensors or (lambda dictionary: dictionary)
            write(f"{stem}.{suffix}.pth", data)
            write(f"{stem}.{suffix}.txt", expected(tensors(loaded)).encode())


def rezip(data, compression, zip64=False):
    """The same archive, packed anew by Python: deflated, or with zip64 fields."""
    source, buffer = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as target:
        for info in source.infolist():
            entry = zipfile.ZipInfo(info.filename)
            entry.compress_type = compression
            with target.open(entry, "w", force_zip64=zip64) as file:
                file.write(source.read(info))
    return buffer.getvalue()


def zip64_directory(data):
    """Moves sizes and offsets of a stored archive into zip64 fields of the directory, and adds zip64's end records."""
    end = data.rindex(b"PK\5\6")
    count, size, start = struct.unpack_from("<HII", data, end + 10)
    directory, position = b"", start
    for _ in range(count):
        fields = list(struct.unpack_from("<4s6H3I5H2I", data, position))
        name_at = position + 46
        name = data[name_at : name_at + fields[10]]
        position = name_at + fields[10] + fields[11] + fields[12]
        extra = struct.pack("<HHQQQ", 1, 24, fields[9], fields[8], fields[16])
        fields[8] = fields[9] = fields[16] = 0xFFFFFFFF
        fields[11], fields[12] = len(extra), 0
        directory += struct.pack("<4s6H3I5H2I", *fields) + name + extra
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + len(directory), 1)
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:start] + directory + end64 + locator + last


class Call:
    """Pickles as a call of `function`: what a hostile file does."""

    def __init__(self, function, *arguments):
        self.reduction = (function, arguments)

    def __reduce__(self):
        return self.reduction


def in_zip(pickled, entries=(), prefix="archive/"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, data in [("data.pkl", pickled), *entries, ("version", b"3\n")]:
            target.writestr(zipfile.ZipInfo(prefix + name), data)
    return buffer.getvalue()


def hostile_pickles():
    opcode = pickle
    glob = lambda module, name: opcode.GLOBAL + f"{module}\n{name}\n".encode()
    text = lambda value: opcode.BINUNICODE + struct.pack("<I", len(value)) + value.encode()
    yield "system", pickle.dumps({"w": Call(os.system, "false")}, 2)
    yield "eval", pickle.dumps({"w": Call(eval, "1")}, 4)
    # getattr(torch, "load") and the like: attribute chains from an allowed module
    yield "getattr", (
        opcode.PROTO + b"\2" + glob("builtins", "getattr") + glob("torch", "Size") + text("__base__")
        + opcode.TUPLE2 + opcode.REDUCE + opcode.STOP
    )
    yield "dotted", (
        opcode.PROTO + b"\4" + text("torch._utils") + text("_rebuild_tensor_v2.__globals__") + opcode.STACK_GLOBAL
        + opcode.STOP
    )
    yield "module", (
        opcode.PROTO + b"\2" + glob("torch.nn.modules.linear", "Linear") + opcode.EMPTY_TUPLE + opcode.NEWOBJ
        + opcode.STOP
    )
    yield "from_bytes", pickle.dumps({"w": torch.ones(2)}, 2)
    yield "inst", opcode.PROTO + b"\2" + opcode.MARK + b"ios\nsystem\n" + opcode.STOP
    yield "dict_call", opcode.PROTO + b"\2" + opcode.EMPTY_DICT + opcode.EMPTY_TUPLE + opcode.REDUCE + opcode.STOP


def python2_stream():
    """As PyTorch 0.3 on Python 2 wrote it: OrderedDict([[k, v], ...]), Parameter objects with state, _rebuild_tensor, and
    storages that are views of a root. Written by hand; torch.load of 1.13 agrees with the expectation below."""
    glob = lambda module, name: b"c" + f"{module}\n{name}\n".encode()
    text = lambda value: b"U" + bytes([len(value)]) + value.encode()
    number = lambda value: b"K" + bytes([value])

    def tensor(view_key, view_offset, view_size, offset, shape, stride):
        view = b"N" if view_key is None else b"(" + text(view_key) + number(view_offset) + number(view_size) + b"t"
        storage = b"(" + text("storage") + glob("torch", "FloatStorage") + text("root") + text("cpu") + number(6) + view
        shape = b"(" + b"".join(map(number, shape)) + b"t"
        stride = b"(" + b"".join(map(number, stride)) + b"t"
        return glob("torch._utils", "_rebuild_tensor") + b"(" + storage + b"tQ" + number(offset) + shape + stride + b"tR"

    def pair(key, value):
        return b"(" + text(key) + value + b"l"

    parameter = glob("torch.nn.parameter", "Parameter")
    whole = parameter + b"(" + tensor(None, 0, 0, 0, (2, 3), (3, 1)) + b"\x88tR"
    view = tensor("view", 2, 4, 1, (3,), (1,))
    body = glob("collections", "OrderedDict") + b"((" + pair("whole", whole) + pair("view", view) + b"ltR"
    head = b"".join(
        pickle.dumps(value, 2)
        for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "protocol_version": 1001, "type_sizes": {}})
    )
    values = struct.pack("<6f", 1, 2, 3, 4, 5, 6)
    data = head + b"\x80\2" + body + b"." + pickle.dumps(["root"], 2) + struct.pack("<q", 6) + values
    tensors = {"whole": torch.arange(1.0, 7.0).reshape(2, 3), "view": torch.tensor([4.0, 5.0, 6.0])}
    return data, tensors


def whole_model_stream():
    """A class with its source, as the plain stream's persistent id ('module', class, file, source) has it."""
    text = lambda value: pickle.BINUNICODE + struct.pack("<I", len(value)) + value.encode()
    body = b"(" + text("module") + text("Net") + text("net.py") + text("class Net: pass") + b"tQ."
    head = b"".join(pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    return head + b"\x80\2" + body


def main():
    os.makedirs(OUT, exist_ok=True)
    save_both("types", plain_tensors())
    save_both("strided", strided_tensors())
    save_both("module", state_dict(), protocols=(2, 3, 4, 5))
    save_both("parameters", parameters())
    stripped = lambda loaded: {k.removeprefix("module."): v for k, v in loaded["state_dict"].items()}
    save_both("training", training_checkpoint(), stripped)

    for suffix, zipped in (("zip", True), ("stream", False)):
        write(f"networks.{suffix}.pth", saved(networks(), _use_new_zipfile_serialization=zipped, pickle_protocol=4))

    module = saved(state_dict())
    for name, data in (
        ("deflated", rezip(module, zipfile.ZIP_DEFLATED)),
        ("zip64_local", rezip(module, zipfile.ZIP_STORED, zip64=True)),
        ("zip64", zip64_directory(module)),
    ):
        write(f"{name}.zip.pth", data)
        write(f"{name}.zip.txt", expected(torch.load(io.BytesIO(data))).encode())
    data, tensors = python2_stream()
    for name, loaded in torch.load(io.BytesIO(data)).items():
        assert torch.equal(loaded.detach(), tensors[name]), name
    write("python2.stream.pth", data)
    write("python2.stream.txt", expected(tensors).encode())

    for name, pickled in hostile_pickles():
        write(f"hostile_{name}.zip.pth", in_zip(pickled))
        write(f"hostile_{name}.pickle", pickled)
    torch.manual_seed(4)
    whole = saved(torch.nn.Linear(2, 1))
    write("whole_model.zip.pth", whole)
    write("whole_model.zip.txt", expected(torch.load(io.BytesIO(whole)).state_dict()).encode())
    write("whole_model.stream.pth", whole_model_stream())
    write("torchscript.zip.pth", in_zip(b"\x80\2}.", [("constants.pkl", b"\x80\2).")]))
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)
    write("quantized.zip.pth", saved({"w": quantized}))

    pickled = zipfile.ZipFile(io.BytesIO(module)).read("archive/data.pkl")
    write("twice.zip.pth", in_zip(pickled, [("data/0", b"\0" * 216), ("data/0", b"\1" * 216)]))
    write("big_endian.zip.pth", in_zip(pickled, [("byteorder", b"big")]))


main()
