// Element types of stored tensors and their conversion to float32. Knows no file format beyond the types' spelling,
// which is safetensors'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace resnet50 {

enum class TensorType : uint8_t { kBool, kU8, kI8, kI16, kU16, kI32, kU32, kI64, kU64, kF16, kBF16, kF32, kF64 };

// Bytes of one element: 1, 2, 4 or 8.
size_t ElementSize(TensorType type);

// safetensors' spelling: BOOL, U8, I8, ..., F16, BF16, F32, F64.
std::string_view Name(TensorType type);

// The type with that spelling, or nothing.
std::optional<TensorType> ParseTensorType(std::string_view name);

// F16, BF16, F32 and F64.
bool IsFloatingPoint(TensorType type);

// Product of the dimensions (1 for a scalar's empty shape); nothing where a dimension is negative or the product
// does not fit int64.
std::optional<int64_t> ElementCount(std::span<const int64_t> shape);

// Bytes of a dense tensor; nothing where the size does not fit size_t.
std::optional<size_t> ByteSize(TensorType type, std::span<const int64_t> shape);

// [64, 3, 7, 7], for messages.
std::string ShapeText(std::span<const int64_t> shape);

// A name of unknown origin, fit for a message: at most 100 bytes, anything but printable ASCII shown as '?'.
std::string PrintableName(std::string_view name);

// Converts `count` little-endian elements, at any alignment. F64 and wide integers round to nearest, F16 and BF16 are
// exact (NaN payloads and signs included), booleans become 0 and 1.
void ConvertToFloat(TensorType type, const uint8_t* elements, size_t count, float* out);

}  // namespace resnet50
