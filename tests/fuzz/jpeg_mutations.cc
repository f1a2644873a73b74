// What can be wrong or odd with one segment of a JPEG (ITU-T T.81, annex B).
#include <algorithm>

#include "image/jpeg_markers.h"
#include "image_mutations.h"

namespace resnet50::fuzz {
namespace {

constexpr uint8_t kFactors[] = {0x11, 0x11, 0x21, 0x12, 0x22, 0x22, 0x41, 0x14, 0x44, 0x31, 0x13, 0x33, 0x42, 0x24};

// Body of a frame header: precision, height, width, number of components, then identifier, sampling factors and
// quantization table of each.
void MutateFrame(Part& part, Dice& dice) {
  std::vector<uint8_t>& body = part.body;
  if (body.size() < 9) return MutateBytes(body, dice);
  const size_t components = (body.size() - 6) / 3, entry = 6 + 3 * dice.Below(components);
  const auto put_side = [&](size_t at) {
    const uint32_t side = Side(dice);
    body[at] = uint8_t(side >> 8);
    body[at + 1] = uint8_t(side);
  };
  switch (dice.Below(10)) {
    case 0: put_side(1); break;
    case 1: put_side(3); break;
    case 2:
    case 3:
    case 4: body[entry + 1] = dice.OneIn(16) ? dice.Byte() : dice.Pick(kFactors); break;
    case 5: body[entry + 2] = uint8_t(dice.Below(dice.OneIn(8) ? 256 : 4)); break;
    case 6: body[entry] = uint8_t(dice.OneIn(4) ? dice.Byte() : dice.Below(4)); break;
    case 7: part.name = dice.OneIn(16) ? uint32_t(kSof0 + dice.Below(16)) : dice.OneIn(2) ? kSof0 : kSof2; break;
    case 8: {  // another number of components, with or without entries for them
      body[5] = uint8_t(dice.OneIn(8) ? dice.Byte() : 1 + dice.Below(4));
      if (!dice.OneIn(6)) body.resize(6 + 3 * std::min<size_t>(body[5], 8), 0x11);
      break;
    }
    default: dice.OneIn(4) ? MutateBytes(body, dice) : void(body[0] = dice.OneIn(4) ? 12 : 8);
  }
}

// Body: tables of a class and number, 16 counts of codes by length, and their values.
void MutateHuffman(std::vector<uint8_t>& body, Dice& dice) {
  if (body.size() < 17) return MutateBytes(body, dice);
  size_t values = 0;
  for (size_t i = 1; i <= 16; ++i) values += body[i];
  const size_t length = 1 + dice.Below(16);
  switch (dice.Below(6)) {
    case 0: body[0] = uint8_t(dice.Below(2) << 4 | dice.Below(dice.OneIn(8) ? 16 : 4)); break;
    case 1: body[length] = dice.OneIn(4) ? dice.Byte() : uint8_t(body[length] + (dice.OneIn(2) ? 1 : 255)); break;
    case 2: std::swap(body[length], body[1 + dice.Below(16)]); break;  // other codes, as many values
    case 3:
      if (body.size() > 17) body[17 + dice.Below(body.size() - 17)] = dice.Byte();
      break;
    case 4: body.resize(std::min<size_t>(body.size(), 17 + values)); break;  // the first table alone
    default: MutateBytes(body, dice);
  }
}

// Body: tables of a precision and number and 64 steps.
void MutateQuantization(std::vector<uint8_t>& body, Dice& dice) {
  if (body.empty() || dice.OneIn(4)) return MutateBytes(body, dice);
  switch (dice.Below(3)) {
    case 0: body[0] = uint8_t(dice.Below(2) << 4 | dice.Below(dice.OneIn(8) ? 16 : 4)); break;
    case 1: body[dice.Below(body.size())] = dice.OneIn(3) ? 0 : 255; break;
    default: body.resize(std::min<size_t>(body.size(), 65));
  }
}

void MutatePixels(std::vector<uint8_t>& scan, Dice& dice) {
  const auto at = [&] { return scan.begin() + ptrdiff_t(dice.Below(scan.size() + 1)); };
  const uint8_t restart[] = {0xFF, uint8_t(kRst0 + dice.Below(8))};
  switch (dice.Below(6)) {
    case 0: scan.insert(at(), restart, restart + 2); break;
    case 1: scan.resize(dice.Below(scan.size() + 1)); break;
    case 2: scan.insert(at(), dice.Below(32), dice.OneIn(2) ? 0 : dice.Byte()); break;
    default: MutateBytes(scan, dice);
  }
}

// Body: number of components, identifier and tables of each, then the coefficients and bits that the scan brings.
void MutateScan(Part& part, Dice& dice) {
  std::vector<uint8_t>& body = part.body;
  if (body.size() < 6 || dice.OneIn(2)) return MutatePixels(part.tail, dice);
  const size_t components = (body.size() - 4) / 2, entry = 1 + 2 * dice.Below(components);
  uint8_t* spectrum = body.data() + body.size() - 3;
  switch (dice.Below(7)) {
    case 0: body[entry] = uint8_t(dice.OneIn(4) ? dice.Byte() : dice.Below(5)); break;
    case 1: body[entry + 1] = uint8_t(dice.Below(4) << 4 | dice.Below(4)); break;
    case 2: spectrum[0] = uint8_t(dice.Below(dice.OneIn(8) ? 256 : 64)); break;
    case 3: spectrum[1] = uint8_t(dice.Below(dice.OneIn(8) ? 256 : 64)); break;
    case 4: spectrum[2] = uint8_t(dice.Below(4) << 4 | dice.Below(4)); break;
    case 5: {  // one component alone
      const uint8_t one[] = {1, body[entry], body[entry + 1], spectrum[0], spectrum[1], spectrum[2]};
      body.assign(one, one + 6);
      break;
    }
    default: MutateBytes(body, dice);
  }
}

std::vector<uint8_t> Adobe(Dice& dice) {
  std::vector<uint8_t> body = {'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, uint8_t(dice.Below(4))};
  if (dice.OneIn(4)) MutateBytes(body, dice);
  return body;
}

std::vector<uint8_t> ExifSegment(Dice& dice) {
  std::vector<uint8_t> body = {'E', 'x', 'i', 'f', 0, 0};
  const std::vector<uint8_t> tiff = Exif(dice);
  body.insert(body.end(), tiff.begin(), tiff.end());
  return body;
}

std::vector<uint8_t> Interval(Dice& dice) {
  return {uint8_t(dice.OneIn(16) ? dice.Byte() : 0), uint8_t(dice.OneIn(8) ? dice.Byte() : dice.Below(9))};
}

std::vector<uint8_t> RandomBytes(size_t size, Dice& dice) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = dice.Byte();
  return bytes;
}

}  // namespace

void MutateSegment(Part& part, Dice& dice) {
  if (part.name == kSos) return MutateScan(part, dice);
  // Stray bytes between segments.
  if (dice.OneIn(24)) return MutatePixels(part.tail, dice);
  switch (part.name) {
    case kDht: return MutateHuffman(part.body, dice);
    case kDqt: return MutateQuantization(part.body, dice);
    case kDri: part.body = Interval(dice); return;
    case kApp1: part.body = ExifSegment(dice); return;
    case kApp14: part.body = Adobe(dice); return;
    default: break;
  }
  if (part.name >= kSof0 && part.name <= kSof15) return MutateFrame(part, dice);
  if (!IsBare(part.name)) return MutateBytes(part.body, dice);
  part.name = dice.OneIn(2) ? kRst0 + uint32_t(dice.Below(8)) : dice.OneIn(2) ? kSoi : kEoi;
}

Part NewSegment(Dice& dice) {
  switch (dice.Below(8)) {
    case 0:
    case 1: return {kDri, Interval(dice), {}};
    case 2: return {kApp14, Adobe(dice), {}};
    case 3: return {kApp1, ExifSegment(dice), {}};
    case 4: return {kDnl, {0, uint8_t(Side(dice))}, {}};
    case 5: return {dice.OneIn(2) ? kApp0 : kCom, RandomBytes(dice.Below(20), dice), {}};
    case 6: {  // a table that repeats one step
      std::vector<uint8_t> body(65, dice.Byte());
      body[0] = uint8_t(dice.Below(4));
      return {kDqt, std::move(body), {}};
    }
    default: return {uint32_t(0xC0 + dice.Below(64)), RandomBytes(dice.Below(12), dice), {}};
  }
}

}  // namespace resnet50::fuzz
