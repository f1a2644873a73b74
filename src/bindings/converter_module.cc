// The converter as JavaScript holds it: in a module of its own, so that pages do not carry it.

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "bindings/runtime_image.h"
#include "quantize/converter.h"
#include "quantize/gzip.h"

namespace resnet50::js {

using emscripten::val;

namespace {

// See web/core.ts; a number of 0 stands for none.
Result<QuantizationOptions> ToQuantizationOptions(const val& options) {
  QuantizationOptions parsed;
  parsed.equalize = options["equalize"].as<bool>();
  parsed.compensate = options["compensate"].as<bool>();
  parsed.correct_bias = options["correctBias"].as<bool>();
  parsed.match_batch_norm = options["matchBatchNorm"].as<bool>();
  parsed.trust = {options["damping"].as<double>(), options["shrinkage"].as<double>()};
  parsed.rate_weight = options["rateWeight"].as<double>();
  if (const double bits = options["compactBits"].as<double>(); bits != 0.0) {
    if (!(bits >= 1.0 && bits <= 8.0)) {
      return Error{ErrorCode::kInvalidArgument, "compactBits", "must lie in 1..8"};
    }
    parsed.compact_bits = bits;
  }
  const std::string ranges = options["ranges"].as<std::string>();
  if (ranges == "extremes") {
    parsed.ranges = RangeMethod::kExtremes;
  } else if (ranges == "percentile") {
    parsed.ranges = RangeMethod::kPercentile;
  } else if (ranges != "squares") {
    return Error{ErrorCode::kInvalidArgument, "ranges", "must be 'extremes', 'percentile' or 'squares'"};
  }
  return parsed;
}

}  // namespace

class ConverterHandle {
 public:
  explicit ConverterHandle(std::unique_ptr<Converter> converter) : converter_(std::move(converter)) {}

  int classes() const { return converter_->classes(); }
  double parameters() const { return double(converter_->parameters()); }

  val Calibrate(const ImageHandle& image) { return ToJs(converter_->Calibrate(image.image())); }
  val CalibrateGenerated(uint32_t index) { return ToJs(converter_->CalibrateGenerated(index)); }

  val BeginQuantization(const val& options) {
    Result<QuantizationOptions> parsed = ToQuantizationOptions(options);
    return ToJs(parsed ? converter_->BeginQuantization(parsed.value()) : Status(parsed.error()));
  }

  val ContinueQuantization() {
    Result<double> share = converter_->ContinueQuantization();
    return share ? Success(share.value()) : Failure(share.error());
  }

  // { ranges: { name: [min, max] }, layers: [{ name, signalToNoise }], repeatsVectors }, undefined before all is done.
  val Quantization() const {
    const Quantizer* quantizer = converter_->quantizer();
    if (quantizer == nullptr) return val::undefined();
    val ranges = val::object(), layers = val::array(), result = val::object();
    for (const auto& [name, range] : quantizer->ranges()) {
      val pair = val::array();
      pair.call<void>("push", range.min);
      pair.call<void>("push", range.max);
      ranges.set(name, pair);
    }
    for (const LayerReport& report : quantizer->reports()) {
      val layer = val::object();
      layer.set("name", report.name);
      layer.set("signalToNoise", report.signal_to_noise);
      layers.call<void>("push", layer);
    }
    result.set("ranges", ranges);
    result.set("layers", layers);
    result.set("repeatsVectors", quantizer->repeats_vectors());
    return result;
  }

  val RunFloat(const ImageHandle& image) {
    Result<std::span<const float>> logits = converter_->RunFloat(image.image());
    if (!logits) return Failure(logits.error());
    return Success(reinterpret_cast<uintptr_t>(logits->data()));
  }

  val PlanShards(const std::string& precision, size_t max_bytes) {
    Result<Precision> parsed = ToPrecision(precision);
    if (!parsed) return Failure(parsed.error());
    Result<size_t> count = converter_->Plan(parsed.value(), max_bytes);
    return count ? Success(count.value()) : Failure(count.error());
  }

  val Shard(size_t index) {
    Result<std::vector<uint8_t>> shard = converter_->WriteShard(index);
    if (!shard) return Failure(shard.error());
    shard_ = std::move(shard).value();
    return Success(Output(shard_));
  }

  // The last shard as a gzip file.
  val CompressedShard() {
    Result<std::vector<uint8_t>> compressed = Gzip(shard_);
    if (!compressed) return Failure(compressed.error());
    compressed_ = std::move(compressed).value();
    return Success(Output(compressed_));
  }

 private:
  static val Output(const std::vector<uint8_t>& bytes) {
    val output = val::object();
    output.set("pointer", reinterpret_cast<uintptr_t>(bytes.data()));
    output.set("bytes", bytes.size());
    return output;
  }

  std::unique_ptr<Converter> converter_;
  std::vector<uint8_t> shard_, compressed_;  // the last one written
};

namespace {

val OpenCheckpoint(uintptr_t pointer, size_t bytes, const std::string& name, const val& options) {
  Result<Transforms> transforms = ToTransforms(options["transforms"]);
  if (!transforms) return Failure(transforms.error());
  const auto* data = reinterpret_cast<const uint8_t*>(pointer);
  Result<std::unique_ptr<Converter>> converter = Converter::Create(std::vector<uint8_t>(data, data + bytes), name,
                                                                   transforms.value(), options["threads"].as<size_t>());
  if (!converter) return Failure(converter.error());
  return Success(
      val(new ConverterHandle(std::move(converter).value()), emscripten::return_value_policy::take_ownership()));
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(converter) {
  using resnet50::js::ConverterHandle;
  emscripten::class_<ConverterHandle>("Converter")
      .property("classes", &ConverterHandle::classes)
      .property("parameters", &ConverterHandle::parameters)
      .function("calibrate", &ConverterHandle::Calibrate)
      .function("calibrateGenerated", &ConverterHandle::CalibrateGenerated)
      .function("beginQuantization", &ConverterHandle::BeginQuantization)
      .function("continueQuantization", &ConverterHandle::ContinueQuantization)
      .function("quantization", &ConverterHandle::Quantization)
      .function("runFloat", &ConverterHandle::RunFloat)
      .function("planShards", &ConverterHandle::PlanShards)
      .function("shard", &ConverterHandle::Shard)
      .function("compressedShard", &ConverterHandle::CompressedShard);
  emscripten::function("openCheckpoint", &resnet50::js::OpenCheckpoint);
}
