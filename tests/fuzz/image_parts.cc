#include "image_parts.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "checksums.h"

namespace resnet50::fuzz {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n"sv, kJpegSignature = "\xFF\xD8"sv;
constexpr size_t kMaxSegment = 65533;  // bytes of contents, as the length's two bytes count themselves

bool StartsWith(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// The next `size` bytes, or as many as there are. Consumes them.
std::vector<uint8_t> Take(Bytes& bytes, size_t size) {
  const Bytes taken = bytes.first(std::min(size, bytes.size()));
  bytes = bytes.subspan(taken.size());
  return {taken.begin(), taken.end()};
}

// Bytes before the next marker that is no restart of a scan.
size_t BytesBeforeMarker(Bytes bytes) {
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    const uint8_t next = bytes[i + 1];
    if (bytes[i] == 0xFF && next != 0 && next != 0xFF && !(next >= 0xD0 && next <= 0xD7)) return i;
  }
  return bytes.size();
}

ImageParts TakeJpegApart(Bytes bytes) {
  ImageParts image{false, {}};
  Part soi{0xD8, {}, {}};
  bytes = bytes.subspan(2);
  soi.tail = Take(bytes, BytesBeforeMarker(bytes));
  image.parts.push_back(std::move(soi));
  while (bytes.size() >= 2) {
    Part part{bytes[1], {}, {}};
    bytes = bytes.subspan(2);
    if (!IsBare(part.name)) {
      const size_t length = TakeNumber(bytes, 2);
      part.body = Take(bytes, length < 2 ? 0 : length - 2);
    }
    part.tail = Take(bytes, BytesBeforeMarker(bytes));
    image.parts.push_back(std::move(part));
  }
  return image;
}

ImageParts TakePngApart(Bytes bytes) {
  ImageParts image{true, {}};
  bytes = bytes.subspan(kPngSignature.size());
  while (bytes.size() >= 8) {
    const uint32_t length = TakeNumber(bytes, 4);
    Part part{TakeNumber(bytes, 4), {}, {}};
    part.body = Take(bytes, length);
    Take(bytes, 4);
    image.parts.push_back(std::move(part));
  }
  return image;
}

void PutNumber(std::vector<uint8_t>& out, uint32_t value, size_t size) {
  for (size_t i = size; i-- > 0;) out.push_back(uint8_t(value >> 8 * i));
}

void Append(std::vector<uint8_t>& out, const std::vector<uint8_t>& bytes, size_t most = SIZE_MAX) {
  out.insert(out.end(), bytes.begin(), bytes.begin() + ptrdiff_t(std::min(most, bytes.size())));
}

void PutSegment(const Part& part, const Lie& lie, std::vector<uint8_t>& out) {
  out.push_back(0xFF);
  out.push_back(uint8_t(part.name));
  if (!IsBare(part.name)) {
    PutNumber(out, uint32_t(std::min(part.body.size(), kMaxSegment) + 2) + lie.length_off, 2);
    Append(out, part.body, kMaxSegment);
  }
  Append(out, part.tail);
}

void PutChunk(const Part& part, const Lie& lie, std::vector<uint8_t>& out) {
  PutNumber(out, uint32_t(part.body.size()) + lie.length_off, 4);
  const size_t name_at = out.size();
  PutNumber(out, part.name, 4);
  Append(out, part.body);
  PutNumber(out, Crc32(Bytes(out).subspan(name_at)) + lie.checksum_off, 4);
}

}  // namespace

std::optional<ImageParts> TakeApart(Bytes file) {
  if (StartsWith(file, kPngSignature)) return TakePngApart(file);
  if (StartsWith(file, kJpegSignature)) return TakeJpegApart(file);
  return std::nullopt;
}

std::vector<uint8_t> PutTogether(const ImageParts& image, size_t max_size) {
  std::vector<uint8_t> out;
  if (image.png) out.assign(kPngSignature.begin(), kPngSignature.end());
  for (size_t i = 0; i < image.parts.size() && out.size() < max_size; ++i) {
    const Lie lie = image.lie && image.lie->part == i ? *image.lie : Lie{i};
    (image.png ? PutChunk : PutSegment)(image.parts[i], lie, out);
  }
  if (out.size() > max_size) out.resize(max_size);
  return out;
}

}  // namespace resnet50::fuzz
