// The last stage of ResNet-50, its global pooling and its classifier, forward and backward in f32. Batch norms are in
// evaluation mode: folded into weight and bias of the convolution before them, which are what is trained. With
// W' = s W and b' = beta - s mean (s = gamma / sqrt(var + eps), constant) the gradients are torch's up to that scale:
// dW' = dW / s, db' = dbeta. Knows nothing of pictures, optimizers and the stages before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "network/operators.h"
#include "training/convolution_backward.h"

namespace resnet50 {

// torchvision's for the defaults; smaller ones are for tests.
struct Layer4Shape {
  size_t in = 1024;    // channels of layer3
  size_t width = 512;  // of the bottlenecks
  size_t blocks = 3;
  size_t classes = 1000;
  size_t out() const { return 4 * width; }
};

// A weight or a bias: part of Layer4Network::values() and gradients().
struct Layer4Parameter {
  std::string name;  // layer4.0.conv1.weight
  size_t first, count;
  size_t channels;  // outputs, the outermost dimension
  bool is_bias;
};

class Layer4Network {
 public:
  // For batches of up to `batch` maps of up to `extent`. Errors: kInvalidArgument, kOutOfMemory.
  static Result<std::unique_ptr<Layer4Network>> Create(const Layer4Shape& shape, size_t batch, Extent extent,
                                                       size_t threads);

  const Layer4Shape& shape() const { return shape_; }
  size_t batch() const { return batch_; }
  Extent extent() const { return extent_; }
  const ThreadPool& pool() const { return pool_; }
  const std::vector<Layer4Parameter>& parameters() const { return parameters_; }
  // By the parameters' places; weights OHWI. Zero until they are written.
  std::span<float> values() { return {values_, count_}; }
  std::span<const float> gradients() const { return {gradients_, count_}; }
  // Null where there is none of that name.
  const Layer4Parameter* Find(const std::string& name) const;

  // The input, to be written before Forward: [n, h, w, in], NHWC.
  float* input() { return input_; }
  // The logits of n maps, [n, classes]. Errors: kInvalidArgument (more than Create was told, or none).
  Result<std::span<const float>> Forward(size_t n, Extent extent);
  // All gradients, of a loss whose gradient by the logits of the last Forward is `logits`, [n, classes].
  void Backward(const float* logits);

  // A tensor of the last Forward, as the rows of the network are named: layer4.0.conv1, layer4.0.conv2,
  // layer4.0.downsample.0, layer4.0.add, ..., avgpool.
  struct Tensor {
    std::string name;
    size_t channels;
    std::span<const float> values;  // [positions, channels]
  };
  std::vector<Tensor> Tensors() const;

 private:
  struct Convolution {
    ConvolutionShape shape;
    size_t weight, bias;  // where they begin among the values
    std::string name;
  };
  struct Block {
    Convolution reduce, spatial, expand;
    Convolution project;  // the first block's shortcut
    float *reduced, *spread, *output;
  };
  struct Free {
    void operator()(float* p) const;
  };

  Layer4Network() = default;
  void AddParameters();
  Convolution Add(const std::string& name, const ConvolutionShape& shape);
  Status Allocate();
  ConvolutionRun RunOf(const Convolution& convolution, Extent from) const { return {convolution.shape, n_, from}; }
  void ForwardThrough(const Convolution& convolution, Extent from, const float* x, float* y, bool relu);
  void BackwardThrough(const Convolution& convolution, Extent from, const float* x, const float* dy, float* dx,
                       bool add);
  void RunBlock(Block& block, bool first, const float* x);
  void RunBlockBackward(Block& block, bool first, const float* x, const float* dy, float* dx);
  void Pool();
  size_t Positions(Extent extent) const { return n_ * extent.height * extent.width; }

  Layer4Shape shape_;
  size_t batch_ = 0;
  Extent extent_{};
  ThreadPool pool_;
  std::vector<Block> blocks_;
  Convolution classifier_{};
  std::vector<Layer4Parameter> parameters_;
  size_t count_ = 0;
  std::unique_ptr<float, Free> memory_;
  float *values_ = nullptr, *gradients_ = nullptr, *input_ = nullptr;
  float *projected_ = nullptr, *pooled_ = nullptr, *logits_ = nullptr, *pooled_gradient_ = nullptr;
  float *outer_[2] = {nullptr, nullptr}, *inner_[2] = {nullptr, nullptr};  // gradients on the way back
  float* scratch_ = nullptr;
  size_t n_ = 0;          // of the last Forward
  Extent from_{}, to_{};  // of its input and output
};

}  // namespace resnet50
