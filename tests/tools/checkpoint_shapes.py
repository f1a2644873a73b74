#!/usr/bin/python3
"""Makes checkpoints of the shapes that people have, around seeded ResNet-50s of 10 classes in float16, and says what
PyTorch makes of each. Needs torch and torchvision (Debian 12's: 1.13 and 0.14).

  checkpoint_shapes.py PICTURE CROP

Cuts CROP, a PNG of 224 x 224, out of PICTURE, for which logits are given. Then reads a shape's name a line on standard input and answers with a line of JSON:
  {"file": path, "args": [more arguments of convert], "logits" | "embedding": [...], "refused": regular expression,
   "understood": regular expression of the closing line, "warned": one of the lines before it}
The caller deletes the file. checkpoint_shapes.py --list prints a line for each shape: its name, a tab, its title."""
import argparse
import collections
import copy
import datetime
import decimal
import enum
import functools
import json
import os
import pathlib
import pickle
import random
import struct
import sys
import tempfile
import types

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn

CLASSES = 10
OD = collections.OrderedDict


def seeded(seed, model=None, **options):
    """A ResNet-50 (or another network) whose batch norms have seen something, rounded to float16."""
    torch.manual_seed(seed)
    net = (model or torchvision.models.resnet50)(num_classes=CLASSES, **options)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return rounded(net)


def rounded(net):
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())
    return net.eval()


def half(state):
    return OD((k, v.half() if isinstance(v, torch.Tensor) and v.is_floating_point() else v) for k, v in state.items())


def shapes_only(state):
    """The same names and shapes without memory: for networks that are refused."""
    return OD((k, torch.zeros(1, dtype=torch.float16).expand(v.shape) if v.dim() else v) for k, v in state.items())


def under(prefix, state):
    return OD((prefix + k, v) for k, v in state.items())


def without_fc(state):
    return OD((k, v) for k, v in state.items() if not k.startswith("fc."))


NET = seeded(1)
OTHER = seeded(2)
SD = half(NET.state_dict())
EMA = half(OTHER.state_dict())
BODY = without_fc(SD)
PICTURE = None


class Body(nn.Module):
    """The network up to its pooling, and a head behind."""

    def __init__(self, head):
        super().__init__()
        self.body, self.head = copy.deepcopy(NET), head
        self.body.fc = nn.Identity()

    def forward(self, x):
        return self.head(self.body(x))


@functools.lru_cache(maxsize=2)
def run(net):
    with torch.no_grad():
        return net.eval()(PICTURE)[0].tolist()


@functools.cache
def embedding():
    return run(Body(nn.Identity()))


def new_head(*layers, seed=3):
    torch.manual_seed(seed)
    head = nn.Sequential(*(make() for make in layers))
    for module in head.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_(0.4, 0.1)
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                module.weight.data.uniform_(0.5, 2)
                module.bias.data.normal_(0, 0.1)
    return rounded(head)


LINEAR = functools.partial(nn.Linear, 2048, CLASSES)

SHAPES = {}


def shape(title, **expected):
    """Registers a function of (save, path) that writes the file and may return more expectations."""

    def register(function):
        SHAPES[function.__name__] = (title, expected, function)
        return function

    return register


def to_transformers(state, base="resnet.", head="classifier.1."):
    result = OD()
    for name, value in state.items():
        parts = name.split(".")
        if parts[0] == "conv1":
            new = base + "embedder.embedder.convolution." + parts[1]
        elif parts[0] == "bn1":
            new = base + "embedder.embedder.normalization." + parts[1]
        elif parts[0] == "fc":
            new = head + parts[1]
        else:
            block = f"{base}encoder.stages.{int(parts[0][5:]) - 1}.layers.{parts[1]}."
            if parts[2] == "downsample":
                new = block + "shortcut." + ("convolution." if parts[3] == "0" else "normalization.") + parts[4]
            else:
                kind = "convolution." if parts[2].startswith("conv") else "normalization."
                new = f"{block}layer.{int(parts[2][-1]) - 1}.{kind}{parts[3]}"
        result[new] = value
    return result


