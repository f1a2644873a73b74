// The mutations of one segment or chunk, by format.
#pragma once

#include "dice.h"
#include "image_parts.h"

namespace resnet50::fuzz {

// Changes a JPEG's segment, or the pixels behind it, by its kind.
void MutateSegment(Part& part, Dice& dice);
// A JPEG's segment that may be put anywhere.
Part NewSegment(Dice& dice);

// Changes chunk `index` of a PNG by its kind; pixels are made anew so that they fit the header, or their bytes change.
void MutateChunk(std::vector<Part>& chunks, size_t index, Dice& dice);
// A chunk that may be put anywhere in a PNG.
Part NewChunk(Dice& dice);

}  // namespace resnet50::fuzz
