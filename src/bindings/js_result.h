// How the core's results look in JavaScript: { value } or { error: { code, subject, message } }. See web/core/types.ts.
#pragma once

#include <emscripten/val.h>

#include <string>
#include <utility>

#include "base/result.h"

namespace resnet50::js {

inline emscripten::val Failure(const Error& error) {
  emscripten::val details = emscripten::val::object();
  details.set("code", std::string(Name(error.code)));
  details.set("subject", error.subject);
  details.set("message", error.message);
  emscripten::val result = emscripten::val::object();
  result.set("error", details);
  return result;
}

template <typename T>
emscripten::val Success(T&& value) {
  emscripten::val result = emscripten::val::object();
  result.set("value", std::forward<T>(value));
  return result;
}

inline emscripten::val ToJs(const Status& status) {
  return status ? Success(emscripten::val::undefined()) : Failure(status.error());
}

}  // namespace resnet50::js
