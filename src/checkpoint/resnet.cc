#include "checkpoint/resnet.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "checkpoint/resnet_guess.h"
#include "checkpoint/resnet_head.h"
#include "checkpoint/resnet_names.h"

namespace resnet50 {
namespace {

// Where training scripts put the state dict, in the order in which they are preferred.
constexpr std::string_view kWrappers[] = {"state_dict", "model_state_dict", "model", "net", "network", "weights"};
// Words in the keys of weights that are averages of others, or copies of them.
constexpr std::string_view kAveraged[] = {"ema",    "swa",      "avg",     "average", "averaged", "shadow",
                                          "target", "momentum", "teacher", "k",       "key",      "attacker"};
// What wrappers put before every name: DataParallel and DistributedDataParallel, torch.compile.
constexpr std::string_view kWrapperModules[] = {"module", "_orig_mod"};
constexpr size_t kNamesShown = 4;
constexpr size_t kMaxLeftOut = 16;
// Most blocks of a stage that are looked for, to say how many there are.
constexpr int kMaxBlocks = 64;

bool IsHeadName(std::string_view torchvision) { return torchvision.starts_with("fc."); }

// Calls `visit` with each part of a key: "model", "ema" of "model_ema.module" and so on, in lower case.
bool AnyWord(std::string_view key, const auto& matches) {
  std::string word;
  for (size_t i = 0; i <= key.size(); ++i) {
    const char c = i < key.size() ? key[i] : '.';
    const bool is_hump = i > 0 && i < key.size() && std::isupper(static_cast<unsigned char>(c)) != 0 &&
                         std::islower(static_cast<unsigned char>(key[i - 1])) != 0;
    if (is_hump && !word.empty()) {  // "model", "ema" of "modelEma"
      if (matches(word)) return true;
      word.clear();
    }
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += char(std::tolower(static_cast<unsigned char>(c)));
    } else {
      if (!word.empty() && matches(word)) return true;
      word.clear();
    }
  }
  return false;
}

bool IsAveraged(std::string_view key) {
  return AnyWord(key, [](const std::string& word) {
    return word.ends_with("ema") || std::find(std::begin(kAveraged), std::end(kAveraged), word) != std::end(kAveraged);
  });
}

size_t WrapperRank(std::string_view key) {
  const std::string_view first = key.substr(0, std::min(key.find('.'), key.size()));
  return size_t(std::find(std::begin(kWrappers), std::end(kWrappers), first) - std::begin(kWrappers));
}

// "model_ema" of "model_ema.module."; "." for the root.
std::string KeyOf(std::string_view prefix) {
  for (bool found = true; found;) {
    found = false;
    if (!prefix.empty() && prefix.back() == '.') prefix.remove_suffix(1);
    for (const std::string_view wrapper : kWrapperModules) {
      const bool is_last =
          prefix == wrapper || (prefix.ends_with(wrapper) && prefix[prefix.size() - wrapper.size() - 1] == '.');
      if (!is_last) continue;
      prefix.remove_suffix(wrapper.size());
      found = true;
    }
  }
  return prefix.empty() ? "." : std::string(prefix);
}

// How well a key that the user gave fits: 0 best, 3 not at all.
int Distance(std::string_view wanted, std::string_view key, std::string_view prefix) {
  while (wanted.size() > 1 && wanted.back() == '.') wanted.remove_suffix(1);
  if (wanted == key) return 0;
  if (prefix == std::string(wanted) + ".") return 1;
  return ("." + std::string(prefix)).find("." + std::string(wanted) + ".") != std::string::npos ? 2 : 3;
}

// Every name that a ResNet of bottlenecks or basic blocks can have, of any depth.
const std::vector<std::string>& PossibleNames() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names{"conv1.weight"};
    const auto norm = [&](const std::string& module) {
      for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) names.push_back(module + part);
    };
    norm("bn1");
    for (int layer = 1; layer <= 4; ++layer) {
      for (int block = 0; block < kMaxBlocks; ++block) {
        const std::string path = "layer" + std::to_string(layer) + "." + std::to_string(block) + ".";
        for (const char* digit : {"1", "2", "3"}) {
          names.push_back(path + "conv" + digit + ".weight");
          norm(path + "bn" + digit);
        }
        names.push_back(path + "downsample.0.weight");
        norm(path + "downsample.1");
      }
    }
    return names;
  }();
  return kNames;
}

