// The network's input: pixels' codes or reals, row by row.
#include "network/network.h"
#include "network/parallel.h"

namespace resnet50 {

int8_t* Network::InputRow(size_t row) const {
  return static_cast<int8_t*>(arena_.get()) + tensor_offsets_[0] + row * InputRowBytes(size_t(width_));
}

void Network::SetInputCodes(int image, std::span<const uint8_t> codes) {
  const size_t height = size_t(height_), width = size_t(width_);
  for (size_t y = 0; y < height; ++y) {
    WriteInputRow(codes.data() + y * width * kInputChannels, width, input_quantization_.zero_point,
                  CodeOffset(eight_bits_.unsigned_input), InputRow(size_t(image) * height + y));
  }
}

std::span<float> Network::input_reals() {
  if (n_ == 0 || options_.precision != Precision::kFloat32) return {};
  return {reinterpret_cast<float*>(static_cast<char*>(arena_.get()) + tensor_offsets_[0]),
          size_t(n_) * height_ * width_ * kInputChannels};
}

void Network::SetInput(std::span<const float> nchw) {
  const size_t height = size_t(height_), width = size_t(width_), plane = height * width;
  const std::span<float> reals = input_reals();
  ParallelFor(pool_, size_t(n_) * height, [&](size_t row) {
    const float* first = nchw.data() + row / height * kInputChannels * plane + row % height * width;
    const float* const planes[kInputChannels] = {first, first + plane, first + 2 * plane};
    if (reals.empty()) {
      WriteInputRow(planes, width, input_quantization_, CodeOffset(eight_bits_.unsigned_input), InputRow(row));
      return;
    }
    float* out = reals.data() + row * width * kInputChannels;
    for (size_t x = 0; x < width; ++x) {
      for (const float* values : planes) *out++ = values[x];
    }
  });
}

}  // namespace resnet50