def to_sequential(state, prefix=""):
    body = nn.Sequential(*list(NET.children())[:-2])
    numbers = {name: str(i) for i, name in enumerate(["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"])}
    renamed = OD((prefix + numbers[k.split(".")[0]] + k[k.index("."):], v) for k, v in without_fc(state).items())
    assert [k.removeprefix(prefix) for k in renamed] == list(body.state_dict())
    return renamed


def write_safetensors(state, path):
    header, data = {}, b""
    kinds = {torch.float16: "F16", torch.float32: "F32", torch.int64: "I64"}
    for name, tensor in state.items():
        raw = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


# --- wrappers and prefixes ------------------------------------------------------------------------------------------


@shape("`torch.save(model.state_dict())`", understood=r"names of torchvision, classifier fc, 10 classes")
def plain(path):
    torch.save(SD, path)


@shape("the same before PyTorch 1.6 (plain stream)")
def legacy_stream(path):
    torch.save(SD, path, _use_new_zipfile_serialization=False)


@shape("the same as `.safetensors`")
def safetensors(path):
    write_safetensors(SD, path)


@shape("float64 weights")
def float64(path):
    torch.save(OD((k, v.double() if v.is_floating_point() else v) for k, v in SD.items()), path)


@shape("bfloat16 weights")
def bfloat16(path):
    net = copy.deepcopy(NET).bfloat16().float()
    torch.save(OD((k, v.bfloat16() if v.is_floating_point() else v) for k, v in net.state_dict().items()), path)
    return {"logits": run(net)}


@shape("`channels_last` memory format")
def channels_last(path):
    torch.save(OD((k, v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v) for k, v in SD.items()), path)


@shape("a dict of `nn.Parameter`s and buffers")
def parameters(path):
    torch.save({**{k: nn.Parameter(p.half()) for k, p in NET.named_parameters()}, **{k: b.half() if b.is_floating_point() else b for k, b in NET.named_buffers()}}, path)


@shape("`DataParallel` / DDP: `module.`", understood=r"after 'module\.'")
def data_parallel(path):
    torch.save(under("module.", SD), path)


@shape("DDP and `torch.compile`, nested either way")
def compiled_ddp(path):
    torch.save({"model": under("module._orig_mod.", SD)}, path)


@shape("example script of torchvision/ImageNet: `state_dict` + optimizer + `best_acc1`", understood=r"after 'state_dict\.module\.'")
def imagenet_example(path):
    optimizer = torch.optim.SGD(NET.parameters(), 0.1, momentum=0.9)
    torch.save({"epoch": 1, "arch": "resnet50", "state_dict": under("module.", SD), "best_acc1": torch.tensor(77.0), "optimizer": optimizer.state_dict(), "scheduler": {"base_lrs": [0.1]}}, path)


@shape("PyTorch Lightning: `state_dict` of `model.`")
def lightning(path):
    callbacks = {"ModelCheckpoint{'monitor': 'val_acc'}": {"best_model_score": torch.tensor(0.9), "best_model_path": "/x/y.ckpt"}}
    torch.save({"epoch": 3, "global_step": 100, "pytorch-lightning_version": "1.9.0", "state_dict": under("model.", SD), "loops": {}, "callbacks": callbacks, "optimizer_states": [], "lr_schedulers": [], "hyper_parameters": {"lr": 1e-3}}, path)


@shape("Lightning with the weights of a loss and of metrics", warned=r"left out .*criterion")
def lightning_metric(path):
    state = under("model.", SD)
    state["criterion.weight"] = torch.ones(CLASSES)
    state["val_acc.tp"] = torch.zeros(CLASSES)
    torch.save({"state_dict": state}, path)


@shape("Lightning: `self.backbone` with `fc = Identity()`, `self.classifier = Linear`", understood=r"classifier net\.classifier,")
def backbone_classifier(path):
    torch.save({"state_dict": OD(**under("net.backbone.", BODY), **under("net.classifier.", OD(weight=SD["fc.weight"], bias=SD["fc.bias"])))}, path)


@shape("`self.net.encoder.module`: four wrappers")
def deep_prefix(path):
    torch.save(under("learner.net.encoder.module.", SD), path)


