// The elements of a tensor in a safetensors file, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "weights/safetensors.h"

namespace resnet50::testing {

// T: float (F32), int8_t (I8) or int32_t (I32), which the tensor must have.
template <typename T>
std::vector<T> ValuesOf(const SafetensorsTensor& tensor) {
  constexpr TensorType kType = std::is_same_v<T, float>    ? TensorType::kF32
                               : std::is_same_v<T, int8_t> ? TensorType::kI8
                                                           : TensorType::kI32;
  EXPECT_EQ(tensor.type, kType) << tensor.name;
  std::vector<T> values(tensor.data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace resnet50::testing
