// A state dict as the text that tests/data/make/make_checkpoint_files.py writes of what torch.load gives.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace resnet50 {

inline const char* TorchName(TensorType type) {
  switch (type) {
    case TensorType::kBool: return "bool";
    case TensorType::kU8: return "uint8";
    case TensorType::kI8: return "int8";
    case TensorType::kI16: return "int16";
    case TensorType::kI32: return "int32";
    case TensorType::kI64: return "int64";
    case TensorType::kF16: return "float16";
    case TensorType::kBF16: return "bfloat16";
    case TensorType::kF32: return "float32";
    case TensorType::kF64: return "float64";
    default: return "?";
  }
}

// One line a tensor: name, type, shape without spaces, values as float32 bit patterns.
inline std::string Describe(const StateDict& state) {
  std::string text;
  for (const Tensor& tensor : state.tensors) {
    std::string shape = ShapeText(tensor.shape);
    std::erase(shape, ' ');
    text += tensor.name + " " + TorchName(tensor.type) + " " + shape;
    const Result<std::vector<float>> values = ToFloat(tensor);
    EXPECT_TRUE(values) << tensor.name;
    for (const float value : values.ok() ? values.value() : std::vector<float>()) {
      char bits[10];
      std::snprintf(bits, sizeof(bits), " %08x", std::bit_cast<uint32_t>(value));
      text += bits;
    }
    text += "\n";
  }
  return text;
}

}  // namespace resnet50
