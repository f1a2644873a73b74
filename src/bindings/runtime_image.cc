#include "bindings/runtime_image.h"

#include <emscripten/bind.h>

#include "bindings/js_options.h"
#include "bindings/js_result.h"
#include "image/decode.h"
#include "image/view.h"

namespace resnet50::js {
namespace {

using emscripten::val;

val Hand(Result<Image> image) {
  if (!image) return Failure(image.error());
  return Success(val(new ImageHandle(std::move(image).value()), emscripten::return_value_policy::take_ownership()));
}

val DecodeImage(uintptr_t pointer, size_t bytes, const val& options) {
  return Hand(Decode({reinterpret_cast<const uint8_t*>(pointer), bytes}, ToDecodeOptions(options)));
}

val ImageFromPixels(uintptr_t pointer, int width, int height, int channels, const val& background) {
  if (width < 1 || height < 1 || channels < 1) {
    return Failure({ErrorCode::kInvalidArgument, "image", "width, height and channels must be positive"});
  }
  const size_t bytes = size_t(width) * size_t(height) * size_t(channels);
  return Hand(
      FromPixels({reinterpret_cast<const uint8_t*>(pointer), bytes}, width, height, channels, ToColor(background)));
}

val ViewImage(const ImageHandle& image, int degrees, int left, int top, int width, int height) {
  return Hand(View(image.image(), degrees, {left, top, width, height}));
}

val CropImage(const ImageHandle& image, const val& transforms, int crops, int index) {
  Result<Transforms> parsed = ToTransforms(transforms);
  if (!parsed) return Failure(parsed.error());
  return Hand(ResizeAndCrop(image.image(), parsed.value(), {crops, index}));
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(image) {
  using resnet50::js::ImageHandle;
  emscripten::class_<ImageHandle>("Image")
      .property("width", &ImageHandle::width)
      .property("height", &ImageHandle::height)
      .property("pixels", &ImageHandle::pixels)
      .property("format", &ImageHandle::format)
      .property("orientation", &ImageHandle::orientation);
  emscripten::function("decodeImage", &resnet50::js::DecodeImage);
  emscripten::function("imageFromPixels", &resnet50::js::ImageFromPixels);
  emscripten::function("viewImage", &resnet50::js::ViewImage);
  emscripten::function("cropImage", &resnet50::js::CropImage);
}