@shape("a wrapper under a key of one's own, two deep")
def unknown_wrapper(path):
    torch.save({"version": 2, "cnn": {"trained": SD, "notes": ["a", "b"]}}, path)


@shape("a list: `[epoch, state_dict]`")
def in_list(path):
    torch.save([7, SD], path)


@shape("body and classifier in dicts of their own", understood=r"classifier classifier,")
def separate_dicts(path):
    torch.save({"encoder": BODY, "classifier": OD(weight=SD["fc.weight"], bias=SD["fc.bias"])}, path)


@shape("a normalizer beside (`normalize.mean`, `normalize.std`)", warned=r"left out .*normalize")
def normalizer(path):
    torch.save(OD(**under("1.", SD), **{"normalize.mean": torch.zeros(3), "normalize.std": torch.ones(3)}), path)


@shape("torchvision's quantizable `resnet50` in float", understood=r"10 classes")
def quantizable(path):
    net = torchvision.models.quantization.resnet50(num_classes=CLASSES, quantize=False)
    net.load_state_dict(NET.state_dict())
    torch.save(half(net.state_dict()), path)


# --- names of other libraries ---------------------------------------------------------------------------------------


@shape("Hugging Face transformers, `ResNetForImageClassification`", understood=r"names of Hugging Face transformers after 'resnet\.', classifier classifier\.1")
def transformers(path):
    torch.save(to_transformers(SD), path)


@shape("transformers as `.safetensors`, in a wrapper module")
def transformers_wrapped(path):
    write_safetensors(under("model.", to_transformers(SD)), path)


@shape("transformers' `ResNetModel` (no classifier)", understood=r"no classifier", embeds=True)
def transformers_body(path):
    torch.save(to_transformers(BODY, base=""), path)


@shape("timm: `state_dict` and `state_dict_ema`", warned=r"took the network 'state_dict'.* 'state_dict_ema'")
def timm(path):
    torch.save({"epoch": 9, "arch": "resnet50", "state_dict": SD, "state_dict_ema": EMA, "args": argparse.Namespace(model="resnet50", lr=0.5), "version": 2, "metric": 77.0}, path)


@shape("MMPretrain: `backbone.` and `head.fc.`", understood=r"names of MMPretrain")
def mmpretrain(path):
    state = OD(("head." + k if k.startswith("fc.") else "backbone." + k, v) for k, v in SD.items())
    torch.save({"meta": {"epoch": 100, "CLASSES": ["a"]}, "state_dict": state}, path)


@shape("VISSL: `classy_state_dict`, `_feature_blocks.`", understood=r"_feature_blocks\.")
def vissl(path):
    trunk = under("_feature_blocks.", BODY)
    heads = OD(**{"0.clf.0.weight": SD["fc.weight"], "0.clf.0.bias": SD["fc.bias"]})
    torch.save({"phase_idx": 1, "classy_state_dict": {"base_model": {"model": {"trunk": trunk, "heads": heads}}}}, path)


@shape("fastai: body `0.`, head `1.` with one linear layer", understood=r"names of fastai")
def fastai_linear(path):
    head = new_head(functools.partial(nn.AdaptiveAvgPool2d, 1), nn.Flatten, nn.Dropout, LINEAR)
    torch.save({"model": OD(**to_sequential(SD, "0."), **under("1.", half(head.state_dict()))), "opt": {}}, path)
    return {"logits": run(Body(head[2:]))}


@shape("fastai without concat pooling: batch norm, dropout, linear layer", understood=r"1\.2 folded in")
def fastai_batch_norm(path):
    head = new_head(functools.partial(nn.AdaptiveAvgPool2d, 1), nn.Flatten, functools.partial(nn.BatchNorm1d, 2048), nn.Dropout, LINEAR)
    torch.save({"model": OD(**to_sequential(SD, "0."), **under("1.", half(head.state_dict())))}, path)
    return {"logits": run(Body(head[2:]))}


