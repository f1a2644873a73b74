// The half of the pickle machine that makes dicts, parameters, storages and tensors out of calls.
#include <optional>
#include <string>
#include <utility>

#include "checkpoint/pickle_globals.h"
#include "checkpoint/pickle_machine.h"

namespace resnet50 {

Status PickleMachine::PushGlobal(std::string_view module, std::string_view name) {
  if (const int row = FindPickleGlobal(module, name); row >= 0) {
    return Push(PickleValue{PickleKind::kGlobal, row, 0, {}, {}});
  }
  if (std::string refusal = RefuseGlobal(module, name); !refusal.empty()) return Fail(std::move(refusal));
  return PushOpaque(name);
}

Status PickleMachine::PushOpaque(std::string_view name) {
  return Push(PickleValue{PickleKind::kOpaque, 0, 0, name, {}});
}

Status PickleMachine::StepObject(uint8_t opcode) {
  switch (opcode) {
    case kOpGlobal: {
      const std::optional<std::string_view> module = Line();
      const std::optional<std::string_view> name = module ? Line() : std::nullopt;
      return name ? PushGlobal(*module, *name) : Status(Damaged("a global without a name"));
    }
    case kOpStackGlobal: {
      Result<PickleRef> name = Pop();
      if (!name) return std::move(name).error();
      Result<PickleRef> module = Pop();
      if (!module) return std::move(module).error();
      if (!Is(name.value(), PickleKind::kString) || !Is(module.value(), PickleKind::kString)) {
        return Damaged("a global without a name");
      }
      return PushGlobal(At(module.value()).text, At(name.value()).text);
    }
    case kOpReduce:
    case kOpNewObj: return Call();
    case kOpNewObjEx: return CallWithNames();
    case kOpBuild: return BuildState();
    case kOpBinPersId: return PushStorage();
    default: {
      constexpr char kHex[] = "0123456789abcdef";
      return Fail(std::string("holds a pickle with the opcode 0x") + kHex[opcode >> 4] + kHex[opcode & 15] +
                  ", which torch.save does not write for a state dict: it is damaged or asks to run code");
    }
  }
}

// A tuple or list of integers.
std::optional<std::vector<int64_t>> PickleMachine::Integers(PickleRef ref) {
  const PickleValue& sequence = At(ref);
  if (sequence.kind != PickleKind::kTuple && sequence.kind != PickleKind::kList) return std::nullopt;
  if (sequence.items.size() > kMaxTensorRank) return std::nullopt;
  std::vector<int64_t> integers;
  for (const PickleRef item : sequence.items) {
    if (!Is(item, PickleKind::kInt)) return std::nullopt;
    integers.push_back(At(item).integer);
  }
  return integers;
}

// ('storage', type, key, location, elements), in plain streams with a sixth: None or (view key, offset, elements); or
// ('module', class, file, source), a class of a whole model with its source text, which is not looked at.
Status PickleMachine::PushStorage() {
  Result<PickleRef> popped = Pop();
  if (!popped) return std::move(popped).error();
  const std::vector<PickleRef>& id = At(popped.value()).items;
  const bool named = Is(popped.value(), PickleKind::kTuple) && !id.empty() && Is(id[0], PickleKind::kString);
  if (named && At(id[0]).text == "module") {
    const bool known = id.size() > 1 && Is(id[1], PickleKind::kOpaque);
    return PushOpaque(known ? At(id[1]).text : "class");
  }
  // Element types that torch added later, and none of ours.
  if (named && id.size() > 1 && Is(id[1], PickleKind::kOpaque)) return PushOpaque(At(id[1]).text);
  if (!named || At(id[0]).text != "storage" || id.size() < 5 || id.size() > 6 || !Is(id[1], PickleKind::kGlobal) ||
      !Is(id[2], PickleKind::kString) || !Is(id[4], PickleKind::kInt)) {
    return Damaged("a storage that is none");
  }
  const PickleGlobal& type = PickleGlobals()[size_t(At(id[1]).integer)];
  if (type.role != GlobalRole::kStorageType) return Damaged("a storage that is none");
  const int64_t elements = At(id[4]).integer;
  PickledStorage storage{type.type, At(id[2]).text, elements, 0, elements};
  if (id.size() == 6 && !Is(id[5], PickleKind::kNone)) {
    const std::vector<PickleRef>& view = At(id[5]).items;
    if (!Is(id[5], PickleKind::kTuple) || view.size() != 3 || !Is(view[1], PickleKind::kInt) ||
        !Is(view[2], PickleKind::kInt)) {
      return Damaged("a storage's view that is none");
    }
    storage.view_offset = At(view[1]).integer;
    storage.view_elements = At(view[2]).integer;
  }
  if (storage.elements < 0 || storage.view_offset < 0 || storage.view_elements < 0 ||
      storage.view_offset > storage.elements || storage.view_elements > storage.elements - storage.view_offset) {
    return Damaged("a storage of impossible size");
  }
  out_.storages.push_back(storage);
  return Push(PickleValue{PickleKind::kStorage, int64_t(out_.storages.size() - 1), 0, {}, {}});
}

// What an unknown class or function would have made is opaque, whatever its arguments.
Status PickleMachine::Call() {
  Result<PickleRef> arguments = Pop();
  if (!arguments) return std::move(arguments).error();
  Result<PickleRef> callee = Pop();
  if (!callee) return std::move(callee).error();
  if (!Is(arguments.value(), PickleKind::kTuple)) return Damaged("a call of something that is no function");
  if (Is(callee.value(), PickleKind::kOpaque)) return PushOpaque(At(callee.value()).text);
  if (!Is(callee.value(), PickleKind::kGlobal)) return Damaged("a call of something that is no function");
  // Copied, as pushing a value moves the others.
  const std::vector<PickleRef> items = At(arguments.value()).items;
  if (items.size() > kMaxTensorRank) return Damaged("a call with too many arguments");
  return CallGlobal(PickleGlobals()[size_t(At(callee.value()).integer)].role, items);
}

Status PickleMachine::CallGlobal(GlobalRole role, const std::vector<PickleRef>& items) {
  switch (role) {
    case GlobalRole::kDict: return MakeDict(items);
    case GlobalRole::kSize:
      if (items.size() != 1 || !Integers(items[0])) return Damaged("a torch.Size that is none");
      return Push(items[0]);
    case GlobalRole::kRebuildTensor: return MakeTensor(items);
    case GlobalRole::kRebuildParameter: return MakeParameter(items, false);
    case GlobalRole::kParameter: return MakeParameter(items, true);
    case GlobalRole::kRebuildSubclass: {
      const bool known = items.size() >= 3 && Is(items[0], PickleKind::kGlobal) && Is(items[2], PickleKind::kTuple) &&
                         PickleGlobals()[size_t(At(items[0]).integer)].role == GlobalRole::kRebuildTensor;
      if (!known) return PushOpaque("_rebuild_from_type_v2");
      return MakeTensor(std::vector<PickleRef>(At(items[2]).items));
    }
    case GlobalRole::kStorageType: break;
  }
  return Damaged("a call of something that is no function");
}

// class.__new__(class, *arguments, **named): only opaque classes have such a constructor.
Status PickleMachine::CallWithNames() {
  Result<PickleRef> named = Pop();
  if (!named) return std::move(named).error();
  return Call();
}

// Python 2 writes OrderedDict([[key, value], ...]), Python 3 an empty one and then its items.
Status PickleMachine::MakeDict(const std::vector<PickleRef>& arguments) {
  PickleValue dict{PickleKind::kDict, 0, 0, {}, {}};
  if (arguments.size() > 1) return Damaged("an OrderedDict that is none");
  if (arguments.size() == 1) {
    if (Status status = CountItems(2 * At(arguments[0]).items.size()); !status) return status;
    for (const PickleRef pair : At(arguments[0]).items) {
      const bool is_pair = Is(pair, PickleKind::kList) || Is(pair, PickleKind::kTuple);
      if (!is_pair || At(pair).items.size() != 2) return Damaged("an OrderedDict that is none");
      dict.items.insert(dict.items.end(), At(pair).items.begin(), At(pair).items.end());
    }
  }
  return Push(std::move(dict));
}

Status PickleMachine::MakeTensor(const std::vector<PickleRef>& arguments) {
  // A storage of a type that is none of ours, or one that another pickle inside of this one holds.
  if (!arguments.empty() && Is(arguments[0], PickleKind::kOpaque)) return PushOpaque(At(arguments[0]).text);
  if (arguments.size() < 4 || arguments.size() > 7 || !Is(arguments[0], PickleKind::kStorage) ||
      !Is(arguments[1], PickleKind::kInt)) {
    return Damaged("a tensor that is none");
  }
  std::optional<std::vector<int64_t>> shape = Integers(arguments[2]), strides = Integers(arguments[3]);
  if (!shape || !strides || shape->size() != strides->size()) return Damaged("a tensor without a shape");
  out_.tensors.push_back(
      {size_t(At(arguments[0]).integer), At(arguments[1]).integer, std::move(*shape), std::move(*strides)});
  return Push(PickleValue{PickleKind::kTensor, int64_t(out_.tensors.size() - 1), 0, {}, {}});
}

// A value of its own, as BuildState may give it another tensor.
Status PickleMachine::MakeParameter(const std::vector<PickleRef>& arguments, bool may_be_empty) {
  if (arguments.empty() && may_be_empty) return Push(PickleValue{PickleKind::kTensor, -1, 0, {}, {}});
  if (!arguments.empty() && Is(arguments[0], PickleKind::kOpaque)) return Push(arguments[0]);
  if (arguments.empty() || !Is(arguments[0], PickleKind::kTensor)) return Damaged("a parameter without a tensor");
  return Push(PickleValue{PickleKind::kTensor, At(arguments[0]).integer, 0, {}, {}});
}

// State of a dict (a state dict's _metadata, say) says nothing about weights. That of a parameter may bring its tensor,
// that of an opaque object is kept, as a whole model's leads to its tensors.
Status PickleMachine::BuildState() {
  Result<PickleRef> state = Pop();
  if (!state) return std::move(state).error();
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return Damaged("the stack is empty");
  PickleValue& target = At(stack_.back());
  if (target.kind == PickleKind::kDict) return {};
  if (target.kind == PickleKind::kOpaque) {
    target.items.assign(1, state.value());
    return CountItems(1);
  }
  if (target.kind != PickleKind::kTensor) return Damaged("state for something that has none");
  const PickleValue& values = At(state.value());
  if (values.kind == PickleKind::kTuple && !values.items.empty() && Is(values.items[0], PickleKind::kTensor)) {
    target.integer = At(values.items[0]).integer;
  }
  return {};
}

}  // namespace resnet50
