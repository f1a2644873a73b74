#include "quantize/activation_statistics.h"

#include <algorithm>
#include <cmath>

#include "quantize/parallel.h"

namespace resnet50 {

PatchMean::PatchMean(const Layer& layer)
    : kernel_(layer.kernel),
      stride_(layer.stride),
      padding_(layer.padding),
      channels_(size_t(layer.in_channels)),
      sums_(size_t(layer.kernel) * size_t(layer.kernel) * size_t(layer.in_channels)) {}

template <typename T>
void PatchMean::Add(const T* values, Extent in, double scale) {
  const int height = (int(in.height) + 2 * padding_ - kernel_) / stride_ + 1;
  const int width = (int(in.width) + 2 * padding_ - kernel_) / stride_ + 1;
  std::vector<double> sum(channels_);
  for (int ky = 0; ky < kernel_; ++ky) {
    for (int kx = 0; kx < kernel_; ++kx) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (int y = 0; y < height; ++y) {
        const int from_y = y * stride_ + ky - padding_;
        if (from_y < 0 || from_y >= int(in.height)) continue;
        for (int x = 0; x < width; ++x) {
          const int from_x = x * stride_ + kx - padding_;
          if (from_x < 0 || from_x >= int(in.width)) continue;
          const T* pixel = values + (size_t(from_y) * in.width + size_t(from_x)) * channels_;
          for (size_t c = 0; c < channels_; ++c) sum[c] += double(pixel[c]);
        }
      }
      double* total = sums_.data() + size_t(ky * kernel_ + kx) * channels_;
      for (size_t c = 0; c < channels_; ++c) total[c] += sum[c] * scale;
    }
  }
  patches_ += double(height) * double(width);
}
template void PatchMean::Add(const float*, Extent, double);
template void PatchMean::Add(const int16_t*, Extent, double);

std::vector<double> PatchMean::Mean() const {
  std::vector<double> mean = sums_;
  for (double& m : mean) m /= std::max(patches_, 1.0);
  return mean;
}

std::vector<size_t> ProbePixels(Extent extent) {
  constexpr size_t kSide = 7;
  std::vector<size_t> pixels;
  const size_t rows = std::min(kSide, extent.height), columns = std::min(kSide, extent.width);
  for (size_t y = 0; y < rows; ++y) {
    for (size_t x = 0; x < columns; ++x) {
      pixels.push_back(((2 * y + 1) * extent.height / (2 * rows)) * extent.width +
                       (2 * x + 1) * extent.width / (2 * columns));
    }
  }
  return pixels;
}

ActivationStatistics::ActivationStatistics(const std::vector<Layer>& layers)
    : layers_(layers), tensors_(layers.size()), patches_(layers.size()) {
  for (size_t i = 0; i < layers.size(); ++i) {
    tensors_[i].largest.resize(size_t(layers[i].out_channels));
    tensors_[i].active.resize(size_t(layers[i].out_channels));
    tensors_[i].mean_square.resize(size_t(layers[i].out_channels));
    if (layers[i].has_weights()) patches_[i] = PatchMean(layers[i]);
  }
}

Status ActivationStatistics::Observe(Network& network, int n, Extent input) {
  const std::span<const float> image = network.input_reals();
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i].input == kNetworkInput) {
      for (int k = 0; k < n; ++k) {
        patches_[i].Add(image.data() + size_t(k) * image.size() / size_t(n), input, 1.0);
      }
    }
  }
  std::vector<Extent> extents(layers_.size());
  size_t row = 0;
  const Status status = network.Run([&](const Layer& layer, std::span<const float> output) {
    while (layers_[row].name != layer.name) ++row;
    const Extent in = layer.input == kNetworkInput ? input : extents[size_t(layer.input)];
    extents[row] = {size_t(OutputSize(layer, int(in.height))), size_t(OutputSize(layer, int(in.width)))};
    ObserveTensor(int(row), output.data(), extents[row], n);
  });
  if (!status) return status;
  images_ += n;
  return {};
}

void ActivationStatistics::ObserveTensor(int row, const float* values, Extent extent, int n) {
  TensorStatistics& tensor = tensors_[size_t(row)];
  tensor.extent = extent;
  const size_t channels = tensor.largest.size();
  const size_t pixels = extent.height * extent.width;
  std::vector<double> positive(channels), squares(channels);
  for (int k = 0; k < n; ++k) {
    const float* image = values + size_t(k) * pixels * channels;
    std::fill(positive.begin(), positive.end(), 0.0);
    std::fill(squares.begin(), squares.end(), 0.0);
    for (size_t p = 0; p < pixels; ++p) {
      const float* pixel = image + p * channels;
      for (size_t c = 0; c < channels; ++c) {
        tensor.largest[c] = std::max(tensor.largest[c], std::fabs(pixel[c]));
        positive[c] += pixel[c] > 0.0F ? 1.0 : 0.0;
        squares[c] += double(pixel[c]) * double(pixel[c]);
      }
    }
    // Running means over images.
    for (size_t c = 0; c < channels; ++c) {
      tensor.active[c] += (positive[c] / double(pixels) - tensor.active[c]) / double(images_ + k + 1);
      tensor.mean_square[c] += (squares[c] / double(pixels) - tensor.mean_square[c]) / double(images_ + k + 1);
    }
    if (images_ + k < kProbeImages) {
      for (size_t p : ProbePixels(extent)) {
        tensor.probe.insert(tensor.probe.end(), image + p * channels, image + (p + 1) * channels);
      }
    }
    for (size_t i = 0; i < layers_.size(); ++i) {
      if (layers_[i].has_weights() && layers_[i].input == row) patches_[i].Add(image, extent, 1.0);
    }
  }
}

}  // namespace resnet50
