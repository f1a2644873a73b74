// From an unpickled object to a state dict: finds the dict of tensors and lays each over its storage. Knows no
// container.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"

namespace resnet50 {

// The bytes of a whole storage, by its key. Called once for each tensor that is taken; errors end the reading.
using StorageSource = std::function<Result<std::span<const uint8_t>>(const PickledStorage&)>;

// Errors: kCheckpointFormat (no dict of tensors; a tensor outside of its storage, or a storage of the wrong size), and
// the source's.
Result<StateDict> StateDictFromPickle(const Pickle& pickle, const StorageSource& source, std::string_view file_name);

}  // namespace resnet50
