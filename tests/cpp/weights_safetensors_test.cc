// safetensors files written by Python's json and struct (tests/data/make/make_checkpoint_safetensors.py) are read as
// they were written, and every broken rule is refused; what our writer writes, our reader and a reader by hand
// understand.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "checkpoint_test_files.h"
#include "tensor_values.h"
#include "weights/safetensors.h"
#include "weights/safetensors_writer.h"

namespace resnet50 {
namespace {

std::vector<uint8_t> Good(const std::string& name) { return CheckpointFile("good_" + name + ".safetensors"); }

TEST(Safetensors, ReadsOneTensor) {
  const std::vector<uint8_t> file = Good("one");
  const Result<Safetensors> parsed = ParseSafetensors(file, "one");
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->tensors.size(), 1u);
  const SafetensorsTensor& tensor = parsed->tensors[0];
  EXPECT_EQ(tensor.name, "a");
  EXPECT_EQ(tensor.type, TensorType::kF32);
  EXPECT_EQ(tensor.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(tensor.data.data(), file.data() + file.size() - 16) << "data must be a view";
  EXPECT_EQ(testing::ValuesOf<float>(tensor), (std::vector<float>{1, -2, 0.5f, 3e38f}));
  EXPECT_TRUE(parsed->metadata.empty());
}

TEST(Safetensors, ReadsPaddingMetadataAndEscapes) {
  const std::vector<uint8_t> padded = Good("padded"), metadata = Good("metadata"), escaped = Good("escaped");
  EXPECT_EQ(ParseSafetensors(padded, "")->tensors.size(), 1u);
  const Result<Safetensors> parsed = ParseSafetensors(metadata, "");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->metadata.at("format"), "pt");
  EXPECT_EQ(parsed->metadata.at("quote"), "a \"b\" \\ \n \u20ac");
  const Result<Safetensors> other = ParseSafetensors(escaped, "");
  EXPECT_NE(other->Find("a\"\n"), nullptr);
  EXPECT_EQ(other->Find("a"), nullptr);
}

TEST(Safetensors, ReadsScalarsAndEmptyTensors) {
  const std::vector<uint8_t> file = Good("scalar_and_empty"), nothing = Good("nothing");
  const Result<Safetensors> parsed = ParseSafetensors(file, "");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(parsed->Find("s")->shape.empty());
  EXPECT_EQ(parsed->Find("e")->data.size(), 0u);
  EXPECT_EQ(testing::ValuesOf<float>(*parsed->Find("e")).size(), 0u);
  EXPECT_EQ(parsed->Find("t")->data[0], 200);
  EXPECT_TRUE(ParseSafetensors(nothing, ""));
}

TEST(Safetensors, CopiesUnalignedData) {
  const std::vector<uint8_t> file = Good("unaligned");
  const Result<Safetensors> parsed = ParseSafetensors(file, "");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->tensors[0].name, "f") << "the header's order";
  EXPECT_EQ(testing::ValuesOf<float>(*parsed->Find("f")), (std::vector<float>{1, -2, 0.5f, 3e38f}));
  EXPECT_EQ(testing::ValuesOf<int8_t>(*parsed->Find("b")), (std::vector<int8_t>{-1, 0, 127}));
  EXPECT_EQ(testing::ValuesOf<int32_t>(*parsed->Find("i")), std::vector<int32_t>{-7});
}

