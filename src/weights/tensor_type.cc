#include "weights/tensor_type.h"

#include <bit>
#include <cstring>
#include <limits>

namespace resnet50 {
namespace {

static_assert(std::endian::native == std::endian::little, "stored tensors are little-endian and read as they lie");

struct TypeRow {
  std::string_view name;
  uint8_t size;
  bool floating;
};

// In the order of TensorType.
constexpr TypeRow kTypes[] = {
    {"BOOL", 1, false}, {"U8", 1, false},  {"I8", 1, false},  {"I16", 2, false}, {"U16", 2, false},
    {"I32", 4, false},  {"U32", 4, false}, {"I64", 8, false}, {"U64", 8, false}, {"F16", 2, true},
    {"BF16", 2, true},  {"F32", 4, true},  {"F64", 8, true},
};

const TypeRow& Row(TensorType type) { return kTypes[size_t(type)]; }

// IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 mantissa bits.
float HalfToFloat(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f;
  const uint32_t mantissa = half & 0x3ff;
  if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24, exact in float
    const float magnitude = float(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  const uint32_t wide_exponent = exponent == 0x1f ? 0xff : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (mantissa << 13));
}

template <typename T>
void Convert(const uint8_t* elements, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, elements + i * sizeof(T), sizeof(T));
    out[i] = float(value);
  }
}

void ConvertHalf(const uint8_t* elements, size_t count, float* out, bool brain) {
  for (size_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, elements + i * sizeof(bits), sizeof(bits));
    out[i] = brain ? std::bit_cast<float>(uint32_t(bits) << 16) : HalfToFloat(bits);
  }
}

}  // namespace

size_t ElementSize(TensorType type) { return Row(type).size; }

std::string_view Name(TensorType type) { return Row(type).name; }

bool IsFloatingPoint(TensorType type) { return Row(type).floating; }

std::optional<TensorType> ParseTensorType(std::string_view name) {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == name) return TensorType(i);
  }
  return std::nullopt;
}

std::optional<int64_t> ElementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(count, side, &count)) return std::nullopt;
  }
  return count;
}

std::optional<size_t> ByteSize(TensorType type, std::span<const int64_t> shape) {
  const std::optional<int64_t> count = ElementCount(shape);
  size_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, ElementSize(type), &bytes)) return std::nullopt;
  return bytes;
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (const int64_t side : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(side);
  }
  return text + "]";
}

std::string PrintableName(std::string_view name) {
  constexpr size_t kLongest = 100;
  std::string text(name.substr(0, kLongest));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return name.size() > kLongest ? text + "..." : text;
}

void ConvertToFloat(TensorType type, const uint8_t* elements, size_t count, float* out) {
  switch (type) {
    case TensorType::kBool:
      for (size_t i = 0; i < count; ++i) out[i] = elements[i] != 0 ? 1.0f : 0.0f;
      return;
    case TensorType::kU8: return Convert<uint8_t>(elements, count, out);
    case TensorType::kI8: return Convert<int8_t>(elements, count, out);
    case TensorType::kI16: return Convert<int16_t>(elements, count, out);
    case TensorType::kU16: return Convert<uint16_t>(elements, count, out);
    case TensorType::kI32: return Convert<int32_t>(elements, count, out);
    case TensorType::kU32: return Convert<uint32_t>(elements, count, out);
    case TensorType::kI64: return Convert<int64_t>(elements, count, out);
    case TensorType::kU64: return Convert<uint64_t>(elements, count, out);
    case TensorType::kF16: return ConvertHalf(elements, count, out, false);
    case TensorType::kBF16: return ConvertHalf(elements, count, out, true);
    case TensorType::kF32: return Convert<float>(elements, count, out);
    case TensorType::kF64: return Convert<double>(elements, count, out);
  }
}

}  // namespace resnet50
