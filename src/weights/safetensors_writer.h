// Writer of safetensors files. Knows no tensor's meaning; used by the converter only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "weights/tensor_type.h"

namespace resnet50 {

struct TensorToWrite {
  std::string name;  // UTF-8
  TensorType type;
  std::vector<int64_t> shape;
  std::span<const uint8_t> data;  // dense, row-major, little-endian
};

using SafetensorsMetadata = std::vector<std::pair<std::string, std::string>>;

// The bytes of a whole file. Deterministic: tensors and metadata keep the given order, the header is padded with spaces
// so that the data begins at a multiple of 8 bytes; a tensor is aligned to its element size if the sizes of those
// before it are multiples of it (sort by falling element size). No __metadata__ is written where `metadata` is empty.
// Errors: kInvalidArgument, with the tensor's name as the subject, for a name or key that is there twice, reserved or
// not UTF-8, or data whose size is not that of its shape; kOutOfMemory.
Result<std::vector<uint8_t>> WriteSafetensors(std::span<const TensorToWrite> tensors,
                                              const SafetensorsMetadata& metadata);

}  // namespace resnet50