TEST(Safetensors, RefusesEveryBrokenRule) {
  // A part of the message: the right rule must be the one that refuses.
  const std::map<std::string, std::string> reasons{
      {"array", "does not begin with '{'"},
      {"beyond_file", "ends within its header"},
      {"bytes_overflow", "not the size of"},
      {"comment", "no JSON object"},
      {"data_missing", "outside"},
      {"deep", "must have exactly"},
      {"dtype_f8", "F8_E4M3"},
      {"empty_header", "does not begin with '{'"},
      {"hole", "leaves a hole"},
      {"hole_first", "leaves a hole"},
      {"huge_side", "no whole number"},
      {"length_overflow", "longer than 100 MB"},
      {"metadata_list", "is no object"},
      {"metadata_number", "no string"},
      {"negative_offset", "pair of whole"},
      {"negative_side", "no whole number"},
      {"no_dtype", "must have exactly"},
      {"no_length", "too short"},
      {"no_offsets", "must have exactly"},
      {"no_shape", "must have exactly"},
      {"not_json", "no JSON object"},
      {"not_utf8", "no JSON object"},
      {"outside", "outside"},
      {"over_cap", "longer than 100 MB"},
      {"overlap", "overlaps"},
      {"real_side", "no whole number"},
      {"reversed", "outside"},
      {"same_bytes", "overlaps"},
      {"same_field", "must have exactly"},
      {"same_metadata_key", "twice"},
      {"same_name", "twice"},
      {"same_name_escaped", "twice"},
      {"shape_overflow", "not the size of"},
      {"size_differs", "not the size of"},
      {"space_first", "does not begin"},
      {"tail", "belong to no tensor"},
      {"tensor_is_number", "must have exactly"},
      {"three_offsets", "pair of whole"},
      {"trailing_comma", "no JSON object"},
      {"trailing_text", "no JSON object"},
      {"two_metadata", "two __metadata__"},
  };
  const std::vector<std::string> files = CheckpointFiles("bad_", ".safetensors");
  EXPECT_EQ(files.size(), reasons.size());
  for (const std::string& name : files) {
    SCOPED_TRACE(name);
    const Result<Safetensors> parsed = ParseSafetensors(ExactBytes(CheckpointFile(name)), name);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::kWeightsFormat);
    EXPECT_EQ(parsed.error().subject, name);
    const auto reason = reasons.find(name.substr(4, name.find('.') - 4));
    ASSERT_NE(reason, reasons.end());
    EXPECT_NE(parsed.error().message.find(reason->second), std::string::npos) << parsed.error().message;
  }
}

TEST(Safetensors, RefusesEveryTruncation) {
  for (const std::string& name : CheckpointFiles("good_", ".safetensors")) {
    const std::vector<uint8_t> file = CheckpointFile(name);
    for (size_t size = 0; size < file.size(); ++size) {
      const ExactBytes bytes{std::span<const uint8_t>(file).first(size)};
      EXPECT_FALSE(ParseSafetensors(bytes, name)) << name << " cut to " << size;
    }
  }
}

TEST(Safetensors, SurvivesBitFlips) {
  for (const std::string& name : CheckpointFiles("good_", ".safetensors")) {
    const std::vector<uint8_t> file = CheckpointFile(name);
    for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
      ExactBytes bytes(file);
      bytes[bit / 8] ^= uint8_t(1u << (bit % 8));
      const Result<Safetensors> parsed = ParseSafetensors(bytes, name);
      if (!parsed) continue;
      size_t covered = 0;
      for (const SafetensorsTensor& tensor : parsed->tensors) covered += tensor.data.size();
      EXPECT_LE(covered, file.size()) << name << " bit " << bit;
    }
  }
}

TEST(SafetensorsWriter, WritesWhatTheReaderReads) {
  const std::vector<float> weights{1.5f, -0.0f, std::numeric_limits<float>::infinity()};
  const std::vector<int8_t> codes{-128, 127, 1};
  const auto bytes = [](const auto& v) {
    return std::span(reinterpret_cast<const uint8_t*>(v.data()), v.size() * sizeof(v[0]));
  };
  const std::vector<TensorToWrite> tensors{
      {"z \"quoted\" \\ \x01 \u20ac", TensorType::kF32, {3, 1}, bytes(weights)},
      {"a", TensorType::kI8, {3}, bytes(codes)},
      {"none", TensorType::kF64, {0, 5}, {}},
  };
  const SafetensorsMetadata metadata{{"z", "1"}, {"a\n", "\t\"2\""}};
  const Result<std::vector<uint8_t>> file = WriteSafetensors(tensors, metadata);
  ASSERT_TRUE(file) << file.error().message;
  uint64_t length = 0;
  std::memcpy(&length, file->data(), 8);
  EXPECT_EQ(length % 8, 0u) << "the data must be aligned";
  EXPECT_EQ(8 + length + 12 + 3, file->size());
  const Result<Safetensors> parsed = ParseSafetensors(file.value(), "");
  ASSERT_TRUE(parsed) << parsed.error().message;
  ASSERT_EQ(parsed->tensors.size(), tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(parsed->tensors[i].name, tensors[i].name);
    EXPECT_EQ(parsed->tensors[i].type, tensors[i].type);
    EXPECT_EQ(parsed->tensors[i].shape, tensors[i].shape);
    EXPECT_TRUE(std::ranges::equal(parsed->tensors[i].data, tensors[i].data));
  }
  EXPECT_EQ(parsed->metadata.size(), 2u);
  EXPECT_EQ(parsed->metadata.at("a\n"), "\t\"2\"");
  EXPECT_EQ(WriteSafetensors(tensors, metadata).value(), file.value()) << "the same bytes each time";
}

