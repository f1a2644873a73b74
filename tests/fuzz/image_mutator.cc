#include "image_mutator.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "image_mutations.h"

namespace resnet50::fuzz {
namespace {

// Bytes of options before the signature, and the file behind them.
struct Opened {
  std::vector<uint8_t> lead;
  ImageParts image;
};

std::optional<Opened> Open(Bytes file) {
  for (size_t lead = 0; lead < 2 && lead < file.size(); ++lead) {
    std::optional<ImageParts> image = TakeApart(file.subspan(lead));
    if (image && !image->parts.empty())
      return Opened{{file.begin(), file.begin() + ptrdiff_t(lead)}, *std::move(image)};
  }
  return std::nullopt;
}

std::vector<uint8_t> Close(const Opened& opened, size_t max_size) {
  std::vector<uint8_t> out = opened.lead;
  const std::vector<uint8_t> file = PutTogether(opened.image, max_size - out.size());
  out.insert(out.end(), file.begin(), file.end());
  return out;
}

// Which part to change: pixels and headers more often than comments, as every part is as likely as another and the
// kinds that matter are many.
size_t Choose(const std::vector<Part>& parts, Dice& dice) {
  size_t chosen = dice.Below(parts.size());
  const bool dull = parts[chosen].body.empty() && parts[chosen].tail.empty();
  if (dull) chosen = dice.Below(parts.size());
  return chosen;
}

void Rearrange(ImageParts& image, Dice& dice) {
  std::vector<Part>& parts = image.parts;
  const size_t at = dice.Below(parts.size()), other = dice.Below(parts.size());
  const auto place = [&](size_t index) { return parts.begin() + ptrdiff_t(index); };
  switch (dice.Below(7)) {
    case 0:
      if (parts.size() > 1) parts.erase(place(at));
      break;
    case 1: parts.insert(place(at), Part(parts[other])); break;
    case 2: std::swap(parts[at], parts[other]); break;
    case 3:  // one moves to where another is
      if (at < other) std::rotate(place(at), place(at) + 1, place(other) + 1);
      break;
    case 4:
      if (dice.OneIn(4) && at > 0) parts.resize(at);  // the file ends early
      break;
    default: parts.insert(place(at) + (dice.OneIn(8) ? 0 : 1), image.png ? NewChunk(dice) : NewSegment(dice));
  }
}

void TellALie(ImageParts& image, Dice& dice) {
  constexpr uint32_t kOff[] = {1, 2, 0xFFFFFFFFU, 0xFFFFFFFEU, 100, 0x80000000U, 0x7FFFFFFFU};
  image.lie = Lie{dice.Below(image.parts.size())};
  (image.png && dice.OneIn(2) ? image.lie->checksum_off : image.lie->length_off) = dice.Pick(kOff);
}

}  // namespace

std::vector<uint8_t> MutateImage(Bytes file, size_t max_size, uint32_t seed) {
  std::optional<Opened> opened = Open(file);
  if (!opened || max_size < 2) return {};
  Dice dice(seed);
  ImageParts& image = opened->image;
  do {
    const size_t chosen = Choose(image.parts, dice);
    if (dice.OneIn(4)) {
      Rearrange(image, dice);
    } else if (image.png) {
      MutateChunk(image.parts, chosen, dice);
    } else {
      MutateSegment(image.parts[chosen], dice);
    }
  } while (dice.OneIn(2));
  if (dice.OneIn(24)) TellALie(image, dice);
  if (!opened->lead.empty() && dice.OneIn(8)) opened->lead[0] = dice.Byte();
  return Close(*opened, max_size);
}

std::vector<uint8_t> SpliceImages(Bytes first, Bytes second, size_t max_size, uint32_t seed) {
  std::optional<Opened> into = Open(first), from = Open(second);
  if (!into || !from || into->image.png != from->image.png || max_size < 2) return {};
  Dice dice(seed);
  std::vector<Part>&parts = into->image.parts, &others = from->image.parts;
  const size_t begin = dice.Below(others.size());
  const size_t count = std::min(1 + dice.Below(3), others.size() - begin);
  const size_t at = dice.Below(parts.size());
  if (dice.OneIn(2)) {  // in place of as many
    const auto place = parts.begin() + ptrdiff_t(at);
    parts.erase(place, place + ptrdiff_t(std::min(count, parts.size() - at)));
  }
  parts.insert(parts.begin() + ptrdiff_t(at), others.begin() + ptrdiff_t(begin),
               others.begin() + ptrdiff_t(begin + count));
  return Close(*into, max_size);
}

}  // namespace resnet50::fuzz
