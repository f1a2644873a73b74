// The machine behind ReadPickle: state and opcodes. Only pickle.cc (numbers, strings, containers, memo) and
// pickle_objects.cc (globals, calls, storages) include this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "checkpoint/pickle.h"
#include "checkpoint/pickle_globals.h"

namespace resnet50 {

// Opcodes of CPython's Lib/pickletools.py that the machine runs.
enum PickleOpcode : uint8_t {
  kOpMark = '(',
  kOpStop = '.',
  kOpPop = '0',
  kOpPopMark = '1',
  kOpDup = '2',
  kOpBinFloat = 'G',
  kOpBinInt = 'J',
  kOpBinInt1 = 'K',
  kOpBinInt2 = 'M',
  kOpNone = 'N',
  kOpBinPersId = 'Q',
  kOpReduce = 'R',
  kOpBinString = 'T',
  kOpShortBinString = 'U',
  kOpBinUnicode = 'X',
  kOpAppend = 'a',
  kOpBuild = 'b',
  kOpGlobal = 'c',
  kOpDict = 'd',
  kOpEmptyDict = '}',
  kOpAppends = 'e',
  kOpBinGet = 'h',
  kOpLongBinGet = 'j',
  kOpList = 'l',
  kOpEmptyList = ']',
  kOpBinPut = 'q',
  kOpLongBinPut = 'r',
  kOpSetItem = 's',
  kOpTuple = 't',
  kOpEmptyTuple = ')',
  kOpSetItems = 'u',
  kOpBinBytes = 'B',
  kOpShortBinBytes = 'C',
  kOpProto = 0x80,
  kOpNewObj = 0x81,
  kOpTuple1 = 0x85,
  kOpTuple2 = 0x86,
  kOpTuple3 = 0x87,
  kOpNewTrue = 0x88,
  kOpNewFalse = 0x89,
  kOpLong1 = 0x8a,
  kOpLong4 = 0x8b,
  kOpShortBinUnicode = 0x8c,
  kOpBinUnicode8 = 0x8d,
  kOpBinBytes8 = 0x8e,
  kOpStackGlobal = 0x93,
  kOpMemoize = 0x94,
  kOpFrame = 0x95,
  kOpEmptySet = 0x8f,
  kOpAddItems = 0x90,
  kOpFrozenSet = 0x91,
  kOpNewObjEx = 0x92,
  kOpByteArray8 = 0x96,
};

class PickleMachine {
 public:
  PickleMachine(std::span<const uint8_t> bytes, std::string_view file_name) : bytes_(bytes), file_name_(file_name) {}

  Result<Pickle> Run();

 private:
  Error Fail(std::string message) const {
    return {ErrorCode::kCheckpointFormat, std::string(file_name_), std::move(message)};
  }
  Error Damaged(std::string_view what) const {
    return Fail("holds a damaged pickle (" + std::string(what) + " at byte " + std::to_string(position_) + ")");
  }

  Status Step(uint8_t opcode);
  Status StepNumber(uint8_t opcode);
  Status StepString(uint8_t opcode);
  Status StepContainer(uint8_t opcode);
  Status StepMemo(uint8_t opcode);
  Status StepObject(uint8_t opcode);

  // Operands. Nothing where the bytes end first.
  std::optional<uint64_t> Unsigned(size_t width);
  std::optional<std::string_view> Bytes(uint64_t count);
  std::optional<std::string_view> Line();

  Status Push(PickleRef ref);
  Status Push(PickleValue value);
  Status CountItems(size_t count);
  Status PushInt(int64_t integer);
  Status PushLong(uint64_t count);
  Result<PickleRef> Pop();
  Result<std::vector<PickleRef>> PopToMark();
  Result<PickleRef> Top(PickleKind kind);
  Status PushSequence(PickleKind kind, size_t count);
  Status Extend(PickleKind kind, std::span<const PickleRef> items);
  Status Put(uint64_t index);
  Status Get(uint64_t index);

  Status PushGlobal(std::string_view module, std::string_view name);
  Status PushStorage();
  Status PushOpaque(std::string_view name);
  Status Call();
  Status CallGlobal(GlobalRole role, const std::vector<PickleRef>& arguments);
  Status CallWithNames();
  Status BuildState();
  Status MakeDict(const std::vector<PickleRef>& arguments);
  Status MakeTensor(const std::vector<PickleRef>& arguments);
  Status MakeParameter(const std::vector<PickleRef>& arguments, bool may_be_empty);

  PickleValue& At(PickleRef ref) { return out_.values[ref]; }
  bool Is(PickleRef ref, PickleKind kind) { return At(ref).kind == kind; }
  std::optional<std::vector<int64_t>> Integers(PickleRef ref);

  std::span<const uint8_t> bytes_;
  std::string_view file_name_;
  size_t position_ = 0;
  bool stopped_ = false;
  Pickle out_;
  std::vector<PickleRef> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::vector<PickleRef> memo_;
  size_t memo_used_ = 0;  // entries set, what MEMOIZE counts
  size_t items_ = 0;      // of all tuples, lists and dicts
};

}  // namespace resnet50
