// The segments of a JPEG (ITU-T T.81, annex B), up to its end.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "image/bytes.h"
#include "image/exif.h"
#include "image/header_formats.h"
#include "image/jpeg_markers.h"
#include "image/jpeg_tables.h"
#include "image/scan_tally.h"

namespace resnet50 {
namespace {

using namespace std::string_view_literals;

bool IsFrame(uint8_t marker) {
  return marker >= kSof0 && marker <= kSof15 && marker != kDht && marker != kJpgReserved && marker != kDac;
}

const char* UnreadableProcess(uint8_t marker) {
  switch (marker) {
    case 0xC3: return "lossless JPEG";
    case 0xC5:
    case 0xC6: return "hierarchical JPEG";
    case 0xC7: return "lossless hierarchical JPEG";
    case 0xC9:
    case 0xCA:
    case 0xCB:
    case 0xCD:
    case 0xCE:
    case 0xCF: return "JPEG with arithmetic coding";
    default: return nullptr;
  }
}

// An Adobe segment that says: four components, inverted CMYK.
constexpr std::string_view kAdobeCmyk =
    "\xff\xee\0\x0e"
    "Adobe\0\x64\0\0\0\0\0"sv;

// Encoders write at most some twenty; every scan costs the decoder a pass over all pixels, however few bytes it has, so
// that thousands of them would keep it busy for minutes.
constexpr int kMaxScans = 100;
// Places that the decoder must see otherwise: each is remembered.
constexpr size_t kMaxPatches = 200;

class JpegReader {
 public:
  JpegReader(std::span<const uint8_t> bytes, uint64_t max_pixels)
      : bytes_(bytes), reader_(bytes), max_pixels_(max_pixels) {
    reader_.Seek(2);
    gap_begin_ = 2;
  }

  Result<ImageHeader> Read() {
    while (!at_end_) {
      if (Status status = ReadSegment(); !status) return std::move(status).error();
      if (header_.patches.size() > kMaxPatches) return Corrupt("it has stray bytes in too many places");
    }
    if (scans_ == 0) return Corrupt("it has no pixels");
    if (!tally_.HasAllComponents()) return Corrupt("its scans leave out a component");
    header_.is_adobe_cmyk = header_.components == 4 && adobe_;
    header_.is_plain_cmyk = header_.components == 4 && !adobe_;
    // Pillow takes every CMYK file for an inverted one; the decoder would take these for YCbCr and a fourth component.
    if (header_.is_plain_cmyk) header_.patches.insert(header_.patches.begin(), {2, 2, std::string(kAdobeCmyk)});
    return std::move(header_);
  }

 private:
  static Error Corrupt(const char* why) { return CorruptFile("JPEG", why); }

  // The file has no more segment. Truncated, unless it lacks nothing but its end.
  Status EndEarly() {
    if (!tally_.IsComplete()) return TruncatedFile("JPEG");
    header_.ends_early = at_end_ = true;
    header_.tail_at = behind_last_scan_;
    return {};
  }

  // Skips bytes up to a marker, and the 0xFF that introduce it. Encoders leave stray bytes, which decoders pass over.
  uint8_t NextMarker() {
    uint8_t byte = reader_.U8();
    while (reader_.ok() && byte != 0xFF) byte = reader_.U8();
    while (reader_.ok() && byte == 0xFF) byte = reader_.U8();
    return byte;
  }

  Status ReadSegment() {
    const uint8_t marker = NextMarker();
    if (!reader_.ok()) return EndEarly();
    // 0xFF00 means data, and these other markers have no segment.
    if (marker == 0 || marker == kTem || marker == kSoi || (marker >= kRst0 && marker <= kRst7)) return {};
    marker_at_ = reader_.position() - 2;
    // Encoders leave stray bytes between segments. The decoder stops at some of them; others pass over all.
    const auto gap = bytes_.subspan(gap_begin_, std::max(marker_at_, gap_begin_) - gap_begin_);
    if (std::any_of(gap.begin(), gap.end(), [](uint8_t byte) { return byte != 0xFF; })) {
      header_.patches.push_back({gap_begin_, marker_at_, {}});
    }
    if (marker == kEoi) {
      at_end_ = true;
      return {};
    }
    const size_t start = reader_.position();
    const size_t length = reader_.U16();
    if (!reader_.ok() || length < 2 || length > bytes_.size() - start) {
      if (reader_.ok() && length < 2 && !tally_.IsComplete()) return Corrupt("a segment has an impossible length");
      return EndEarly();
    }
    Status status = ReadContents(marker, bytes_.subspan(start + 2, length - 2));
    reader_.Seek(start + length);
    if (status && marker == kSos) status = SkipScan();
    gap_begin_ = reader_.position();
    return status;
  }

  Status ReadContents(uint8_t marker, std::span<const uint8_t> segment) {
    if (IsFrame(marker)) return ReadFrame(marker, segment);
    switch (marker) {
      case kDht:
        if (!tables_.ReadHuffman(segment)) return Corrupt("a Huffman table is damaged");
        return {};
      case kDqt:
        if (!tables_.ReadQuantization(segment)) return Corrupt("a quantization table is damaged");
        return {};
      case kDri:
        if (segment.size() != 2) return Corrupt("its restart interval is damaged");
        tally_.set_restart_interval(segment[0] << 8 | segment[1]);
        return {};
      case kSos: return ReadScan(segment);
      case kDac:  // for arithmetic coding
      case kDnl:  // the height, which the frame header has said
        LeaveOut(segment);
        return {};
      case kApp1:
        if (!StartsWith(segment, "Exif\0\0"sv) || has_exif_) return {};
        has_exif_ = true;  // the first one counts
        header_.orientation = ReadOrientation(segment.subspan(6));
        return {};
      case kApp14: adobe_ |= StartsWith(segment, "Adobe"); return {};
      default:
        if ((marker >= kApp0 && marker <= kApp15) || marker == kCom) return {};
        return Corrupt("it has a segment of an unknown kind");
    }
  }

