// Which examples are kept from training to judge it by: the same share of each class, drawn by a seed.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "training/examples.h"

namespace resnet50 {

// Rows of the examples, ascending.
struct Split {
  std::vector<size_t> trained, held_out;
};

// Of each class round(share * count) rows are held out, at least one and never all; none at all for share 0. The same
// seed draws the same rows on every machine. Errors: kInvalidArgument (share outside of 0..0.9, a class of one
// example).
Result<Split> HoldOut(const Examples& examples, double share, uint32_t seed);

}  // namespace resnet50