@shape("fastai's default head", refused=r"two linear layers in 1 .*fastai's default head.*--no-head")
def fastai_default(path):
    head = new_head(nn.Identity, nn.Flatten, functools.partial(nn.BatchNorm1d, 4096), nn.Dropout, functools.partial(nn.Linear, 4096, 512, bias=False), nn.ReLU, functools.partial(nn.BatchNorm1d, 512), nn.Dropout, functools.partial(nn.Linear, 512, CLASSES, bias=False))
    torch.save({"model": OD(**to_sequential(SD, "0."), **under("1.", half(head.state_dict())))}, path)


@shape("the same with `--no-head`", args=["--no-head"], embeds=True)
def fastai_no_head(path):
    fastai_default(path)


@shape("`Sequential(*resnet.children())`, pooling last", understood=r"a Sequential of torchvision's modules.*no classifier", embeds=True)
def sequential_body(path):
    torch.save(to_sequential(SD, "features."), path)


@shape("`Sequential(*resnet.children(), Flatten, Linear)`")
def sequential_linear(path):
    torch.save(OD(**to_sequential(SD), **{"10.weight": SD["fc.weight"], "10.bias": SD["fc.bias"]}), path)


# --- classifiers ----------------------------------------------------------------------------------------------------


def with_head(head, path, prefix="fc.", wrapper="state_dict"):
    torch.save({wrapper: OD(**BODY, **under(prefix, half(head.state_dict())))}, path)
    return {"logits": run(Body(head))}


@shape("`fc = Sequential(Dropout, Linear)`", understood=r"classifier fc\.1")
def fc_dropout(path):
    return with_head(new_head(nn.Dropout, LINEAR), path)


@shape("`fc = Sequential(OrderedDict(drop=..., out=Linear))`", understood=r"classifier fc\.out")
def fc_named(path):
    head = new_head(nn.Dropout, LINEAR)
    return with_head(nn.Sequential(OD(drop=head[0], out=head[1])), path)


@shape("`fc = Sequential(Linear, LogSoftmax)`", understood=r"classifier fc\.0")
def fc_log_softmax(path):
    return with_head(new_head(LINEAR), path)


@shape("`fc = Linear(bias=False)`")
def fc_no_bias(path):
    return with_head(new_head(functools.partial(LINEAR, bias=False)), path, "fc.")


@shape("`fc = Sequential(BatchNorm1d, Linear)`: folded", understood=r"fc\.0 folded in")
def fc_batch_norm(path):
    return with_head(new_head(functools.partial(nn.BatchNorm1d, 2048), LINEAR), path)


@shape("linear probe: `BatchNorm1d(affine=False)`, `Linear`", understood=r"head\.0 folded in")
def linear_probe(path):
    return with_head(new_head(functools.partial(nn.BatchNorm1d, 2048, affine=False), LINEAR), path, "head.")


@shape("`fc` as a convolution of 1 x 1")
def fc_convolution(path):
    torch.save({**SD, "fc.weight": SD["fc.weight"][:, :, None, None]}, path)


@shape("a linear layer of another name", understood=r"classifier emotion,")
def head_named(path):
    torch.save(OD(**under("features.", BODY), **{"emotion.weight": SD["fc.weight"], "emotion.bias": SD["fc.bias"]}), path)


@shape("no `fc` at all", understood=r"no classifier \(for embed and features\)", embeds=True)
def no_fc(path):
    torch.save(BODY, path)


@shape("one logit", understood=r"1 class;")
def one_logit(path):
    return with_head(new_head(functools.partial(nn.Linear, 2048, 1)), path)


@shape("`fc = Sequential(Linear, ReLU, Linear)`", refused=r"two linear layers in fc \(fc\.0\.weight \[512, 2048\], fc\.2\.weight \[10, 512\]\).*--no-head")
def fc_two_layers(path):
    with_head(new_head(functools.partial(nn.Linear, 2048, 512), nn.ReLU, functools.partial(nn.Linear, 512, CLASSES)), path)


@shape("`fc = Sequential(BatchNorm1d, ReLU, Dropout, Linear)`", refused=r"batch norm in fc .*what lies between")
def fc_norm_apart(path):
    with_head(new_head(functools.partial(nn.BatchNorm1d, 2048), nn.ReLU, nn.Dropout, LINEAR), path)