struct Candidate {
  Body body;
  std::string key;
  StateDict names;             // what takes part in the body, by torchvision's names, without values
  std::set<std::string> used;  // full names of those
  std::optional<Error> fault;  // why it is no ResNet-50
  size_t fitting = 0;          // tensors of the right name and shape
};

class Recognizer {
 public:
  Recognizer(CheckpointReader& file, std::string_view file_name, std::span<const ExpectedTensor> expected)
      : file_(file), file_name_(file_name), index_(IndexOf(file.entries())) {
    for (const ExpectedTensor& row : expected) {
      if (!IsHeadName(row.name)) body_.push_back(row);
    }
  }

  Result<RecognizedResNet> Recognize(const ResNetChoice& choice);

 private:
  Error Mismatch(std::string message) const {
    return {ErrorCode::kCheckpointMismatch, std::string(file_name_), std::move(message)};
  }
  Candidate MakeCandidate(const Body& body) const;
  std::optional<Error> FindFault(const Candidate& candidate) const;
  Error NothingFound() const;
  Error NoSuchKey(const std::string& key, const std::vector<Candidate>& candidates) const;
  Result<RecognizedResNet> Take(const Candidate& candidate, std::span<const Candidate> all, const ResNetChoice& choice);
  Status ReadBody(const Candidate& candidate, StateDict& state);
  std::vector<const TensorEntry*> LeftOut(const Candidate& candidate, const Head& head,
                                          const std::vector<const Candidate*>& others) const;

  CheckpointReader& file_;
  std::string_view file_name_;
  TensorIndex index_;
  std::vector<ExpectedTensor> body_;
};

Candidate Recognizer::MakeCandidate(const Body& body) const {
  Candidate candidate{body, KeyOf(body.prefix), {}, {}, {}, 0};
  for (const std::string& name : PossibleNames()) {
    const auto found = index_.find(body.prefix + NameIn(body.naming, name));
    if (found == index_.end()) continue;
    const TensorEntry& entry = *found->second;
    candidate.names.tensors.push_back({name, entry.type, entry.shape, {}, {}});
    candidate.used.insert(entry.name);
  }
  for (auto at = index_.lower_bound(body.prefix); at != index_.end() && at->first.starts_with(body.prefix); ++at) {
    const std::string_view name = at->first.substr(body.prefix.size());
    if (candidate.used.contains(std::string(at->first)) || !TakesPart(body.naming, name)) continue;
    candidate.names.tensors.push_back({std::string(name), at->second->type, at->second->shape, {}, {}});
    candidate.used.insert(std::string(at->first));
  }
  std::map<std::string_view, const Tensor*> present;
  for (const Tensor& tensor : candidate.names.tensors) present.emplace(tensor.name, &tensor);
  for (const ExpectedTensor& row : body_) {
    const auto found = present.find(row.name);
    candidate.fitting += found != present.end() && found->second->shape == row.shape;
  }
  candidate.fault = FindFault(candidate);
  return candidate;
}

std::optional<Error> Recognizer::FindFault(const Candidate& candidate) const {
  for (const std::string& name : candidate.used) {
    const TensorEntry& entry = *index_.find(name)->second;
    if (!entry.unreadable.empty()) return Mismatch("has " + entry.unreadable + " as '" + PrintableName(name) + "'");
  }
  Status fits = CheckAgainst(candidate.names, body_, file_name_);
  if (fits) return std::nullopt;
  Error error = std::move(fits).error();
  if (!candidate.body.prefix.empty()) error.message += " under '" + PrintableName(candidate.body.prefix) + "'";
  const std::string guess = GuessRelative(candidate.names);
  if (!guess.empty()) error.message += "; nearest guess: " + guess;
  return error;
}

