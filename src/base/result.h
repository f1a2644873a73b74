// Errors by value. Every fallible function of the core returns a Result; nothing in the core throws.
// This file knows no room: codes are named after what the caller can do about them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace resnet50 {

// One code for each remedy. Name(code) is the spelling that JavaScript sees as `error.code`.
enum class ErrorCode : uint8_t {
  kInvalidArgument,     // a parameter is out of its documented range
  kNotAnImage,          // the bytes begin with no image signature we know
  kUnsupportedFormat,   // a known image format, or a variety of one, that this decoder does not read
  kTruncatedImage,      // the file ends before its pixels do
  kCorruptImage,        // the file contradicts itself
  kImageTooLarge,       // bytes, sides or pixels over the caller's limit (checked before any pixel is allocated)
  kOutOfMemory,         // an allocation failed; the model is unharmed
  kCheckpointFormat,    // not a state dict that we read: wrong container, hostile or unknown pickle
  kCheckpointMismatch,  // tensors missing, unexpected or misshaped for this architecture
  kWeightsFormat,       // a shard is no valid safetensors file
  kWeightsMismatch,     // a shard's tensors do not fit this network
  kNotReady,            // called before the step that must come first
  kNotFinite,           // an answer of the network is NaN or infinite
  kInternal,            // an XNNPACK operator refused what should have been valid: a defect of ours
};

std::string_view Name(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string subject;  // the thing that is wrong: file, shard, tensor or field; may be empty
  std::string message;  // one sentence: what is wrong and what to do
};

// Either a value or an Error. Check with `if (!result)`, then use value() or error().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  const Error& error() const& {
    RESNET50_CHECK(!ok_);
    return error_;
  }
  Error&& error() && {
    RESNET50_CHECK(!ok_);
    return std::move(error_);
  }

 private:
  Error error_{ErrorCode::kInternal, {}, {}};
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace resnet50
