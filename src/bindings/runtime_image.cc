#include "bindings/runtime_image.h"

#include <emscripten/bind.h>

#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "image/decode.h"
#include "image/view.h"

namespace resnet50::js {
using emscripten::val;

val ToJs(Result<Image> image) {
  if (!image) return Failure(image.error());
  auto owned = std::make_unique<Image>(std::move(image).value());
  const Image& facts = *owned;
  val held = Hold(std::move(owned));
  held.set("width", facts.width);
  held.set("height", facts.height);
  held.set("pixels", reinterpret_cast<uintptr_t>(facts.pixels.data()));
  held.set("format", std::string(Name(facts.format)));
  held.set("orientation", facts.orientation);
  return Success(held);
}

namespace {

val DecodeImage(uintptr_t pointer, size_t bytes, const val& options) {
  return ToJs(Decode({reinterpret_cast<const uint8_t*>(pointer), bytes}, ToDecodeOptions(options)));
}

val ImageFromPixels(uintptr_t pointer, int width, int height, int channels, const val& background) {
  if (width < 1 || height < 1 || channels < 1) {
    return Failure({ErrorCode::kInvalidArgument, "image", "width, height and channels must be positive"});
  }
  const size_t bytes = size_t(width) * size_t(height) * size_t(channels);
  return ToJs(
      FromPixels({reinterpret_cast<const uint8_t*>(pointer), bytes}, width, height, channels, ToColor(background)));
}

val ViewImage(const val& image, int degrees, int left, int top, int width, int height) {
  return ToJs(View(At<Image>(image), degrees, {left, top, width, height}));
}

val CropImage(const val& image, const val& transforms, int crops, int index) {
  Result<Transforms> parsed = ToTransforms(transforms);
  if (!parsed) return Failure(parsed.error());
  return ToJs(ResizeAndCrop(At<Image>(image), parsed.value(), {crops, index}));
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(image) {
  emscripten::function("decodeImage", &resnet50::js::DecodeImage);
  emscripten::function("imageFromPixels", &resnet50::js::ImageFromPixels);
  emscripten::function("viewImage", &resnet50::js::ViewImage);
  emscripten::function("cropImage", &resnet50::js::CropImage);
  emscripten::function("image_delete", &resnet50::js::Delete<resnet50::Image>);
}
