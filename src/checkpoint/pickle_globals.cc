#include "checkpoint/pickle_globals.h"

namespace resnet50 {
namespace {

constexpr TensorType kUnused = TensorType::kBool;

constexpr PickleGlobal kGlobals[] = {
    {"collections", "OrderedDict", GlobalRole::kDict, kUnused},
    {"torch", "Size", GlobalRole::kSize, kUnused},
    {"torch._utils", "_rebuild_tensor_v2", GlobalRole::kRebuildTensor, kUnused},
    {"torch._utils", "_rebuild_tensor", GlobalRole::kRebuildTensor, kUnused},
    {"torch._utils", "_rebuild_parameter", GlobalRole::kRebuildParameter, kUnused},
    {"torch._utils", "_rebuild_parameter_with_state", GlobalRole::kRebuildParameter, kUnused},
    {"torch._tensor", "_rebuild_from_type_v2", GlobalRole::kRebuildSubclass, kUnused},
    {"torch.nn.parameter", "Parameter", GlobalRole::kParameter, kUnused},
    {"torch", "FloatStorage", GlobalRole::kStorageType, TensorType::kF32},
    {"torch", "HalfStorage", GlobalRole::kStorageType, TensorType::kF16},
    {"torch", "BFloat16Storage", GlobalRole::kStorageType, TensorType::kBF16},
    {"torch", "DoubleStorage", GlobalRole::kStorageType, TensorType::kF64},
    {"torch", "LongStorage", GlobalRole::kStorageType, TensorType::kI64},
    {"torch", "IntStorage", GlobalRole::kStorageType, TensorType::kI32},
    {"torch", "ShortStorage", GlobalRole::kStorageType, TensorType::kI16},
    {"torch", "CharStorage", GlobalRole::kStorageType, TensorType::kI8},
    {"torch", "ByteStorage", GlobalRole::kStorageType, TensorType::kU8},
    {"torch", "BoolStorage", GlobalRole::kStorageType, TensorType::kBool},
};

// Modules and names that run commands, code or other pickles when Python loads a file; no checkpoint has a use for
// them.
struct Hostile {
  std::string_view module, name;  // no name: all names of the module
};

constexpr Hostile kHostile[] = {
    {"os", "system"},
    {"os", "popen"},
    {"posix", ""},
    {"nt", ""},
    {"subprocess", ""},
    {"pty", ""},
    {"runpy", ""},
    {"commands", ""},
    {"builtins", "eval"},
    {"builtins", "exec"},
    {"builtins", "compile"},
    {"builtins", "__import__"},
    {"builtins", "open"},
    {"__builtin__", "eval"},
    {"__builtin__", "exec"},
    {"__builtin__", "execfile"},
    {"__builtin__", "compile"},
    {"__builtin__", "__import__"},
};

}  // namespace

std::span<const PickleGlobal> PickleGlobals() { return kGlobals; }

int FindPickleGlobal(std::string_view module, std::string_view name) {
  for (size_t i = 0; i < std::size(kGlobals); ++i) {
    if (kGlobals[i].module == module && kGlobals[i].name == name) return int(i);
  }
  return -1;
}

std::string RefuseGlobal(std::string_view module, std::string_view name) {
  for (const Hostile& row : kHostile) {
    if (row.module != module || (!row.name.empty() && row.name != name)) continue;
    return "names '" + PrintableName(std::string(module) + "." + std::string(name)) +
           "': it is refused as it asks to run code; do not load it in Python either";
  }
  return {};
}

}  // namespace resnet50
