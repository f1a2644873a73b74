#include "checkpoint/pickle_globals.h"

namespace resnet50 {
namespace {

constexpr TensorType kUnused = TensorType::kBool;

constexpr PickleGlobal kGlobals[] = {
    {"collections", "OrderedDict", GlobalRole::kDict, kUnused},
    // torchvision's training script saves its options beside the weights; they are read as an empty dict.
    {"argparse", "Namespace", GlobalRole::kDict, kUnused},
    {"torch", "Size", GlobalRole::kSize, kUnused},
    {"torch._utils", "_rebuild_tensor_v2", GlobalRole::kRebuildTensor, kUnused},
    {"torch._utils", "_rebuild_tensor", GlobalRole::kRebuildTensor, kUnused},
    {"torch._utils", "_rebuild_parameter", GlobalRole::kRebuildParameter, kUnused},
    {"torch._utils", "_rebuild_parameter_with_state", GlobalRole::kRebuildParameter, kUnused},
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

// The first prefix of "module.name" that fits decides; the last one fits all.
struct Refusal {
  std::string_view prefix, why;
};

constexpr std::string_view kRemedy = "; save the weights alone with torch.save(model.state_dict(), path)";

constexpr Refusal kRefusals[] = {
    {"torch._utils._rebuild_qtensor", ", a quantized tensor: take the checkpoint from before quantization"},
    {"torch.storage._load_from_bytes", ": it was written by pickle.dump, not by torch.save"},
    {"torch.nn.", ", so it holds a whole model rather than its weights, and is refused as it asks to run code"},
    {"torchvision.", ", so it holds a whole model rather than its weights, and is refused as it asks to run code"},
    {"", ": it is refused as it asks to run code"},
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
  const std::string full = PrintableName(std::string(module) + "." + std::string(name));
  for (const Refusal& row : kRefusals) {
    if (full.starts_with(row.prefix)) return "names '" + full + "'" + std::string(row.why) + std::string(kRemedy);
  }
  return {};
}

}  // namespace resnet50