@shape("`fc` with weight norm", refused=r"weight norm .*remove_weight_norm")
def fc_weight_norm(path):
    with_head(nn.utils.weight_norm(LINEAR()), path)


@shape("two classifiers (multi-task)", refused=r"no fc, but two linear layers \(color\.weight \[5, 2048\], shape\.weight \[3, 2048\]\)")
def two_heads(path):
    torch.save(OD(**under("backbone.", BODY), **{"color.weight": torch.zeros(5, 2048), "color.bias": torch.zeros(5), "shape.weight": torch.zeros(3, 2048), "shape.bias": torch.zeros(3)}), path)


@shape("`fc` of 512 inputs", refused=r"classifier of 512 inputs")
def fc_512(path):
    torch.save(OD(**BODY, **{"fc.weight": torch.zeros(10, 512), "fc.bias": torch.zeros(10)}), path)


# --- several networks -----------------------------------------------------------------------------------------------


def reference(path):
    optimizer = torch.optim.SGD(NET.parameters(), 0.5, momentum=0.9)
    ema = under("module.", EMA)
    ema["n_averaged"] = torch.tensor(7)
    main = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.01, total_iters=5)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, main], [5])
    torch.save({"model": SD, "optimizer": optimizer.state_dict(), "lr_scheduler": schedule.state_dict(), "epoch": 5, "args": argparse.Namespace(model="resnet50"), "model_ema": ema, "scaler": {"scale": 65536.0}}, path)


@shape("torchvision's references with `--model-ema`: raw weights, and it says so", warned=r"took the network 'model'.*--state-dict takes 'model_ema'")
def raw_and_ema(path):
    reference(path)


@shape("the same with `--state-dict model_ema`", args=["--state-dict", "model_ema"], warned=r"took the network 'model_ema'.* 'model' instead")
def ema_chosen(path):
    reference(path)
    return {"logits": run(OTHER)}


@shape("the same with a key that is not there", args=["--state-dict", "swa"], refused=r"no network under 'swa': there are 'model', 'model_ema'")
def key_missing(path):
    reference(path)


@shape("Lightning with an averaged copy: `ema_model.` before `model.`", warned=r"took the network 'state_dict\.model'")
def lightning_ema(path):
    torch.save({"state_dict": OD(**under("ema_model.module.", EMA), **under("model.", SD))}, path)


@shape("MoCo v1: `encoder_q`, `encoder_k`, a queue", warned=r"took the network 'module\.encoder_q'|encoder_q'.*encoder_k'")
def moco(path):
    torch.save({"state_dict": OD(**under("module.encoder_q.", SD), **under("module.encoder_k.", EMA), **{"module.queue": torch.zeros(128, 64)})}, path)


@shape("MoCo v2: `fc` of two layers", refused=r"two linear layers in module\.encoder_q\.fc.*--no-head")
def moco_v2(path):
    head = OD(**{"0.weight": torch.zeros(2048, 2048).half(), "0.bias": torch.zeros(2048), "2.weight": torch.zeros(128, 2048), "2.bias": torch.zeros(128)})
    torch.save({"state_dict": OD(**under("module.encoder_q.", BODY), **under("module.encoder_q.fc.", head))}, path)


@shape("DINO: `student` and `teacher`", args=["--no-head", "--state-dict", "student"], warned=r"took the network 'student\.module\.backbone'.*teacher\.backbone", embeds=True)
def dino(path):
    head = under("head.", OD(**{"mlp.0.weight": torch.zeros(8, 2048), "last_layer.weight_v": torch.zeros(9, 8), "last_layer.weight_g": torch.ones(9, 1)}))
    torch.save({"student": under("module.", OD(**under("backbone.", BODY), **head)), "teacher": OD(**under("backbone.", without_fc(EMA)), **head), "epoch": 3}, path)


@shape("SwAV: projection head and prototypes, no classifier", understood=r"no classifier", warned=r"left out .*projection_head, prototypes", embeds=True)
def swav(path):
    torch.save(under("module.", OD(**BODY, **{"projection_head.0.weight": torch.zeros(2048, 2048).half(), "projection_head.3.weight": torch.zeros(128, 2048), "prototypes.weight": torch.zeros(30, 128)})), path)


