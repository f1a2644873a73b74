// A restricted pickle machine: reads what torch.save writes and cannot run code. It builds tensors, dicts, lists,
// tuples, strings and numbers. What any other class or function would have made (pickle_globals.h lists those that it
// knows) becomes an opaque value: nothing is imported or called. Knows neither where storages lie (zip_archive.h,
// legacy_stream.h) nor what a state dict is (checkpoint.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "weights/tensor_type.h"

namespace resnet50 {

// Index of a value in Pickle::values. Values refer to each other by index, so that cycles and depth cost nothing.
using PickleRef = uint32_t;

enum class PickleKind : uint8_t {
  kNone,
  kBool,     // integer: 0 or 1
  kInt,      // integer
  kLong,     // text: more than 64 bits, little-endian two's complement
  kFloat,    // real
  kString,   // text: str or bytes
  kTuple,    // items
  kList,     // items
  kDict,     // items: key, value, key, value ... in order of insertion; of equal keys the last counts
  kGlobal,   // integer: row of PickleGlobals()
  kOpaque,   // text: name of the class or function; items: the state that it was given, if any (one value)
  kStorage,  // integer: index in Pickle::storages
  kTensor,   // integer: index in Pickle::tensors, or -1 for a parameter that was never given its data
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;  // a view of the pickle's bytes
  std::vector<PickleRef> items;
};

// A storage as its persistent id describes it.
struct PickledStorage {
  TensorType type;
  std::string_view key;   // zip: entry data/KEY; plain stream: in the list of keys
  int64_t elements;       // of the whole storage
  int64_t view_offset;    // plain streams may refer to a part of a storage, in elements
  int64_t view_elements;  // = elements where it is the whole
};

struct PickledTensor {
  size_t storage;                       // index in Pickle::storages
  int64_t offset;                       // of the first element in the storage's view, elements
  std::vector<int64_t> shape, strides;  // equally long; strides in elements. Neither is checked here.
};

struct Pickle {
  std::vector<PickleValue> values;
  std::vector<PickledStorage> storages;
  std::vector<PickledTensor> tensors;
  PickleRef root = 0;
  size_t size = 0;  // bytes up to and with STOP

  const PickleValue& operator[](PickleRef ref) const { return values[ref]; }
  const PickleValue& Root() const { return values[root]; }
};

// Limits that end hostile input quickly; a ResNet-50's state dict has 8,000 values, with SGD's or Adam's state 30,000.
inline constexpr size_t kMaxPickleValues = size_t{1} << 20;
inline constexpr size_t kMaxPickleStack = size_t{1} << 20;
inline constexpr size_t kMaxPickleMemo = size_t{1} << 20;
inline constexpr size_t kMaxPickleOperations = size_t{1} << 23;
inline constexpr size_t kMaxPickleItems = size_t{1} << 22;  // of all tuples, lists and dicts together
inline constexpr size_t kMaxPickledTensors = size_t{1} << 16;
inline constexpr size_t kMaxTensorRank = 16;

// Runs the pickle at the front of `bytes` (protocols 2 to 5) up to its STOP. Strings view `bytes`, which must outlive
// the result. Time and memory are linear in the bytes read and bounded by the limits above.
// Errors: kCheckpointFormat, with `file_name` as the subject; a global that only hostile files name (os.system, eval)
// is named in the message.
Result<Pickle> ReadPickle(std::span<const uint8_t> bytes, std::string_view file_name);

}  // namespace resnet50
