#include "quantize/layer_run.h"

namespace resnet50 {

Result<std::vector<std::vector<float>>> RunLayer(const Layer& layer, const LayerWeights& weights, Extent in,
                                                 size_t images,
                                                 const std::function<void(size_t, std::span<float>)>& fill,
                                                 const ThreadPool& pool) {
  Layer linear = layer;
  linear.relu = false;
  Result<Operator> op = Operator::Create(linear, weights, nullptr);
  if (!op) return std::move(op).error();
  const Extent out{size_t(OutputSize(layer, int(in.height))), size_t(OutputSize(layer, int(in.width)))};
  Result<size_t> scratch_bytes = op->Reshape(1, in, pool);
  if (!scratch_bytes) return std::move(scratch_bytes).error();
  const size_t tail = kTensorTailBytes / sizeof(float);
  const size_t values = in.height * in.width * size_t(layer.in_channels);
  std::vector<float> from(values + tail);
  std::vector<float> to(out.height * out.width * size_t(layer.out_channels) + tail);
  std::vector<float> scratch(scratch_bytes.value() / sizeof(float) + 64);
  float* aligned = scratch.data();
  while (reinterpret_cast<uintptr_t>(aligned) % 64 != 0) ++aligned;
  if (Status status = op->Setup(from.data(), nullptr, to.data(), aligned); !status) return std::move(status).error();
  std::vector<std::vector<float>> outputs;
  for (size_t k = 0; k < images; ++k) {
    fill(k, std::span(from).first(values));
    if (Status status = op->Run(pool); !status) return std::move(status).error();
    outputs.emplace_back(to.begin(), to.end() - ptrdiff_t(tail));
  }
  return outputs;
}

}  // namespace resnet50
