// Convolutions for training: forward, and the gradients of input, weight and bias, in f32 as matrix products. NHWC
// activations, OHWI weights, zero padding (kernel - 1) / 2. Knows one convolution at a time.
#pragma once

#include <cstddef>

#include "network/operators.h"

namespace resnet50 {

struct ConvolutionShape {
  size_t in, out;         // channels
  size_t kernel, stride;  // 1x1 or 3x3; 1 or 2
  size_t patch() const { return kernel * kernel * in; }
  size_t weight_count() const { return out * patch(); }
  // Of the output for an input of `from`.
  Extent extent(Extent from) const {
    const size_t border = 2 * ((kernel - 1) / 2);
    return {(from.height + border - kernel) / stride + 1, (from.width + border - kernel) / stride + 1};
  }
};

// Where a batch goes through: n images of `from`.
struct ConvolutionRun {
  ConvolutionShape shape;
  size_t n;
  Extent from;
  // Output positions of the whole batch.
  size_t positions() const { return n * shape.extent(from).height * shape.extent(from).width; }
};

// Floats of scratch that both functions need at most.
size_t ConvolutionScratch(const ConvolutionRun& run);

// y[n, oh, ow, out] = x * weight + bias.
void RunConvolution(const ConvolutionRun& run, const float* x, const float* weight, const float* bias, float* y,
                    float* scratch, const ThreadPool& pool);

struct ConvolutionGradients {
  float* input;    // [n, h, w, in]; null where nobody wants it
  bool add_input;  // added to what is there
  float* weight;   // OHWI
  float* bias;     // [out]
};

// From `dy`, the gradient of y.
void RunConvolutionBackward(const ConvolutionRun& run, const float* x, const float* weight, const float* dy,
                            const ConvolutionGradients& gradients, float* scratch, const ThreadPool& pool);

}  // namespace resnet50
