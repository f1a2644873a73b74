// A decoded image as JavaScript holds it: CoreImage of web/core/types.ts.
#pragma once

#include <emscripten/val.h>

#include "base/result.h"
#include "bindings/js_object.h"
#include "image/image.h"

namespace resnet50::js {

// { value: { handle, width, height, pixels, format, orientation } }, or the error.
emscripten::val ToJs(Result<Image> image);

}  // namespace resnet50::js
