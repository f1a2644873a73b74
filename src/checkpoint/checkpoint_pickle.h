// From an unpickled object to tensors: lists those of all dicts, lists and objects, and lays one over its storage.
// Knows no container.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"

namespace resnet50 {

// The bytes of a whole storage, by its key.
using StorageSource = std::function<Result<std::span<const uint8_t>>(const PickledStorage&)>;

// Dicts, lists and objects that are searched for tensors, and how deep they may lie in each other.
inline constexpr size_t kMaxSearchedValues = size_t{1} << 16;
inline constexpr int kMaxSearchDepth = 24;

// Appends every tensor with the keys that lead to it: shallow ones first, each dict in order. The modules of a whole
// model (objects with _parameters, _buffers and _modules) are listed under the names of its state dict.
// Errors: kCheckpointFormat (the file's root is no container; too many tensors).
Status ListTensors(const Pickle& pickle, std::string_view file_name, std::vector<TensorEntry>& entries);

// Errors: kCheckpointFormat (a tensor outside of its storage, or a storage of the wrong size), and the source's.
Result<Tensor> LayTensor(const Pickle& pickle, const TensorEntry& entry, const StorageSource& source,
                         std::string_view file_name);

}  // namespace resnet50
