// Objects of the core as JavaScript holds them: { handle, ...fields }, the handle being an address; their methods are
// functions named "type_method" that take it first, and web/core/objects.ts puts both together. Embind has classes for
// that, whose JavaScript (inheritance, smart pointers, overloads) would be a tenth of all that a page has to load.
#pragma once

#include <emscripten/val.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace resnet50::js {

// Gives an object to JavaScript, which calls "type_delete" when done.
template <typename T>
emscripten::val Hold(std::unique_ptr<T> object) {
  emscripten::val held = emscripten::val::object();
  held.set("handle", reinterpret_cast<uintptr_t>(object.release()));
  return held;
}

template <typename T>
T& At(uintptr_t handle) {
  if (handle == 0) std::abort();  // deleted: web/core/objects.ts clears the handle
  return *reinterpret_cast<T*>(handle);
}

// The object behind what Hold() gave.
template <typename T>
T& At(const emscripten::val& held) {
  return At<T>(held["handle"].as<uintptr_t>());
}

// "type_delete".
template <typename T>
void Delete(uintptr_t handle) {
  delete &At<T>(handle);
}

// "type_method": Method<&T::method>::Call(handle, arguments...).
template <auto method>
struct Method;

template <typename T, typename R, typename... Arguments, R (T::*method)(Arguments...)>
struct Method<method> {
  static R Call(uintptr_t handle, Arguments... arguments) {
    return (At<T>(handle).*method)(std::forward<Arguments>(arguments)...);
  }
};

template <typename T, typename R, typename... Arguments, R (T::*method)(Arguments...) const>
struct Method<method> {
  static R Call(uintptr_t handle, Arguments... arguments) {
    return (At<T>(handle).*method)(std::forward<Arguments>(arguments)...);
  }
};

}  // namespace resnet50::js
