// How well a classifier does, as JavaScript sees it: CoreScore of web/core/trainer-types.ts.
#pragma once

#include <emscripten/val.h>

#include "training/examples.h"

namespace resnet50::js {

inline emscripten::val ToJs(const Fit& fit) {
  emscripten::val result = emscripten::val::object();
  result.set("loss", fit.loss);
  result.set("accuracy", fit.accuracy);
  return result;
}

}  // namespace resnet50::js
