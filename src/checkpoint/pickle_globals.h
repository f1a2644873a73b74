// The globals of a checkpoint's pickle that count for its tensors, and what each stands for. None is ever imported or
// called: the machine (pickle.cc) knows what each would have built. All others become opaque values, except those that
// only hostile files name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weights/tensor_type.h"

namespace resnet50 {

enum class GlobalRole : uint8_t {
  kDict,              // () or ([[key, value], ...])
  kSize,              // (tuple of integers)
  kStorageType,       // named by persistent ids only
  kRebuildTensor,     // (storage, offset, shape, strides, ...)
  kRebuildParameter,  // (tensor, requires_grad, ...)
  kRebuildSubclass,   // (function that rebuilds a tensor, class, its arguments, state)
  kParameter,         // (tensor, requires_grad), or () and the tensor later, as PyTorch before 0.4 had it
};

struct PickleGlobal {
  std::string_view module, name;
  GlobalRole role;
  TensorType type;  // of a storage type's elements; unused by the others
};

// All rows.
std::span<const PickleGlobal> PickleGlobals();

// The row of a global, or -1 where it is none of these.
int FindPickleGlobal(std::string_view module, std::string_view name);

// Why a file that names this global is refused, a sentence that begins with a verb; empty for all but those that would
// run a command or code of the file's own in Python. (Here they would do nothing: the refusal is a warning.)
std::string RefuseGlobal(std::string_view module, std::string_view name);

}  // namespace resnet50
