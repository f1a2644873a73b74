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

namespace resnet50::js {

using emscripten::val;

class ConverterHandle {
 public:
  explicit ConverterHandle(std::unique_ptr<Converter> converter) : converter_(std::move(converter)) {}

  int classes() const { return converter_->classes(); }
  double parameters() const { return double(converter_->parameters()); }

  val Calibrate(const ImageHandle& image) { return ToJs(converter_->Calibrate(image.image())); }
  val CalibrateGenerated(uint32_t index) { return ToJs(converter_->CalibrateGenerated(index)); }

  val Ranges() const {
    val ranges = val::object();
    for (const auto& [name, range] : converter_->ranges()) {
      val pair = val::array();
      pair.call<void>("push", range.min);
      pair.call<void>("push", range.max);
      ranges.set(name, pair);
    }
    return ranges;
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
    val output = val::object();
    output.set("pointer", reinterpret_cast<uintptr_t>(shard_.data()));
    output.set("bytes", shard_.size());
    return Success(output);
  }

 private:
  std::unique_ptr<Converter> converter_;
  std::vector<uint8_t> shard_;  // the last one written
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
      .function("ranges", &ConverterHandle::Ranges)
      .function("planShards", &ConverterHandle::PlanShards)
      .function("shard", &ConverterHandle::Shard);
  emscripten::function("openCheckpoint", &resnet50::js::OpenCheckpoint);
}
