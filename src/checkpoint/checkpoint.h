// Tensors out of files: what torch.save writes (zip and the older plain stream) and safetensors. Runs no code that a
// file brings (pickle.h). Knows torch's file formats, not what a ResNet-50 consists of (resnet.h does).
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

// A tensor of a file, before its values are looked at.
struct TensorEntry {
  std::string name;            // the keys that lead to it from the root of the file, joined by '.'
  size_t key = 0;              // where the name in its own dict begins in `name`
  TensorType type{};           // of a readable tensor
  std::vector<int64_t> shape;  // of a readable tensor; not checked
  // What stands in the tensor's place where it cannot be read, as a sentence's object ("a quantized tensor"), or empty.
  std::string unreadable;
  size_t handle = 0;  // for the file

  std::string_view path() const { return std::string_view(name).substr(0, key); }
};

// Most elements of a tensor whose strides repeat elements of a smaller storage (torch's expand).
inline constexpr int64_t kMaxExpandedElements = int64_t{1} << 24;
// Longest name of a tensor with its path, bytes; longer ones are left out.
inline constexpr size_t kMaxTensorName = 512;

// A file of tensors: all of them by name, wherever they lie in dicts, lists and objects; values on demand.
class CheckpointReader {
 public:
  // What a format has to give.
  class Contents {
   public:
    virtual ~Contents() = default;
    virtual Result<Tensor> Read(const TensorEntry& entry) = 0;
    // What tensors view that is not in the file as it is.
    virtual std::vector<std::unique_ptr<uint8_t[]>> TakeBuffers() { return {}; }

    std::vector<TensorEntry> entries;
  };

  // Opens a file, whichever of the formats it has. `bytes` must outlive the result and every tensor.
  // Errors: kCheckpointFormat, with `file_name` as the subject: the message names the format where it is a known one
  // (TorchScript, tar, HDF5, ONNX ...), or what is damaged, or the hostile global that a pickle names; kOutOfMemory.
  static Result<CheckpointReader> Open(std::span<const uint8_t> bytes, std::string_view file_name);

  explicit CheckpointReader(std::unique_ptr<Contents> contents) : contents_(std::move(contents)) {}

  // At least one. No two have the same name.
  const std::vector<TensorEntry>& entries() const { return contents_->entries; }
  // A readable tensor, laid over its bytes and checked. Errors: kCheckpointFormat, kOutOfMemory.
  Result<Tensor> Read(const TensorEntry& entry) { return contents_->Read(entry); }
  // Hands over the buffers that tensors read so far view.
  std::vector<std::unique_ptr<uint8_t[]>> TakeBuffers() { return contents_->TakeBuffers(); }

 private:
  std::unique_ptr<Contents> contents_;
};

// The values in row-major order. Floating-point types narrower than float are exact, float64 and integers are rounded.
// Errors: kOutOfMemory, with the tensor's name as the subject.
Result<std::vector<float>> ToFloat(const Tensor& tensor);

// A tensor that a network needs.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
};

// Counters that only training needs: *.num_batches_tracked, n_averaged (torch's AveragedModel).
bool IsCounter(std::string_view name);

// Checks names, shapes and types (floating-point) against a network's table. Counters may be missing (PyTorch before
// 0.4.1) or there, and are not looked at.
// Errors: kCheckpointMismatch, with `file_name` as the subject; the message counts the missing, unexpected and
// misshaped tensors and names the first of each.
Status CheckAgainst(const StateDict& state, std::span<const ExpectedTensor> expected, std::string_view file_name);

// Elements of all floating-point tensors but running statistics, as torchvision's num_params counts them.
int64_t CountParameters(const StateDict& state);

}  // namespace resnet50
