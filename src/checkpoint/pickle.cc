#include "checkpoint/pickle.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "checkpoint/pickle_machine.h"

namespace resnet50 {
namespace {

constexpr PickleRef kNoRef = ~PickleRef{0};
constexpr uint8_t kMinProtocol = 2, kMaxProtocol = 5;
constexpr size_t kMaxNameLength = 256;  // of a global's module and name, bytes

}  // namespace

// --- operands and stack ---------------------------------------------------------------------------------------------

std::optional<uint64_t> PickleMachine::Unsigned(size_t width) {
  if (bytes_.size() - position_ < width) return std::nullopt;
  uint64_t value = 0;
  std::memcpy(&value, bytes_.data() + position_, width);
  position_ += width;
  return value;
}

std::optional<std::string_view> PickleMachine::Bytes(uint64_t count) {
  if (bytes_.size() - position_ < count) return std::nullopt;
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + position_, size_t(count));
  position_ += size_t(count);
  return text;
}

std::optional<std::string_view> PickleMachine::Line() {
  const auto rest = bytes_.subspan(position_, std::min(bytes_.size() - position_, kMaxNameLength + 1));
  const auto end = std::find(rest.begin(), rest.end(), uint8_t('\n'));
  if (end == rest.end()) return std::nullopt;
  const std::optional<std::string_view> text = Bytes(uint64_t(end - rest.begin()));
  ++position_;
  return text;
}

Status PickleMachine::Push(PickleRef ref) {
  if (stack_.size() == kMaxPickleStack) return Fail("holds a pickle that is too large to be a state dict");
  stack_.push_back(ref);
  return {};
}

Status PickleMachine::Push(PickleValue value) {
  if (out_.values.size() == kMaxPickleValues) return Fail("holds a pickle that is too large to be a state dict");
  if (Status status = CountItems(value.items.size()); !status) return status;
  out_.values.push_back(std::move(value));
  return Push(PickleRef(out_.values.size() - 1));
}

Status PickleMachine::CountItems(size_t count) {
  items_ += count;
  if (items_ > kMaxPickleItems) return Fail("holds a pickle that is too large to be a state dict");
  return {};
}

Status PickleMachine::PushInt(int64_t integer) { return Push(PickleValue{PickleKind::kInt, integer, 0, {}, {}}); }

// Little-endian two's complement; up to 64 bits become an ordinary integer.
Status PickleMachine::PushLong(uint64_t count) {
  const std::optional<std::string_view> digits = Bytes(count);
  if (!digits) return Damaged("it ends early");
  if (count > sizeof(int64_t)) return Push(PickleValue{PickleKind::kLong, 0, 0, *digits, {}});
  const bool negative = count > 0 && uint8_t(digits->back()) >= 0x80;
  int64_t integer = negative ? -1 : 0;
  std::memcpy(&integer, digits->data(), size_t(count));
  return PushInt(integer);
}

Result<PickleRef> PickleMachine::Pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return Damaged("the stack is empty");
  const PickleRef ref = stack_.back();
  stack_.pop_back();
  return ref;
}

Result<std::vector<PickleRef>> PickleMachine::PopToMark() {
  if (marks_.empty()) return Damaged("a mark is missing");
  std::vector<PickleRef> items(stack_.begin() + ptrdiff_t(marks_.back()), stack_.end());
  stack_.resize(marks_.back());
  marks_.pop_back();
  return items;
}

// The value on top of the stack, which must be of that kind or opaque.
Result<PickleRef> PickleMachine::Top(PickleKind kind) {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()) ||
      (!Is(stack_.back(), kind) && !Is(stack_.back(), PickleKind::kOpaque))) {
    return Damaged("items for something that is no list or dict");
  }
  return stack_.back();
}

// --- opcodes --------------------------------------------------------------------------------------------------------

Status PickleMachine::StepNumber(uint8_t opcode) {
  switch (opcode) {
    case kOpNone: return Push(PickleValue{});
    case kOpNewTrue: return Push(PickleValue{PickleKind::kBool, 1, 0, {}, {}});
    case kOpNewFalse: return Push(PickleValue{PickleKind::kBool, 0, 0, {}, {}});
    default: break;
  }
  const size_t width = opcode == kOpBinFloat                       ? 8
                       : opcode == kOpBinInt || opcode == kOpLong4 ? 4
                       : opcode == kOpBinInt2                      ? 2
                                                                   : 1;
  const std::optional<uint64_t> operand = Unsigned(width);
  if (!operand) return Damaged("it ends early");
  switch (opcode) {
    case kOpBinInt: return PushInt(int32_t(*operand));
    case kOpBinFloat:
      return Push(PickleValue{PickleKind::kFloat, 0, std::bit_cast<double>(__builtin_bswap64(*operand)), {}, {}});
    case kOpLong1:
    case kOpLong4: return PushLong(*operand);
    default: return PushInt(int64_t(*operand));
  }
}