@shape("Barlow Twins: `backbone` and `projector`", understood=r"no classifier", embeds=True)
def barlow(path):
    torch.save({"epoch": 1, "model": OD(**under("module.backbone.", BODY), **{"module.projector.0.weight": torch.zeros(64, 2048), "module.projector.3.weight": torch.zeros(64, 64)})}, path)


# --- objects beside the weights -------------------------------------------------------------------------------------


@shape("`MultiStepLR` (a `Counter`)")
def multistep(path):
    optimizer = torch.optim.SGD(NET.parameters(), 0.5)
    torch.save({"state_dict": SD, "scheduler": torch.optim.lr_scheduler.MultiStepLR(optimizer, [30, 60]).state_dict()}, path)


@shape("`OneCycleLR` (a bound method, and with it the whole scheduler)")
def onecycle(path):
    net = nn.Linear(2, 2)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(torch.optim.SGD(net.parameters(), 0.5), 0.1, total_steps=10)
    torch.save({"model": SD, "scheduler": scheduler.state_dict()}, path)


@shape("NumPy scalars and arrays")
def numpy_values(path):
    torch.save({"model": SD, "best": np.float64(0.9), "count": np.int64(3), "losses": np.array([1.0, 0.5]), "names": np.array(["a", "b"]), "none": np.array([None])}, path)


@shape("states of random generators")
def random_states(path):
    torch.save({"model": SD, "torch": torch.get_rng_state(), "numpy": np.random.get_state(), "python": random.getstate()}, path)


class Thing:
    def __init__(self):
        self.values, self.other = {1: 2}, [self]


class Slotted:
    __slots__ = ("a",)

    def __init__(self):
        self.a = 1


class Color(enum.Enum):
    RED = 1


class MyDict(dict):
    pass


class MyList(list):
    pass


@shape("objects of all kinds: device, dtype, Path, sets, dates, partial, enums, classes of one's own")
def zoo(path):
    extra = {
        "device": torch.device("cpu"), "dtype": torch.float32, "path": pathlib.Path("/a/b"), "set": {1, 2}, "frozen": frozenset([3]),
        "default": collections.defaultdict(list, a=[1]), "deque": collections.deque([1, 2]), "date": datetime.datetime(2024, 1, 1), "delta": datetime.timedelta(1),
        "partial": functools.partial(max, 3), "thing": Thing(), "slots": Slotted(), "enum": Color.RED, "mydict": MyDict(a=1), "mylist": MyList([1]),
        "size": torch.Size([1, 2]), "complex": 1 + 2j, "range": range(3), "slice": slice(1, 2), "bytes": b"x", "bytearray": bytearray(b"yz"), "decimal": decimal.Decimal("1.5"),
        "method": Thing().__init__, "function": os.path.join, "simple": types.SimpleNamespace(a=1), "layout": torch.strided, "class": nn.Linear, 7: "seven", (1, 2): "pair", None: None,
    }
    torch.save({"extra": extra, "state_dict": SD}, path, pickle_protocol=4)
    return {}


@shape("the weights in a `defaultdict`")
def weights_in_defaultdict(path):
    torch.save({"state_dict": collections.defaultdict(list, SD)}, path)


@shape("a whole model: `torch.save(model)`; its classes are not run")
def whole_model(path):
    torch.save(copy.deepcopy(NET).half(), path)


@shape("a whole model in `DataParallel`, in a dict, beside its optimizer")
def whole_model_wrapped(path):
    torch.save({"model": nn.DataParallel(copy.deepcopy(NET).half()), "optimizer": None, "thing": Thing()}, path)


@shape("a whole model in the plain stream (with the source of its classes)")
def whole_model_stream(path):
    torch.save(copy.deepcopy(NET).half(), path, _use_new_zipfile_serialization=False)


# --- other networks -------------------------------------------------------------------------------------------------


def foreign(title, refused):
    return shape(title, refused=refused)


def save_shapes(model, path, **options):
    torch.save({"state_dict": shapes_only(model(**options).state_dict())}, path)


M = torchvision.models


