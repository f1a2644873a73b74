// A checkpoint on its way to weight shards: read and folded once, calibrated with pictures, quantized on them, written
// as int8 or f32 shards. The same input gives the same bytes. Knows no files and no JavaScript.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "convert/checkpoint_network.h"
#include "convert/quantization_run.h"
#include "convert/shard_plan.h"
#include "image/image.h"
#include "image/transform.h"
#include "inference/session.h"
#include "quantize/quantizer.h"

namespace resnet50 {

// Checkpoint -> calibration -> quantization -> shards. f32 shards need the first and the last alone.
class Converter {
 public:
  // `bytes` may go afterwards. `transforms` are for calibration photos. Errors: kCheckpointFormat, kCheckpointMismatch,
  // kOutOfMemory.
  static Result<std::unique_ptr<Converter>> Create(std::span<const uint8_t> bytes, std::string_view file_name,
                                                   const Transforms& transforms, size_t threads,
                                                   const ResNetChoice& choice = {});

  int classes() const { return checkpoint_.classes; }
  // What was understood of the file.
  const RecognizedResNet& recognized() const { return checkpoint_.recognized; }
  // Trainable parameters, as torchvision's num_params counts them.
  size_t parameters() const { return CountParameters(checkpoint_); }

  // Adds a photo to the calibration images.
  Status Calibrate(const Image& image);
  // The same with the index-th generated picture.
  Status CalibrateGenerated(uint32_t index);

  // Begins quantization on the images so far. Errors: kNotReady (there are none).
  Status BeginQuantization(const QuantizationOptions& options);
  // Does a part of it; gives the share done so far, 1.0 when all is. Errors: kNotReady, kOutOfMemory, kInternal.
  Result<double> ContinueQuantization();
  // Ranges, reports and layers, once all is done; null before.
  const Quantizer* quantizer() const {
    return quantization_ && quantization_->done() ? &quantization_->quantizer() : nullptr;
  }

  // The logits of the f32 network for a photo; valid until the next call. Errors: those of InferenceSession::Logits.
  Result<std::span<const float>> RunFloat(const Image& image);

  // The number of shards. Errors: kNotReady (int8 before quantization is done).
  Result<size_t> Plan(Precision precision, size_t max_bytes);
  // The index-th shard of the plan, a whole safetensors file. Errors: kInvalidArgument (no such shard), those of
  // WriteShard.
  Result<std::vector<uint8_t>> WriteShard(size_t index) const;

 private:
  Converter(CheckpointNetwork checkpoint, const Transforms& transforms)
      : checkpoint_(std::move(checkpoint)), transforms_(transforms) {}

  LayerPiece FloatPiece(const ShardPiece& piece) const;
  LayerPiece Int8Piece(const ShardPiece& piece) const;

  CheckpointNetwork checkpoint_;
  Transforms transforms_;
  std::unique_ptr<InferenceSession> session_;  // f32
  std::vector<Image> crops_;                   // calibration images, crop_size square
  bool has_generated_images_ = false;
  std::unique_ptr<QuantizationRun> quantization_;
  Precision precision_ = Precision::kInt8;
  ShardPlan plan_;
};

}  // namespace resnet50
