// Thin RAII over XNNPACK's operators: create from a row of the table, reshape, setup, run. Knows one row at a time; the
// network around it decides where tensors live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "kernels/int8_kernels.h"
#include "kernels/int8_spill.h"
#include "network/quantization.h"
#include "network/topology.h"

struct pthreadpool;
struct xnn_operator;

namespace resnet50 {

// Threads that an operator's work is split over; the calling thread is one of them.
class ThreadPool {
 public:
  // threads >= 1; one means no pool. Fails where threads cannot be started.
  static Result<ThreadPool> Create(size_t threads);
  pthreadpool* get() const { return pool_.get(); }
  // Threads in use.
  size_t size() const { return size_; }
  // Goes on with fewer threads, or with more again, up to as many as it was created with.
  void Use(size_t threads);

 private:
  struct Destroy {
    void operator()(pthreadpool* pool) const;
  };
  std::unique_ptr<pthreadpool, Destroy> pool_;
  size_t size_ = 1;
};

// Height and width of an activation tensor, NHWC; the batch is the network's.
struct Extent {
  size_t height;
  size_t width;
};

// A weight tensor and what belongs to it. Exactly one of `quantized` and `real` is set, by the network's precision.
struct LayerWeights {
  std::span<const int8_t> quantized;  // OHWI, symmetric, one scale an output channel
  std::span<const float> real;        // OHWI
  std::span<const float> scales;      // [output channels]; empty for `real`
  std::span<const float> bias;        // [output channels], real-valued in both precisions
};

// Quantization of the tensors around an int8 operator, and the kernels that compute it.
struct OperatorQuantization {
  TensorQuantization input;
  TensorQuantization shortcut;  // of convolutions that add a residual
  TensorQuantization output;    // not kLinear, whose logits are f32
  bool adds_shortcut = false;   // a 1x1 convolution that adds the shortcut before it clamps and rounds
  resnet50_int8_form form;      // of our convolution kernels; reads bytes as unsigned where the input is flipped
};

// Bytes that XNNPACK's kernels may read past the end of a tensor.
extern const size_t kTensorTailBytes;

class Operator {
 public:
  // Int8 (`quantization` set) or f32 (null). Weights are packed into XNNPACK's own layout; the spans may go afterwards.
  // Rows without weights ignore `weights`.
  static Result<Operator> Create(const Layer& layer, const LayerWeights& weights,
                                 const OperatorQuantization* quantization);

  // Fits the operator to a batch of `n` images and an input of `in`; returns the bytes of scratch it needs while
  // running.
  Result<size_t> Reshape(size_t n, Extent in, const ThreadPool& pool);
  // Sets the tensors; `shortcut` for kAdd and for convolutions that add a residual, `scratch` as Reshape said.
  Status Setup(const void* input, const void* shortcut, void* output, void* scratch);
  Status Run(const ThreadPool& pool);
  // Cuts the work for another number of threads than Reshape did, with the same results.
  void CutFor(size_t threads);
  // kLinear, int8: what the codes of its input mean from the next Reshape on.
  void ReadAs(const TensorQuantization& input) { quantization_.input = input; }

 private:
  struct Delete {
    void operator()(xnn_operator* op) const;
  };
  using Handle = std::unique_ptr<xnn_operator, Delete>;

  Status CreateConvolution(const LayerWeights& weights, const OperatorQuantization* quantization);
  Status CreateMaxPool();
  Status CreateAdd();  // f32
  Status CreateMeanPool(const OperatorQuantization* quantization);
  Status CreateLinear(const LayerWeights& weights, const OperatorQuantization* quantization);
  void FinishConvolution();
  Error Failure(int status, const char* step) const;

  // The int8 stem reads the image in the layout of input_layout.h.
  bool ReadsImage() const { return int8_ && layer_.input == kNetworkInput; }

  Layer layer_;
  bool int8_ = false;
  OperatorQuantization quantization_{};
  // int8 convolutions: what their kernel reads while it runs; the addresses must not move.
  std::unique_ptr<resnet50_int8_epilogue> epilogue_;
  std::unique_ptr<resnet50_int8_spill> spill_;
  Handle op_;
  Handle relu_;  // f32 kAdd only: XNNPACK's f32 addition does not clamp
  // int8 kMaxPool: its output.
  int8_t* pooled_ = nullptr;
  size_t pooled_bytes_ = 0;
  // kLinear, int8: XNNPACK's "dynamically quantized" input, whose parameters are fixed here; opaque pairs, one an
  // image.
  std::vector<uint64_t> row_quantization_;
};

// XNNPACK's process-wide initialization; cheap to repeat.
Status InitializeXnnpack();

}  // namespace resnet50
