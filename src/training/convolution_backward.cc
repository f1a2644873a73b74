#include "training/convolution_backward.h"

#include <algorithm>

#include "network/parallel.h"
#include "training/finetune_gemm.h"

namespace resnet50 {
namespace {

// An input of a 1x1 convolution without stride is its own matrix of patches.
bool NeedsPatches(const ConvolutionShape& shape) { return shape.kernel != 1 || shape.stride != 1; }

size_t PatchFloats(const ConvolutionRun& run) {
  return NeedsPatches(run.shape) ? run.positions() * run.shape.patch() : 0;
}

// patches[position][tap][in], zero outside of the image.
void GatherPatches(const ConvolutionRun& run, const float* x, float* patches, const ThreadPool& pool) {
  const size_t in = run.shape.in, kernel = run.shape.kernel, stride = run.shape.stride;
  const Extent to = run.shape.extent(run.from), from = run.from;
  const size_t border = (kernel - 1) / 2;
  ParallelFor(pool, run.n * to.height, [=](size_t row) {
    const size_t image = row / to.height, oy = row % to.height;
    float* patch = patches + row * to.width * kernel * kernel * in;
    for (size_t ox = 0; ox < to.width; ++ox) {
      for (size_t tap = 0; tap < kernel * kernel; ++tap, patch += in) {
        // Wraps to a huge number left of and above the image.
        const size_t y = oy * stride + tap / kernel - border, x0 = ox * stride + tap % kernel - border;
        if (y < from.height && x0 < from.width) {
          std::copy_n(x + ((image * from.height + y) * from.width + x0) * in, in, patch);
        } else {
          std::fill_n(patch, in, 0.0F);
        }
      }
    }
  });
}

// The reverse: every input sums what its patches say, tap after tap.
void SumPatches(const ConvolutionRun& run, const float* patches, bool add, float* dx, const ThreadPool& pool) {
  const size_t in = run.shape.in, kernel = run.shape.kernel, stride = run.shape.stride;
  const Extent to = run.shape.extent(run.from), from = run.from;
  const size_t border = (kernel - 1) / 2, taps = kernel * kernel;
  ParallelFor(pool, run.n * from.height, [=](size_t row) {
    const size_t image = row / from.height, y = row % from.height;
    for (size_t x = 0; x < from.width; ++x) {
      float* sum = dx + (row * from.width + x) * in;
      if (!add) std::fill_n(sum, in, 0.0F);
      for (size_t tap = 0; tap < taps; ++tap) {
        const size_t top = y + border - tap / kernel, left = x + border - tap % kernel;  // wraps, as above
        const size_t oy = top / stride, ox = left / stride;
        if (top % stride != 0 || left % stride != 0 || oy >= to.height || ox >= to.width) continue;
        const float* patch = patches + (((image * to.height + oy) * to.width + ox) * taps + tap) * in;
        for (size_t c = 0; c < in; ++c) sum[c] += patch[c];
      }
    }
  });
}

}  // namespace

size_t ConvolutionScratch(const ConvolutionRun& run) {
  const size_t positions = run.positions(), patch = run.shape.patch(), out = run.shape.out;
  const size_t products = std::max({GemmScratch({positions, out, patch}), GemmScratch({positions, patch, out}),
                                    GemmScratch({out, patch, positions})});
  // Input gradients of 1x1 convolutions that are added to others are computed here first.
  const size_t input = run.n * run.from.height * run.from.width * run.shape.in;
  return std::max(PatchFloats(run), input) + products;
}

void RunConvolution(const ConvolutionRun& run, const float* x, const float* weight, const float* bias, float* y,
                    float* scratch, const ThreadPool& pool) {
  const size_t positions = run.positions(), patch = run.shape.patch(), out = run.shape.out;
  if (NeedsPatches(run.shape)) {
    GatherPatches(run, x, scratch, pool);
    x = scratch;
    scratch += PatchFloats(run);
  }
  Multiply({positions, out, patch}, {x, patch, 1}, {weight, 1, patch}, y, scratch, pool);
  ParallelFor(pool, positions, [=](size_t p) {
    for (size_t c = 0; c < out; ++c) y[p * out + c] += bias[c];
  });
}

void RunConvolutionBackward(const ConvolutionRun& run, const float* x, const float* weight, const float* dy,
                            const ConvolutionGradients& gradients, float* scratch, const ThreadPool& pool) {
  const size_t positions = run.positions(), patch = run.shape.patch(), out = run.shape.out;
  const bool gathers = NeedsPatches(run.shape);
  const size_t inputs = run.n * run.from.height * run.from.width * run.shape.in;
  float* patches = scratch;
  float* packing = scratch + std::max(PatchFloats(run), inputs);
  if (gathers) GatherPatches(run, x, patches, pool);
  Multiply({out, patch, positions}, {dy, 1, out}, {gathers ? patches : x, patch, 1}, gradients.weight, packing, pool);
  ParallelFor(pool, out, [=](size_t c) {
    float sum = 0.0F;
    for (size_t p = 0; p < positions; ++p) sum += dy[p * out + c];
    gradients.bias[c] = sum;
  });
  if (gradients.input == nullptr) return;
  const bool direct = !gathers && !gradients.add_input;
  Multiply({positions, patch, out}, {dy, out, 1}, {weight, patch, 1}, direct ? gradients.input : patches, packing,
           pool);
  if (gathers) {
    SumPatches(run, patches, gradients.add_input, gradients.input, pool);
  } else if (!direct) {
    const size_t in = run.shape.in;
    ParallelFor(pool, positions, [=](size_t p) {
      for (size_t c = p * in; c < (p + 1) * in; ++c) gradients.input[c] += patches[c];
    });
  }
}

}  // namespace resnet50
