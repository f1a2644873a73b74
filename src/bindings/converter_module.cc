// The converter as JavaScript holds it: in a module of its own, so that pages do not carry it.

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings/js_object.h"
#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "convert/converter.h"
#include "convert/gzip.h"

namespace resnet50::js {

using emscripten::val;

namespace {

// See web/core/converter-types.ts; a number of 0 stands for none.
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

  // picture: CorePicture, settings: CorePictureSettings; the block that the picture points to is freed.
  val Calibrate(const val& input, const val& settings) {
    Result<Picture> picture = OpenPicture(input, settings);
    return ToJs(picture ? converter_->Calibrate(picture->viewed) : Status(picture.error()));
  }

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

  val RunFloat(const val& input, const val& settings) {
    Result<Picture> picture = OpenPicture(input, settings);
    if (!picture) return Failure(picture.error());
    Result<std::span<const float>> logits = converter_->RunFloat(picture->viewed);
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

val ToJs(const std::vector<std::string>& texts) {
  val list = val::array();
  for (const std::string& text : texts) list.call<void>("push", text);
  return list;
}

// See CoreRecognized in web/core/converter-types.ts.
val ToJs(const RecognizedResNet& network) {
  val recognized = val::object();
  recognized.set("naming", network.naming);
  recognized.set("prefix", network.prefix);
  recognized.set("head", network.has_head ? val(network.head) : val::null());
  recognized.set("headNorm", network.head_norm);
  recognized.set("key", network.key);
  recognized.set("others", ToJs(network.others));
  recognized.set("leftOut", ToJs(network.left_out));
  return recognized;
}

val OpenCheckpoint(uintptr_t pointer, size_t bytes, const std::string& name, const val& options) {
  Result<Transforms> transforms = ToTransforms(options["transforms"]);
  if (!transforms) return Failure(transforms.error());
  const auto* data = reinterpret_cast<const uint8_t*>(pointer);
  const ResNetChoice choice{options["stateDict"].as<std::string>(), options["noHead"].as<bool>()};
  Result<std::unique_ptr<Converter>> converter =
      Converter::Create({data, bytes}, name, transforms.value(), options["threads"].as<size_t>(), choice);
  if (!converter) return Failure(converter.error());
  const int classes = converter.value()->classes();
  const double parameters = double(converter.value()->parameters());
  const val recognized = ToJs(converter.value()->recognized());
  val held = Hold(std::make_unique<ConverterHandle>(std::move(converter).value()));
  held.set("classes", classes);
  held.set("parameters", parameters);
  held.set("recognized", recognized);
  return Success(held);
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(converter) {
  using emscripten::function;
  using resnet50::js::ConverterHandle;
  using resnet50::js::Method;
  function("openCheckpoint", &resnet50::js::OpenCheckpoint);
  function("converter_calibrate", &Method<&ConverterHandle::Calibrate>::Call);
  function("converter_calibrateGenerated", &Method<&ConverterHandle::CalibrateGenerated>::Call);
  function("converter_beginQuantization", &Method<&ConverterHandle::BeginQuantization>::Call);
  function("converter_continueQuantization", &Method<&ConverterHandle::ContinueQuantization>::Call);
  function("converter_quantization", &Method<&ConverterHandle::Quantization>::Call);
  function("converter_runFloat", &Method<&ConverterHandle::RunFloat>::Call);
  function("converter_planShards", &Method<&ConverterHandle::PlanShards>::Call);
  function("converter_shard", &Method<&ConverterHandle::Shard>::Call);
  function("converter_compressedShard", &Method<&ConverterHandle::CompressedShard>::Call);
  function("converter_delete", &resnet50::js::Delete<ConverterHandle>);
}
