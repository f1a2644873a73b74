// Reader of safetensors files (https://github.com/huggingface/safetensors, format section of its README): a JSON header
// and the tensors' bytes. Knows no tensor's meaning; runs in the runtime module, so it stays small.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "weights/tensor_type.h"

namespace resnet50 {

// The reference implementation's cap on the header's length, bytes.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

struct SafetensorsTensor {
  std::string name;
  TensorType type;
  std::vector<int64_t> shape;     // empty for a scalar
  std::span<const uint8_t> data;  // dense, row-major, little-endian; a view of the parsed bytes at any alignment
};

struct Safetensors {
  std::vector<SafetensorsTensor> tensors;                    // in the header's order
  std::map<std::string, std::string, std::less<>> metadata;  // the header's __metadata__

  // Null where no tensor has that name. Linear.
  const SafetensorsTensor* Find(std::string_view name) const;
};

// Reads a whole file without copying tensor data: `bytes` must outlive the result. Follows every rule of the reference
// implementation: header length at most 100,000,000 and within the file, header begins with '{', is UTF-8 JSON without
// duplicate keys, each tensor's size is that of its shape and type, and the tensors cover the rest of the file without
// holes or overlaps. Errors: kWeightsFormat, with `file_name` as the subject.
Result<Safetensors> ParseSafetensors(std::span<const uint8_t> bytes, std::string_view file_name);

}  // namespace resnet50
