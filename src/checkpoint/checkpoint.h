// State dicts out of files: what torch.save writes (zip and the older plain stream) and safetensors. Runs no code that
// a file brings (pickle.h). Knows torch's file formats, not what a ResNet-50 consists of.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "weights/tensor_type.h"

namespace resnet50 {

struct Tensor {
  std::string name;
  TensorType type;
  std::vector<int64_t> shape;      // empty for a scalar
  std::vector<int64_t> strides;    // in elements, as long as shape; empty where the tensor is dense and row-major
  std::span<const uint8_t> bytes;  // from the first element to the last that shape and strides reach; any alignment
};

struct StateDict {
  std::vector<Tensor> tensors;                      // in the file's order
  std::vector<std::unique_ptr<uint8_t[]>> buffers;  // what tensors view that is not in the file as it is (deflated)

  // Null where no tensor has that name. Linear.
  const Tensor* Find(std::string_view name) const;
};

// Most elements of a tensor whose strides repeat elements of a smaller storage (torch's expand).
inline constexpr int64_t kMaxExpandedElements = int64_t{1} << 24;

// Reads a file, whichever of the formats it has. Tensors view `bytes`, which must outlive the result. A dict wrapped as
// {'state_dict': ...}, {'model': ...} or alike is unwrapped; the prefixes 'module.' (DataParallel) and '_orig_mod.'
// (torch.compile) are removed; entries that are no tensors are left out.
// Errors: kCheckpointFormat, with `file_name` as the subject, for everything else: the message names the format where
// it is a known one (TorchScript, whole models, tar, HDF5, ONNX ...), or the global that a pickle asks for;
// kOutOfMemory.
Result<StateDict> ReadCheckpoint(std::span<const uint8_t> bytes, std::string_view file_name);

// The values in row-major order. Floating-point types narrower than float are exact, float64 and integers are rounded.
// Errors: kOutOfMemory, with the tensor's name as the subject.
Result<std::vector<float>> ToFloat(const Tensor& tensor);

// A tensor that a network needs.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
};

// Checks names, shapes and types (floating-point) against a network's table. *.num_batches_tracked may be missing
// (PyTorch before 0.4.1) and is not looked at; n_averaged (torch's AveragedModel) may be there.
// Errors: kCheckpointMismatch, with `file_name` as the subject; the message counts the missing, unexpected and
// misshaped tensors and names the first of each.
Status CheckAgainst(const StateDict& state, std::span<const ExpectedTensor> expected, std::string_view file_name);

// Elements of all floating-point tensors but running statistics, as torchvision's num_params counts them.
int64_t CountParameters(const StateDict& state);

}  // namespace resnet50