// The header that Python's json.dumps(separators=(",", ":")) writes for the same.
TEST(SafetensorsWriter, WritesTheHeaderAsPythonDoes) {
  const std::vector<uint8_t> data{1, 2};
  const std::vector<TensorToWrite> tensors{{"w\"\x1f", TensorType::kU8, {2, 1}, data}};
  const std::vector<uint8_t> file = WriteSafetensors(tensors, {{"k", "v"}}).value();
  const std::string header(file.begin() + 8, file.end() - 2);
  const std::string expected =
      R"({"__metadata__":{"k":"v"},"w\"\u001f":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]}})";
  EXPECT_EQ(header.substr(0, expected.size()), expected);
  EXPECT_EQ(header.find_first_not_of(' ', expected.size()), std::string::npos);
}

TEST(SafetensorsWriter, RefusesWhatTheFormatCannotHold) {
  const std::vector<uint8_t> data(4);
  const auto write = [&](std::vector<TensorToWrite> tensors, SafetensorsMetadata metadata = {}) {
    const Result<std::vector<uint8_t>> file = WriteSafetensors(tensors, metadata);
    return file ? std::string("written") : std::string(Name(file.error().code));
  };
  const TensorToWrite fine{"a", TensorType::kF32, {1}, data};
  EXPECT_EQ(write({fine}), "written");
  EXPECT_EQ(write({fine, fine}), "INVALID_ARGUMENT");
  EXPECT_EQ(write({{"__metadata__", TensorType::kF32, {1}, data}}), "INVALID_ARGUMENT");
  EXPECT_EQ(write({{"a", TensorType::kF32, {2}, data}}), "INVALID_ARGUMENT");
  EXPECT_EQ(write({{"a", TensorType::kF32, {-1}, data}}), "INVALID_ARGUMENT");
  EXPECT_EQ(write({fine}, {{"k", "1"}, {"k", "2"}}), "INVALID_ARGUMENT");
  // Overlong, surrogate, beyond Unicode, cut off, stray.
  for (const char* name :
       {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
    EXPECT_EQ(write({{name, TensorType::kF32, {1}, data}}), "INVALID_ARGUMENT");
    EXPECT_EQ(write({fine}, {{"k", name}}), "INVALID_ARGUMENT");
  }
}

// IEEE 754's definition in double, which every float16 fits exactly.
double HalfValue(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double mantissa = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return mantissa != 0 ? NAN : sign * HUGE_VAL;
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25));
}

TEST(TensorType, ConvertsAllHalves) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = uint16_t(bits);
    uint8_t bytes[2];
    std::memcpy(bytes, &half, 2);
    float value = 0;
    ConvertToFloat(TensorType::kF16, bytes, 1, &value);
    const double expected = HalfValue(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(double(value), expected) << bits;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << bits;
    }
  }
}

TEST(TensorType, NamesAndSizesAreSafetensors) {
  const std::map<std::string, size_t> sizes{{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"I16", 2}, {"U16", 2},
                                            {"I32", 4},  {"U32", 4}, {"I64", 8}, {"U64", 8}, {"F16", 2},
                                            {"BF16", 2}, {"F32", 4}, {"F64", 8}};
  for (const auto& [name, size] : sizes) {
    ASSERT_TRUE(ParseTensorType(name)) << name;
    EXPECT_EQ(ElementSize(*ParseTensorType(name)), size) << name;
    EXPECT_EQ(Name(*ParseTensorType(name)), name);
    EXPECT_EQ(IsFloatingPoint(*ParseTensorType(name)), name.find('F') != std::string::npos) << name;
  }
  EXPECT_FALSE(ParseTensorType("f32"));
  EXPECT_FALSE(ParseTensorType(""));
}

TEST(TensorType, SizesDoNotOverflow) {
  const std::vector<int64_t> wraps{int64_t(1) << 32, int64_t(1) << 32}, negative{-1}, bytes_wrap{int64_t(1) << 61};
  EXPECT_FALSE(ElementCount(wraps));
  EXPECT_FALSE(ElementCount(negative));
  EXPECT_FALSE(ByteSize(TensorType::kF64, bytes_wrap));
  EXPECT_EQ(ElementCount({}), 1);
  EXPECT_EQ(PrintableName("a\nb\xff"), "a?b?");
  EXPECT_EQ(PrintableName(std::string(200, 'x')).size(), 103u);
}

}  // namespace
}  // namespace resnet50
