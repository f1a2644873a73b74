// Values of a state dict's tensors as dense float32.
#include <algorithm>
#include <new>
#include <optional>

#include "checkpoint/checkpoint.h"

namespace resnet50 {
namespace {

// std::vector ends the program where memory runs out; asking first gives an error instead.
bool CanAllocate(size_t bytes) {
  void* probe = ::operator new(bytes, std::nothrow);
  ::operator delete(probe);
  return probe != nullptr;
}

// Copies the innermost rows one after the other; `at` counts through the outer dimensions like an odometer.
void Gather(const Tensor& tensor, std::vector<float>& out) {
  const size_t width = ElementSize(tensor.type);
  const size_t outer = tensor.shape.size() - 1;
  const size_t row = size_t(tensor.shape[outer]);
  const size_t step = size_t(tensor.strides[outer]);
  std::vector<int64_t> at(outer, 0);
  for (float* to = out.data(); to != out.data() + out.size(); to += row) {
    size_t from = 0;  // elements
    for (size_t i = 0; i < outer; ++i) from += size_t(at[i] * tensor.strides[i]);
    for (size_t i = 0; i < row; ++i) {
      ConvertToFloat(tensor.type, tensor.bytes.data() + (from + i * step) * width, 1, to + i);
    }
    for (size_t i = outer; i-- > 0;) {
      if (++at[i] < tensor.shape[i]) break;
      at[i] = 0;
    }
  }
}

}  // namespace

Result<std::vector<float>> ToFloat(const Tensor& tensor) {
  const std::optional<size_t> bytes = ByteSize(TensorType::kF32, tensor.shape);
  if (!bytes || !CanAllocate(*bytes)) {
    return Error{ErrorCode::kOutOfMemory, tensor.name, "its values do not fit in memory"};
  }
  std::vector<float> values(*bytes / sizeof(float));
  if (values.empty()) return values;
  if (tensor.strides.empty()) {
    ConvertToFloat(tensor.type, tensor.bytes.data(), values.size(), values.data());
  } else {
    Gather(tensor, values);
  }
  return values;
}

}  // namespace resnet50
