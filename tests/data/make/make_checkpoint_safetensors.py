#!/usr/bin/python3
"""Makes small safetensors files in ../checkpoints, written from the format's description with struct and json alone:
good_*.safetensors, and bad_*.safetensors with one rule broken in each. Usage: make_checkpoint_safetensors.py [FOLDER]."""

import json
import os
import struct
import sys

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "checkpoints")


def file(header, data=b"", length=None, pad=0):
    text = header if isinstance(header, bytes) else json.dumps(header, ensure_ascii=False).encode()
    text += b" " * pad
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


F32 = struct.pack("<4f", 1, -2, 0.5, 3e38)
ONE = {"a": tensor("F32", [2, 2], 0, 16)}
A = json.dumps(ONE["a"])

GOOD = {
    "one": file(ONE, F32),
    "padded": file(ONE, F32, pad=13),
    "metadata": file({"__metadata__": {"format": "pt", "quote": 'a "b" \\ \n \u20ac'}, **ONE}, F32),
    "escaped": file(b'{"\\u0061\\"\\n":' + A.encode() + b"}", F32),
    "scalar_and_empty": file(
        {"s": tensor("I64", [], 0, 8), "e": tensor("F32", [0, 3], 8, 8), "t": tensor("U8", [1], 8, 9)},
        struct.pack("<qB", -5, 200),
    ),
    # F32 and I32 data at odd addresses, and not in the header's order
    "unaligned": file(
        {"f": tensor("F32", [2, 2], 3, 19), "b": tensor("I8", [3], 0, 3), "i": tensor("I32", [1], 19, 23)},
        struct.pack("<3b", -1, 0, 127) + F32 + struct.pack("<i", -7),
        pad=1,
    ),
    "nothing": file({}),
    "types": file(
        {
            name: tensor(name, [1], 8 * i, 8 * i + size)
            for i, (name, size) in enumerate([("F64", 8), ("I64", 8), ("U64", 8)])
        },
        struct.pack("<dqQ", 0.1, -(2**63), 2**64 - 1),
    ),
}

BAD = {
    "no_length": b"\0" * 7,
    "empty_header": file(b""),
    "beyond_file": file(ONE, F32, length=10_000),
    "over_cap": file(ONE, F32, length=100_000_001),
    "length_overflow": file(ONE, F32, length=2**64 - 1),
    "space_first": file(b" " + json.dumps(ONE).encode(), F32),
    "array": file(b"[]"),
    "not_json": file(b"{a:1}"),
    "trailing_text": file(json.dumps(ONE).encode() + b"x", F32),
    "trailing_comma": file(b'{"a":' + A.encode() + b",}", F32),
    "comment": file(b"{/**/}"),
    "not_utf8": file(b'{"\xff":' + A.encode() + b"}", F32),
    "same_name": file(b'{"a":' + A.encode() + b',"a":' + A.encode() + b"}", F32),
    "same_name_escaped": file(b'{"a":' + A.encode() + b',"\\u0061":' + A.encode() + b"}", F32),
    "same_field": file(b'{"a":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}}', F32),
    "same_metadata_key": file(b'{"__metadata__":{"k":"1","k":"2"},"a":' + A.encode() + b"}", F32),
    "two_metadata": file(b'{"__metadata__":{},"__metadata__":{},"a":' + A.encode() + b"}", F32),
    "metadata_number": file({"__metadata__": {"k": 1}, **ONE}, F32),
    "metadata_list": file({"__metadata__": [], **ONE}, F32),
    "no_dtype": file({"a": {"shape": [4], "data_offsets": [0, 16]}}, F32),
    "no_shape": file({"a": {"dtype": "F32", "data_offsets": [0, 16]}}, F32),
    "no_offsets": file({"a": {"dtype": "F32", "shape": [4]}}, F32),
    "three_offsets": file({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16, 16]}}, F32),
    "tensor_is_number": file({"a": 1}, F32),
    "dtype_f8": file({"a": tensor("F8_E4M3", [16], 0, 16)}, F32),
    "negative_side": file({"a": tensor("F32", [-2, -2], 0, 16)}, F32),
    "real_side": file({"a": tensor("F32", [4.0], 0, 16)}, F32),
    "huge_side": file(b'{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,16]}}', F32),
    "negative_offset": file({"a": tensor("F32", [4], -16, 0)}, F32),
    "reversed": file({"a": tensor("F32", [4], 16, 0)}, F32),
    "outside": file({"a": tensor("F32", [5], 0, 20)}, F32),
    "size_differs": file({"a": tensor("F32", [3], 0, 16)}, F32),
    # 2^62 * 4 elements wrap to 0, and 2^62 elements of 4 bytes do
    "shape_overflow": file({"a": tensor("F32", [2**62, 4], 0, 0), "b": tensor("F32", [4], 0, 16)}, F32),
    "bytes_overflow": file({"a": tensor("F32", [2**62], 0, 0), "b": tensor("F32", [4], 0, 16)}, F32),
    "overlap": file({"a": tensor("F32", [3], 0, 12), "b": tensor("F32", [2], 8, 16)}, F32),
    "same_bytes": file({"a": tensor("F32", [4], 0, 16), "b": tensor("F32", [4], 0, 16)}, F32),
    "hole": file({"a": tensor("F32", [1], 0, 4), "b": tensor("F32", [2], 8, 16)}, F32),
    "hole_first": file({"a": tensor("F32", [3], 4, 16)}, F32),
    "tail": file(ONE, F32 + b"\0"),
    "data_missing": file(ONE, F32[:-1]),
    "deep": file(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
}


def main():
    os.makedirs(OUT, exist_ok=True)
    for kind, files in (("good", GOOD), ("bad", BAD)):
        for name, data in files.items():
            with open(os.path.join(OUT, f"{kind}_{name}.safetensors"), "wb") as out:
                out.write(data)


main()