@foreign("resnet18", r"nearest guess: a ResNet-18: blocks have two convolutions")
def resnet18(path):
    save_shapes(M.resnet18, path)


@foreign("resnet34", r"nearest guess: a ResNet-34")
def resnet34(path):
    save_shapes(M.resnet34, path)


@foreign("resnet101", r"nearest guess: a ResNet-101: layer3 has 23 blocks")
def resnet101(path):
    save_shapes(M.resnet101, path)


@foreign("resnet152, names of transformers", r"nearest guess: a ResNet-152: layer3 has 36 blocks")
def resnet152(path):
    torch.save(to_transformers(shapes_only(M.resnet152().state_dict())), path)


@foreign("wide_resnet50_2", r"nearest guess: bottleneck widths of wide_resnet50_2")
def wide(path):
    save_shapes(M.wide_resnet50_2, path)


@foreign("resnext50_32x4d", r"nearest guess: a ResNeXt: .*32 groups of 4, as resnext50_32x4d")
def resnext(path):
    save_shapes(M.resnext50_32x4d, path)


@foreign("resnext101_64x4d", r"as resnext101_64x4d")
def resnext101(path):
    save_shapes(M.resnext101_64x4d, path)


@foreign("one channel in `conv1`", r"conv1 takes 1 channel:")
def gray(path):
    torch.save({**SD, "conv1.weight": SD["conv1.weight"].sum(1, keepdim=True)}, path)


@foreign("four channels in `conv1`", r"conv1 takes 4 channels:")
def four_channels(path):
    torch.save({**SD, "conv1.weight": torch.cat([SD["conv1.weight"], SD["conv1.weight"][:, :1]], 1)}, path)


@foreign("a stem of 3 x 3 for CIFAR", r"stem for small pictures: conv1 is 3x3")
def cifar_stem(path):
    torch.save({**SD, "conv1.weight": SD["conv1.weight"][:, :, 2:5, 2:5].clone()}, path)


@foreign("timm's resnet50d (deep stem)", r"resnet50d")
def deep_stem(path):
    state = {k: v for k, v in SD.items() if k != "conv1.weight"}
    torch.save({**state, "conv1.0.weight": torch.zeros(32, 3, 3, 3), "conv1.3.weight": torch.zeros(32, 32, 3, 3), "conv1.6.weight": torch.zeros(64, 32, 3, 3)}, path)


@foreign("squeeze-and-excitation", r"unexpected .*layer1\.0\.se\.fc1\.weight.*squeeze-and-excitation")
def squeeze_excitation(path):
    torch.save({**SD, "layer1.0.se.fc1.weight": torch.zeros(16, 256, 1, 1), "layer1.0.se.fc1.bias": torch.zeros(16)}, path)


@foreign("group norm", r"group norm or another norm without running statistics")
def group_norm(path):
    torch.save({k: v for k, v in SD.items() if "running" not in k and "num_batches" not in k}, path)


@foreign("GeM pooling", r"generalized-mean pooling")
def gem(path):
    torch.save(OD(**under("backbone.", BODY), **{"pool.p": torch.ones(1) * 3, "classifier.weight": SD["fc.weight"], "classifier.bias": SD["fc.bias"]}), path)


@foreign("CLIP's RN50", r"CLIP's ResNet-50")
def clip(path):
    state = under("visual.", {**BODY, "conv1.weight": torch.zeros(32, 3, 3, 3), "conv2.weight": torch.zeros(32, 32, 3, 3), "conv3.weight": torch.zeros(64, 32, 3, 3), "attnpool.q_proj.weight": torch.zeros(2, 2)})
    torch.save(state, path)


@foreign("fasterrcnn_resnet50_fpn", r"holds a detection model")
def detection(path):
    save_shapes(M.detection.fasterrcnn_resnet50_fpn, path, weights=None, weights_backbone=None)


@foreign("deeplabv3_resnet50", r"holds a segmentation model")
def segmentation(path):
    save_shapes(M.segmentation.deeplabv3_resnet50, path, weights=None, weights_backbone=None)


@foreign("fcn_resnet50", r"holds a segmentation model")
def fcn(path):
    save_shapes(M.segmentation.fcn_resnet50, path, weights=None, weights_backbone=None)


