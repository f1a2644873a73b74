// The globals that a checkpoint's pickle may name, and what each stands for. None is ever imported or called: the
// machine (pickle.cc) knows what each would have built.
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
  kParameter,         // (tensor, requires_grad), or () and the tensor later, as PyTorch before 0.4 had it
};

struct PickleGlobal {
  std::string_view module, name;
  GlobalRole role;
  TensorType type;  // of a storage type's elements; unused by the others
};

// All rows.
std::span<const PickleGlobal> PickleGlobals();

// The row of a global, or -1 where the machine refuses it.
int FindPickleGlobal(std::string_view module, std::string_view name);

// Why a global is refused and what to do, a sentence that begins with a verb and names it.
std::string RefuseGlobal(std::string_view module, std::string_view name);

}  // namespace resnet50