// Says which tensors there are.
Error Recognizer::NothingFound() const {
  const std::vector<TensorEntry>& entries = file_.entries();
  std::string names;
  for (size_t i = 0; i < entries.size() && i < kNamesShown; ++i) {
    names += (i > 0 ? ", " : "") + PrintableName(entries[i].name) + " " +
             (entries[i].unreadable.empty() ? ShapeText(entries[i].shape) : "(" + entries[i].unreadable + ")");
  }
  if (entries.size() > kNamesShown) names += ", ...";
  const std::string guess = GuessForeign(entries);
  return Mismatch("holds no ResNet-50: of its " + std::to_string(entries.size()) + " tensors (" + names +
                  ") none is the first block's (layer1.0.conv1.weight)" +
                  (guess.empty() ? "" : "; nearest guess: " + guess));
}

Error Recognizer::NoSuchKey(const std::string& key, const std::vector<Candidate>& candidates) const {
  std::string keys;
  for (const Candidate& candidate : candidates)
    keys += (keys.empty() ? "'" : ", '") + PrintableName(candidate.key) + "'";
  return Mismatch("holds no network under '" + PrintableName(key) + "': there " +
                  (candidates.size() == 1 ? "is " : "are ") + keys);
}

Result<RecognizedResNet> Recognizer::Recognize(const ResNetChoice& choice) {
  std::vector<Candidate> candidates;
  for (const Body& body : FindBodies(file_.entries())) candidates.push_back(MakeCandidate(body));
  if (candidates.empty()) return NothingFound();
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    const auto rank = [](const Candidate& c) { return std::tuple(IsAveraged(c.key), WrapperRank(c.key)); };
    return rank(a) < rank(b);
  });
  const std::string& wanted = choice.state_dict;
  const auto best = std::min_element(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    const auto rank = [&](const Candidate& c) {
      const int distance = wanted.empty() ? 0 : Distance(wanted, c.key, c.body.prefix);
      return std::tuple(distance, c.fault.has_value(), c.fault ? body_.size() - c.fitting : size_t{0});
    };
    return rank(a) < rank(b);
  });
  if (!wanted.empty() && Distance(wanted, best->key, best->body.prefix) == 3) return NoSuchKey(wanted, candidates);
  if (best->fault) return *best->fault;
  return Take(*best, candidates, choice);
}

Status Recognizer::ReadBody(const Candidate& candidate, StateDict& state) {
  for (const ExpectedTensor& row : body_) {
    if (IsCounter(row.name)) continue;
    Result<Tensor> tensor =
        file_.Read(*index_.find(candidate.body.prefix + NameIn(candidate.body.naming, row.name))->second);
    if (!tensor) return std::move(tensor).error();
    tensor->name = row.name;
    state.tensors.push_back(std::move(tensor).value());
  }
  return {};
}

// What another network's names begin with where they part from ours: "teacher." of "teacher.backbone." beside
// "student.backbone."; empty where ours lies within it.
std::string_view ScopeOf(std::string_view other, std::string_view own) {
  size_t end = 0;
  for (size_t dot = other.find('.'); dot != std::string_view::npos; dot = other.find('.', dot + 1)) {
    end = dot + 1;
    if (!own.starts_with(other.substr(0, end))) return other.substr(0, end);
  }
  return {};
}

// Tensors in the same dict that belong neither to the network nor to another one.
std::vector<const TensorEntry*> Recognizer::LeftOut(const Candidate& candidate, const Head& head,
                                                    const std::vector<const Candidate*>& others) const {
  std::vector<std::string_view> scopes;
  for (const Candidate* other : others) {
    const std::string_view scope = ScopeOf(other->body.prefix, candidate.body.prefix);
    if (!scope.empty()) scopes.push_back(scope);
  }
  std::vector<const TensorEntry*> left_out;
  for (const TensorEntry& entry : file_.entries()) {
    const bool is_used = candidate.used.contains(entry.name) || IsCounter(entry.name) ||
                         std::find(head.used.begin(), head.used.end(), &entry) != head.used.end();
    const bool is_other = std::any_of(scopes.begin(), scopes.end(),
                                      [&](std::string_view scope) { return entry.name.starts_with(scope); });
    if (!is_used && !is_other && entry.path() == candidate.body.path()) left_out.push_back(&entry);
  }
  return left_out;
}

