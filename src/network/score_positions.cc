// The classifier on each position of the last stage. XNNPACK's operator is fitted to a row of positions and back again.
#include "network/network.h"

namespace resnet50 {

Status Network::ScorePositions(const PositionScores& take) {
  if (n_ == 0) return Error{ErrorCode::kNotReady, "network", "Prepare and Run must come before ScorePositions"};
  const int pooled = layers_.back().input, stage = layers_[size_t(pooled)].input;
  const Extent extent = extents_[size_t(stage)];
  const bool int8 = options_.precision == Precision::kInt8;
  Operator& head = *operators_.back();
  const size_t classes = size_t(options_.classes);
  const size_t row_bytes = extent.width * size_t(layers_[size_t(stage)].out_channels) * ElementBytes();
  std::vector<float> scores(extent.width * classes);
  const auto run = [&]() -> Status {
    if (int8) head.ReadAs(output_quantization_[size_t(stage)]);
    if (Result<size_t> fitted = head.Reshape(extent.width, {1, 1}, pool_); !fitted) return std::move(fitted).error();
    for (size_t y = 0; y < size_t(n_) * extent.height; ++y) {
      const void* row = static_cast<const char*>(TensorOf(stage)) + y * row_bytes;
      if (Status status = head.Setup(row, nullptr, scores.data(), nullptr); !status) return status;
      if (Status status = head.Run(pool_); !status) return status;
      for (size_t x = 0; x < extent.width; ++x)
        take(y * extent.width + x, std::span(scores).subspan(x * classes, classes));
    }
    return {};
  };
  Status status = run();
  // As Prepare left it.
  if (int8) head.ReadAs(output_quantization_[size_t(pooled)]);
  Result<size_t> fitted = head.Reshape(size_t(n_), {1, 1}, pool_);
  Status restored = fitted ? head.Setup(TensorOf(pooled), nullptr, logits_.data(), nullptr) : Status(fitted.error());
  if (!restored) n_ = 0;
  return status ? restored : status;
}

}  // namespace resnet50
