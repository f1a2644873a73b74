#include "image/jpeg_tables.h"

#include <string_view>

namespace resnet50 {
namespace {

using namespace std::string_view_literals;

constexpr size_t kLengths = 16;  // of codes, in bits
constexpr size_t kMaxValues = 256;
constexpr size_t kSteps = 64;
constexpr unsigned kAc = 1;

// The tables of ITU-T T.81, annex K.3: how many codes there are of each length, and their values.
constexpr std::string_view kDcOfLuminance =
    "\x00\x01\x05\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"sv;
constexpr std::string_view kDcOfChrominance =
    "\x00\x03\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"sv;
constexpr std::string_view kAcOfLuminance =
    "\x00\x02\x01\x03\x03\x02\x04\x03\x05\x05\x04\x04\x00\x00\x01\x7d\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06"
    "\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16"
    "\x17\x18\x19\x1a\x25\x26\x27\x28\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55"
    "\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89"
    "\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba"
    "\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea"
    "\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"sv;
constexpr std::string_view kAcOfChrominance =
    "\x00\x02\x01\x02\x04\x04\x03\x04\x07\x05\x04\x04\x00\x01\x02\x77\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41"
    "\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91\xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34"
    "\xe1\x25\xf1\x17\x18\x19\x1a\x26\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54"
    "\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87"
    "\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8"
    "\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9"
    "\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"sv;
constexpr std::string_view kUsual[2][2] = {{kDcOfLuminance, kDcOfChrominance}, {kAcOfLuminance, kAcOfChrominance}};

// Whether counts of codes by length can be codes that no other begins with, as the decoder sees it.
bool AreCodes(const uint8_t* counts) {
  unsigned code = 0;
  for (size_t bits = 1; bits <= kLengths; ++bits) {
    code += counts[bits - 1];
    if (counts[bits - 1] > 0 && code > 1U << bits) return false;
    code <<= 1;
  }
  return true;
}

}  // namespace

bool JpegTables::ReadHuffman(std::span<const uint8_t> segment) {
  while (!segment.empty()) {
    const unsigned kind = segment[0] >> 4, number = segment[0] & 15U;
    if (segment.size() < 1 + kLengths || kind > kAc || number >= kNumbers) return false;
    size_t values = 0;
    for (size_t i = 1; i <= kLengths; ++i) values += segment[i];
    if (values > kMaxValues || segment.size() < 1 + kLengths + values || !AreCodes(&segment[1])) return false;
    huffman_[kind][number] = true;
    segment = segment.subspan(1 + kLengths + values);
  }
  return true;
}

bool JpegTables::ReadQuantization(std::span<const uint8_t> segment) {
  while (!segment.empty()) {
    const unsigned wide = segment[0] >> 4, number = segment[0] & 15U;
    const size_t size = 1 + kSteps * (1 + wide);
    if (wide > 1 || number >= kNumbers || segment.size() < size) return false;
    quantization_[number] = true;
    segment = segment.subspan(size);
  }
  return true;
}

std::string JpegTables::AddUsual() {
  std::string segments;
  for (size_t kind = 0; kind < 2; ++kind) {
    for (size_t number = 0; number < 2; ++number) {
      if (huffman_[kind][number]) continue;
      const std::string_view table = kUsual[kind][number];
      const size_t length = 2 + 1 + table.size();
      segments += {'\xFF', '\xC4', char(length >> 8), char(length), char(kind << 4 | number)};
      segments += table;
      huffman_[kind][number] = true;
    }
  }
  return segments;
}

}  // namespace resnet50