Status PickleMachine::StepString(uint8_t opcode) {
  const bool is_short = opcode == kOpShortBinString || opcode == kOpShortBinBytes || opcode == kOpShortBinUnicode;
  const bool is_long = opcode == kOpBinUnicode8 || opcode == kOpBinBytes8 || opcode == kOpByteArray8;
  const std::optional<uint64_t> length = Unsigned(is_short ? 1 : is_long ? 8 : 4);
  const std::optional<std::string_view> text = length ? Bytes(*length) : std::nullopt;
  if (!text) return Damaged("it ends early");
  return Push(PickleValue{PickleKind::kString, 0, 0, *text, {}});
}

// A new tuple of the topmost `count` values, or a new empty list or dict.
Status PickleMachine::PushSequence(PickleKind kind, size_t count) {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - floor < count) return Damaged("the stack is empty");
  std::vector<PickleRef> items(stack_.end() - ptrdiff_t(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return Push(PickleValue{kind, 0, 0, {}, std::move(items)});
}

Status PickleMachine::Extend(PickleKind kind, std::span<const PickleRef> items) {
  Result<PickleRef> target = Top(kind);
  if (!target) return std::move(target).error();
  if (kind == PickleKind::kDict && items.size() % 2 != 0) return Damaged("a key without a value");
  PickleValue& value = At(target.value());
  if (value.kind == PickleKind::kOpaque) {
    // A class derived from list or dict: a dict's items may lead to weights, others say nothing of them.
    if (kind != PickleKind::kDict) return {};
    value.kind = kind;
    value.items.clear();
  }
  if (Status status = CountItems(items.size()); !status) return status;
  std::vector<PickleRef>& all = value.items;
  all.insert(all.end(), items.begin(), items.end());
  return {};
}

Status PickleMachine::StepContainer(uint8_t opcode) {
  switch (opcode) {
    case kOpEmptyTuple: return PushSequence(PickleKind::kTuple, 0);
    case kOpEmptyList: return PushSequence(PickleKind::kList, 0);
    case kOpEmptyDict: return PushSequence(PickleKind::kDict, 0);
    case kOpEmptySet: return PushOpaque("set");
    case kOpTuple1:
    case kOpTuple2:
    case kOpTuple3: return PushSequence(PickleKind::kTuple, size_t(opcode - kOpTuple1 + 1));
    default: break;
  }
  if (opcode == kOpAppend || opcode == kOpSetItem) {
    const size_t count = opcode == kOpAppend ? 1 : 2;
    std::vector<PickleRef> items(count);
    for (size_t i = count; i-- > 0;) {
      Result<PickleRef> item = Pop();
      if (!item) return std::move(item).error();
      items[i] = item.value();
    }
    return Extend(opcode == kOpAppend ? PickleKind::kList : PickleKind::kDict, items);
  }
  Result<std::vector<PickleRef>> items = PopToMark();
  if (!items) return std::move(items).error();
  switch (opcode) {
    case kOpAppends: return Extend(PickleKind::kList, items.value());
    case kOpSetItems: return Extend(PickleKind::kDict, items.value());
    case kOpAddItems: return Extend(PickleKind::kList, {});
    case kOpFrozenSet: return PushOpaque("frozenset");
    case kOpTuple: return Push(PickleValue{PickleKind::kTuple, 0, 0, {}, std::move(items).value()});
    case kOpList: return Push(PickleValue{PickleKind::kList, 0, 0, {}, std::move(items).value()});
    default: break;  // kOpDict
  }
  if (items->size() % 2 != 0) return Damaged("a key without a value");
  return Push(PickleValue{PickleKind::kDict, 0, 0, {}, std::move(items).value()});
}

Status PickleMachine::Put(uint64_t index) {
  if (index >= kMaxPickleMemo) return Fail("holds a pickle that is too large to be a state dict");
  if (stack_.empty()) return Damaged("the stack is empty");
  if (index >= memo_.size()) memo_.resize(size_t(index) + 1, kNoRef);
  memo_used_ += memo_[size_t(index)] == kNoRef;
  memo_[size_t(index)] = stack_.back();
  return {};
}

Status PickleMachine::Get(uint64_t index) {
  if (index >= memo_.size() || memo_[size_t(index)] == kNoRef) return Damaged("an unknown memo entry");
  return Push(memo_[size_t(index)]);
}

Status PickleMachine::StepMemo(uint8_t opcode) {
  if (opcode == kOpMemoize) return Put(memo_used_);
  const bool is_long = opcode == kOpLongBinPut || opcode == kOpLongBinGet;
  const std::optional<uint64_t> index = Unsigned(is_long ? 4 : 1);
  if (!index) return Damaged("it ends early");
  return opcode == kOpBinPut || opcode == kOpLongBinPut ? Put(*index) : Get(*index);
}

Status PickleMachine::Step(uint8_t opcode) {
  switch (opcode) {
    case kOpStop: stopped_ = true; return {};
    case kOpMark:
      if (marks_.size() == kMaxPickleStack) return Fail("holds a pickle that is too large to be a state dict");
      marks_.push_back(stack_.size());
      return {};
    case kOpPop:
      // As in CPython: where there is nothing above the mark, the mark goes.
      if (!marks_.empty() && marks_.back() == stack_.size()) {
        marks_.pop_back();
        return {};
      } else {
        Result<PickleRef> dropped = Pop();
        return dropped ? Status() : Status(std::move(dropped).error());
      }
    case kOpPopMark: {
      Result<std::vector<PickleRef>> dropped = PopToMark();
      return dropped ? Status() : Status(std::move(dropped).error());
    }
    case kOpDup: return stack_.empty() ? Status(Damaged("the stack is empty")) : Push(PickleRef(stack_.back()));
    // Frames only help readers of slow files; their length is checked for what it claims about the bytes left.
    case kOpFrame: {
      const std::optional<uint64_t> length = Unsigned(8);
      return length && *length <= bytes_.size() - position_ ? Status() : Status(Damaged("it ends early"));
    }
    case kOpNone:
    case kOpNewTrue:
    case kOpNewFalse:
    case kOpBinInt:
    case kOpBinInt1:
    case kOpBinInt2:
    case kOpLong1:
    case kOpLong4:
    case kOpBinFloat: return StepNumber(opcode);
    case kOpBinString:
    case kOpShortBinString:
    case kOpBinUnicode:
    case kOpShortBinUnicode:
    case kOpBinUnicode8:
    case kOpBinBytes:
    case kOpShortBinBytes:
    case kOpBinBytes8:
    case kOpByteArray8: return StepString(opcode);
    case kOpEmptySet:
    case kOpAddItems:
    case kOpFrozenSet:
    case kOpEmptyTuple:
    case kOpEmptyList:
    case kOpEmptyDict:
    case kOpTuple1:
    case kOpTuple2:
    case kOpTuple3:
    case kOpAppend:
    case kOpSetItem:
    case kOpAppends:
    case kOpSetItems:
    case kOpTuple:
    case kOpList:
    case kOpDict: return StepContainer(opcode);
    case kOpBinPut:
    case kOpLongBinPut:
    case kOpMemoize:
    case kOpBinGet:
    case kOpLongBinGet: return StepMemo(opcode);
    default: return StepObject(opcode);
  }
}

Result<Pickle> PickleMachine::Run() {
  if (bytes_.size() < 2 || bytes_[0] != kOpProto || bytes_[1] < kMinProtocol || bytes_[1] > kMaxProtocol) {
    return Fail("holds no pickle of protocol 2 to 5");
  }
  position_ = 2;
  for (size_t operations = 0; !stopped_; ++operations) {
    if (position_ == bytes_.size()) return Damaged("it ends early");
    if (operations == kMaxPickleOperations) return Fail("holds a pickle that is too large to be a state dict");
    if (Status status = Step(bytes_[position_++]); !status) return std::move(status).error();
  }
  if (stack_.size() != 1 || !marks_.empty()) return Damaged("it stops in the middle");
  out_.root = stack_.back();
  out_.size = position_;
  return std::move(out_);
}

Result<Pickle> ReadPickle(std::span<const uint8_t> bytes, std::string_view file_name) {
  return PickleMachine(bytes, file_name).Run();
}

}  // namespace resnet50
