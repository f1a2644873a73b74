// The pickle machine alone: what it builds, what it refuses, and that hostile input ends quickly.
#include <chrono>
#include <functional>
#include <map>

#include "checkpoint/pickle.h"
#include "checkpoint_test_files.h"

namespace resnet50 {
namespace {

using std::string_literals::operator""s;

Result<Pickle> RunPickle(const std::string& text) {
  const std::string copy = "\x80\x04"s + text;
  // Strings of the result view the bytes; the tests below look at kinds and numbers only.
  const ExactBytes bytes{std::span(reinterpret_cast<const uint8_t*>(copy.data()), copy.size())};
  return ReadPickle(bytes, "file.pth");
}

std::string Repeat(const std::string& text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

int64_t Integer(const std::string& text) {
  const Result<Pickle> pickle = RunPickle(text);
  EXPECT_TRUE(pickle) << pickle.error().message;
  EXPECT_EQ(pickle->Root().kind, PickleKind::kInt);
  return pickle->Root().integer;
}

TEST(PickleMachine, ReadsNumbers) {
  EXPECT_EQ(Integer("K\xff."), 255);
  EXPECT_EQ(Integer("M\x01\x80."), 0x8001);
  EXPECT_EQ(Integer("J\xff\xff\xff\xff."), -1);
  EXPECT_EQ(Integer("\x8a\0."s), 0);
  EXPECT_EQ(Integer("\x8a\x01\xff."), -1);
  EXPECT_EQ(Integer("\x8a\x02\xff\0."s), 255);
  EXPECT_EQ(Integer("\x8b\x08\0\0\0\0\0\0\0\0\0\0\x80."s), INT64_MIN);
  EXPECT_EQ(RunPickle("G\x3f\xf8\0\0\0\0\0\0."s)->Root().real, 1.5);
  EXPECT_EQ(RunPickle("\x8a\x09\0\0\0\0\0\0\0\0\x01."s)->Root().kind, PickleKind::kLong);
}

TEST(PickleMachine, ReadsContainersAndMemo) {
  EXPECT_EQ(RunPickle("(K\1K\2l.")->Root().items.size(), 2u);
  EXPECT_EQ(RunPickle("]K\1a(K\2K\3e.")->Root().items.size(), 3u);
  EXPECT_EQ(RunPickle("(K\1K\2d.")->Root().kind, PickleKind::kDict);
  EXPECT_EQ(RunPickle("}K\1K\2s(K\3K\4u.")->Root().items.size(), 4u);
  EXPECT_EQ(RunPickle("K\1K\2K\3\x87.")->Root().items.size(), 3u);
  EXPECT_EQ(Integer("K\5\x94K\6\x94"
                    "00"
                    "h\0."s),
            5)
      << "MEMOIZE counts from 0";
  EXPECT_EQ(Integer("K\7q\5"
                    "0h\5."),
            7);
  EXPECT_EQ(Integer("K\1(K\2K\3"
                    "1."),
            1);
  EXPECT_EQ(Integer("K\1(0."), 1);
  EXPECT_EQ(RunPickle("K\1"
                      "2\x86.")
                ->Root()
                .items.size(),
            2u);
}

PickleKind Kind(const std::string& text) {
  const Result<Pickle> pickle = RunPickle(text);
  EXPECT_TRUE(pickle) << pickle.error().message;
  return pickle ? pickle->Root().kind : PickleKind::kNone;
}

// What unknown classes and functions would have made is a value that says nothing; what they are given is dropped.
TEST(PickleMachine, MakesOpaqueValuesOfWhatItDoesNotKnow) {
  EXPECT_EQ(Kind("cnumpy\nfloat64\n."), PickleKind::kOpaque);
  EXPECT_EQ(Kind("cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(U\2f8K\0K\1tRC\1xtR."s), PickleKind::kOpaque);
  EXPECT_EQ(Kind("\x8c\4a.b.\x8c\1c\x93)\x81."), PickleKind::kOpaque);
  EXPECT_EQ(Kind("capp\nThing\n)}\x92."), PickleKind::kOpaque) << "NEWOBJ_EX";
  EXPECT_EQ(Kind("\x8f(K\1K\2\x90."), PickleKind::kOpaque) << "a set";
  EXPECT_EQ(Kind("(K\1K\2\x91."), PickleKind::kOpaque) << "a frozenset";
  EXPECT_EQ(Kind("\x96\1\0\0\0\0\0\0\0x."s), PickleKind::kString) << "a bytearray";
  EXPECT_EQ(Kind("cbuiltins\ngetattr\ncapp\nThing\nU\1m\x86R)R."), PickleKind::kOpaque) << "a bound method, called";
  EXPECT_EQ(Kind("capp\nMyList\n)\x81K\1a."), PickleKind::kOpaque);
  const Result<Pickle> state = RunPickle("capp\nThing\n)\x81}U\1aK\1sb.");
  ASSERT_TRUE(state) << state.error().message;
  ASSERT_EQ(state->Root().items.size(), 1u) << "the state that BUILD gave it";
  EXPECT_EQ(state.value()[state->Root().items[0]].kind, PickleKind::kDict);
  const Result<Pickle> dict = RunPickle("ccollections\ndefaultdict\ncbuiltins\nlist\n\x85RK\1K\2s.");
  ASSERT_TRUE(dict) << dict.error().message;
  EXPECT_EQ(dict->Root().kind, PickleKind::kDict) << "a class derived from dict";
  EXPECT_EQ(dict->Root().items.size(), 2u);
}

TEST(PickleMachine, RefusesWhatOnlyHostileFilesName) {
  for (const char* name : {"os\nsystem", "posix\nanything", "subprocess\nPopen", "builtins\nexec",
                           "builtins\n__import__", "__builtin__\neval"}) {
    const Result<Pickle> pickle = RunPickle(std::string("}U\1xc") + name + "\ns.");
    ASSERT_FALSE(pickle) << name;
    EXPECT_NE(pickle.error().message.find("asks to run code"), std::string::npos) << pickle.error().message;
  }
}

TEST(PickleMachine, EndsWithoutHarmOnCycles) {
  const Result<Pickle> pickle = RunPickle("]\x94h\0a."s);
  ASSERT_TRUE(pickle) << pickle.error().message;
  EXPECT_EQ(pickle->Root().items, std::vector<PickleRef>{pickle->root});
}

TEST(PickleMachine, RefusesDamage) {
  const std::vector<std::string> damaged{"",
                                         ".",
                                         "K",
                                         "K\1",
                                         "K\1K\2.",
                                         "(.",
                                         "0.",
                                         "1.",
                                         "2.",
                                         "a.",
                                         "]a.",
                                         "K\1K\1a.",
                                         "}K\1s.",
                                         "(K\1d.",
                                         "}(K\1u.",
                                         "t.",
                                         "\x85.",
                                         "(K\1\x86.",
                                         "h\0."s,
                                         "j\0\0\0\0."s,
                                         "K\1r\xff\xff\xff\xff.",
                                         "q\0."s,
                                         "\x94.",
                                         "X\xff\xff\xff\xff.",
                                         "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
                                         "U\5abc",
                                         "\x8b\xff\xff\xff\xff.",
                                         "\x95\xff\xff\xff\xff\xff\xff\xff\xff.",
                                         "ctorch\nSize",
                                         "ctorch",
                                         "K\1K\1\x93.",
                                         "K\1)R.",
                                         ")R.",
                                         "R.",
                                         "b.",
                                         "K\1}b.",
                                         "Q.",
                                         "K\1Q.",
                                         ")Q.",
                                         "ctorch\nSize\n)R.",
                                         "ctorch\nSize\nK\1R.",
                                         "ctorch\nFloatStorage\n)R.",
                                         "ctorch._utils\n_rebuild_tensor_v2\n)R.",
                                         "ccollections\nOrderedDict\n(](K\1leltR.",
                                         "\xff."};
  for (const std::string& text : damaged) {
    const Result<Pickle> pickle = RunPickle(text);
    ASSERT_FALSE(pickle) << testing::PrintToString(text);
    EXPECT_EQ(pickle.error().code, ErrorCode::kCheckpointFormat);
    EXPECT_EQ(pickle.error().subject, "file.pth");
  }
  const std::vector<uint8_t> old{0x80, 1, 'N', '.'}, future{0x80, 6, 'N', '.'}, text{'I', '1', '\n', '.'};
  for (const auto& bytes : {old, future, text}) EXPECT_FALSE(ReadPickle(bytes, ""));
}

// Each would take gigabytes, minutes or a deep stack in a machine without limits.
TEST(PickleMachine, BoundsWorkMemoryAndDepth) {
  const size_t many = size_t{3} << 20;
  const std::string list = "]\x94("s + Repeat("K\1", 500'000) + "e";
  const std::map<std::string, std::function<std::string()>> bombs{
      {"values", [&] { return Repeat("]", many) + "."; }},
      {"marks", [&] { return Repeat("(", many) + "."; }},
      {"depth", [&] { return Repeat("]", 900'000) + Repeat("a", 899'999) + "."; }},
      {"tuples", [&] { return ")" + Repeat("\x85", many) + "."; }},
      {"copies", [&] { return "(" + Repeat(list + "h\0"s, 5) + "l."; }},
      {"operations", [&] { return Repeat("N0", 5 << 20) + "N."; }},
      {"duplicates", [&] { return "N" + Repeat("2", many) + "."; }},
      // (a, a), (b, b) ... doubles in size each time for whoever walks it as a tree
      {"doubling", [&] { return ")" + Repeat("2\x86", 300'000) + "."; }},
      {"ordered dict of a long list, again and again",
       [&] {
         return "(ccollections\nOrderedDict\n\x94]\x94("s + Repeat("K\1K\1\x86", 200'000) + "e\x85\x94" +
                Repeat("h\0h\2R"s, 100'000) + "l.";
       }},
  };
  for (const auto& [name, make] : bombs) {
    const std::string text = make();
    const auto start = std::chrono::steady_clock::now();
    { const Result<Pickle> pickle = RunPickle(text); }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 10) << name;
  }
}

TEST(PickleMachine, RefusesToBeTooLarge) {
  EXPECT_FALSE(RunPickle(Repeat("]", kMaxPickleValues + 1) + "."));
  EXPECT_FALSE(RunPickle("N" + Repeat("2", kMaxPickleStack) + "."));
  EXPECT_FALSE(RunPickle(Repeat("(", kMaxPickleStack + 1) + "."));
  EXPECT_FALSE(RunPickle(Repeat("N0", kMaxPickleOperations / 2) + "N."));
}

}  // namespace
}  // namespace resnet50