  Status ReadFrame(uint8_t marker, std::span<const uint8_t> segment) {
    if (const char* process = UnreadableProcess(marker)) return UnsupportedFormat(process);
    if (header_.components != 0) return Corrupt("it has two frame headers");
    if (segment.size() < 6) return Corrupt("its frame header is too short");
    ByteReader fields(segment);
    header_.bits = fields.U8();
    header_.height = fields.U16();
    header_.width = fields.U16();
    header_.components = fields.U8();
    if (header_.bits != 8) return UnsupportedFormat(std::to_string(header_.bits) + "-bit JPEG");
    if (header_.components != 1 && header_.components != 3 && header_.components != 4) {
      return UnsupportedFormat("JPEG with " + std::to_string(header_.components) + " components");
    }
    if (header_.height == 0) return UnsupportedFormat("JPEG whose height comes after its pixels");
    if (header_.width == 0) return Corrupt("its width is 0");
    if (Status size = CheckImageSize(header_.width, header_.height, max_pixels_); !size) return size;
    progressive_ = marker == kSof2;
    frame_ = segment.subspan(6);
    tally_.Frame(frame_, progressive_);
    return {};
  }

  Status ReadScan(std::span<const uint8_t> segment) {
    if (header_.components == 0) return Corrupt("a scan comes before the frame header");
    if (++scans_ > kMaxScans) return Corrupt("it has more scans than any encoder writes");
    const size_t n = segment.empty() ? 0 : segment[0];
    if (n < 1 || n > size_t(header_.components) || segment.size() != 4 + 2 * n)
      return Corrupt("a scan header is damaged");
    if (!HasTables(segment)) {
      // Those that other decoders take.
      std::string usual = progressive_ ? std::string() : tables_.AddUsual();
      if (usual.empty() || !HasTables(segment)) return Corrupt("a scan lacks its tables");
      header_.patches.push_back({marker_at_, marker_at_, std::move(usual)});
    }
    const std::span<const uint8_t> spectrum = segment.last(3);
    // Some encoders write other numbers, which mean nothing here: libjpeg warns, the decoder would stop.
    if (!progressive_ && (spectrum[0] != 0 || spectrum[2] != 0)) {
      const size_t at = size_t(spectrum.data() - bytes_.data());
      header_.patches.push_back({at, at + 3, std::string("\0\x3F\0", 3)});
    }
    scan_ = segment;
    return {};
  }

  // Of all components of a scan.
  bool HasTables(std::span<const uint8_t> segment) const {
    const std::span<const uint8_t> spectrum = segment.last(3);
    const bool dc = !progressive_ || (spectrum[0] == 0 && spectrum[2] >> 4 == 0);
    const bool ac = !progressive_ || spectrum[0] > 0;
    for (size_t at = 1; at + 3 < segment.size(); at += 2) {
      const unsigned numbers = segment[at + 1];
      if ((dc && !tables_.HasDc(numbers >> 4)) || (ac && !tables_.HasAc(numbers & 15U))) return false;
      if (!HasQuantization(segment[at])) return false;
    }
    return true;
  }

  bool HasQuantization(uint8_t component) const {
    for (size_t i = 0; i + 3 <= frame_.size(); i += 3) {
      if (frame_[i] == component) return tables_.HasQuantization(frame_[i + 2]);
    }
    return true;  // the decoder says that there is no such component
  }

  // Skips entropy-coded data up to the next marker that ends it, or to the end of the file.
  Status SkipScan() {
    int restarts = 0;
    size_t at = reader_.position();
    while (true) {
      const void* found =
          at + 1 < bytes_.size() ? std::memchr(bytes_.data() + at, 0xFF, bytes_.size() - 1 - at) : nullptr;
      if (found == nullptr) {
        at = bytes_.size();
        break;
      }
      at = size_t(static_cast<const uint8_t*>(found) - bytes_.data());
      const uint8_t next = bytes_[at + 1];
      const bool restart = next >= kRst0 && next <= kRst7;
      if (next != 0 && next != 0xFF && !restart) break;
      restarts += restart;
      ++at;
    }
    reader_.Seek(at);
    tally_.Scan(scan_, restarts, header_.width, header_.height);
    behind_last_scan_ = at;
    // The decoder would leave the rest of the picture black.
    if (at < bytes_.size() && !tally_.HasRestarts()) return Corrupt("restart markers are missing");
    return {};
  }

  void LeaveOut(std::span<const uint8_t> segment) {
    const size_t end = size_t(segment.data() - bytes_.data()) + segment.size();
    header_.patches.push_back({marker_at_, end, {}});
  }

  std::span<const uint8_t> bytes_;
  ByteReader reader_;
  uint64_t max_pixels_;
  ImageHeader header_{ImageFormat::kJpeg, 0, 0, 0, 8, false, false, false, 1};
  std::span<const uint8_t> frame_, scan_;  // component entries of the frame header; contents of the last scan header
  JpegTables tables_;
  ScanTally tally_;
  // What lies behind the last segment or scan: nothing, fill bytes, or what does not belong there.
  size_t gap_begin_, marker_at_ = 0, behind_last_scan_ = 0;
  int scans_ = 0;
  bool adobe_ = false, has_exif_ = false, progressive_ = false, at_end_ = false;
};

}  // namespace

Result<ImageHeader> ReadJpegHeader(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  return JpegReader(bytes, max_pixels).Read();
}

}  // namespace resnet50