@foreign("a vision transformer", r"holds no ResNet-50: of its \d+ tensors \(state_dict\.class_token .*nearest guess: a vision transformer")
def vit(path):
    save_shapes(M.vit_b_16, path)


@foreign("vgg16", r"nearest guess: a VGG")
def vgg(path):
    save_shapes(M.vgg16, path)


@foreign("densenet121", r"nearest guess: a DenseNet")
def densenet(path):
    save_shapes(M.densenet121, path)


@foreign("mobilenet_v2", r"nearest guess: a MobileNetV2")
def mobilenet(path):
    save_shapes(M.mobilenet_v2, path)


@foreign("efficientnet_b0", r"nearest guess: an EfficientNet")
def efficientnet(path):
    save_shapes(M.efficientnet_b0, path)


@foreign("convnext_tiny", r"nearest guess: a ConvNeXt")
def convnext(path):
    save_shapes(M.convnext_tiny, path)


@foreign("swin_t", r"nearest guess: a Swin Transformer")
def swin(path):
    save_shapes(M.swin_t, path)


@foreign("a head alone", r"holds no ResNet-50: of its 2 tensors \(fc\.weight \[10, 2048\], fc\.bias \[10\]\)")
def head_alone(path):
    torch.save({k: v for k, v in SD.items() if k.startswith("fc.")}, path)


@foreign("a tensor missing", r"1 missing \(layer4\.2\.conv3\.weight\)")
def one_missing(path):
    torch.save({k: v for k, v in SD.items() if k != "layer4.2.conv3.weight"}, path)


@foreign("quantized tensors", r"has a quantized tensor .*as 'conv1\.weight'")
def quantized(path):
    torch.save({**SD, "conv1.weight": torch.quantize_per_tensor(SD["conv1.weight"].float(), 0.1, 0, torch.qint8)}, path)


@foreign("NumPy arrays in place of tensors", r"has a NumPy array .*as '")
def numpy_weights(path):
    torch.save({k: v.numpy() for k, v in SD.items()}, path)


@foreign("`pickle.dump` instead of `torch.save`", r"torch\.save did not write")
def pickle_dump(path):
    with open(path, "wb") as file:
        pickle.dump({"conv1.weight": [1.0]}, file)


@foreign("an optimizer alone", r"holds no ResNet-50")
def optimizer_alone(path):
    net = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.save({"optimizer": optimizer.state_dict()}, path)


@foreign("no tensors", r"holds no tensors|no dict of tensors")
def no_tensors(path):
    torch.save({"epoch": 3, "args": argparse.Namespace(a=1)}, path)


@foreign("TorchScript", r"TorchScript archive")
def torchscript(path):
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)


class Call:
    def __reduce__(self):
        return os.system, ("touch /tmp/resnet50-wasm-was-here",)


@foreign("a file that calls `os.system`", r"names 'posix\.system': it is refused as it asks to run code")
def hostile(path):
    torch.save({"state_dict": SD, "x": Call()}, path)


def answer(name, folder):
    _, expected, function = SHAPES[name]
    path = os.path.join(folder, name + (".safetensors" if "safetensors" in name or name == "transformers_wrapped" else ".pth"))
    more = function(path) or {}
    result = {"file": path, "args": [], **expected, **more}
    if "refused" in result:
        result.pop("logits", None)
    elif result.pop("embeds", False):
        result["embedding"] = embedding()
    elif "logits" not in result:
        result["logits"] = run(NET)
    return result


def main():
    global PICTURE
    if sys.argv[1:] == ["--list"]:
        for name, (title, _, _) in SHAPES.items():
            print(f"{name}\t{title}")
        return
    crop = Image.open(sys.argv[1]).convert("RGB").resize((224, 224))
    crop.save(sys.argv[2])
    pixels = torch.from_numpy(np.array(crop)).permute(2, 0, 1).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    PICTURE = ((pixels - mean[:, None, None]) / std[:, None, None])[None]
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            print(json.dumps(answer(line.strip(), folder)), flush=True)


if __name__ == "__main__":
    main()
