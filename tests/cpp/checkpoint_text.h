// A state dict as the text that tests/data/make/make_checkpoint_files.py writes of what torch.load gives.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
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

// All tensors of a file; of a training checkpoint those of its state dict alone, without what DataParallel put before
// their names.
inline Result<StateDict> ReadStateDict(std::span<const uint8_t> bytes, std::string_view file_name) {
  static constexpr std::string_view kWrappers[] = {"state_dict.", "module."};
  Result<CheckpointReader> file = CheckpointReader::Open(bytes, file_name);
  if (!file) return std::move(file).error();
  const std::vector<TensorEntry>& entries = file->entries();
  const auto is_wrapped = [](const TensorEntry& entry) { return entry.name.starts_with(kWrappers[0]); };
  const bool has_wrapper = std::any_of(entries.begin(), entries.end(), is_wrapped);
  StateDict state;
  for (const TensorEntry& entry : entries) {
    if (has_wrapper && !is_wrapped(entry)) continue;
    Result<Tensor> tensor = file->Read(entry);
    if (!tensor) return std::move(tensor).error();
    for (const std::string_view wrapper : kWrappers) {
      if (tensor->name.starts_with(wrapper)) tensor->name.erase(0, wrapper.size());
    }
    state.tensors.push_back(std::move(tensor).value());
  }
  state.buffers = file->TakeBuffers();
  return state;
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