// Their modules, without repetition.
std::vector<std::string> ModulesOf(const Body& body, const std::vector<const TensorEntry*>& entries) {
  std::vector<std::string> modules;
  for (const TensorEntry* entry : entries) {
    const bool is_below = entry->name.starts_with(body.prefix);
    std::string_view name = std::string_view(entry->name).substr(is_below ? body.prefix.size() : entry->key);
    std::string module = PrintableName(name.substr(0, std::min(name.find('.'), name.size())));
    if (std::find(modules.begin(), modules.end(), module) == modules.end()) modules.push_back(std::move(module));
    if (modules.size() == kMaxLeftOut) break;
  }
  return modules;
}

std::string NamingTitle(const Body& body, const Head& head) {
  switch (body.naming) {
    case Naming::kTransformers: return "Hugging Face transformers";
    case Naming::kSequential:
      return body.prefix.ends_with("0.") && head.module.starts_with(std::string(ParentPrefix(body.prefix)) + "1.")
                 ? "fastai"
                 : "a Sequential of torchvision's modules";
    case Naming::kTorchvision: break;
  }
  return body.prefix.ends_with("backbone.") && head.module.ends_with("head.fc") ? "MMPretrain" : "torchvision";
}

Result<RecognizedResNet> Recognizer::Take(const Candidate& candidate, std::span<const Candidate> all,
                                          const ResNetChoice& choice) {
  if (const std::string larger = GuessSurrounding(file_.entries(), candidate.body); !larger.empty()) {
    return Mismatch("holds " + larger + " around the body of a ResNet-50 (under '" +
                    PrintableName(candidate.body.prefix) + "'): such a body works otherwise than a classifier's");
  }
  Head head = choice.without_head ? Head{} : FindHead(candidate.body, index_);
  std::vector<const Candidate*> others, fitting;
  for (const Candidate& other : all) {
    if (&other == &candidate) continue;
    others.push_back(&other);
    if (!other.fault) fitting.push_back(&other);
  }
  if (head.fault.empty()) head.fault = FindDoubt(candidate.body, head, LeftOut(candidate, head, others));
  if (!head.fault.empty()) return Mismatch(head.fault + "; --no-head converts the body alone, for embed and features");
  RecognizedResNet network;
  if (Status status = ReadBody(candidate, network.state); !status) return std::move(status).error();
  if (Status status = AddHead(head, file_, index_, network.state); !status) return std::move(status).error();
  for (auto& buffer : file_.TakeBuffers()) network.state.buffers.push_back(std::move(buffer));
  network.has_head = head.weight != nullptr;
  network.naming = NamingTitle(candidate.body, head);
  // Shown on terminals.
  network.prefix = PrintableName(candidate.body.prefix);
  const auto within = [path = candidate.body.path()](std::string_view name) {
    return PrintableName(name.starts_with(path) ? name.substr(path.size()) : name);
  };
  network.head = within(head.module);
  network.head_norm = within(head.norm);
  network.key = PrintableName(candidate.key);
  for (const Candidate* other : fitting) {
    // Wrappers alone may tell two networks apart.
    network.others.push_back(PrintableName(other->key != candidate.key ? other->key : other->body.prefix));
  }
  network.left_out = ModulesOf(candidate.body, LeftOut(candidate, head, fitting));
  return network;
}

}  // namespace

Result<RecognizedResNet> ReadResNet(std::span<const uint8_t> bytes, std::string_view file_name,
                                    std::span<const ExpectedTensor> expected, const ResNetChoice& choice) {
  Result<CheckpointReader> file = CheckpointReader::Open(bytes, file_name);
  if (!file) return std::move(file).error();
  return Recognizer(file.value(), file_name, expected).Recognize(choice);
}

}  // namespace resnet50
