#include "quantize/activation_statistics.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {

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
    : layers_(layers), tensors_(layers.size()) {
  for (size_t i = 0; i < layers.size(); ++i) {
    tensors_[i].largest.resize(size_t(layers[i].out_channels));
    tensors_[i].active.resize(size_t(layers[i].out_channels));
    tensors_[i].mean.resize(size_t(layers[i].out_channels));
    tensors_[i].mean_square.resize(size_t(layers[i].out_channels));
  }
}

Status ActivationStatistics::Observe(Network& network, int n, Extent input) {
  std::vector<Extent> extents(layers_.size());
  size_t row = 0;
  Status status = network.Run([&](const Layer& layer, std::span<const float> output) {
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
  std::vector<double> positive(channels), squares(channels), sums(channels);
  for (int k = 0; k < n; ++k) {
    const float* image = values + size_t(k) * pixels * channels;
    const int index = images_ + k;
    if (index == kProbeImages) {
      std::fill(tensor.largest.begin(), tensor.largest.end(), 0.0F);
      std::fill(tensor.mean_square.begin(), tensor.mean_square.end(), 0.0);
    }
    std::fill(positive.begin(), positive.end(), 0.0);
    std::fill(squares.begin(), squares.end(), 0.0);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (size_t p = 0; p < pixels; ++p) {
      const float* pixel = image + p * channels;
      for (size_t c = 0; c < channels; ++c) {
        tensor.largest[c] = std::max(tensor.largest[c], std::fabs(pixel[c]));
        positive[c] += pixel[c] > 0.0F ? 1.0 : 0.0;
        sums[c] += double(pixel[c]);
        squares[c] += double(pixel[c]) * double(pixel[c]);
      }
    }
    // Running means over images.
    const double all = double(index + 1), sized = double(index >= kProbeImages ? index - kProbeImages + 1 : index + 1);
    for (size_t c = 0; c < channels; ++c) {
      tensor.active[c] += (positive[c] / double(pixels) - tensor.active[c]) / all;
      tensor.mean[c] += (sums[c] / double(pixels) - tensor.mean[c]) / all;
      tensor.mean_square[c] += (squares[c] / double(pixels) - tensor.mean_square[c]) / sized;
    }
    if (index < kProbeImages) {
      for (size_t p : ProbePixels(extent)) {
        tensor.probe.insert(tensor.probe.end(), image + p * channels, image + (p + 1) * channels);
      }
    }
  }
}

}  // namespace resnet50
